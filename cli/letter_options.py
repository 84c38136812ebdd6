"""Which letters a command is about: the options of `kontor dead-letters`, and the question they make."""

import time
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from cli.connections import Connections
from cli.moments import moment
from schemas.values import from_ms
from sinks.clickhouse.letters import Wanted

Origins: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="[TOPIC/PARTITION/OFFSET]...", show_default=False)
]
TopicName: TypeAlias = Annotated[str | None, typer.Option("--topic", help="Refused on this topic.")]
Why: TypeAlias = Annotated[str | None, typer.Option("--reason", help="A code of docs/wire.md: truncated, bad_time …")]
ByApp: TypeAlias = Annotated[str | None, typer.Option("--app", help="Refused by this app.")]
Number: TypeAlias = Annotated[int | None, typer.Option("--partition", min=0)]
Since: TypeAlias = Annotated[str | None, typer.Option(help="Refused since: 30m, 2h, 7d ago, or 2026-11-24T09:30:00Z.")]
Until: TypeAlias = Annotated[str | None, typer.Option(help="Refused before.")]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")]
Closed: TypeAlias = Annotated[bool, typer.Option("--closed/--open", help="Those dealt with too, or open ones only.")]
Limit: TypeAlias = Annotated[int, typer.Option(min=1, help="So many records at most.")]


def wanted(
    there: Connections,
    origins: Sequence[str] | None,
    *,
    topic: str | None,
    reason: str | None,
    app_name: str | None,
    partition: int | None,
    since: str | None,
    until: str | None,
    closed: bool = False,
) -> Wanted:
    """The options as a question; topics as Kafka calls them."""
    now = from_ms(time.time_ns() // 1_000_000)
    try:
        between = [None if text is None else moment(text, now) for text in (since, until)]
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
    return Wanted(
        origins=origins or (),
        topic=None if topic is None else there.settings.topic_prefix + topic,
        reason=reason,
        app=app_name,
        partition=partition,
        since=between[0],
        until=between[1],
        closed=closed,
    )
