"""Bad records: the ways of `producers.flaws`, and three that need another topic or no value at all."""

import random
from collections.abc import Callable
from typing import Final

from chaos.ledger import Piece
from producers.encoder import Encoder
from producers.flaws import Spoiler, flaws_of
from schemas.example_events import examples
from schemas.reasons import Reason
from schemas.registry import SchemaBook
from schemas.topics import ORDERS, PAYMENTS
from schemas.values import Event

MARK: Final = "@@@@"


class Poison:
    """Of one topic: a bad record with the key of a good one, and the reason its dead letter must carry."""

    def __init__(self, book: SchemaBook, topic: str) -> None:
        self._topic = topic
        self._encoder = Encoder(book)
        other = PAYMENTS.name if topic == ORDERS.name else ORDERS.name
        foreign = next(each.event for each in examples(book, other) if each.writer == book.reader(other))
        self._foreign = self._encoder.unchecked(other, foreign)
        self._own: tuple[tuple[Reason, Callable[[Event], bytes | None]], ...] = (
            (Reason.NULL_VALUE, lambda _event: None),
            (Reason.WRONG_SUBJECT, lambda _event: self._foreign),
            (Reason.BAD_UTF8, self._bad_utf8),
        )
        self.kinds = len(flaws_of(topic)) + len(self._own)

    def made_of(self, event: Event, good: Piece, dice: random.Random) -> Piece:
        """One of the kinds, as the dice say."""
        kind = dice.randrange(self.kinds)
        if kind < len(self._own):
            reason, spoil = self._own[kind]
            return Piece(self._topic, good.key, spoil(event), f"{good.event_id}:bad", reason=reason)
        record = Spoiler(self._encoder, dice).spoilt((self._topic, event))
        value = self._encoder.unchecked(self._topic, record.event) if record.value is None else record.value
        return Piece(self._topic, good.key, value, f"{good.event_id}:bad", reason=str(record.reason))

    def _bad_utf8(self, event: Event) -> bytes:
        return self._encoder.unchecked(self._topic, {**event, "source": MARK}).replace(MARK.encode(), b"ab\xff\xfe", 1)
