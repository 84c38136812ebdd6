"""The row of an order: it comes back as it was, and at its fullest it is still one message of the changelog."""

from schemas.topics import LARGE_MESSAGE
from streams.fulfilment.conductor import own
from streams.fulfilment.facts import Line, Own
from streams.fulfilment.order_file import OrderFile, decode, encode
from streams.fulfilment.policy import FulfilmentPolicy
from tests.order_facts import START, answered, captured, placed, seen

LONGEST = 200  # characters of an id
POLICY = FulfilmentPolicy()


def a_file() -> OrderFile:
    file = OrderFile("o1", START)
    for fact in (placed(), captured(), answered("reserve:o1:1:1"), seen("SHIPPED")):
        file.add(fact)
    file.told |= {"PLACED", "PAID"}
    return file


def test_a_row_comes_back_as_it_was() -> None:
    assert decode(encode(a_file())) == a_file()


def test_its_size_is_about_that_of_its_row_before_and_after() -> None:
    row = encode(a_file())
    assert 0 < len(row) - a_file().size < 100
    assert decode(row).size == len(row)


def test_the_fullest_row_is_one_message() -> None:
    lines = tuple(Line(f"{n:0>{LONGEST}}", f"{n:0>{LONGEST}}", 1_000_000) for n in range(POLICY.most_lines))
    file, number = OrderFile("o" * LONGEST, START), 0
    while file.size < POLICY.most_bytes:
        number += 1
        file.add(captured("1", number)._replace(event_id=f"{number:0>{LONGEST}}", ref="p" * LONGEST))
    file.add(placed(lines=lines))
    for kind in (Own.LOCK_RULES, Own.PLANNED):
        file.add(own(file.order_id, kind, START, lines=lines))
    assert len(encode(file)) < LARGE_MESSAGE
