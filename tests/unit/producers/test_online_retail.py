"""Online Retail told again: from a tiny set of the same layout, and from the real file where it is."""

from decimal import Decimal
from pathlib import Path

import pytest

from producers.encoder import Encoder
from producers.record import Record, Said, count_of, when
from producers.replay.online_retail import events, load
from producers.summary import Summary, Tally
from schemas.registry import SchemaBook
from schemas.values import Event
from tests.builders import NOW_MS
from tests.unit.paths import ROOT

REAL = ROOT.parent / "shared" / "data" / "online_retail"

LINES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1001,85123A,WHITE LAMP,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
1001,22086,"PAPER, CHAIN",80,2010-12-01 08:26:00,2.955,17850,United Kingdom
1001,22086,"PAPER, CHAIN",80,2010-12-01 08:27:00,2.955,17850,United Kingdom
1001,22099,GIFT,1,2010-12-01 08:26:00,0,17850,United Kingdom
1002,71053,,56,2010-12-01 09:00:00,0,,United Kingdom
1003,71053,damaged,-10,2010-12-01 09:10:00,0,,United Kingdom
C1004,22086,"PAPER, CHAIN",-80,2010-12-01 09:20:00,2.955,17850,EIRE
C1005,D,Discount,-1,2010-12-01 09:30:00,27.5,14527,Unspecified
A1006,B,Adjust bad debt,1,2010-12-01 09:40:00,-11062.06,,United Kingdom
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lines.csv").write_text(LINES, "utf-8")
    return tmp_path


def summed(said: list[Said]) -> Summary:
    tally = Tally()
    for one in said:
        tally.add(Record(*one))
    return tally.summary()


def events_of(said: list[Said], topic: str) -> list[Event]:
    return [event for name, event in said if name == topic]


def lines_of(event: Event) -> list[Event]:
    lines = event["lines"]
    assert isinstance(lines, list)
    return lines


def test_an_invoice_is_an_order_with_all_its_lines(folder: Path) -> None:
    placed, completed = events_of(list(events(load(folder))), "orders")
    assert (placed["status"], completed["status"]) == ("PLACED", "COMPLETED")
    assert [line["line_id"] for line in lines_of(placed)] == ["1", "2", "3", "4"]
    assert placed["total"] == Decimal("15.30") + 2 * Decimal("236.40")


def test_returns_write_offs_and_adjustments_each_have_their_place(folder: Path) -> None:
    said = list(events(load(folder)))
    assert [(case["case_type"], case["refund_amount"]) for case in events_of(said, "after_sales")] == [
        ("RETURN", Decimal("236.400")),
        ("REFUND", Decimal("27.5")),
    ]
    assert [(move["direction"], move["quantity"]) for move in events_of(said, "stock")] == [("FOUND", 56), ("LOST", 10)]
    assert [line["amount"] for line in events_of(said, "statements")] == [Decimal("-11062.06")]


def test_the_value_of_the_file_comes_out(folder: Path) -> None:
    summary = summed(list(events(load(folder))))
    value = summary.turnover - summary.refunds + summary.adjustments
    assert value == Decimal("15.30") + Decimal("236.40") - Decimal("27.5") - Decimal("11062.06")


def test_everything_passes_the_checks_and_comes_again(folder: Path) -> None:
    encoder, said = Encoder(SchemaBook.from_files()), list(events(load(folder)))
    for topic, event in said:
        encoder.one(topic, event, record_time_ms=NOW_MS)
    assert len({event["event_id"] for _, event in said}) == len(said)
    assert said == list(events(load(folder)))
    times = [when(one) for one in said]
    assert times == sorted(times)


def test_a_limit_keeps_whole_invoices(folder: Path) -> None:
    said = list(events(load(folder, limit=1)))
    assert len(lines_of(events_of(said, "orders")[0])) == 4
    assert not events_of(said, "after_sales")


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real file is not in {REAL}")
def test_the_real_file_to_the_last_digit() -> None:
    frame = load(REAL)
    said = list(events(frame))
    summary = summed(said)
    assert summary.turnover - summary.refunds + summary.adjustments == Decimal("4397950.761")
    told = sum(len(lines_of(e)) for e in events_of(said, "orders") if e["status"] == "PLACED")
    told += sum(len(lines_of(e)) for e in events_of(said, "after_sales")) + len(events_of(said, "stock"))
    assert told + len(events_of(said, "statements")) == frame.height == 245_903
    units = sum(summary.units_sold.values())
    units -= sum(count_of(line, "quantity") for e in events_of(said, "after_sales") for line in lines_of(e))
    for move in events_of(said, "stock"):
        units += count_of(move, "quantity") * (1 if move["direction"] == "FOUND" else -1)
    assert units == frame["Quantity"].cast(int).sum()
