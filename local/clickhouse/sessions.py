"""HTTP sessions: one query at a time each, forgotten a while after the last. Only the event loop touches them."""

from dataclasses import dataclass, field

from local.clickhouse.engine import Session
from local.clickhouse.errors import Code, refused
from local.clickhouse.request import SessionWish


@dataclass(slots=True)
class _Slot:
    session: Session = field(default_factory=Session)
    busy: bool = True
    forget_at: float = 0.0


class Sessions:
    """By id. `now` is any monotonic clock in seconds."""

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}

    def acquire(self, wish: SessionWish, now: float) -> Session:
        """The session, locked for one query. Raises 373 while another runs, 372 where there should be one."""
        slot = self._slots.get(wish.id)
        if slot is not None and slot.busy:
            raise refused(Code.SESSION_IS_LOCKED, f"Session {wish.id} is locked by a concurrent client")
        if slot is None or slot.forget_at <= now:
            if wish.must_exist:
                raise refused(Code.SESSION_NOT_FOUND, f"Session {wish.id} not found")
            if slot is not None:
                slot.session.close()
            slot = self._slots[wish.id] = _Slot()
        slot.busy = True
        return slot.session

    def release(self, wish: SessionWish, now: float) -> None:
        slot = self._slots[wish.id]
        slot.busy = False
        slot.forget_at = now if wish.close_after else now + wish.timeout
        self.sweep(now)

    def sweep(self, now: float) -> None:
        """Closes what nobody came back for."""
        for name in [name for name, slot in self._slots.items() if not slot.busy and slot.forget_at <= now]:
            self._slots.pop(name).session.close()

    def close(self) -> None:
        for slot in self._slots.values():
            slot.session.close()
        self._slots.clear()
