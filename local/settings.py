"""What a person may change about the stack, read from the environment once (KONTOR_KAFKA_PORT, KONTOR_HOME …)."""

from pathlib import Path
from typing import Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from local.ports import free_ports

METRICS_PORTS = 32  # reserved behind `metrics_port`, one for each worker


class StackSettings(BaseSettings):
    """Where the stack lives and listens; all ports are on loopback. Frozen."""

    model_config = SettingsConfigDict(env_prefix="KONTOR_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".kontor"), description="data, logs and state of the stack")
    cache: Path = Field(default=Path.home() / ".cache" / "kontor", description="downloads that every checkout shares")
    kafka_port: int = 19092
    kafka_controller_port: int = 19093
    clickhouse_port: int = 18123
    redis_port: int = 16379
    metrics_port: int = Field(
        default=19400, description="the first worker's metrics; the next worker has the next port"
    )
    min_free_mib: int = Field(default=1024, description="free disk space the stack wants before it starts, in MiB")

    @property
    def kafka_jars(self) -> Path:
        return self.cache.expanduser().absolute() / "kafka-4.3.1"

    def moved_to(self, base: int) -> Self:
        """The same on the ports `base`, `base`+1 …; 0 means free ports of this moment."""
        if base == 0:
            kafka, controller, clickhouse, redis, metrics = free_ports(5)
        else:
            kafka, controller, clickhouse, redis, metrics = range(base, base + 5)
        return self.model_copy(
            update={
                "kafka_port": kafka,
                "kafka_controller_port": controller,
                "clickhouse_port": clickhouse,
                "redis_port": redis,
                "metrics_port": metrics,
            }
        )
