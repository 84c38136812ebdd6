"""Load ahead what is compiled, and keep it on disk, so that no worker's first batch waits for it: `python -m streams.engine.warm`.

A worker does it before it has partitions: loading what is on disk takes a second, and compiling, where there is nothing for this processor,
longer than a group waits for a sign of life.
"""

from schemas.warm import warm as warm_schemas
from streams.engine.log_batch import CURRENT_MAGIC, HEAD, LENGTH_BEGINS_AT, read_columns


def warm() -> None:
    """What decodes and encodes, and what reads the log: a record batch of no records is read as any other."""
    length = HEAD.size - LENGTH_BEGINS_AT
    read_columns(HEAD.pack(0, length, 0, CURRENT_MAGIC, 0, 0, 0, 0, 0, -1, -1, -1, 0), 0, ())
    warm_schemas()


if __name__ == "__main__":
    warm()
