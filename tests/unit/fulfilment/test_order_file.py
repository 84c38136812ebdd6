"""The row of an order: it comes back as it was, and at its fullest it is still one message of the changelog."""

from schemas.topics import LARGE_MESSAGE
from streams.fulfilment.conductor import own
from streams.fulfilment.facts import Line, Own
from streams.fulfilment.order_file import OrderFile, decode, encode
from streams.fulfilment.policy import FulfilmentPolicy
from tests.order_facts import START, answered, captured, case, placed, seen

LONGEST = 200  # characters of an id
POLICY = FulfilmentPolicy()


def a_file() -> OrderFile:
    file = OrderFile("o1", START)
    for fact in (placed(), captured(), answered("reserve:o1:1:1"), seen("SHIPPED"), case("OPENED", number='a "case"')):
        file.add(fact)
    for milestone in ("PLACED", "PAID", 'IN_AFTER_SALES:a "case"'):
        file.tell(milestone)
    file.send("reserve")
    return file


def test_a_row_comes_back_as_it_was() -> None:
    assert decode(encode(a_file())) == a_file()


def test_its_size_is_that_of_the_lists_in_its_row_before_and_after() -> None:
    for file in (a_file(), OrderFile("o1", START), OrderFile("o1", START, step=12, state="PAID")):
        row = encode(file)
        assert decode(row).size == file.size
        assert 0 <= len(row) - file.size < 50


def test_the_fullest_row_is_one_message() -> None:
    """Payments until the next would be refused; then all that an order can bring with it at once. Quotes are two bytes in JSON."""
    lines = tuple(Line(f'{n:"<{LONGEST}}', f'{n:"<{LONGEST}}', 1_000_000) for n in range(POLICY.most_lines))
    file, number = OrderFile('"' * LONGEST, START), 0
    while file.size < POLICY.most_bytes:
        number += 1
        file.add(captured("1", number)._replace(event_id=f'{number:"<{LONGEST}}', ref='"' * LONGEST))
    file.add(placed(lines=lines))
    file.add(own(file.order_id, Own.LOCK_RULES, START, lines=lines))
    assert len(encode(file)) < LARGE_MESSAGE
