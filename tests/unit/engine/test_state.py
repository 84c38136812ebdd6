"""Tables remember what changed, and are the same after the changelog."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.state import State, TableSpec, UnknownTable

COUNTS: TableSpec[int] = TableSpec("counts", lambda n: b"%d" % n, int)
NAMES: TableSpec[str] = TableSpec("names", str.encode, bytes.decode)
KEYS = st.text(max_size=5)


@given(st.lists(st.tuples(KEYS, st.none() | st.integers(0, 9), st.booleans())))
def test_a_state_is_what_its_changelog_says(steps: list[tuple[str, int | None, bool]]) -> None:
    state, copy = State([COUNTS, NAMES]), State([COUNTS, NAMES])
    for key, count, commit in steps:
        if count is not None:
            state.table(COUNTS)[key] = count
            state.table(NAMES)[key] = str(count)
        elif key in state.table(COUNTS):
            del state.table(COUNTS)[key]
        if commit:
            for change, row in state.changes():
                copy.load(change, row)
    for change, row in state.changes():
        copy.load(change, row)
    assert dict(copy.table(COUNTS)) == dict(state.table(COUNTS))
    assert dict(copy.table(NAMES)) == dict(state.table(NAMES))
    assert state.changes() == []


def test_a_row_that_was_read_back_is_decoded_once_and_when_asked_for() -> None:
    asked: list[bytes] = []

    def decode(row: bytes) -> list[str]:
        asked.append(row)
        return [row.decode()]

    spec: TableSpec[list[str]] = TableSpec("lists", lambda row: row[0].encode(), decode)
    state = State([spec])
    for name in (b"a", b"b", b"c"):
        state.load(b"lists\0" + name, name)
    table = state.table(spec)
    assert asked == []
    assert "a" in table
    assert table["a"] is table["a"]
    assert asked == [b"a"]
    assert [row[0] for row in table.values()] == ["a", "b", "c"]
    table["b"] = table["b"]
    del table["c"]
    assert dict(state.changes()) == {b"lists\0b": b"b", b"lists\0c": None}
    state.load(b"lists\0a", b"z")
    assert table["a"] == ["z"]


def test_rows_of_a_table_nobody_knows_are_not_dropped_silently() -> None:
    with pytest.raises(UnknownTable, match="names"):
        State([COUNTS]).load(b"names\0k", b"v")
