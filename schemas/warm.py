"""Compile the walk ahead and keep it on disk, so that no worker's first batch waits for it: `python -m schemas.warm`."""

import numpy as np

from schemas.columns import ColumnDecoder
from schemas.framing import frame
from schemas.registry import SchemaBook
from schemas.topics import ORDERS


def main() -> None:
    """A body of one zero byte is compiled for as any other is, and refused."""
    book, one = SchemaBook.from_files(), np.zeros(1, np.int64)
    ColumnDecoder(ORDERS.name, book).decode([frame(book.reader(ORDERS.name).fingerprint, b"\0")], one, one)


if __name__ == "__main__":
    main()
