"""From a decoded batch to what is inserted: its columns, one insert per writer schema. Pure.

The token is made of the batch's bounds and the writer's fingerprint. Equal batches give equal tokens and equal rows, whoever cuts
and decodes them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.batch import Batch
from schemas.columns import Decoded, WriterGroup
from schemas.decoders import Decoders
from schemas.landing import landing_stream
from schemas.registry import WriterSchema
from schemas.topics import DEAD_LETTERS, Topic
from sinks.base import Insert
from streams.engine.bounds import Bounds
from streams.engine.dead_letters import DeadLetter
from streams.engine.letters import unreadable
from streams.warehouse import dead_letter_rows

LETTERS: Final = "letters"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What becomes of a batch: rows to insert, letters to send, and the offsets that must be rows in the end."""

    inserts: Sequence[Insert]
    letters: Sequence[DeadLetter]
    offsets: frozenset[int]


def table_of(topic: str) -> str:
    return f"{topic}_landing"


def bounds_of(batch: Batch) -> Bounds:
    return Bounds(batch.span.first, batch.span.last, len(batch))


def raw_table_of(topic: str) -> str:
    return f"{topic}_raw"


def only(batch: Batch, offsets: Collection[int]) -> Batch:
    """The records at these offsets, at least one of which is in the batch."""
    kept = [at for at, offset in enumerate(batch.offsets) if offset in offsets]
    return Batch(
        replace(batch.span, first=batch.offsets[kept[0]], last=batch.offsets[kept[-1]]),
        [batch.offsets[at] for at in kept],
        [batch.timestamps[at] for at in kept],
        [batch.keys[at] for at in kept],
        [batch.values[at] for at in kept],
        [batch.headers[at] for at in kept],
    )


def inserts(topic: str, batch: Batch, decoded: Decoded, *, why: str = "") -> list[Insert]:
    """The good records, writer schema by writer schema. `why` tells a repair's tokens from the first ones."""
    token = bounds_of(batch).token(topic, batch.span.partition) + why
    offsets = np.asarray(batch.offsets, np.int64)
    return [
        Insert(
            table_of(topic),
            f"{token}:{group.writer.fingerprint}:{group.indexes[0]}",  # one writer may come in both framings: two groups
            landing_stream(rows, batch.span.partition),
            rows.height,
        )
        for group, rows in _by_writer(decoded, offsets)
    ]


def dead_letter_inserts(topic: str, batch: Batch, writer: WriterSchema, *, why: str = "") -> list[Insert]:
    """Dead letters are no Avro on their way; every one of them becomes a row."""
    token = bounds_of(batch).token(topic, batch.span.partition) + why
    rows = dead_letter_rows.rows(batch)
    return [Insert(table_of(topic), f"{token}:{LETTERS}", dead_letter_rows.landing(rows, writer), len(rows))]


def prepare(topic: Topic, batch: Batch, decoders: Decoders, *, why: str = "") -> Prepared:
    """The batch decoded and parted into rows and letters."""
    if topic is DEAD_LETTERS:
        rows = dead_letter_inserts(topic.name, batch, decoders.book.reader(topic.name), why=why)
        return Prepared(rows, [], frozenset(batch.offsets))
    decoded = decoders.decode_as_written(topic.name, batch)
    good = frozenset(batch.offsets) - {bad.offset for bad in decoded.bad}
    return Prepared(inserts(topic.name, batch, decoded, why=why), unreadable(batch, decoded.bad), good)


def _by_writer(decoded: Decoded, offsets: npt.NDArray[np.int64]) -> Iterator[tuple[WriterGroup, pl.DataFrame]]:
    if len(decoded.groups) == 1:
        yield decoded.groups[0], decoded.frame
        return
    for group in decoded.groups:
        yield (
            group,
            decoded.frame.filter(pl.Series(np.isin(decoded.frame["_offset"].to_numpy(), offsets[group.indexes]))),
        )
