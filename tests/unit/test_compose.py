"""docker-compose.yml: pinned, healthy, on loopback, with all workers; and docker-compose itself accepts it."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from local.kafka.broker import CLUSTER_ID
from local.services import WORKER_APPS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"


class Healthcheck(BaseModel):
    test: list[str]


class ComposeService(BaseModel):
    model_config = ConfigDict(extra="allow")

    image: str
    healthcheck: Healthcheck | None = None
    restart: str | None = None
    ports: list[str] = []
    volumes: list[str] = []
    profiles: list[str] = []
    command: list[str] = []
    environment: Mapping[str, str | int] = {}
    depends_on: Mapping[str, Mapping[str, str]] = {}
    build: str | None = None


class Compose(BaseModel):
    model_config = ConfigDict(extra="allow")

    services: Mapping[str, ComposeService]
    volumes: Mapping[str, None] = Field(default_factory=dict)


COMPOSE = Compose.model_validate(yaml.safe_load(FILE.read_text()))
OTHERS = [name for name, service in COMPOSE.services.items() if service.build is None]
JOBS = ["prepare"]  # runs once and ends
WORKERS = [name for name, service in COMPOSE.services.items() if service.build is not None and name not in JOBS]


def test_the_real_servers_are_there() -> None:
    assert {"kafka", "clickhouse", "redis", "schema-registry", "prometheus", "grafana"} == set(OTHERS)
    assert COMPOSE.services["kafka"].image == "apache/kafka:4.3.1"
    assert COMPOSE.services["kafka"].environment["CLUSTER_ID"] == CLUSTER_ID


@pytest.mark.parametrize("name", OTHERS)
def test_every_image_is_pinned_to_a_release(name: str) -> None:
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+[\w.-]*", COMPOSE.services[name].image)


@pytest.mark.parametrize("name", COMPOSE.services)
def test_every_port_is_published_on_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE.services[name].ports)


def test_every_wait_is_for_health_or_for_the_end_of_a_job() -> None:
    waits = [
        (other, how["condition"]) for service in COMPOSE.services.values() for other, how in service.depends_on.items()
    ]
    assert waits
    for other, condition in waits:
        assert condition == ("service_completed_successfully" if other in JOBS else "service_healthy")
        assert other in COMPOSE.services


@pytest.mark.parametrize("name", COMPOSE.services)
def test_what_stays_up_is_restarted_and_asked_for_its_health(name: str) -> None:
    service = COMPOSE.services[name]
    stays = name not in JOBS
    assert (service.restart == "unless-stopped", service.healthcheck is not None) == (stays, stays)


@pytest.mark.parametrize("name", ["kafka", "clickhouse", "redis", "prometheus", "grafana"])
def test_what_holds_data_has_a_volume(name: str) -> None:
    named = {volume.split(":")[0] for volume in COMPOSE.services[name].volumes}
    assert named & set(COMPOSE.volumes)


def test_every_app_has_its_worker_that_waits_until_topics_and_tables_are_there() -> None:
    assert set(WORKERS) == set(WORKER_APPS)
    for app in WORKERS:
        assert COMPOSE.services[app].command == ["python", "-m", "streams", app]
        assert set(COMPOSE.services[app].depends_on) == {"prepare"}
    assert set(COMPOSE.services["prepare"].depends_on) == {"kafka", "clickhouse", "redis", "schema-registry"}


def test_workers_know_the_registry_and_keep_its_answers() -> None:
    registry, worker = COMPOSE.services["schema-registry"], COMPOSE.services["warehouse"]
    host, port = str(worker.environment["KONTOR_SCHEMA_REGISTRY_URL"]).removeprefix("http://").split(":")
    assert host == "schema-registry"
    assert str(registry.environment["SCHEMA_REGISTRY_LISTENERS"]).endswith(f":{port}")
    assert f"schemas:{worker.environment['KONTOR_SCHEMA_REGISTRY_CACHE']}" in worker.volumes


def test_prometheus_asks_every_worker() -> None:
    targets = (ROOT / "local" / "compose" / "prometheus.yml").read_text()
    assert set(re.findall(r'"(\w+):9100"', targets)) == set(WORKERS)


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("profile", [(), ("--profile", "watch")])
def test_docker_compose_accepts_it(profile: tuple[str, ...]) -> None:
    checked = subprocess.run(
        ["docker-compose", *profile, "-f", str(FILE), "config", "-q"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
