"""Plain faust-streaming, as its documentation shows it: one app, one agent, message by message, fastavro for each."""

import asyncio
import io
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import fastavro
import faust

from bench.job import World
from bench.meter import Meter
from schemas.framing import frame
from schemas.registry import SchemaBook
from schemas.topics import ORDERS, PARTITIONS

FRAME: Final = 10  # bytes of single-object framing before the body

Read = Callable[[bytes], Any]
Tell = Callable[[str, Mapping[str, Any]], Awaitable[None]]


def app_of(world: World, name: str) -> faust.App:
    """Faust's own settings, but for where the broker is, where tables start reading, and no web page."""
    return faust.App(
        f"{world.prefix}{name}",
        broker=f"kafka://{world.kafka}",
        store="memory://",
        topic_partitions=PARTITIONS,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        datadir=f"{tempfile.gettempdir()}/{world.prefix}{name}",
    )


def source_of(app: faust.App, world: World) -> Any:
    return app.topic(world.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


def reader(topic: str = ORDERS.name) -> Read:
    """One event from one message's value."""
    schema = fastavro.parse_schema(dict(SchemaBook.from_files().reader(topic).document))

    def read(value: bytes) -> Any:
        return fastavro.schemaless_reader(io.BytesIO(value[FRAME:]), schema, None)

    return read


def teller(app: faust.App, world: World, topic: str) -> Tell:
    """Sends an event of a topic of the catalogue as Avro, to a topic of this side's own."""
    writer = SchemaBook.from_files().reader(topic)
    schema, head = fastavro.parse_schema(dict(writer.document)), frame(writer.fingerprint, b"")
    declared: list[bool] = []
    target = app.topic(
        f"{world.prefix}{topic}", value_type=bytes, value_serializer="raw", internal=True, partitions=PARTITIONS
    )

    async def tell(key: str, event: Mapping[str, Any]) -> None:
        if not declared:
            await target.maybe_declare()
            declared.append(True)
        out = io.BytesIO(head)
        out.seek(len(head))
        fastavro.schemaless_writer(out, schema, dict(event))
        await target.send(key=key, value=out.getvalue())

    return tell


def run(app: faust.App, meter: Meter) -> None:
    """A Faust worker, until the meter ends the process."""

    @app.on_rebalance_complete.connect
    async def assigned(*_: object, **__: object) -> None:
        meter.start()

    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    faust.Worker(app, loglevel="warning", loop=loop).execute_from_commandline()
