"""ClickHouse's errors: a code, ClickHouse's text, and the HTTP status its server answers with."""

import re
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Code(IntEnum):
    """The codes this server raises itself; all others come from the engine as they are."""

    NOT_IMPLEMENTED = 48
    SYNTAX_ERROR = 62
    UNKNOWN_TYPE_OF_QUERY = 78
    UNKNOWN_COMPRESSION_METHOD = 89
    READONLY = 164
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    QUERY_IS_TOO_LARGE = 229
    ABORTED = 236
    CANNOT_DECOMPRESS = 271
    INTO_OUTFILE_NOT_ALLOWED = 358
    SESSION_NOT_FOUND = 372
    SESSION_IS_LOCKED = 373
    INVALID_SESSION_TIMEOUT = 374
    BAD_REQUEST_PARAMETER = 408
    UNKNOWN_ROLE = 511
    AUTHENTICATION_FAILED = 516
    STD_EXCEPTION = 1001


# Which codes the server answers with which status; every code that is not here is a 500.
_CODES_OF_STATUS: Final = {
    400: (6, 15, 16, 25, 26, 27, 36, 38, 41, 43, 44, 53, 62, 69, 72, 117, 168, 427, 441, 467, 675, 676, 677),
    401: (194,),
    403: (192, 193, 497, 512, 516),
    404: (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336, 511),
    408: (159,),
    411: (381,),
    413: (229,),
    501: (48,),
    503: (76, 202, 209, 236, 439),
}
_STATUS_OF_CODE: Final = MappingProxyType(
    {code: status for status, codes in _CODES_OF_STATUS.items() for code in codes}
)

_CODE: Final = re.compile(r"Code: (\d+)[.,]")
_NESTED: Final = re.compile(r"^Code: (\d+)\. DB::Exception: (?=Code: \1\. DB::Exception: )")


class ClickHouseError(Exception):
    """An answer other than success. `str()` is the body a client gets, `code` its X-ClickHouse-Exception-Code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> int:
        return _STATUS_OF_CODE.get(self.code, 500)


def refused(code: Code, message: str) -> ClickHouseError:
    """An error of this server, in ClickHouse's form."""
    return ClickHouseError(code, f"Code: {code.value}. DB::Exception: {message} ({code.name})")


def from_engine(error: Exception) -> ClickHouseError:
    """chDB raises plain RuntimeErrors whose text carries the code; without one it is ClickHouse's STD_EXCEPTION."""
    text = str(error).strip()
    found = _CODE.search(text)
    code = int(found[1]) if found else Code.STD_EXCEPTION.value
    return ClickHouseError(code, _NESTED.sub("", text))
