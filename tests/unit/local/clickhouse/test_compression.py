"""Bodies in and out."""

import gzip
import zlib
from collections.abc import Callable

import lz4.frame
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from local.clickhouse import compression
from local.clickhouse.errors import ClickHouseError

_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
    "lz4": lz4.frame.compress,
}
_encodings = pytest.mark.parametrize("encoding", list(_PACKERS))


@_encodings
def test_a_body_of_several_members(encoding: str) -> None:
    pack = _PACKERS[encoding]
    assert compression.decompress(pack(b"one ") + pack(b"two"), encoding, 7) == b"one two"


@_encodings
def test_one_byte_too_many(encoding: str) -> None:
    pack = _PACKERS[encoding]
    for body in (pack(b"x" * 1_000_001), pack(b"x" * 1_000_000) + pack(b"x")):
        with pytest.raises(ClickHouseError, match="1000000 bytes") as caught:
            compression.decompress(body, encoding, 1_000_000)
        assert (caught.value.code, caught.value.status) == (229, 413)


@_encodings
def test_damage_is_named(encoding: str) -> None:
    packed = _PACKERS[encoding](bytes(range(256)) * 10)
    for body in (packed[:-1], packed[:20], b"garbage" + packed):
        with pytest.raises(ClickHouseError) as caught:
            compression.decompress(body, encoding, 1 << 20)
        assert caught.value.code == 271


def test_unknown_method() -> None:
    with pytest.raises(ClickHouseError) as caught:
        compression.decompress(b"", "br", 10)
    assert caught.value.code == 89


@given(st.lists(st.binary(max_size=100)), st.sampled_from(sorted(_PACKERS)))
def test_what_goes_out_in_pieces_comes_back_whole(pieces: list[bytes], encoding: str) -> None:
    out = compression.compressor(encoding)
    packed = b"".join(out.compress(piece) for piece in pieces) + out.flush()
    assert compression.decompress(packed, encoding, 1 << 20) == b"".join(pieces)


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("br, snappy", None),
        ("gzip, deflate", "gzip"),
        ("gzip, zstd;q=0.5, LZ4", "lz4"),
        ("lz4;q=0, gzip", "gzip"),
    ],
)
def test_negotiation(accepted: str, chosen: str | None) -> None:
    assert compression.negotiate(accepted) == chosen
