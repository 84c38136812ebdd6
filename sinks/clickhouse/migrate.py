"""Numbered migrations: each `NNNN_name.sql` once, in order, remembered with a checksum. A file that was applied never changes."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clickhouse_connect.driver.client import Client

from sinks.base import SinkBusy
from sinks.clickhouse.client import Address
from sinks.clickhouse.ddl import part_settings, topic_ddl

FOLDER: Final = Path(__file__).parent / "migrations"


DDL_SETTINGS: Final = {"allow_experimental_nullable_tuple_type": 1}  # Nullable(Tuple): from 26.1, by default from 26.9


class MigrationChanged(Exception):
    """A migration that was applied reads differently now: write a new one instead."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> list[str]:
        """Split at semicolons that end a line; comments before a statement stay with it."""
        parts = [part.strip() for part in self.text.split(";\n")]
        return [part for part in parts if any(line and not line.startswith("--") for line in part.splitlines())]


def read_folder(folder: Path = FOLDER) -> list[Migration]:
    """All migrations in order; two of one number are an error."""
    found = [
        Migration(int(path.stem[:4]), path.stem[5:], path.read_text().rstrip().rstrip(";") + ";\n")
        for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    ]
    numbers = [migration.version for migration in found]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"two migrations share a number in {folder}")
    return found


def write_topic_migration(topic: str, schema: Mapping[str, object], folder: Path = FOLDER) -> Path:
    """The migration that gives a new topic its tables, under the next free number."""
    number = max((migration.version for migration in read_folder(folder)), default=0) + 1
    path = folder / f"{number:04d}_{topic}.sql"
    path.write_text(f"{topic_ddl(topic, schema)}\n{part_settings(topic)}")
    return path


def pending(migrations: Sequence[Migration], applied: dict[int, str]) -> list[Migration]:
    """What is still to be applied, or MigrationChanged. `applied`: version -> checksum."""
    for migration in migrations:
        known = applied.get(migration.version)
        if known is not None and known != migration.checksum:
            raise MigrationChanged(
                f"{migration.version:04d}_{migration.name}.sql was applied with another text: "
                "restore it and put the change into a new migration"
            )
    return [migration for migration in migrations if migration.version not in applied]


def migrate(address: Address) -> Iterator[Migration]:
    """Apply what is pending, yielding each migration when it is done. Every statement may be repeated after a crash."""
    with address.connect(database="default") as client:
        client.command(f"CREATE DATABASE IF NOT EXISTS {address.database}")
    with address.connect() as client:
        client.command(
            "CREATE TABLE IF NOT EXISTS schema_migrations "
            "(version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) "
            "ENGINE = ReplacingMergeTree ORDER BY version"
        )
        for migration in pending(read_folder(), _applied(client)):
            for statement in migration.statements():
                client.command(_repeatable(statement), settings=DDL_SETTINGS)
            client.insert(
                "schema_migrations",
                [[migration.version, migration.name, migration.checksum]],
                column_names=["version", "name", "checksum"],
            )
            yield migration


def require_migrated(client: Client) -> None:
    """Raises SinkBusy while tables are behind this release: what they have no column for would be dropped without a word."""
    applied = _applied(client)
    missing = [each for each in read_folder() if each.version not in applied]
    if missing:
        names = ", ".join(f"{each.version:04d}_{each.name}" for each in missing)
        raise SinkBusy(f"migrations are missing: {names}; run kontor db migrate")


def _applied(client: Client) -> dict[int, str]:
    rows = client.query("SELECT version, checksum FROM schema_migrations FINAL").result_rows
    return {int(version): str(checksum) for version, checksum in rows}


def _repeatable(statement: str) -> str:
    """A crash between two statements of a migration must not stop the next try."""
    for kind in ("TABLE", "VIEW", "MATERIALIZED VIEW", "DICTIONARY"):
        statement = statement.replace(f"CREATE {kind} ", f"CREATE {kind} IF NOT EXISTS ", 1)
    return statement
