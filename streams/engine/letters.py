"""Bad records of a batch as dead letters."""

from collections.abc import Iterable, Mapping

from schemas.batch import Batch
from schemas.columns import BadRecord
from schemas.reasons import Reason
from streams.engine.dead_letters import DeadLetter


def unreadable(batch: Batch, refused: Iterable[BadRecord]) -> list[DeadLetter]:
    """What the decoder refused, with its reasons."""
    return [_letter(batch, bad.index, bad.cause.reason, str(bad.cause), "decode") for bad in refused]


def conflicting(batch: Batch, offsets: Iterable[int]) -> list[DeadLetter]:
    """Events whose id came with another body before."""
    why = "the same event_id came with another body before"
    return _at(batch, dict.fromkeys(offsets, why), Reason.ID_CONFLICT, "idempotency")


def too_large(batch: Batch, whys: Mapping[int, str], stage: str) -> list[DeadLetter]:
    """Events that are well formed and larger than the app takes; by offset, why."""
    return _at(batch, whys, Reason.TOO_LARGE, stage)


def _at(batch: Batch, whys: Mapping[int, str], reason: Reason, stage: str) -> list[DeadLetter]:
    at = {offset: index for index, offset in enumerate(batch.offsets)} if whys else {}
    return [_letter(batch, at[offset], reason, why, stage) for offset, why in whys.items()]


def _letter(batch: Batch, index: int, reason: Reason, message: str, stage: str) -> DeadLetter:
    return DeadLetter(
        topic=batch.span.topic,
        partition=batch.span.partition,
        offset=batch.offsets[index],
        timestamp=batch.timestamps[index],
        key=batch.keys[index],
        value=batch.values[index],
        headers=batch.headers[index] if batch.headers else (),
        reason=reason.value,
        message=message,
        stage=stage,
    )
