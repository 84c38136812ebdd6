"""Orders at a steady rate from a thread of its own, while faults come and go."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, Self

from chaos.ledger import Piece, Sender

BEAT: Final = 0.1  # seconds between two portions


class Pump:
    """`rate` records a second; `load(first, count)` gives them. Behind after a stall, it catches up."""

    def __init__(self, sender: Sender, rate: int, load: Callable[[int, int], Iterable[Piece]]) -> None:
        self._sender = sender
        self._rate = rate
        self._load = load
        self._stop = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
        self.sent = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        if error is not None:
            return  # who knows whether the broker is there; the thread dies with the process
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        began = time.monotonic()
        try:
            while not self._stop.wait(BEAT):
                due = int((time.monotonic() - began) * self._rate) - self.sent
                self._sender.send(self._load(self.sent, due))
                self.sent += due
            self._sender.flush()
        except BaseException as error:  # noqa: BLE001 - raised by whoever owns the pump
            self._failed = error
