"""Memory and RocksDB are one and the same table: each holds the same suite, and a dict is what both are compared with."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.memory_store import MemoryStore
from streams.engine.state import State, TableSpec
from streams.engine.tables import Store

COUNTS: TableSpec[list[int]] = TableSpec("counts", lambda row: b"%d" % row[0], lambda row: [int(row)])
OTHERS = COUNTS.named("countss")  # a prefix of neither
KEYS = st.sampled_from(["", "a", "b", "aa", "ä", "x\0y"])
OPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "put", "none", "delete", "load", "unload", "commit", "look"]), KEYS, st.integers(0, 9)
    )
)
Open = Callable[[Path], Store]


def _rocks(folder: Path) -> Store:
    pytest.importorskip("rocksdict", reason="pip install 'kontor[rocksdb]'")
    from streams.engine.rocks_store import RocksStore  # noqa: PLC0415

    return RocksStore(folder)


STORES: dict[str, Open] = {"memory": lambda _folder: MemoryStore(), "rocksdb": _rocks}


@pytest.fixture(params=list(STORES.values()), ids=list(STORES))
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[State]:
    made = State([COUNTS, OTHERS], request.param(tmp_path / "rows"))
    yield made
    made.close()
    assert not (tmp_path / "rows").exists()


@pytest.mark.parametrize("opened", STORES.values(), ids=STORES.keys())
@given(ops=OPS)
def test_whatever_happens_it_reads_as_a_dict_and_its_changelog_makes_the_same(
    opened: Open, ops: list[tuple[str, str, int]]
) -> None:
    with TemporaryDirectory() as folder:
        state, copy = State([COUNTS, OTHERS], opened(Path(folder) / "rows")), State([COUNTS, OTHERS])
        table, model = state.table(COUNTS), dict[str, list[int]]()
        state.table(OTHERS)["a"] = [99]
        for op, key, count in ops:
            match op:
                case "set":
                    table[key] = model[key] = [count]
                case "put":
                    rows = {key: [count], "many": [count]}
                    table.put_all(rows)
                    model.update(rows)
                case "none":
                    assert table.has_none_of([key, "never"]) == (key not in model)
                case "delete":
                    assert (key in table) == (key in model)
                    if key in model:
                        del table[key], model[key]
                case "commit":
                    _commit(state, copy)
                case "look":
                    assert table.get(key) == model.get(key)
                    assert dict(table) == model
                    assert len(table) == len(model)
                case _:
                    _commit(state, copy)  # the changelog is read before anything is changed, never in between
                    row = b"%d" % count if op == "load" else None
                    state.load(b"counts\0" + key.encode(), row)
                    copy.load(b"counts\0" + key.encode(), row)
                    if row is None:
                        model.pop(key, None)
                    else:
                        model[key] = [count]
        _commit(state, copy)
        assert dict(table) == dict(copy.table(COUNTS)) == model
        assert dict(state.table(OTHERS)) == {"a": [99]}
        assert state.changes() == []
        state.clear()
        assert len(state) == 0
        state.close()


def _commit(state: State, copy: State) -> None:
    for key, row in state.changes():
        copy.load(key, row)
    state.settle()


def test_within_a_batch_a_row_is_one_object_and_rows_may_be_read_while_iterating(state: State) -> None:
    for name in (b"a", b"b", b"c"):
        state.load(b"counts\0" + name, b"1")
    table = state.table(COUNTS)
    row = table["a"]
    row.append(2)
    assert table["a"] is row
    assert sorted(key for key in table if table[key]) == ["a", "b", "c"]


def test_what_was_not_committed_is_not_kept_by_the_store(state: State) -> None:
    table = state.table(COUNTS)
    table["a"] = [1]
    assert state.changes() == [(b"counts\0a", b"1")]
    assert state.changes() == []
    assert table["a"] == [1]
    state.settle()
    assert table["a"] == [1]


def test_a_key_that_is_not_there(state: State) -> None:
    table = state.table(COUNTS)
    with pytest.raises(KeyError):
        table["a"]
    with pytest.raises(KeyError):
        del table["a"]
    assert state.changes() == []
