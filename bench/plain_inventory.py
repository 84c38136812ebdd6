"""Inventory's job as plain Faust would do it, message by message, with all kinds of its effects, but for the transaction.

Lines go through a topic to the partition of their sku; there each is promised out of what is available. Told for every line, as Avro:
its result, its move in the journal, and the article's new level, which Kontor tells once per article and batch. What the article and the
line hold, and the ids that were seen, are tables.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import faust

from bench import plain_faust
from bench.job import World
from bench.meter import Meter
from schemas.topics import PARTITIONS, STOCK_JOURNAL, STOCK_LEVELS, STOCK_RESULTS

PLENTY: Final = 10**9  # units of every article


def program(world: World, meter: Meter) -> None:
    """An order counts with its first line."""
    app, read = plain_faust.app_of(world, "inventory-whole"), plain_faust.reader()
    told = {
        topic.name: plain_faust.teller(app, world, topic.name) for topic in (STOCK_RESULTS, STOCK_JOURNAL, STOCK_LEVELS)
    }
    commands = app.topic(
        f"{world.prefix}commands", key_type=str, value_serializer="json", internal=True, partitions=PARTITIONS
    )
    articles = app.Table("articles", default=dict, partitions=PARTITIONS)
    holds = app.Table("holds", default=int, partitions=PARTITIONS)
    seen = app.Table("seen", default=bool, partitions=PARTITIONS)

    @app.agent(plain_faust.source_of(app, world))
    async def orders(stream: faust.StreamT[bytes]) -> None:
        await commands.maybe_declare()
        async for value in stream:
            for command in _commands(read(value)):
                await commands.send(key=command["sku"], value=command)

    @app.agent(commands)
    async def reserve(stream: faust.StreamT[dict[str, Any]]) -> None:
        async for command in stream:
            meter.add(int(command["first"]))
            command_id, sku, quantity = command["command_id"], command["sku"], command["quantity"]
            if seen[command_id]:
                continue
            seen[command_id] = True
            article = articles[sku] or {"on_hand": PLENTY, "promised": 0, "version": 0}
            key = f"{sku}|{command['order_id']}|{command['line_id']}"
            granted = quantity if quantity <= article["on_hand"] - article["promised"] else 0
            article = {
                **article,
                "promised": article["promised"] + granted,
                "version": article["version"] + bool(granted),
            }
            articles[sku] = article
            holds[key] += granted
            await told[STOCK_RESULTS.name](command["order_id"], _result(command, granted))
            if granted:
                await told[STOCK_JOURNAL.name](sku, _move(command, granted))
                await told[STOCK_LEVELS.name](sku, _level(command, article))

    plain_faust.run(app, meter)


def _commands(order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    lines = order["lines"]
    for number, line in enumerate(lines):
        yield {
            "command_id": f"{order['event_id']}/{line['line_id']}",
            "occurred_at": int(order["occurred_at"].timestamp() * 1000),
            "sku": line["sku"],
            "quantity": line["quantity"],
            "order_id": order["order_id"],
            "line_id": line["line_id"],
            "lines_of_order": len(lines),
            "first": number == 0,
        }


def _head(command: Mapping[str, Any], event_id: str, kind: str) -> dict[str, Any]:
    return {"event_id": event_id, "occurred_at": command["occurred_at"], "source": "inventory", "kind": kind}


def _result(command: Mapping[str, Any], granted: int) -> dict[str, Any]:
    asked = command["quantity"]
    return {
        **_head(command, f"stock_result:{command['command_id']}:0", "RESERVED" if granted else "REFUSED"),
        **{name: command[name] for name in ("order_id", "line_id", "command_id", "sku", "lines_of_order")},
        "requested": asked,
        "done": granted,
        "shortfall": asked - granted,
        "reason_code": None if granted else "not_enough_stock",
    }


def _move(command: Mapping[str, Any], granted: int) -> dict[str, Any]:
    return {
        **_head(command, f"stock_move:{command['command_id']}:0", "RESERVE"),
        **{name: command[name] for name in ("order_id", "line_id", "sku")},
        "from_place": "promise:open",
        "to_place": "promise:reserved",
        "quantity": granted,
        "cause_event_id": command["command_id"],
    }


def _level(command: Mapping[str, Any], article: Mapping[str, int]) -> dict[str, Any]:
    sku, on_hand, promised = command["sku"], article["on_hand"], article["promised"]
    shelf = {"warehouse_id": "W1", "on_hand": on_hand, "reserved": 0, "in_transit": 0}
    return {
        **_head(command, f"stock_level:{sku}:{article['version']}", "CHANGED"),
        "sku": sku,
        "on_hand": on_hand,
        "reserved": promised,
        "available": on_hand - promised,
        "in_transit": 0,
        "oversold": 0,
        "warehouses": [shelf],
        "version": article["version"],
        "cause_event_id": command["command_id"],
    }
