"""Hour certificates in ClickHouse: one row per topic, hour and partition, replaced by every later verification."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from clickhouse_connect.driver.client import Client

TABLE: Final = "hour_certificates"
SETTINGS: Final = {"async_insert": "0"}  # there when the command ends

Certificate = Mapping[str, object]
"""The columns of the table by name; all certificates of one write have the same."""


class Standing(NamedTuple):
    """A certificate that is not exact. hour: since 1970."""

    partition: int
    hour: int
    first_offset: int


def write(client: Client, certificates: Sequence[Certificate]) -> None:
    if certificates:
        rows = [list(each.values()) for each in certificates]
        client.insert(TABLE, rows, column_names=list(certificates[0]), settings=SETTINGS)


def not_exact(client: Client, topic: str) -> list[Standing]:
    """What still stands against a topic: a proof that finds nothing there any more has to take it back."""
    found = client.query(
        "SELECT partition, intDiv(toUnixTimestamp(hour), 3600), first_offset FROM hour_certificates FINAL "
        "WHERE topic = {topic:String} AND verdict != 'exact'",
        parameters={"topic": topic},
    )
    return [Standing(*map(int, row)) for row in found.result_rows]
