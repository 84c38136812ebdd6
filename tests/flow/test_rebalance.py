"""Workers join, leave and die under load: nothing comes twice but what died with its worker; the rest goes on within seconds."""

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.stack import Broker
from tests.tallies import PARTITIONS, Tallies
from tests.workers import WorkerProcess, until

BACK_WITHIN = 15.0
GIVEN_UP = "batches given up"
REBALANCING = "because it is rebalancing"


@pytest.fixture
def tallies(kafka: Broker, tmp_path: Path) -> Iterator[Tallies]:
    made = Tallies(kafka, tmp_path)
    yield made
    made.end()


def test_two_workers_join_and_leave_under_load_and_nothing_comes_twice(tallies: Tallies) -> None:
    first, second = tallies.worker("first"), tallies.worker("second")
    first.start()
    for joined, left in ((second, first), (first, second)):
        flowing(tallies, joined.start)
        flow_until(tallies, partial(has_a_share, tallies, joined, by(tallies, joined)), "the one that joined works")
        flowing(tallies, partial(stopped, left))
    tallies.send(1000)
    until(lambda: len(tallies.handled()) == tallies.sent, 30, "everything is handled")
    stopped(first)
    counted = tallies.handled()
    assert GIVEN_UP not in first.said() + second.said()
    assert counted.total() == len(counted) == tallies.sent


def test_killed_with_a_survivor_its_partitions_go_on_within_15_seconds(tallies: Tallies) -> None:
    victim, survivor = tallies.worker("victim").start(), tallies.worker("survivor").start()
    flow_until(tallies, lambda: all(has_a_share(tallies, each) for each in (victim, survivor)), "both have a share")
    orphans = set(json.loads(taken(victim)[-1]))
    victim.kill()
    killed, before = time.monotonic(), tallies.committed()
    flow_until(tallies, lambda: moved(tallies, before) >= orphans, "its partitions are committed again", BACK_WITHIN)
    print(f"kill -9 to the survivor's first commit: {time.monotonic() - killed:.1f} s")


def test_killed_and_started_again_under_its_name_the_group_does_not_rebalance(tallies: Tallies) -> None:
    """Static membership: what the supervisor gives each worker as KONTOR_WORKER."""
    workers = [tallies.worker(name, worker=name, session_timeout=30) for name in ("tally-1", "tally-2")]
    for worker in workers:
        worker.start()
    flow_until(tallies, lambda: all(has_a_share(tallies, each) for each in workers), "both have a share")
    victim, other = workers
    share, turns = taken(victim)[-1], len(taken(other))
    victim.kill()
    killed, before = time.monotonic(), tallies.committed()
    victim.start()
    flow_until(tallies, lambda: moved(tallies, before) == set(range(PARTITIONS)), "all go on", BACK_WITHIN)
    print(f"kill -9 to its own first commit after the restart: {time.monotonic() - killed:.1f} s")
    assert taken(victim)[-1] == share
    assert len(taken(other)) == turns


def test_who_is_asked_to_stop_does_not_wait_for_a_member_that_the_group_waits_for(tallies: Tallies) -> None:
    patient: dict[str, object] = {"session_timeout": 60, "rebalance_timeout": 60, "stop_timeout": 20}
    first, hanging, third = (tallies.worker(name, **patient) for name in ("first", "hanging", "third"))
    first.start()
    hanging.start()
    flow_until(tallies, lambda: all(has_a_share(tallies, each) for each in (first, hanging)), "both have a share")
    assert hanging.process is not None
    hanging.process.send_signal(signal.SIGSTOP)
    before = first.said().count(REBALANCING)
    third.start()
    until(
        lambda: first.said().count(REBALANCING) > before, 30, "the group deals anew, and waits for the one that hangs"
    )
    asked = time.monotonic()
    stopped(first)
    print(f"SIGTERM to the end: {time.monotonic() - asked:.1f} s")


def flowing(tallies: Tallies, disturb: Callable[[], object]) -> None:
    """Load before, during and after."""
    tallies.send(2000)
    disturb()
    tallies.send(2000)


def flow_until(tallies: Tallies, condition: Callable[[], bool], what: str, timeout: float = 30) -> None:
    def sent_and_met() -> bool:
        tallies.send(4 * PARTITIONS)
        return condition()

    until(sent_and_met, timeout, what, 0.1)


def stopped(worker: WorkerProcess) -> None:
    assert worker.stop() == 0, worker.said()


def by(tallies: Tallies, worker: WorkerProcess) -> int:
    return len(tallies.handled(worker.log.stem))


def has_a_share(tallies: Tallies, worker: WorkerProcess, before: int = 0) -> bool:
    return by(tallies, worker) > before


def taken(worker: WorkerProcess) -> list[str]:
    """The partitions it was dealt, each time."""
    return re.findall(r"partitions taken .*numbers=(\[[^]]*\])", worker.said())


def moved(tallies: Tallies, before: dict[int, int]) -> set[int]:
    return {at for at, offset in tallies.committed().items() if offset > before[at]}
