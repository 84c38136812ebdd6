"""The case file of an order, out of real tables."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from cli.order import case_file, explanations, heading, timeline, topics_of_orders
from schemas.registry import SchemaBook
from sinks.clickhouse.client import Address
from sinks.clickhouse.migrate import migrate
from tests.clickhouse import EmbeddedClickHouse

COMMON = "event_id, occurred_at, source, order_id, _partition, _offset, _timestamp"


def test_every_event_that_names_the_order_in_time_order(clickhouse: EmbeddedClickHouse, tmp_path: Path) -> None:
    address = Address(clickhouse.url, clickhouse.user, clickhouse.password, "case_file")
    for _ in migrate(address):
        pass
    with address.connect() as client:
        for topic, extra, event, minute, values in (
            ("payments", "kind, payment_id, amount, currency", "pay", 3, "'CAPTURED', 'p1', 12.5, 'EUR'"),
            ("order_lifecycle", "kind, state, step, reason", "life", 3, "'ADVANCED', 'PAID', 3, 'paid in full'"),
            ("orders", "status, total, currency, account_id", "order", 1, "'PLACED', 12.5, 'EUR', 'a1'"),
            ("shipments", "kind, shipment_id, carrier", "ship", 9, "'SIGNED', 's1', 'DHL'"),
            (
                "dispatch_decisions", "kind, explanation", "dispatch", 4,
                "'DISPATCHED', [('BER', 'chosen', 'alone, [27] km')]",
            ),
        ):  # fmt: skip
            for order in ("o1", "o2"):
                at = f"'2026-11-02 12:{minute:02}:00'"
                client.command(
                    f"INSERT INTO {topic}_raw ({COMMON}, {extra}) VALUES "
                    f"('{event}-{order}', {at}, 'test', '{order}', 0, {len(order) + (order == 'o2')}, {at}, {values})"
                )
        entries = case_file(client, "o1")
        assert [(entry.topic, entry.event_id) for entry in entries] == [
            ("orders", "order-o1"),
            ("payments", "pay-o1"),
            ("order_lifecycle", "life-o1"),
            ("dispatch_decisions", "dispatch-o1"),
            ("shipments", "ship-o1"),
        ]
        assert [entry.topic for entry in case_file(client, "o1", ["orders"])] == ["orders"]
        assert case_file(client, "no such order") == []
    assert entries[0].at.replace(tzinfo=UTC) == datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
    out = StringIO()
    console = Console(file=out, width=200)
    console.print(heading("o1", entries), timeline(entries), *explanations(entries))
    said = out.getvalue()
    for words in ("PAID", "paid in full", "12.5", "EUR", "carrier DHL", "BER: chosen, alone, [27] km"):
        assert words in said


def test_the_topics_that_name_orders() -> None:
    assert {"orders", "payments", "stock", "stock_results", "order_lifecycle"} <= set(
        topics_of_orders(SchemaBook.from_files())
    )
