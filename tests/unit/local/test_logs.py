"""Logs stay bounded while their writer keeps them open, and are read from the end."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from local.logs import keep_bounded, last_lines, size, text_since


def test_a_log_that_grew_too_large_is_moved_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 100)
        keep_bounded(log, bound=399)
        writer.write(b"new\n")
    assert log.read_text() == "new\n"
    assert (tmp_path / "kafka.log.1").read_text() == "old\n" * 100


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("line\n")
    keep_bounded(log, bound=5)
    keep_bounded(tmp_path / "none.log", bound=5)
    assert [path.name for path in tmp_path.iterdir()] == ["kafka.log"]


def test_without_room_for_the_copy_the_log_is_emptied_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("x" * 100)
    blocked = tmp_path / "kafka.log.1"
    blocked.symlink_to("/dev/full")
    keep_bounded(log, bound=10)
    assert size(log) == 0
    assert not blocked.is_symlink()


@given(
    lines=st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=5)), count=st.integers(0, 9)
)
def test_the_last_lines_are_the_last_lines(lines: list[str], count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "a.log"
        log.write_text("".join(f"{line}\n" for line in lines))
        assert last_lines(log, count) == (lines[-count:] if count else [])


def test_a_long_log_is_read_in_blocks(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"line {number}\n" for number in range(50_000)))
    assert last_lines(log, 20_000) == [f"line {number}" for number in range(30_000, 50_000)]


def test_text_since_goes_on_after_the_log_was_emptied(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("before\nafter\n")
    assert text_since(log, 7) == "after\n"
    log.write_text("new\n")
    assert text_since(log, 7) == "new\n"
    assert text_since(tmp_path / "none.log", 0) == ""
