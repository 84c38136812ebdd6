"""Runs faults into work: produce half a slice, see work begin, produce the rest, strike, see every partition go on, and again."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from chaos.faults import FAULTS, SEEN_WITHIN, wait
from chaos.ledger import Piece, Sender
from chaos.scene import Scene
from chaos.schedule import Strike

Tell = Callable[[int, int, str], None]
"""(strikes done, of how many, what is going on)"""
RECOVERED_WITHIN: Final = 120.0


def run(
    scene: Scene,
    sender: Sender,
    strikes: Sequence[Strike],
    load: Callable[[float, float], Iterable[Piece]],
    tell: Tell,
) -> None:
    """All strikes in their turn; `load` gives the records between two shares of the whole. Raises NotInTime."""
    share = 0.0
    for number, strike in enumerate(strikes):
        tell(number, len(strikes), strike.fault)
        before = scene.progress.committed()
        half = (share + strike.share) / 2
        rest = list(load(half, strike.share))
        sender.send(load(share, half))
        share = strike.share
        scene.until(lambda before=before: moved(scene, before), SEEN_WITHIN, "work begins", 0.02)  # type: ignore[misc]
        wait(strike.wait)
        sender.send(rest)  # not waited for: the fault strikes while records come in
        FAULTS[strike.fault].strike(scene)
        sender.flush()
        scene.recovered(strike.fault, _until_all_go_on(scene))
    tell(len(strikes), len(strikes), "reading to the end")


def finish(scene: Scene) -> None:
    """Until every record is read and committed, then SIGTERM to the workers."""
    scene.until_through(scene.progress.done, "everything is read and committed")
    scene.crew.stop()


def moved(scene: Scene, before: object) -> bool:
    return scene.progress.committed() != before or not scene.progress.behind()


def _until_all_go_on(scene: Scene) -> float:
    """Seconds until each partition that had something to read has moved or is at its end."""
    began = time.monotonic()
    at_strike = scene.progress.committed()

    def all_went_on() -> bool:
        behind, now = scene.progress.behind(), scene.progress.committed()
        return all(now[at] > at_strike[at] or count <= 16 for at, count in behind.items())

    scene.until(all_went_on, RECOVERED_WITHIN, "every partition goes on")
    return time.monotonic() - began
