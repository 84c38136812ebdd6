"""The broker's settings file: loopback only, one replica, nothing created by a typing mistake."""

from pathlib import Path

from local.kafka.broker import BrokerSettings, java_options, server_command, server_properties

SETTINGS = BrokerSettings(Path("/data/kafka"), 19092, 19093)


def properties() -> dict[str, str]:
    return dict(line.split("=", 1) for line in server_properties(SETTINGS).splitlines())


def test_every_listener_is_on_loopback() -> None:
    listeners = properties()["listeners"].split(",") + properties()["advertised.listeners"].split(",")
    assert [listener.split("://")[1].split(":")[0] for listener in listeners] == ["127.0.0.1"] * 3


def test_everything_has_one_replica() -> None:
    factors = {name: value for name, value in properties().items() if "replication.factor" in name or "min.i" in name}
    assert len(factors) == 7
    assert set(factors.values()) == {"1"}


def test_topics_are_made_on_purpose_only_and_the_broker_s_size_limit_is_kafka_s_own() -> None:
    assert properties()["auto.create.topics.enable"] == "false"
    assert "message.max.bytes" not in properties()


def test_the_heap_is_bounded() -> None:
    assert "-Xmx512m" in java_options(SETTINGS)
    command = server_command(SETTINGS, java=Path("/bin/java"), jars=Path("/jars"))
    assert command[0] == "/bin/java"
    assert command[-4:] == ("-cp", "/jars/*", "kafka.Kafka", "/data/kafka/server.properties")
