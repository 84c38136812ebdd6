"""Load ahead what decodes and encodes, compiled the first time and then kept on disk."""

import numpy as np

from schemas.avro_types import RecordType
from schemas.columns import ColumnDecoder
from schemas.encode_columns import encode_rows
from schemas.framing import frame
from schemas.registry import SchemaBook
from schemas.topics import ORDERS


def warm() -> None:
    """A body of one zero byte is compiled for as any other is, and refused; and a record of no fields as any other."""
    book, one = SchemaBook.from_files(), np.zeros(1, np.int64)
    ColumnDecoder(ORDERS.name, book).decode([frame(book.reader(ORDERS.name).fingerprint, b"\0")], one, one)
    encode_rows(RecordType("nothing", ()), {}, 1)
