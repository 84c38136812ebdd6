"""Settings are read once, checked, and cannot be changed afterwards."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from streams.engine.settings import Settings, read


def test_read_takes_only_what_it_is_given() -> None:
    settings = read({"KONTOR_KAFKA": "127.0.0.1:9", "KONTOR_SESSION_TIMEOUT": "12", "HOME": "/nowhere"})
    assert (settings.kafka, settings.session_timeout) == ("127.0.0.1:9", 12.0)


def test_a_secret_may_come_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    settings = read({"KONTOR_CLICKHOUSE_PASSWORD_FILE": str(secret)})
    assert settings.clickhouse_password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"KONTOR_HEARTBEAT_INTERVAL": "9"}, "at most a third"),
        ({"KONTOR_DRAIN_TIMEOUT": "60"}, "rebalance_timeout must be more than 64"),
        ({"KONTOR_DRAIN_TIMEOUT": "14"}, "rebalance_timeout must be more than 18"),
        ({"KONTOR_KAFKA": "broker.example.org:9092"}, "unencrypted broker"),
        ({"KONTOR_SCHEMA_REGISTRY_URL": "http://registry.example.org"}, "say https"),
        ({"KONTOR_SCHEMA_REGISTRY_URL": "http://registry:8081,http://10.0.0.1,http://8.8.8.8"}, "8.8.8.8"),
        ({"KONTOR_LOG_FORMAT": "xml"}, "pattern"),
        ({"KONTOR_FUSE_LET_THROUGH": "orders/3"}, "pattern"),
        ({"KONTOR_FUSE_SHARE": "0"}, "greater than 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        read(given)


def test_the_registry_may_be_a_neighbour_or_speak_tls_and_its_password_may_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    url = "http://schema-registry:8081,https://registry.example.org"
    settings = read({"KONTOR_SCHEMA_REGISTRY_URL": url, "KONTOR_SCHEMA_REGISTRY_PASSWORD_FILE": str(secret)})
    assert settings.schema_registry_url == url
    assert settings.schema_registry_password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(settings)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().kafka = "elsewhere:1"  # type: ignore[misc]
