"""Stores an insert once: columns in Arrow, under the token that its bounds give.

Transient trouble (the list of clickhouse-kafka-connect's Utils.java, and whatever breaks the connection) is SinkBusy; everything
else ClickHouse says is InsertRefused with its code and text.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

import urllib3.exceptions
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError

from schemas.batch import OffsetRange
from sinks.base import Insert, InsertRefused, SinkBusy
from sinks.clickhouse.client import INSERT_SETTINGS, Address

NOT_ENOUGH_SPACE: Final = (
    243  # a full disk is waited for: to end over it would be a crash loop until somebody makes room
)
RETRIABLE: Final = frozenset(
    {3, 107, 159, 164, 202, 203, 209, 210, 241, 242, NOT_ENOUGH_SPACE, 252, 285, 319, 425, 999}
)
Ready = Callable[[Client], None]
_CODE = re.compile(r"(?:Code: |error code )(\d+)")


class ClickHouseWriter:
    """A sink on ClickHouse's HTTP interface. `threads` inserts run side by side, each thread with a client of its own.

    `ready` is asked on every new connection and raises SinkBusy where nothing may be inserted yet.
    """

    def __init__(self, address: Address, threads: int = 4, *, ready: Ready = lambda _: None) -> None:
        self._address = address
        self._ready = ready
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="clickhouse")
        self._local = threading.local()

    async def insert(self, insert: Insert) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._insert, insert)

    async def stored(self, table: str, span: OffsetRange) -> frozenset[int]:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._stored, table, span)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _insert(self, insert: Insert) -> None:
        settings = {**INSERT_SETTINGS, "insert_deduplication_token": insert.token}
        with self._told(insert.token):
            self._client().raw_insert(insert.table, insert_block=insert.data, fmt="ArrowStream", settings=settings)

    def _stored(self, table: str, span: OffsetRange) -> frozenset[int]:
        with self._told(f"{table} {span}"):
            rows = self._client().query(
                "SELECT _offset FROM {table:Identifier} "
                "WHERE _partition = {partition:Int32} AND _offset BETWEEN {first:Int64} AND {last:Int64}",
                parameters={"table": table, "partition": span.partition, "first": span.first, "last": span.last},
            )
        return frozenset(int(row[0]) for row in rows.result_rows)

    @contextmanager
    def _told(self, about: str) -> Iterator[None]:
        """What the driver raises, as the two things a caller may do about it."""
        try:
            yield
        except (OperationalError, urllib3.exceptions.HTTPError, OSError) as error:
            self._local.client = None  # the next try starts from a fresh connection
            raise SinkBusy(f"{about}: {error}") from error
        except DatabaseError as error:
            code = code_of(error)
            if code is None or code in RETRIABLE:
                raise SinkBusy(f"{about}: {error}") from error
            raise InsertRefused(f"{about}: {error}") from error
        except ClickHouseError as error:
            raise InsertRefused(f"{about}: {error}") from error

    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._address.connect()
            with ExitStack() as unless_ready:
                unless_ready.callback(client.close)
                self._ready(client)
                unless_ready.pop_all()
            self._local.client = client
        return client


def code_of(error: Exception) -> int | None:
    """ClickHouse's error code, where the text carries one."""
    found = _CODE.search(str(error))
    return int(found[1]) if found else None
