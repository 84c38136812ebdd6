"""How dead letters look in a terminal: the counts, the list, one letter with its bytes and what to do about it. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.markup import escape
from rich.table import Table

from schemas.json_form import dumps
from schemas.letters import Refused
from schemas.partial import Reading
from schemas.reasons import EXPLANATIONS, Reason
from sinks.clickhouse.letters import Count, Step, Summary

ROW: Final = 16  # bytes of a line of the dump
LONGEST: Final = 90  # characters of a message in the list


def count_table(counts: Sequence[Count]) -> Table:
    """Refused records by topic and reason, with what to do."""
    table = Table("topic", "reason", box=None, pad_edge=False)
    table.add_column("records", justify="right")
    table.add_column("what to do")
    for each in counts:
        table.add_row(escape(each.topic), escape(each.reason), f"{each.records:,}", escape(_remedy(each.reason)))
    return table


def letter_table(letters: Sequence[Summary]) -> Table:
    """One row per refused record."""
    table = Table("origin", "refused (UTC)", "reason", "by", box=None, pad_edge=False)
    for name in ("try", "bytes"):
        table.add_column(name, justify="right")
    table.add_column("message")
    for each in letters:
        size = "null" if each.size is None else f"{each.size:,}"
        row = (each.origin, f"{each.at:%m-%d %H:%M:%S}", each.reason, ", ".join(each.apps))
        table.add_row(*map(escape, row), str(each.attempt), size, escape(each.message[:LONGEST]))
    return table


def letter_page(refused: Refused, read: Reading, history: Sequence[Step], shown: int) -> Iterator[str]:
    """Everything about one letter, line by line; `shown` bytes of it at most."""
    yield f"[bold]{escape(refused.origin)}[/]  [red]{escape(refused.reason)}[/]  {escape(refused.message)}"
    yield f"refused by {escape(', '.join(refused.apps))}, attempt {refused.attempt}"
    yield f"key      {escape(_text(refused.key))}"
    for name, value in refused.headers:
        yield f"header   {escape(name)}: {escape(_text(value))}"
    yield from _what_it_says(refused, read)
    value = refused.value or b""
    yield f"\n[bold]Bytes[/] ({'null' if refused.value is None else f'{len(value):,}'})"
    yield from (escape(line) for line in hexdump(value[:shown]))
    if len(value) > shown:
        yield f"… {len(value) - shown:,} more: --bytes N shows more, --save FILE writes all"
    yield "\n[bold]What happened[/]"
    for step in history:
        yield escape(
            f"{step.at:%Y-%m-%d %H:%M:%S}  {step.kind.lower():<9} {step.origin}  {step.app}  attempt {step.attempt}  "
            f"{step.reason}: {step.message[:LONGEST]}"
        )
    yield f"\n[bold]What to do[/]\n{escape(_remedy(refused.reason))}"


def hexdump(content: bytes) -> Iterator[str]:
    """As `hexdump -C` has it: place, sixteen bytes, the same as text."""
    for at in range(0, len(content), ROW):
        row = content[at : at + ROW]
        halves = "  ".join(row[half : half + ROW // 2].hex(" ") for half in (0, ROW // 2))
        text = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in row)
        yield f"{at:08x}  {halves:<48}  |{text}|"


def _what_it_says(refused: Refused, read: Reading) -> Iterator[str]:
    if read.writer is not None:
        yield f"schema   {escape(read.writer.topic)}, version {read.writer.version}"
        yield f"\n[bold]What it says[/]\n{escape(dumps(read.writer.record, read.event))}"
    if read.stopped is not None and refused.value is not None:
        yield f"[red]byte {read.stopped:,} ({read.stopped:#x}): {escape(read.trouble or '')}[/]"


def _remedy(reason: str) -> str:
    try:
        return EXPLANATIONS[Reason(reason)].remedy
    except ValueError:
        return "No app of ours signed this letter: look at who writes to the topic, then discard it."


def _text(value: bytes | None) -> str:
    return "null" if value is None else repr(value)[1:]
