"""The last page of the demo, section by section; every figure is asked of the stack when the page is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.table import Table

from producers.fraud.labels import Label
from producers.summary import Summary
from sinks.clickhouse.ask import questions

TURNOVER: Final = """
SELECT toDate(occurred_at) AS day, currency, sum(total) FROM orders WHERE status = 'PLACED' GROUP BY day, currency
"""
ENTITIES: Final = """
SELECT rule_id, entity_type, entity_id FROM risk_alerts WHERE mode = 'LIVE' GROUP BY rule_id, entity_type, entity_id
"""
NOTHING: Final = Decimal(0)
HELD: Final = "SELECT DISTINCT order_id FROM risk_decisions WHERE decision IN ('REVIEW', 'DENY')"


@dataclass(frozen=True, slots=True)
class Compared:
    """One day's turnover in one currency, on both sides."""

    day: date
    currency: str
    source: Decimal
    clickhouse: Decimal


def title(console: Console, text: str) -> None:
    console.print()
    console.print(Rule(f"[bold]{text}[/]", align="left", style="cyan"))


def answer(console: Console, client: Client, name: str, limit: int = 12) -> None:
    """A question of the analysts and its answer."""
    question = questions()[name]
    result = client.query(question.sql)
    console.print(f"[dim]{escape(question.about)}  (sinks/clickhouse/questions/{name}.sql)[/]")
    console.print(grid(result.column_names, result.result_rows[:limit]))
    if len(result.result_rows) > limit:
        console.print(f"[dim]… and {len(result.result_rows) - limit} more[/]")


def grid(columns: Iterable[str], rows: Iterable[Sequence[object]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(escape(column), overflow="fold")
    for row in rows:
        table.add_row(*(escape(shown(value)) for value in row))
    return table


def shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def compare_turnover(client: Client, said: Mapping[str, Summary]) -> list[Compared]:
    """Per day and currency: what the publishers added up against what ClickHouse adds up, to the last digit."""
    at_source: dict[tuple[date, str], Decimal] = {}
    for summary in said.values():
        for at, amount in summary.turnover_by_day.items():
            at_source[at] = at_source.get(at, NOTHING) + amount
    stored = {(day, str(currency)): Decimal(total) for day, currency, total in client.query(TURNOVER).result_rows}
    return [
        Compared(day, currency, at_source.get((day, currency), NOTHING), stored.get((day, currency), NOTHING))
        for day, currency in sorted(at_source.keys() | stored.keys())
    ]


def labels_against_alerts(client: Client, labels: Sequence[Label]) -> Table:
    """Per scenario: the rules whose alerts name one of its entities, and how many of its orders were not simply allowed."""
    alerts = [
        (str(rule), (str(kind).lower(), str(entity))) for rule, kind, entity in client.query(ENTITIES).result_rows
    ]
    held = {str(order_id) for (order_id,) in client.query(HELD).result_rows}
    table = Table("scenario", "found by", "its orders", "denied or held", box=None, pad_edge=False, header_style="dim")
    known: set[tuple[str, str]] = set()
    for scenario in sorted({label.scenario for label in labels}):
        entities = {(label.entity_type.lower(), label.entity_id) for label in labels if label.scenario == scenario}
        known |= entities
        rules = sorted({rule for rule, entity in alerts if entity in entities})
        orders = {entity for kind, entity in entities if kind == "order"}
        table.add_row(scenario, ", ".join(rules) or "[red]nobody[/]", str(len(orders)), str(len(orders & held)))
    orders_known = {entity for kind, entity in known if kind == "order"}
    innocent = {entity for _, entity in alerts} - known
    table.add_row(
        "[dim]not labelled[/]", f"[dim]{len(innocent)} alerts about others[/]", "", str(len(held - orders_known))
    )
    return table


TRACE: Final = """
SELECT * FROM (
SELECT occurred_at, 'orders' AS topic, status AS what, total AS amount, source FROM orders WHERE order_id = {order:String}
UNION ALL
SELECT occurred_at, 'payments', kind, amount, source FROM payments WHERE order_id = {order:String}
UNION ALL
SELECT occurred_at, 'shipments', kind, NULL, source FROM shipments WHERE order_id = {order:String}
UNION ALL
SELECT occurred_at, 'after_sales', status, NULL, source FROM after_sales WHERE order_id = {order:String}
) ORDER BY occurred_at
"""
ALERTS: Final = """
SELECT rule_id, any(rule_version), entity_type, entity_id, any(title), any(evidence), max(hits)
FROM risk_alerts WHERE mode = 'LIVE' GROUP BY rule_id, entity_type, entity_id ORDER BY max(score) DESC, max(hits) DESC, entity_id
LIMIT 1 BY rule_id LIMIT {limit:UInt32}
"""


def trace(client: Client, order_id: str) -> list[Sequence[object]]:
    """Every event behind an order, in time order."""
    return list(client.query(TRACE, parameters={"order": order_id}).result_rows)


def explained(client: Client, limit: int) -> list[str]:
    """Alerts of different rules, with what was measured."""
    told = []
    for rule, version, kind, entity, title_, evidence, hits in client.query(
        ALERTS, parameters={"limit": limit}
    ).result_rows:
        measured = ", ".join(
            " ".join(str(part) for part in item.values() if part not in (None, "")) for item in evidence
        )
        told.append(
            f"[bold]{escape(str(title_))}[/] {escape(str(kind))} {escape(str(entity))}: {escape(measured)} "
            f"[dim]({escape(str(rule))} v{escape(str(version))}, {hits} events)[/]"
        )
    return told
