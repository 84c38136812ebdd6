"""The good records of a fetch as an Avro container for ClickHouse: the bodies as they came, with where they came from.

Law: the schema is the writer's plus LANDING_FIELDS; nothing is decoded but the rare body in an encoding that only some
readers take, which is written anew, so that one odd writer cannot stop an insert.
"""

import io
from itertools import chain, repeat
from typing import Final

import fastavro
import numpy as np
import numpy.typing as npt

from schemas.avro_types import Json
from schemas.columns import WriterGroup
from schemas.container import container, zigzag, zigzags
from schemas.registry import WriterSchema

PARTITION: Final = "_partition"
OFFSET: Final = "_offset"
TIMESTAMP: Final = "_timestamp"
LANDING_FIELDS: Final[tuple[Json, ...]] = (
    {"name": PARTITION, "type": "int"},
    {"name": OFFSET, "type": "long"},
    {"name": TIMESTAMP, "type": {"type": "long", "logicalType": "timestamp-millis"}},
)
"""Where a record came from and when it was published; appended to the writer's fields."""


def landing_schema(writer: WriterSchema) -> dict[str, Json]:
    """The schema of a landing container."""
    fields = writer.document["fields"]
    assert isinstance(fields, list)
    return {**writer.document, "fields": [*fields, *LANDING_FIELDS]}


def landing_container(
    group: WriterGroup, offsets: npt.NDArray[np.int64], timestamps: npt.NDArray[np.int64], partition: int
) -> bytes:
    """One container, codec null, one block. `offsets` and `timestamps` are the whole fetch's, as `decode` took them."""
    places = zigzags(offsets[group.indexes]), zigzags(timestamps[group.indexes])
    rows = zip(_bodies(group), repeat(zigzag(partition)), *places, strict=False)
    return container(landing_schema(group.writer), list(chain.from_iterable(rows)), len(group.bodies))


def _bodies(group: WriterGroup) -> list[bytes]:
    bodies = list(group.bodies)
    odd = np.flatnonzero(~group.plain).tolist()
    if odd:
        schema = fastavro.parse_schema(dict(group.writer.document))
        for place in odd:
            record = fastavro.schemaless_reader(io.BytesIO(bodies[place]), schema, None)
            out = io.BytesIO()
            fastavro.schemaless_writer(out, schema, record)
            bodies[place] = out.getvalue()
    return bodies
