"""The column decoders of every topic, over one schema book; built once and handed in."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from schemas.batch import Batch
from schemas.codec import Codec
from schemas.columns import ColumnDecoder, Decoded
from schemas.registry import SchemaBook, SchemaSource
from schemas.together import Together, decode_together

Fields: TypeAlias = "tuple[str, ...] | None"


class Decoders:
    """`decode(topic, batch)`; threads may share it."""

    def __init__(self, book: SchemaBook, source: SchemaSource | None = None) -> None:
        self.book = book
        self._source = source
        self._by_topic: dict[tuple[str, Fields, bool], ColumnDecoder] = {}

    def codec(self) -> Codec:
        """For single messages, over the same schemas."""
        return Codec(self.book, self._source)

    def decode(self, topic: str, batch: Batch, fields: Fields = None) -> Decoded:
        """The batch in columns; `topic` is the catalogue's name, whatever Kafka calls it. `fields`: see ColumnDecoder."""
        return _decoded(self._decoder(topic, fields), batch)

    def decode_as_written(self, topic: str, batch: Batch) -> Decoded:
        """For who keeps what was said: all columns, symbols that the reader does not know among them."""
        return _decoded(self._decoder(topic, None, symbols_as_written=True), batch)

    def decode_together(self, topic: str, batches: Sequence[Batch], fields: Fields = None) -> Together:
        """At least one batch, in one go."""
        return decode_together(self._decoder(topic, fields), batches)

    def _decoder(self, topic: str, fields: Fields, *, symbols_as_written: bool = False) -> ColumnDecoder:
        key = topic, fields, symbols_as_written
        found = self._by_topic.get(key)
        if found is None:
            found = ColumnDecoder(topic, self.book, self._source, fields, symbols_as_written=symbols_as_written)
            self._by_topic[key] = found
        return found


def _decoded(decoder: ColumnDecoder, batch: Batch) -> Decoded:
    offsets, times = (np.asarray(column, dtype=np.int64) for column in (batch.offsets, batch.timestamps))
    return decoder.decode(batch.values, offsets, times)
