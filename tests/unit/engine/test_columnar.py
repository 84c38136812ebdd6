"""Internal messages: the same rows, in order, at the partition of their key, never too large."""

import zlib

import polars as pl
import pytest

from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from streams.engine.columnar import MESSAGE_BYTES, NotColumnar, pack, packed, repartition, unpack
from tests.builders import NOW_MS
from tests.loads import orders


def test_rows_arrive_in_order_at_the_partition_of_their_key() -> None:
    frame = pl.DataFrame({"sku": [f"s{n % 7}" for n in range(100)], "n": range(100)})
    emits = list(repartition(frame, "sku", "moves", 8))
    assert len({emit.partition for emit in emits}) == len(emits) > 1
    for emit in emits:
        rows = unpack(emit.value)
        assert {zlib.crc32(sku.encode()) % 8 for sku in rows["sku"]} == {emit.partition}
        assert rows["n"].is_sorted()
    assert sum(unpack(emit.value).height for emit in emits) == 100


def test_a_message_is_halved_until_it_fits_and_nothing_is_lost() -> None:
    frame = pl.DataFrame({"sku": ["s"] * 100, "n": range(100), "body": ["x" * (MESSAGE_BYTES // 10)] * 100})
    messages = list(packed(frame))
    assert all(len(message) <= MESSAGE_BYTES for message in messages)
    assert pl.concat([unpack(message) for message in messages])["n"].to_list() == list(range(100))


def test_a_row_larger_than_a_message_goes_alone() -> None:
    (message,) = packed(pl.DataFrame({"sku": ["s"], "body": ["x" * MESSAGE_BYTES * 2]}))
    assert len(message) > MESSAGE_BYTES


@pytest.mark.parametrize("foreign", [None, b"", b"{}", b"\xc3\x01junk"])
def test_what_is_no_arrow_stream_is_refused(foreign: bytes | None) -> None:
    with pytest.raises(NotColumnar):
        unpack(foreign)


def test_few_rows_of_a_large_fetch_are_a_small_message() -> None:
    values = [value for _, value, _, _ in orders(2_000, seed=3)]
    batch = Batch(OffsetRange("orders", 0, 0, 1_999), range(2_000), [NOW_MS] * 2_000, [None] * 2_000, values)
    lines = Decoders(SchemaBook.from_files()).decode("orders", batch, ("order_id", "lines")).frame
    few = lines[500:510]
    message = pack(few)
    assert len(message) < 10_000
    assert unpack(message).equals(few)
