"""Texts as automata over bytes: what a text must look like, in a table that a walk over many bodies steps through.

Law: an automaton accepts only texts that `checks` accepts. What it cannot say (a pattern with a dot or a backslash, or one that allows
more than ASCII) it refuses, and the codec decides.
"""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from greenery import Charclass, parse

Steps: TypeAlias = npt.NDArray[np.uint16]

REFUSED: Final = 0
"""The state nothing leaves."""
ANY_TEXT: Final = 1
"""Where the automaton of texts without a pattern begins: UTF-8 without U+0000."""

_CONTINUED: Final = range(0x80, 0xC0)
_UTF8: Final[Mapping[int, Iterable[tuple[range, int]]]] = {
    # 1 whole; 2, 3, 4: one, two, three more bytes; 5 to 8: the second byte may not be just any (The Unicode Standard, table 3-7)
    1: (
        (range(0x01, 0x80), 1), (range(0xC2, 0xE0), 2), (range(0xE0, 0xE1), 5), (range(0xE1, 0xED), 3),
        (range(0xED, 0xEE), 6), (range(0xEE, 0xF0), 3), (range(0xF0, 0xF1), 7), (range(0xF1, 0xF4), 4),
        (range(0xF4, 0xF5), 8),
    ),
    2: ((_CONTINUED, 1),),
    3: ((_CONTINUED, 2),),
    4: ((_CONTINUED, 3),),
    5: ((range(0xA0, 0xC0), 2),),
    6: ((range(0x80, 0xA0), 2),),
    7: ((range(0x90, 0xC0), 3),),
    8: ((range(0x80, 0x90), 3),),
}  # fmt: skip


class Automata:
    """The automata of one schema, in one table. `steps[state, byte]` is the next state; `accepts[state]` says whether a text may end."""

    def __init__(self) -> None:
        self._steps: list[npt.NDArray[np.uint16]] = [np.zeros(256, np.uint16) for _ in range(len(_UTF8) + 1)]
        self._accepts = [state == ANY_TEXT for state in range(len(_UTF8) + 1)]
        self._known: dict[str, int] = {}
        for state, steps in _UTF8.items():
            for octets, then in steps:
                self._steps[state][octets.start : octets.stop] = then

    @property
    def steps(self) -> Steps:
        return np.array(self._steps)

    @property
    def accepts(self) -> npt.NDArray[np.bool_]:
        return np.array(self._accepts, np.bool_)

    def start(self, pattern: str | None) -> int:
        """The state in which a text of this pattern begins."""
        if pattern is None:
            return ANY_TEXT
        if pattern not in self._known:
            self._known[pattern] = REFUSED if {".", "\\"} & set(pattern) else self._add(pattern)
        return self._known[pattern]

    def _add(self, pattern: str) -> int:
        machine = parse(pattern).to_fsm().reduce()
        numbers = {state: len(self._steps) + at for at, state in enumerate(machine.states)}
        for state in machine.states:
            self._steps.append(_row(machine.map[state], numbers))
            self._accepts.append(state in machine.finals)
        return numbers[machine.initial]


def _row(steps: Mapping[Charclass, int], numbers: Mapping[int, int]) -> npt.NDArray[np.uint16]:
    """ASCII only, and never U+0000."""
    row = np.zeros(256, np.uint16)
    for octet in range(1, 0x80):
        row[octet] = next(numbers[then] for chars, then in steps.items() if chars.accepts(chr(octet)))
    return row
