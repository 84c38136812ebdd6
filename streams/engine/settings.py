"""Every setting that workers of all apps have, in one frozen model, read from the environment once, by the composition root.

Each field is the variable `KONTOR_<NAME>`; a secret may also come from a file, `KONTOR_<NAME>_FILE`.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

CANCEL_TIMEOUT: Final = 1.0
"""Seconds for what was cancelled after the drain, before it is left to itself."""
RELEASE_TIMEOUT: Final = 3.0
"""Seconds to take claims back; whoever comes next fences us if it was too short (`tenure.py`)."""


class Settings(BaseSettings):
    """Where the neighbours are and how long we wait for them. Times are seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="KONTOR_", frozen=True, extra="ignore")

    kafka: str = Field("127.0.0.1:19092", description="bootstrap servers, host:port[,host:port]")
    clickhouse_url: str = Field("http://127.0.0.1:18123", description="ClickHouse's HTTP interface")
    clickhouse_user: str = "kontor"
    clickhouse_password: SecretStr = SecretStr("")
    clickhouse_database: str = "kontor"
    redis_url: str = "redis://127.0.0.1:16379/0"
    redis_shards: int = Field(
        1,
        ge=1,
        le=256,
        description="parts of the feature store, for a Redis cluster some for each of its masters; changed, it is fed anew",
    )
    schema_registry_url: str = Field(
        "", description="Confluent Schema Registry; empty: schemas are named by fingerprint"
    )
    schema_registry_user: str = ""
    schema_registry_password: SecretStr = SecretStr("")
    schema_registry_cache: Path | None = Field(None, description="folder where its answers outlive a restart")
    topic_prefix: str = Field("", description="put before every topic, so that two stacks may share a broker")

    worker: str = Field(
        "",
        max_length=200,
        description="stable name of this worker, unique in its app: back within the session it keeps its partitions",
    )
    session_timeout: float = Field(8.0, gt=0, description="a worker not heard of for so long has lost its partitions")
    heartbeat_interval: float = Field(2.0, gt=0)
    rebalance_timeout: float = Field(15.0, gt=0)
    request_timeout: float = Field(30.0, gt=0)
    drain_timeout: float = Field(8.0, gt=0, description="how long a batch in progress may go on when partitions leave")
    stalled_after: float = Field(120.0, gt=0, description="lag but no commit for so long ends the worker")
    stop_timeout: float = Field(15.0, gt=0, description="after SIGTERM the worker ends by force when this has passed")
    fuse_in_a_row: int = Field(100, ge=0, description="a partition stops after more refused records in a row; 0: never")
    fuse_share: float = Field(
        0.05, gt=0, le=1, description="or with more refused than this among the last ones; 1: never"
    )
    fuse_window: int = Field(1_000, gt=0, description="how many records the share is of")
    fuse_let_through: str = Field(
        "",
        pattern=r"^([^/,\s]+/\d+/\d+(,[^/,\s]+/\d+/\d+)*)?$",
        description="topic/partition/offset,…: refused records up to there do not count, a person has looked at them",
    )
    standbys: int = Field(
        0, ge=0, le=1, description="1: each worker also follows the state of partitions it does not own"
    )
    store: Literal["memory", "rocksdb"] = Field(
        "memory", description="where tables keep their rows; the changelog has them anyway"
    )
    store_folder: str = Field(
        "", description="of RocksDB, on a disk with room for the state; empty: the system's temporary one"
    )
    batch_records: int = Field(0, ge=0, description="records in a batch at most; 0: what the app's policy says")
    metrics_port: int = Field(0, ge=0, le=65535, description="Prometheus endpoint; 0: none")
    metrics_host: str = Field("127.0.0.1", description="where the endpoint listens; in a container 0.0.0.0")
    log_format: str = Field("console", pattern="^(console|json)$")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")

    @model_validator(mode="after")
    def _timeouts_fit(self) -> Self:
        if self.heartbeat_interval * 3 > self.session_timeout:
            raise ValueError("heartbeat_interval must be at most a third of session_timeout")
        leaving = self.drain_timeout + CANCEL_TIMEOUT + RELEASE_TIMEOUT
        if leaving >= self.rebalance_timeout:
            raise ValueError(
                f"rebalance_timeout must be more than {leaving:g}, drain_timeout and what follows it, or the group goes on without us"
            )
        return self

    @model_validator(mode="after")
    def _no_plaintext_abroad(self) -> Self:
        for server in self.kafka.split(","):
            host = server.rsplit(":", 1)[0].strip("[]")
            if not _is_private(host):
                raise ValueError(f"kafka={host}: an unencrypted broker is allowed on loopback or private hosts only")
        for url in filter(None, self.schema_registry_url.split(",")):
            host = urlsplit(url.strip()).hostname or ""
            if urlsplit(url.strip()).scheme != "https" and not _is_private(host):
                raise ValueError(f"schema_registry_url={host}: say https, or name a loopback or private host")
        return self


Model = TypeVar("Model", bound=BaseSettings)


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process."""
    return read_as(Settings, environ)


def read_as(model: type[Model], environ: Mapping[str, str] | None = None) -> Model:
    """Settings of this kind. A `KONTOR_X_FILE` variable names a file that holds the value of `KONTOR_X`."""
    environ = os.environ if environ is None else environ
    given = {
        name.removeprefix("KONTOR_").lower(): value
        for name, value in environ.items()
        if name.startswith("KONTOR_") and not name.endswith("_FILE")
    }
    for name, path in environ.items():
        if name.startswith("KONTOR_") and name.endswith("_FILE"):
            given[name.removeprefix("KONTOR_").removesuffix("_FILE").lower()] = Path(path).read_text().strip()
    return model.model_validate({k: v for k, v in given.items() if k in model.model_fields})


def _is_private(host: str) -> bool:
    """A bare name without a dot is a neighbour on a container network; an address says itself."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host
