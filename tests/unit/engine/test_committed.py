"""Committed offsets: a coordinator that cannot say is asked again."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import pytest
from aiokafka.errors import GroupAuthorizationFailedError
from aiokafka.protocol.commit import OffsetFetchResponse_v1, OffsetFetchResponse_v3
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.engine import committed as module
from streams.engine.committed import Answer, committed

AT, OTHER = TopicPartition("orders", 0), TopicPartition("orders", 3)
LOADING, NOT_AVAILABLE, NOT_COORDINATOR, NOT_ALLOWED = 14, 15, 16, 30
KNOWN = [("orders", [(0, 7, "m", 0), (3, -1, "", 0)])]


@dataclass
class Coordinator:
    answers: deque[Answer]
    group_id: str = "risk"
    dead: int = 0
    asked: list[object] = field(default_factory=list)

    async def ensure_coordinator_known(self) -> None: ...

    def coordinator_dead(self) -> None:
        self.dead += 1

    async def _send_req(self, request: object) -> Answer:
        self.asked.append(request)
        return self.answers.popleft()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY", 0.0)


def told(*answers: Answer) -> tuple[Coordinator, dict[TopicPartition, OffsetAndMetadata]]:
    coordinator = Coordinator(deque(answers))
    return coordinator, asyncio.run(committed(coordinator, [AT, OTHER]))


def test_what_is_committed_and_nothing_else() -> None:
    for answer in (OffsetFetchResponse_v3(0, KNOWN, 0), OffsetFetchResponse_v1(KNOWN)):
        assert told(answer)[1] == {AT: OffsetAndMetadata(7, "m")}


@pytest.mark.parametrize(("code", "dead"), [(LOADING, 0), (NOT_AVAILABLE, 1), (NOT_COORDINATOR, 1)])
def test_a_coordinator_that_cannot_say_is_not_taken_for_a_group_that_has_nothing(code: int, dead: int) -> None:
    """Above the partitions, as brokers say it today, or in each of them."""
    above = OffsetFetchResponse_v3(0, [], code)
    within = OffsetFetchResponse_v3(0, [("orders", [(0, -1, "", code), (3, -1, "", code)])], 0)
    coordinator, found = told(above, within, OffsetFetchResponse_v3(0, KNOWN, 0))
    assert found == {AT: OffsetAndMetadata(7, "m")}
    assert (len(coordinator.asked), coordinator.dead) == (3, 2 * dead)


def test_what_no_waiting_mends_is_raised() -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        told(OffsetFetchResponse_v3(0, [], NOT_ALLOWED))


def test_nothing_asked_is_nothing_sent() -> None:
    coordinator = Coordinator(deque())
    assert asyncio.run(committed(coordinator, [])) == {}
    assert coordinator.asked == []
