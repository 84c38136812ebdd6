"""`kontor up` and `kontor down` on real servers: data outlives both, and a kill of the supervisor, not `--fresh`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from confluent_kafka.admin import AdminClient

from local.addresses import Addresses
from local.processes import CHECKOUT, Identity
from local.state import StackState, running
from local.topics import TopicSpec, create_topics, partition_counts
from local.waiting import wait_until
from tests.kontor import Kontor


@pytest.fixture
def kontor(tmp_path: Path) -> Iterator[Kontor]:
    kontor = Kontor(tmp_path / "home")
    yield kontor
    kontor("down")


def leave_a_mark(where: Addresses) -> None:
    create_topics(AdminClient({"bootstrap.servers": where.kafka}), [TopicSpec("mark", 3)])
    with redis.Redis.from_url(where.redis_url) as client:
        client.set("mark", "here")


def marks(where: Addresses) -> tuple[int, object]:
    """What `leave_a_mark` left: the topic's partitions (0 for none) and the key's value."""
    partitions = partition_counts(AdminClient({"bootstrap.servers": where.kafka})).get("mark", 0)
    with redis.Redis.from_url(where.redis_url) as client:
        return partitions, client.get("mark")


def process_of(state: StackState, name: str) -> Identity | None:
    return next(service.process for service in state.services if service.name == name)


@pytest.mark.slow
def test_the_life_of_a_stack(kontor: Kontor) -> None:
    assert "KONTOR_KAFKA" in kontor.up()
    leave_a_mark(kontor.addresses)
    assert "ready" in kontor("status")
    assert "is running already" in kontor("up", expect=1)
    assert "is running already" in kontor("up", "--fresh", expect=1)

    # Kafka is killed: it is back on its own, with its data.
    kafka = process_of(kontor.state, "kafka")
    assert kafka is not None
    os.kill(kafka.pid, signal.SIGKILL)
    assert wait_until(lambda: kontor.state.up and process_of(kontor.state, "kafka") != kafka, timeout=30)
    assert marks(kontor.addresses) == (3, b"here")

    # The supervisor is killed: everything goes with it, nothing is lost, on other ports than before.
    children = [service.process for service in kontor.state.services if service.process is not None]
    os.kill(kontor.state.supervisor.pid, signal.SIGKILL)
    assert wait_until(lambda: not any(child.alive() for child in children), timeout=5)
    assert "its data is kept" in kontor("status", expect=1)
    assert "did not stop properly; its data is kept" in kontor.up()
    assert marks(kontor.addresses) == (3, b"here")

    # A graceful stop, and an empty start.
    processes = [kontor.state.supervisor, *(service.process for service in kontor.state.services if service.process)]
    assert "Down." in kontor("down")
    assert not any(process.alive() for process in processes)
    assert "No stack runs" in kontor("down")
    kontor.up("--fresh")
    assert marks(kontor.addresses) == (0, None)


@pytest.mark.slow
def test_a_server_that_dies_at_once_is_shown_with_its_last_words_and_nothing_is_left_running(kontor: Kontor) -> None:
    kontor.up()
    kontor("down")
    identity = kontor.home / "kafka" / "log" / "meta.properties"
    identity.write_text("version=1\nnode.id=7\ncluster.id=S29udG9yTG9jYWxTdGFjaw\n")
    said = kontor("up", "--no-workers", "--port-base", "0", expect=1)
    assert "kafka does not stay up: exited with 1" in said
    assert "Stored node id 7" in said
    assert "All it said: kontor logs kafka" in said
    assert running(kontor.home) is None


def test_logs_can_be_followed(kontor: Kontor) -> None:
    (kontor.home / "logs").mkdir(parents=True)
    log = kontor.home / "logs" / "kafka.log"
    log.write_text("one\ntwo\n")
    command = [sys.executable, "-m", "cli", "logs", "kafka", "-f", "-n", "1", "--data", str(kontor.home)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "two\n"
        with log.open("a") as more:
            more.write("three\n")
        assert following.stdout.readline() == "three\n"
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 130
