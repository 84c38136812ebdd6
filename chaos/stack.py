"""A stack of one chaos run: its own Kafka, ClickHouse and Redis on free ports over a temporary folder, gone afterwards."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.servers import Server
from local import services
from local.addresses import Addresses
from local.kafka import broker
from local.kafka.jars import fetch
from local.kafka.java import find_java
from local.redis.server import find_server
from local.settings import StackSettings


@dataclass
class Stack:
    """Three servers that answer. `home` holds their data and everybody's logs."""

    home: Path
    settings: StackSettings
    addresses: Addresses
    kafka: Server
    clickhouse: Server
    redis: Server

    @property
    def servers(self) -> tuple[Server, ...]:
        return self.kafka, self.clickhouse, self.redis


@contextmanager
def temporary_stack(
    report: Callable[[str], None], *, keep: bool = False, furnish: Callable[[Path], object] = lambda _home: None
) -> Iterator[Stack]:
    """All three answer when this yields, and are killed when it returns; never the user's own stack.

    `furnish` is called with the folder before anything is in it. `keep` leaves the folder for whoever wants to read the
    logs. Raises StackError where one does not start.
    """
    home = Path(tempfile.mkdtemp(prefix="kontor-chaos-"))
    furnish(home)
    settings = StackSettings().model_copy(update={"home": home}).moved_to(0)
    report("starting Kafka, ClickHouse and Redis")
    stack = _stack(settings, report)
    try:
        for server in stack.servers:
            server.start()
        yield stack
    finally:
        for server in stack.servers:
            server.kill()
        if keep:
            report(f"kept: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _stack(settings: StackSettings, report: Callable[[str], None]) -> Stack:
    java = find_java()
    fetch(settings.kafka_jars, report=report)
    where = services.addresses(settings)
    broker.prepare(services.kafka_settings(settings), java=java, jars=settings.kafka_jars)
    for folder in services.DATA_FOLDERS:
        (settings.home / folder).mkdir(parents=True, exist_ok=True)
    return Stack(
        settings.home,
        settings,
        where,
        kafka=Server(services.kafka_service(settings, java), settings.home),
        clickhouse=Server(services.clickhouse_service(settings, where), settings.home),
        redis=Server(services.redis_service(settings, find_server()), settings.home),
    )
