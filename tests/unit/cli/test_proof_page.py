"""A broken proof is shown with its hours, offsets and money."""

from decimal import Decimal

import polars as pl
from rich.console import Console

from cli.proof_page import SHOWN, print_proofs, troubles
from streams.warehouse.proof import PartitionProof, Proof
from tests.unit.warehouse.test_certificates import NINE, an_hour


def a_proof(*hours: dict[str, object], **faults: list[tuple[int, int]]) -> Proof:
    frame = pl.DataFrame(list(hours), schema=pl.DataFrame([an_hour()]).schema, orient="row")
    return Proof("orders", [PartitionProof("orders", 0, 5, 4, 4, 1, 0, **faults)], frame)  # type: ignore[arg-type]


def shown(proof: Proof) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        print_proofs(console, {"orders": proof})
    return captured.get()


def test_a_proof_that_holds_is_one_line() -> None:
    table = shown(a_proof(an_hour(NINE - 1), an_hour())).splitlines()
    assert table[-1].split() == ["orders", "5", "4", "4", "1", "2", "1", "of", "1"]


def test_a_broken_hour_is_named_with_what_is_lost() -> None:
    broken = an_hour(missing=1) | {"clickhouse.total": Decimal("8.5000")}
    text = shown(a_proof(broken, missing=[(50, 50)]))
    assert "2026-11-25 09h" in text
    assert "total -1.5000" in text
    assert "orders[0] missing: 50" in text
    assert "orders.total: Kafka 10.0000, ClickHouse 8.5000" in text


def test_long_lists_are_cut() -> None:
    proof = a_proof(
        *[an_hour(NINE - at, doubled=1) for at in range(SHOWN + 3)], doubled=[(at, at) for at in range(0, 90, 2)]
    )
    assert "… 3 more" in shown(proof)
    (line,) = troubles({"orders": proof})
    assert line.endswith(f", {2 * SHOWN - 2} …")
