"""What a statement is, read from its tokens and nothing else: an INSERT with data or a statement for the engine.

The engine parses SQL; this file only finds the places the HTTP interface must know: where an INSERT's data begins,
which FORMAT is asked for, and whether the statement leaves something behind in its session.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from local.clickhouse.errors import Code, refused

_TOKEN: Final = re.compile(
    rb"""(?P<space>\s+|--[^\n]*|\#[ !][^\n]*|/\*.*?\*/)
    |(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    |(?P<word>\w+)
    |(?P<open>[(\[{])|(?P<close>[)\]}])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_BEFORE_TABLE: Final = (b"INTO", b"TABLE", b"FUNCTION", b".")
_CREATE_TEMPORARY: Final = ([b"CREATE", b"TEMPORARY"], [b"CREATE", b"OR", b"REPLACE", b"TEMPORARY"])
# What may follow a format's name: blanks, then one line end; the next byte is data.
_BEFORE_DATA: Final = re.compile(rb"[ \t\f]*\r?\n?")


@dataclass(frozen=True, slots=True)
class Token:
    text: bytes
    start: int
    end: int
    depth: int

    @property
    def word(self) -> bytes:
        return self.text.upper()


@dataclass(frozen=True, slots=True)
class Insert:
    """`INSERT INTO … FORMAT x` and its data: `head` ends before FORMAT or VALUES, `data` follows in the text."""

    head: bytes
    format: str
    data: bytes

    def from_file(self, path: str, block_rows: str) -> bytes:
        """The same with its data in a file; `block_rows` at most to a block, as a server cuts the data of a request."""
        words = itertools.pairwise(tokens(self.head))
        settings = next(
            (word for last, word in words if word.word == b"SETTINGS" and last.word not in _BEFORE_TABLE), None
        )
        into, own = (self.head, b"") if settings is None else (self.head[: settings.start], self.head[settings.end :])
        clause = b"SETTINGS max_block_size = %b%b" % (block_rows.encode(), b", " + own if own else b"")
        return b"%b FROM INFILE '%b' %b FORMAT %b" % (into, path.encode(), clause, self.format.encode())


@dataclass(frozen=True, slots=True)
class Statement:
    """Anything else. `format` is the one it names, None where it leaves that to the request."""

    sql: bytes
    format: str | None
    is_select: bool
    leaves_state: bool
    outfile: bool


def tokens(sql: bytes) -> Iterator[Token]:
    """Tokens without blanks and comments, lazily: an INSERT's data behind its head is never scanned."""
    depth = 0
    for match in _TOKEN.finditer(sql):
        if match.lastgroup == "space":
            continue
        depth -= match.lastgroup == "close"
        yield Token(match[0], match.start(), match.end(), depth)
        depth += match.lastgroup == "open"


def parse(sql: bytes, longest: int) -> Insert | Statement:
    """Splits an INSERT with data; returns everything else whole, unless it has more than `longest` bytes (error 62)."""
    if (first := next(tokens(sql), None)) is not None and first.word == b"INSERT":
        return _parse_insert(sql, longest)
    return _parse_other(sql, longest)


def _parse_insert(sql: bytes, longest: int) -> Insert | Statement:
    scan = tokens(sql)
    next(scan)
    named = False  # the table's own name may be a keyword: INSERT INTO format FORMAT TSV
    for token in scan:
        if token.depth:
            continue
        if not named:
            named = token.word not in (b"INTO", b"TABLE", b"FUNCTION")
        elif token.word == b"VALUES":
            return Insert(sql[: token.start], "Values", sql[token.end :])
        elif token.word == b"FORMAT":
            name = next(scan, None)
            if name is None:
                break
            blanks = _BEFORE_DATA.match(sql, name.end)
            assert blanks is not None
            return Insert(sql[: token.start], name.text.decode(errors="replace"), sql[blanks.end() :])
        elif token.word in (b"SELECT", b"WITH", b"FROM", b"WATCH"):
            break
    return _parse_other(sql, longest)


def _parse_other(sql: bytes, longest: int) -> Statement:
    if len(sql) > longest:
        raise refused(Code.SYNTAX_ERROR, f"Syntax error: Max query size exceeded (max_query_size = {longest})")
    found = [token for token in tokens(sql) if token.depth == 0]
    words = [token.word for token in found]
    named = next((found[i + 1] for i in range(len(words) - 2, -1, -1) if words[i] == b"FORMAT"), None)
    return Statement(
        sql=sql,
        format=named.text.decode(errors="replace") if named is not None and named.text.isalnum() else None,
        is_select=words[:1] in ([b"SELECT"], [b"WITH"]),
        leaves_state=words[:1] in ([b"SET"], [b"USE"])
        or words[: words.index(b"TEMPORARY") + 1 if b"TEMPORARY" in words else 0] in _CREATE_TEMPORARY,
        outfile=any(pair in ((b"INTO", b"OUTFILE"), (b"FROM", b"INFILE")) for pair in itertools.pairwise(words)),
    )
