"""The loads: the same again for the same seed, good where they say good, refused for the reason they say where not."""

import zlib
from collections import Counter
from datetime import timedelta

import polars as pl

from chaos.ledger import Ledger, Piece, digest
from chaos.loads import reservations
from chaos.loads.lives import NOON
from chaos.loads.orders import Mixture, OrderLoad, event_id_of
from chaos.scenarios.evolution import spoken
from chaos.scenarios.inventory import balances, promised, told_reserved
from schemas.batch import Batch, OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import ORDERS, PARTITIONS
from schemas.values import Event, to_ms
from streams.engine.columnar import unpack
from streams.inventory.bulk import FEWEST
from streams.inventory.places import PROMISED, UNPROMISED

BOOK = SchemaBook.from_files()
NOW_MS = to_ms(NOON)
MIXTURE = Mixture(doubled=0.05, bad=0.1)


def move(sku: str, from_place: str, to_place: str, quantity: int) -> Event:
    return {"sku": sku, "from_place": from_place, "to_place": to_place, "quantity": quantity}


def pieces(seed: int = 1, count: int = 600) -> list[Piece]:
    return list(OrderLoad(BOOK, seed, MIXTURE).pieces(0, count))


def test_every_record_is_good_or_refused_for_the_reason_the_ledger_will_hold() -> None:
    load = pieces()
    span = OffsetRange(ORDERS.name, 0, 0, len(load) - 1)
    batch = Batch(span, range(len(load)), [NOW_MS] * len(load), [None] * len(load), [piece.value for piece in load])
    decoded = Decoders(BOOK).decode(ORDERS.name, batch)
    assert {bad.offset: str(bad.cause.reason) for bad in decoded.bad} == {
        at: piece.reason for at, piece in enumerate(load) if piece.reason
    }
    told = dict(zip(decoded.frame["_offset"], decoded.frame["event_id"], strict=True))
    assert told == {at: piece.event_id for at, piece in enumerate(load) if not piece.reason}
    total = decoded.frame.select((pl.col("total") * 10_000).sum()).item()
    assert int(total) == sum(piece.amount for piece in load if not piece.reason)


def test_the_same_seed_says_the_same_and_another_another() -> None:
    assert pieces(1) == pieces(1)
    assert pieces(1) != pieces(2)


def test_each_order_is_said_and_some_twice() -> None:
    counts = Counter(piece.event_id for piece in pieces() if not piece.reason)
    assert counts.keys() == {event_id_of(number) for number in range(600)}
    assert set(counts.values()) == {1, 2}


def test_each_order_is_from_somebody_and_somewhere_else_and_asks_for_what_is_said() -> None:
    """So that risk lets it go on, and one scenario may count what inventory was asked for."""
    load = OrderLoad(BOOK, 1, Mixture())
    orders = [Codec(BOOK).decode(ORDERS.name, piece.value, record_time_ms=NOW_MS) for piece in load.pieces(0, 700)]
    for field in ("order_id", "account_id", "ip", "device_id", "shipping_address"):
        assert len({str(order[field]) for order in orders}) == len(orders), field
    day = timedelta(days=1)
    assert all(order["payment_due_at"] - order["occurred_at"] > day for order in orders)  # type: ignore[operator]
    lines = pl.DataFrame({"lines": [order["lines"] for order in orders]}).explode("lines").unnest("lines")
    assert set(lines.select("line_id", "sku").rows()) == set(load.lines.items())
    assert len(lines) == len(orders) * len(load.lines)


def test_versions_are_spoken_one_after_the_other_with_both_between() -> None:
    versions = OrderLoad(BOOK, 1, MIXTURE).versions
    assert [len(spoken(versions, share)) for share in (0.0, 0.4, 0.9)] == [1, 2, 1]
    assert spoken(versions, 0.0) != spoken(versions, 0.9)


def test_balances_count_shelves_and_allocations_and_leave_zeros_out() -> None:
    journal = [
        move("A", "supplier", "warehouse:W1", 5),
        move("A", "warehouse:W1", "allocated:W1", 2),
        move("A", "allocated:W1", "customer", 2),
        move("B", "supplier", "warehouse:W1", 1),
        move("B", "warehouse:W1", "loss", 1),
    ]
    assert balances(journal) == {("A", "W1"): 3}


def test_the_ledger_knows_what_was_never_acknowledged() -> None:
    ledger = Ledger()
    ledger.note(Piece("orders", b"k", None, "e1", reason="null_value"))
    frame = ledger.frame()
    assert frame["_offset"].to_list() == [-1]
    assert frame["digest"].to_list() == [digest(None)] == [b""]


def test_reservations_lie_where_their_article_lives_and_are_summed_once() -> None:
    frames = reservations.reservations(9_000, seed=3)
    load = list(reservations.pieces(frames))
    rows = [row for piece in load for row in unpack(piece.value).iter_rows(named=True)]
    assert len({row["command_id"] for row in rows}) == len(rows) == sum(map(len, frames)) >= 9_000
    for piece in load:
        homes = {zlib.crc32(sku.encode()) % PARTITIONS for sku in unpack(piece.value)["sku"]}
        assert homes == {zlib.crc32(piece.key) % PARTITIONS}
    assert sum(reservations.reserved(frames).values()) == sum(row["quantity"] for row in rows)
    sizes = [unpack(piece.value).height for piece in load]
    assert min(sizes) < FEWEST < max(sizes), "both ways of taking commands are walked"


def test_what_was_told_of_promises_is_added_up() -> None:
    there, back = move("a", UNPROMISED, PROMISED, 3), move("a", PROMISED, UNPROMISED, 1)
    goods = move("a", "supplier", "warehouse:W1", 9)
    assert promised([there, back, goods]) == {"a": 2}
    assert promised([there, there, back]) == {"a": 5}, "a move that is told twice shows"
    levels: list[Event] = [{"sku": sku, "reserved": units} for sku, units in (("a", 3), ("b", 0), ("a", 2))]
    assert told_reserved(levels) == {"a": 2}
