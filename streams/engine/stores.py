"""Which store a worker's tables use, by setting."""

import os
import shutil
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

from streams.engine.memory_store import MemoryStore
from streams.engine.settings import Settings
from streams.engine.tables import Store


class NoRocksDB(Exception):
    """The setting asks for what is not installed."""


def stores(settings: Settings, app: str) -> Callable[[], Store]:
    """Makes an empty store each time it is called. What a worker of this name left on disk before is removed now."""
    if settings.store == "memory":
        return MemoryStore
    try:
        from streams.engine.rocks_store import RocksStore  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise NoRocksDB("KONTOR_STORE=rocksdb needs the package rocksdict: pip install 'kontor[rocksdb]'") from error
    home = Path(settings.store_folder or tempfile.gettempdir())
    own = home / f"{settings.topic_prefix}{app}-{settings.worker or os.getpid()}-state"
    shutil.rmtree(own, ignore_errors=True)
    numbers = count()
    return lambda: RocksStore(own / str(next(numbers)))
