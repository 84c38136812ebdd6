"""Too little room is refused before anything starts."""

from pathlib import Path

import pytest

from local.disk import MIB, free_bytes, require_room, used_bytes
from local.errors import StackError


def test_too_little_room_is_said_with_both_figures(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"Only 100 MiB are free for .*, and the stack wants at least 1024 MiB"):
        require_room(tmp_path, least=1024 * MIB, free=lambda _folder: 100 * MIB)


def test_enough_room_passes(tmp_path: Path) -> None:
    require_room(tmp_path, least=1024 * MIB, free=lambda _folder: 1024 * MIB)


def test_a_folder_that_is_not_there_yet_has_the_room_of_its_parent(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") > 0


def test_used_space_counts_blocks_below(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    before = used_bytes(tmp_path)
    (tmp_path / "below" / "file").write_bytes(b"x" * 1_000_000)
    assert 1_000_000 <= used_bytes(tmp_path) - before < 1_100_000
