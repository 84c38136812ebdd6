"""What the stack consists of, as a plan."""

import stat
from pathlib import Path

import pytest

from local.addresses import CLICKHOUSE_PASSWORD, password_file
from local.errors import StackError
from local.services import WORKER_APPS, addresses, stack_plan, worker_counts
from local.settings import StackSettings
from streams.__main__ import APPS


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    return StackSettings(home=tmp_path, cache=tmp_path).moved_to(20000)


def test_workers_start_after_the_servers_with_addresses_and_ports_of_their_own(settings: StackSettings) -> None:
    plan = stack_plan(settings, java=Path("java"), redis_server=Path("redis-server"), workers={"risk": 2, "finance": 1})
    services = {service.name: service for service in plan.services}
    workers = [services[name] for name in ("risk-1", "risk-2", "finance-1")]
    assert [worker.command[-2:] for worker in workers] == [
        ("streams", "risk"),
        ("streams", "risk"),
        ("streams", "finance"),
    ]
    assert [worker.port for worker in workers] == [20004, 20005, 20006]
    assert ["rules" in worker.after for worker in workers] == [True, True, False]
    for worker in workers:
        assert {"kafka", "redis"} <= set(worker.after)
        assert worker.environment["KONTOR_METRICS_PORT"] == str(worker.port)
        assert worker.environment["KONTOR_KAFKA"] == "127.0.0.1:20000"
        assert worker.environment["KONTOR_REDIS_URL"] == "redis://127.0.0.1:20003/0"
        assert worker.environment[CLICKHOUSE_PASSWORD] == password_file(settings.home).read_text()


def test_the_apps_of_the_stack_are_those_that_run() -> None:
    assert set(WORKER_APPS) == set(APPS)


def test_the_password_is_made_once_is_private_and_is_on_no_command_line(settings: StackSettings) -> None:
    password = addresses(settings).clickhouse_password
    assert addresses(settings).clickhouse_password == password
    assert stat.S_IMODE(password_file(settings.home).stat().st_mode) == 0o600
    plan = stack_plan(settings, java=Path("java"), redis_server=Path("redis-server"), workers={"risk": 1})
    assert not any(password in word for service in plan.services for word in service.command)
    assert password not in plan.addresses.values()


def test_a_wish_for_workers_is_read() -> None:
    apps = ("risk", "warehouse", "finance")
    assert worker_counts(None, apps) == {"risk": 1, "warehouse": 1, "finance": 1}
    assert worker_counts("risk=2, warehouse", apps) == {"risk": 2, "warehouse": 1}
    assert worker_counts("", apps) == {}


@pytest.mark.parametrize(("wish", "complaint"), [("rsik", "no app called rsik"), ("risk=x", "not a number of workers")])
def test_a_wish_that_cannot_be_is_refused(wish: str, complaint: str) -> None:
    with pytest.raises(StackError, match=complaint):
        worker_counts(wish, ("risk",))


def test_free_ports_are_distinct(settings: StackSettings) -> None:
    moved = settings.moved_to(0)
    ports = [moved.kafka_port, moved.kafka_controller_port, moved.clickhouse_port, moved.redis_port]
    assert len(set(ports)) == 4
    plan = stack_plan(moved, java=Path("java"), redis_server=Path("redis-server"), workers={"risk": 3})
    worker_ports = [service.port for service in plan.services if service.name.startswith("risk")]
    assert len(set(worker_ports)) == 3
