"""Asks ClickHouse for dead letters: which are open, what they hold, what became of them.

A refused record may have a letter of each app; here it is one thing, known by its origin. It is open as long as nothing closes it:
a replay, a discard (`schemas.letters`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from clickhouse_connect.driver.client import Client

from schemas.letters import REPLAY_OF, LetterHeaders, Refused
from schemas.values import to_ms

CLOSINGS: Final = "SELECT origin FROM dead_letters WHERE kind != 'PARKED'"
ROOT: Final = f"arrayFirst(h -> h.key = '{REPLAY_OF}', headers).value"
"""The origin of the first attempt, where a record is not its own first."""
FIRST: Final = "argMin({column}, _offset)"
PAGE: Final = 50  # letters loaded with their bytes at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which letters; what is not said does not matter. `topic` is Kafka's full name; times: when it was refused.

    `closed`: also those that are dealt with.
    """

    origins: Sequence[str] = ()
    topic: str | None = None
    reason: str | None = None
    app: str | None = None
    partition: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    closed: bool = False

    @property
    def filters(self) -> bool:
        """Whether anything is said about which."""
        return any(
            (self.origins, self.topic, self.reason, self.app, self.partition is not None, self.since, self.until)
        )


@dataclass(frozen=True, slots=True)
class Count:
    topic: str
    reason: str
    records: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A refused record without its bytes. `size`: of its value; None where it has none."""

    origin: str
    at: datetime
    reason: str
    apps: Sequence[str]
    attempt: int
    size: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a record: refused (PARKED) by an app, replayed, discarded."""

    at: datetime
    kind: str
    origin: str
    app: str
    attempt: int
    reason: str
    message: str


class Letters:
    """The letters in one database."""

    def __init__(self, clickhouse: Client) -> None:
        self._clickhouse = clickhouse

    def counts(self, wanted: Wanted) -> list[Count]:
        """Refused records by topic and reason."""
        where, parameters = conditions(wanted)
        sql = (
            f"SELECT origin_topic, reason_code, count(DISTINCT origin) AS records FROM dead_letters WHERE {where} "  # noqa: S608 - ours
            "GROUP BY origin_topic, reason_code ORDER BY records DESC, origin_topic, reason_code"
        )
        return [Count(*row) for row in self._rows(sql, parameters)]

    def summaries(self, wanted: Wanted, limit: int) -> list[Summary]:
        """By origin: topic, partition, offset."""
        where, parameters = conditions(wanted)
        sql = f"""
            SELECT origin, min(_timestamp) AS at, {_first("reason_code")}, arraySort(groupUniqArray(app)), max(attempt),
                   {_first("length(value)")}, {_first("message")}
            FROM dead_letters WHERE {where}
            GROUP BY origin ORDER BY any(origin_topic), any(origin_partition), any(origin_offset), origin
            LIMIT {{limit:UInt32}}"""  # noqa: S608 - ours
        return [Summary(*row) for row in self._rows(sql, {**parameters, "limit": limit})]

    def load(self, origins: Sequence[str]) -> list[Refused]:
        """The records with their bytes, in the order asked for; what is no letter is left out. For few at a time: see PAGE."""
        sql = f"""
            SELECT origin, any(origin_topic), any(origin_partition), any(origin_offset), max(isNotNull(key)),
                   hex(ifNull({_first("key")}, '')), max(isNotNull(value)), hex(ifNull({_first("value")}, '')),
                   arrayMap(h -> (h.key, isNull(h.value), hex(ifNull(h.value, ''))), {_first("headers")}),
                   {_first("reason_code")}, {_first("message")}, arraySort(groupUniqArray(app)), max(attempt),
                   min(first_seen), any(_partition)
            FROM dead_letters WHERE kind = 'PARKED' AND origin IN {{origins:Array(String)}} GROUP BY origin"""  # noqa: S608 - ours
        found = {row[0]: _refused(row) for row in self._rows(sql, {"origins": list(origins)})}
        return [found[origin] for origin in origins if origin in found]

    def history(self, refused: Refused) -> list[Step]:
        """All that happened to the record since its first attempt, under whatever origin."""
        sql = f"""
            WITH family AS (
                SELECT origin FROM dead_letters WHERE origin = {{root:String}} OR {ROOT} = {{root:String}}
            )
            SELECT _timestamp, kind, origin, app, attempt, reason_code, message
            FROM dead_letters WHERE origin IN family ORDER BY _timestamp, _offset, app"""  # noqa: S608 - ours
        return [Step(*row) for row in self._rows(sql, {"root": refused.root})]

    def _rows(self, sql: str, parameters: Mapping[str, object]) -> list[list[Any]]:
        rows = self._clickhouse.query(sql, parameters=dict(parameters)).result_rows
        return [[_aware(value) for value in row] for row in rows]


def conditions(wanted: Wanted) -> tuple[str, dict[str, object]]:
    """The WHERE of what is wanted, and its parameters. Pure."""
    said: list[tuple[str, str, object]] = [
        ("origin IN {origins:Array(String)}", "origins", list(wanted.origins) or None),
        ("origin_topic = {topic:String}", "topic", wanted.topic),
        ("reason_code = {reason:String}", "reason", wanted.reason),
        ("app = {app:String}", "app", wanted.app),
        ("origin_partition = {partition:Int64}", "partition", wanted.partition),
        ("_timestamp >= fromUnixTimestamp64Milli({since:Int64})", "since", _ms(wanted.since)),
        ("_timestamp < fromUnixTimestamp64Milli({until:Int64})", "until", _ms(wanted.until)),
    ]
    used = [(text, name, value) for text, name, value in said if value is not None]
    open_only = [] if wanted.closed else [f"origin NOT IN ({CLOSINGS})"]
    where = " AND ".join(["kind = 'PARKED'", *open_only, *(text for text, _, _ in used)])
    return where, {name: value for _, name, value in used}


def _first(column: str) -> str:
    return FIRST.format(column=column)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _aware(value: object) -> object:
    """ClickHouse's times are UTC, whether the driver says so or not."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _refused(row: Sequence[object]) -> Refused:
    origin, topic, partition, offset, has_key, key, has_value, value, headers, *rest = row
    reason, message, apps, attempt, first_seen, lies_in = rest
    return Refused(
        origin=str(origin),
        topic=str(topic),
        partition=int(str(partition)),
        offset=int(str(offset)),
        key=bytes.fromhex(str(key)) if has_key else None,
        value=bytes.fromhex(str(value)) if has_value else None,
        headers=_headers(headers),
        reason=str(reason),
        message=str(message),
        apps=tuple(apps) if isinstance(apps, Sequence) else (),
        attempt=int(str(attempt)),
        first_seen=_moment(first_seen),
        lies_in=int(str(lies_in)),
    )


def _headers(found: object) -> LetterHeaders:
    assert isinstance(found, Sequence)
    return [(str(name), None if empty else bytes.fromhex(str(value))) for name, empty, value in found]


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value
