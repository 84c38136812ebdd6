"""What the stack consists of: its servers and its workers, as an explicit list. Turns settings into a plan."""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.addresses import Addresses, password_file
from local.errors import StackError
from local.kafka import broker
from local.plan import Finishes, HttpOk, LogSays, Plan, PortAnswers, Service
from local.ports import HOST, free_ports
from local.redis import server as redis
from local.settings import StackSettings

# One line for each app that `python -m streams <app>` runs.
WORKER_APPS: Final[tuple[str, ...]] = (
    "fulfilment",
    "inventory",
    "risk",
    "warehouse",
)

# What must have been done before a worker starts: a name, Python's arguments, and what must be ready before.
STEPS: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = (
    ("topics", ("-m", "cli", "topics", "ensure"), ("kafka",)),
    ("tables", ("-m", "cli", "db", "migrate"), ("clickhouse",)),
    ("rules", ("-m", "cli", "rules", "apply"), ("topics",)),
)

# The data and logs that `--fresh` removes: what the services below write, and nothing else of the folder.
DATA_FOLDERS: Final = ("kafka", "clickhouse", "redis", "workers", "logs")

CLICKHOUSE_USER: Final = "kontor"


def addresses(settings: StackSettings) -> Addresses:
    """Where the stack's servers listen. ClickHouse's password is made at the first call and kept in the folder."""
    return Addresses(
        kafka=f"{HOST}:{settings.kafka_port}",
        clickhouse_url=f"http://{HOST}:{settings.clickhouse_port}",
        clickhouse_user=CLICKHOUSE_USER,
        clickhouse_password=_password(settings.home),
        redis_url=f"redis://{HOST}:{settings.redis_port}/0",
    )


def stack_plan(settings: StackSettings, *, java: Path, redis_server: Path, workers: Mapping[str, int]) -> Plan:
    """The whole stack: servers side by side, each step as soon as what it needs is ready, then the workers.

    `workers` says how many instances of each app; see `worker_counts`. `settings.home` must be absolute.
    """
    where = addresses(settings)
    services = [
        kafka_service(settings, java),
        redis_service(settings, redis_server),
        clickhouse_service(settings, where),
    ]
    for name, arguments, needed in STEPS:
        services.append(
            Service(
                name=name,
                command=(sys.executable, *arguments),
                ready=Finishes(),
                after=needed,
                environment=where.variables(),
            )
        )
    ready_before = tuple(service.name for service in services)
    without_rules = tuple(name for name in ready_before if name != "rules")  # only risk decides by them
    instances = [f"{app}-{number}" for app, count in workers.items() for number in range(1, count + 1)]
    if settings.metrics_port:
        ports = tuple(range(settings.metrics_port, settings.metrics_port + len(instances)))
    else:
        ports = free_ports(len(instances))
    services += [
        worker_service(settings, instance, port, where, ready_before if _app_of(instance) == "risk" else without_rules)
        for instance, port in zip(instances, ports, strict=True)
    ]
    return Plan(home=settings.home, services=tuple(services), addresses=where.public())


def kafka_settings(settings: StackSettings) -> broker.BrokerSettings:
    return broker.BrokerSettings(settings.home / "kafka", settings.kafka_port, settings.kafka_controller_port)


def kafka_service(settings: StackSettings, java: Path) -> Service:
    return Service(
        name="kafka",
        command=broker.server_command(kafka_settings(settings), java=java, jars=settings.kafka_jars),
        ready=LogSays(text=broker.STARTED),
        port=settings.kafka_port,
    )


def clickhouse_service(settings: StackSettings, where: Addresses) -> Service:
    data = settings.home / "clickhouse"
    return Service(
        name="clickhouse",
        command=(
            *(sys.executable, "-m", "local.clickhouse"),
            *("--port", str(settings.clickhouse_port), "--data", str(data)),
        ),
        ready=HttpOk(url=f"{where.clickhouse_url}/ping"),
        port=settings.clickhouse_port,
        environment=where.variables(),  # its user and password: a command line is for all to read
    )


def redis_service(settings: StackSettings, program: Path) -> Service:
    server = redis.RedisSettings(settings.home / "redis", settings.redis_port)
    return Service(
        name="redis",
        command=redis.server_command(server, program=program),
        ready=LogSays(text=redis.STARTED),
        port=settings.redis_port,
    )


def worker_service(
    settings: StackSettings, instance: str, metrics_port: int, where: Addresses, after: tuple[str, ...]
) -> Service:
    """One worker process; `instance` is `<app>-<number>`. It is ready once its metrics port answers."""
    return Service(
        name=instance,
        command=(sys.executable, "-m", "streams", _app_of(instance)),
        ready=PortAnswers(port=metrics_port),
        after=after,
        port=metrics_port,
        environment={
            **where.variables(),
            "KONTOR_METRICS_PORT": str(metrics_port),
            "KONTOR_HOME": str(settings.home),
            "KONTOR_WORKER": instance,
            "PYTHONUNBUFFERED": "1",
        },
    )


def _app_of(instance: str) -> str:
    return instance.rpartition("-")[0]


def worker_counts(wish: str | None, apps: tuple[str, ...] = WORKER_APPS) -> Mapping[str, int]:
    """How many instances of which app: "risk=2,warehouse" is two and one; None is one of each that there is.

    Raises StackError for an app that does not exist or a count that is none.
    """
    if wish is None:
        return dict.fromkeys(apps, 1)
    counts: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in wish.split(","))):
        app, _, count = part.partition("=")
        if app not in apps:
            raise StackError(f"There is no app called {app}.", f"There are: {', '.join(apps) or 'none yet'}.")
        if count and not count.isdecimal():
            raise StackError(f"{part} is not a number of workers.", "Say it like this: --workers risk=2,warehouse")
        counts[app] = int(count or 1)
    return counts


def _password(home: Path) -> str:
    file = password_file(home)
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        arriving = file.with_suffix(f".{os.getpid()}.new")
        arriving.touch(mode=0o600)
        arriving.write_text(secrets.token_urlsafe(18))
        arriving.replace(file)
    return file.read_text().strip()
