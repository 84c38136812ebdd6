"""What a worker leaves behind where it is started."""

from pathlib import Path

import pytest

from streams.engine.settings import Settings
from streams.engine.worker import _faust_app


def test_faust_makes_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _faust_app("risk", Settings())._create_directories()
    assert not list(tmp_path.iterdir())
