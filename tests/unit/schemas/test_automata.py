"""The automata accept only what `checks` accepts, and nearly all of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.automata import Automata
from schemas.avro_types import walk
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE

PATTERNS = sorted(
    {
        field.constraints.pattern
        for topic in CATALOGUE.values()
        for _, field in walk(SchemaBook.from_files().reader(topic.name).record)
        if field.constraints.pattern is not None
    }
)


def accepted(automata: Automata, pattern: str | None, octets: bytes) -> bool:
    state, steps = automata.start(pattern), automata.steps
    for octet in octets:
        state = int(steps[state, octet])
    return bool(automata.accepts[state])


def is_text(octets: bytes) -> bool:
    try:
        return "\0" not in octets.decode()
    except UnicodeDecodeError:
        return False


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_without_a_pattern_all_of_utf_8_but_nul(octets: bytes) -> None:
    assert accepted(Automata(), None, octets) == is_text(octets)


@pytest.mark.parametrize(
    "octets", [b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xc3"]
)
def test_what_looks_like_utf_8_and_is_none(octets: bytes) -> None:
    assert not accepted(Automata(), None, octets)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.one_of(st.text(st.characters(max_codepoint=0x7F)), st.text("AZaz/ -~!", max_size=8)))
def test_a_pattern_of_ours_accepts_what_it_says(pattern: str, text: str) -> None:
    assert accepted(Automata(), pattern, text.encode()) == bool(re.fullmatch(pattern, text))


def test_there_are_patterns_to_look_at() -> None:
    assert "[A-Z]{3}" in PATTERNS


@pytest.mark.parametrize("pattern", ["a.c", "\\d+"])
def test_what_cannot_be_said_surely_is_refused(pattern: str) -> None:
    assert not accepted(Automata(), pattern, b"abc")
    assert not accepted(Automata(), pattern, b"12")


def test_more_than_ascii_is_left_to_the_codec_where_there_is_a_pattern() -> None:
    assert re.fullmatch("[^a]*", "é")
    assert not accepted(Automata(), "[^a]*", "é".encode())
