"""Reads recorded files: gzipped or plain CSV, every value as the text it is in the file.

Law: nothing is guessed here. Amounts become Decimal from their text, never through a float; times are taken as UTC.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import polars as pl

CENTS: Final = 2


class MissingFile(Exception):
    """A file of the set is not in the folder, or has other columns; the text says which."""


def read_table(folder: Path, name: str, columns: Sequence[str]) -> pl.DataFrame:
    """The columns of `<name>.csv.gz` or `<name>.csv`, as text. Raises MissingFile."""
    for file in (folder / f"{name}.csv.gz", folder / f"{name}.csv"):
        if file.is_file():
            try:
                return pl.read_csv(file, infer_schema=False, columns=list(columns), encoding="utf8")
            except pl.exceptions.PolarsError as wrong:
                raise MissingFile(f"{file} does not have the columns {', '.join(columns)}: {wrong}") from wrong
    raise MissingFile(f"{folder} has neither {name}.csv.gz nor {name}.csv")


def moment(text: str) -> datetime:
    """The time in the file, which names no zone: UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def amount(text: str) -> Decimal:
    """The amount as it is written."""
    return Decimal(text)
