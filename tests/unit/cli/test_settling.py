"""The demo goes on until all is read and nothing comes any more, and not for ever."""

from typing import cast

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError

from cli.demo.settling import LOOK_EVERY, SILENT_AFTER, STUCK_AFTER, Settling
from cli.demo.watch import Watch
from streams.engine.group_lag import GroupLag


class House:
    """A ClickHouse and a Kafka that say what they are told to."""

    def __init__(self) -> None:
        self.rows, self.lag, self.now, self.asked = 0, 0, 100.0, 0
        self.away, self.takes = False, 0.0
        self.seen = Watch()
        self.settling = Settling(cast(Client, self), cast(GroupLag, self), "", lambda: self.now)

    @property
    def result_rows(self) -> list[tuple[int]]:
        return [(self.rows,)]

    def query(self, _text: str) -> "House":
        self.asked += 1
        self.now += self.takes
        if self.away:
            raise OperationalError("timed out\nwith much more to say")
        return self

    def behind(self, _group: str) -> int:
        return self.lag

    def after(self, seconds: float) -> bool:
        self.now += seconds
        self.settling.look(self.seen)
        return self.settling.over(self.seen)


def test_at_rest_when_all_is_read_and_two_looks_saw_the_same() -> None:
    house = House()
    house.rows, house.lag = 10, 5
    assert not house.after(LOOK_EVERY)
    house.lag = 0
    assert not house.after(LOOK_EVERY)
    house.rows = 11
    assert not house.after(LOOK_EVERY)
    assert house.after(LOOK_EVERY)


def test_looks_have_a_pace() -> None:
    house = House()
    for _ in range(10):
        house.after(LOOK_EVERY / 10)
    assert house.asked == 1


def test_no_answer_is_neither_rest_nor_an_end() -> None:
    house = House()
    assert not house.after(LOOK_EVERY)
    house.away = True
    assert not house.after(LOOK_EVERY)
    assert house.seen.happened[-1].endswith("no answer, asking again: timed out")
    house.away = False
    assert house.after(LOOK_EVERY)


def test_who_does_not_answer_for_long_ends_it_and_is_said() -> None:
    house = House()
    house.after(LOOK_EVERY)
    house.away = True
    assert not house.after(STUCK_AFTER + 2), "that nothing moved nobody knows"
    assert house.after(SILENT_AFTER)
    assert "no answer for" in house.seen.happened[-1]


def test_a_look_may_take_its_time() -> None:
    house = House()
    house.takes = STUCK_AFTER + 4
    house.rows = 5
    assert not house.after(LOOK_EVERY), "rows have come in this very look"
    assert house.after(LOOK_EVERY)
    assert "nothing has moved" not in "".join(house.seen.happened)


def test_what_never_moves_is_given_up_and_said() -> None:
    house = House()
    house.lag = 3
    assert not house.after(LOOK_EVERY)
    assert house.after(STUCK_AFTER + 1)
    assert "nothing has moved" in house.seen.happened[-1]


def test_while_more_is_to_come_nothing_counts_as_rest() -> None:
    house = House()
    house.after(LOOK_EVERY)
    house.now += STUCK_AFTER
    house.settling.begin()
    assert not house.after(0.1)
