"""One ClickHouse client per caller, with every setting that a guarantee rests on given by us: defaults changed between versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client

INSERT_SETTINGS: Final[Mapping[str, str]] = {
    # one block per insert, or the token would not cover it: a token counts per block
    "max_insert_block_size": "1048576",
    "min_insert_block_size_rows": "0",
    "min_insert_block_size_bytes": "0",
    "max_threads": "1",
    "max_insert_threads": "1",
    # records of any age in one batch: a limit on months would refuse the batch for ever
    "max_partitions_per_insert_block": "0",
    # offsets are unique within a batch, so there is nothing to replace before it is written: a quarter of the insert's time
    "optimize_on_insert": "0",
    # the token decides, in the table and in everything that is fed by it
    "async_insert": "0",
    "insert_deduplicate": "1",
    "deduplicate_blocks_in_dependent_materialized_views": "1",
    # a worker may be a schema behind the tables; ahead of them it waits (`migrate.require_migrated`)
    "input_format_arrow_allow_missing_columns": "1",
    "input_format_null_as_default": "1",
}


@dataclass(frozen=True, slots=True)
class Address:
    url: str
    user: str
    password: str
    database: str

    def connect(self, *, timeout: float = 30.0, database: str | None = None) -> Client:
        """A client without a session, so that threads may share the server but never each other's state."""
        parts = urlsplit(self.url)
        return clickhouse_connect.get_client(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 8123,
            secure=parts.scheme == "https",
            username=self.user,
            password=self.password,
            database=self.database if database is None else database,
            autogenerate_session_id=False,
            send_receive_timeout=timeout,
            connect_timeout=5,
            compress=False,  # loopback or one rack: the bytes are cheaper than the packing
        )
