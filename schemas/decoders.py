"""The column decoders of every topic, over one schema book; built once and handed in."""

from typing import TypeAlias

import numpy as np

from schemas.batch import Batch
from schemas.codec import Codec
from schemas.columns import ColumnDecoder, Decoded
from schemas.registry import SchemaBook, SchemaSource

Fields: TypeAlias = "tuple[str, ...] | None"


class Decoders:
    """`decode(topic, batch)`; threads may share it."""

    def __init__(self, book: SchemaBook, source: SchemaSource | None = None) -> None:
        self.book = book
        self._source = source
        self._by_topic: dict[tuple[str, Fields], ColumnDecoder] = {}

    def codec(self) -> Codec:
        """For single messages, over the same schemas."""
        return Codec(self.book, self._source)

    def decode(self, topic: str, batch: Batch, fields: Fields = None) -> Decoded:
        """The batch in columns; `topic` is the catalogue's name, whatever Kafka calls it. `fields`: see ColumnDecoder."""
        decoder = self._by_topic.get((topic, fields))
        if decoder is None:
            decoder = self._by_topic[topic, fields] = ColumnDecoder(topic, self.book, self._source, fields)
        offsets = np.asarray(batch.offsets, dtype=np.int64)
        return decoder.decode(batch.values, offsets, np.asarray(batch.timestamps, dtype=np.int64))
