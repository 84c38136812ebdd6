"""Bodies in and out: gzip, deflate, zstd and lz4 frames, bounded in bytes on the way in."""

import zlib
from collections.abc import Callable
from types import MappingProxyType
from typing import Final, Protocol

import lz4.frame
from backports import zstd

from local.clickhouse.errors import ClickHouseError, Code, refused

_GZIP_HEADER: Final = 31
_ZLIB_HEADER: Final = 15


class Compressor(Protocol):
    """Takes a body in pieces; what `compress` holds back comes with `flush`."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Member(Protocol):
    """One gzip member, zstd frame or lz4 frame on its way to plain bytes."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Lz4:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._head: bytes = self._frame.begin()

    def compress(self, data: bytes, /) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._frame.compress(data))

    def flush(self) -> bytes:
        return self._head + bytes(self._frame.flush())


# In the order this server prefers them: cheapest first.
_COMPRESSORS: Final = MappingProxyType[str, Callable[[], Compressor]](
    {
        "lz4": _Lz4,
        "zstd": lambda: zstd.ZstdCompressor(level=1),
        "gzip": lambda: zlib.compressobj(3, zlib.DEFLATED, _GZIP_HEADER),
        "deflate": lambda: zlib.compressobj(3, zlib.DEFLATED, _ZLIB_HEADER),
    }
)


def negotiate(accept_encoding: str) -> str | None:
    """The encoding of an answer among those the client accepts; None leaves it plain."""
    offered = {}
    for item in accept_encoding.split(","):
        name, _, weight = item.partition(";")
        offered[name.strip().lower()] = weight.replace(" ", "") not in ("q=0", "q=0.0")
    return next((name for name in _COMPRESSORS if offered.get(name)), None)


def compressor(encoding: str) -> Compressor:
    return _COMPRESSORS[encoding]()


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The plain body. Raises ClickHouse's errors: 89 unknown method, 271 damaged, 229 more than `limit` bytes."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise refused(Code.UNKNOWN_COMPRESSION_METHOD, f"Unknown compression method: {name}")
    try:
        plain = decoder(body, limit)
    except (zlib.error, zstd.ZstdError, RuntimeError, EOFError) as error:
        raise refused(Code.CANNOT_DECOMPRESS, f"Cannot decompress the {name} body: {error}") from error
    if len(plain) > limit:
        raise too_large(limit)
    return plain


def too_large(limit: int) -> ClickHouseError:
    return refused(Code.QUERY_IS_TOO_LARGE, f"The request body exceeds {limit} bytes (--max-body-bytes)")


# Each stops one byte beyond the limit, and raises where the body ends too early.


def _gunzip(body: bytes, limit: int) -> bytes:
    return _members(body, limit, lambda: zlib.decompressobj(_GZIP_HEADER))


def _inflate(body: bytes, limit: int) -> bytes:
    return _members(body, limit, lambda: zlib.decompressobj(_ZLIB_HEADER))


def _unzstd(body: bytes, limit: int) -> bytes:
    return _members(body, limit, zstd.ZstdDecompressor)


def _unlz4(body: bytes, limit: int) -> bytes:
    return _members(body, limit, lz4.frame.LZ4FrameDecompressor)


def _members(body: bytes, limit: int, member_decoder: Callable[[], _Member]) -> bytes:
    """All members or frames of a body, one after the other."""
    parts: list[bytes] = []
    size = 0
    while body and size <= limit:
        member = member_decoder()
        parts.append(member.decompress(body, limit + 1 - size))
        size += len(parts[-1])
        if not member.eof and size <= limit:
            raise EOFError("it ends in the middle")
        body = member.unused_data or b""
    return b"".join(parts)


_DECODERS: Final = MappingProxyType[str, Callable[[bytes, int], bytes]](
    {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _inflate, "zstd": _unzstd, "lz4": _unlz4}
)
