"""Records as aiokafka's own reader made them, without the object it makes of each for its users.

A batch needs offset, timestamp, key, value and headers, and the reader's record has them. Copying each into a `ConsumerRecord` of eleven
fields is a tenth of what consuming costs. aiokafka offers no class to choose, so the one that does it is replaced; only consumers that
are made with `key_deserializer=RAW` notice.
"""

from typing import Any

from aiokafka.consumer import fetcher


def RAW(_key: bytes | None) -> bytes | None:  # noqa: N802 - a mark: it is never called
    """Makes a consumer hand out raw records."""
    raise AssertionError("raw records are not deserialised")


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    def _consumer_record(self, tp: Any, record: Any) -> Any:
        if self._key_deserializer is RAW:
            return record
        return super()._consumer_record(tp, record)


fetcher.PartitionRecords = _PartitionRecords
