"""The faults, one class each, and the registry of their names. A new fault is a class here and its line in FAULTS.

`strike` returns when the fault is over and whoever was hit has been started again; recovering is up to the app.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from chaos.gate import Armed, Moment
from chaos.scene import Scene
from chaos.servers import Server
from chaos.site import SESSION
from chaos.stack import Stack

SEEN_WITHIN: Final = 90.0
"""Seconds in which work must be seen for a fault to strike into it."""
PAST_SESSION: Final = SESSION + 1.5
MINORITY: Final = 2
"""Workers below which nobody leaves."""


class Fault(Protocol):
    """What may happen to a scene."""

    def strike(self, scene: Scene) -> None: ...


class Kill:
    """SIGKILL to a worker, wherever it stands."""

    def strike(self, scene: Scene) -> None:
        victim = scene.victim()
        victim.kill()
        scene.crew.restart(victim)


@dataclass(frozen=True)
class KillAt:
    """SIGKILL to all workers at a moment inside an insert. delay: the longest after the moment, in seconds."""

    moment: Moment
    delay: float = 0.0

    def strike(self, scene: Scene) -> None:
        victims = list(scene.crew)
        strike_insert(scene, self.moment, victims, scene.dice.uniform(0, self.delay))
        for victim in victims:
            victim.kill()
            scene.crew.restart(victim)


class CutAnswer:
    """ClickHouse inserts, and its answer is lost on the way; the worker lives."""

    def strike(self, scene: Scene) -> None:
        strike_insert(scene, Moment.AFTER, [], 0.0)


class Terminate:
    """SIGTERM to a worker that listens to signals; it must end well."""

    def strike(self, scene: Scene) -> None:
        victim = scene.victim()
        await_listening(scene, victim)
        scene.crew.terminate(victim)
        scene.crew.restart(victim)


class Pause:
    """SIGSTOP for longer than the session, then SIGCONT: a zombie that must not write any more."""

    def strike(self, scene: Scene) -> None:
        victim = scene.victim()
        await_listening(scene, victim)
        victim.pause()
        try:
            wait(PAST_SESSION)
        finally:
            victim.resume()


class Join:
    """One worker more."""

    def strike(self, scene: Scene) -> None:
        scene.crew.hire()


class Leave:
    """One worker ends well and stays away; where too few are left, one comes instead."""

    def strike(self, scene: Scene) -> None:
        if len(scene.crew.members) <= MINORITY:
            scene.crew.hire()
            return
        victim = scene.victim()
        await_listening(scene, victim)
        scene.crew.dismiss(victim)


class BrokerKill:
    """SIGKILL to the broker, started again at once."""

    def strike(self, scene: Scene) -> None:
        scene.stack.kafka.kill()
        scene.stack.kafka.start()


class BrokerRestart:
    """SIGTERM to the broker, started again at once."""

    def strike(self, scene: Scene) -> None:
        scene.stack.kafka.terminate()
        scene.stack.kafka.start()


@dataclass(frozen=True)
class Gone:
    """SIGKILL to one of the stack's servers, which is away for some seconds."""

    which: Callable[[Stack], Server]
    seconds: float

    def strike(self, scene: Scene) -> None:
        server = self.which(scene.stack)
        server.kill()
        try:
            wait(self.seconds)
        finally:
            server.start()


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType({
    "kill": Kill(),
    "kill before insert": KillAt(Moment.BEFORE),
    "kill during insert": KillAt(Moment.DURING, delay=0.05),
    "kill after insert": KillAt(Moment.AFTER),
    "kill, insert late": KillAt(Moment.LATE, delay=4.0),
    "answer cut": CutAnswer(),
    "SIGTERM": Terminate(),
    "SIGSTOP": Pause(),
    "join": Join(),
    "leave": Leave(),
    "broker kill": BrokerKill(),
    "broker restart": BrokerRestart(),
    "ClickHouse kill": Gone(lambda stack: stack.clickhouse, 0.0),
})  # fmt: skip


def strike_insert(scene: Scene, moment: Moment, victims: list[Server], delay: float) -> None:
    """Kill the victims at that moment of the next insert, or only cut its answer where there are none."""
    assert scene.gate is not None, "this fault needs a gate before ClickHouse"

    def act() -> None:
        for victim in victims:
            victim.shoot()

    armed: Armed = scene.gate.arm(moment, act, delay)
    try:
        scene.until(armed.done.is_set, SEEN_WITHIN, f"an insert, to strike {moment}", 0.005)
    finally:
        scene.gate.disarm()


def await_listening(scene: Scene, worker: Server) -> None:
    """SIGTERM before the worker has its handlers would be a kill, and SIGSTOP before it is in the group no zombie."""
    scene.until(lambda: worker.says("worker started"), SEEN_WITHIN, f"{worker.service.name} has started")


def wait(seconds: float) -> None:
    """The length of a fault is its definition, and nothing to be awaited."""
    time.sleep(seconds)
