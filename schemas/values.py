"""What an event is in Python: a mapping of field names to these values.

Avro                    Python
string, enum            str
boolean, long, double   bool, int, float
decimal                 Decimal
timestamp-millis        datetime with a time zone; read back as UTC
bytes                   bytes
null                    None
array, record           list, mapping
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

Value: TypeAlias = (
    "bool | int | float | str | bytes | Decimal | datetime | Sequence[Value] | Mapping[str, Value] | None"
)
Event: TypeAlias = Mapping[str, Value]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970; what is finer is cut off."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The moment in UTC. Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(milliseconds=ms)
