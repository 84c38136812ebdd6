"""What the supervisor is to run: services, their order, and how each shows that it is ready. Pure data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LogSays(_Frozen):
    """Ready once the service's own output, since this start, contains the text."""

    kind: Literal["log"] = "log"
    text: str


class PortAnswers(_Frozen):
    """Ready once the loopback port accepts connections."""

    kind: Literal["port"] = "port"
    port: int


class HttpOk(_Frozen):
    """Ready once GET of the URL answers with status 200."""

    kind: Literal["http"] = "http"
    url: str


class Finishes(_Frozen):
    """Not a server but a step: done once it exits with 0, and not started again then."""

    kind: Literal["finishes"] = "finishes"


Ready = Annotated[LogSays | PortAnswers | HttpOk | Finishes, Field(discriminator="kind")]


class Service(_Frozen):
    """One child process. It first starts when all of `after` are ready; it restarts whatever they do.

    `environment` is added to the supervisor's. `start_timeout` and `stop_timeout` are in seconds: a child that is not
    ready in time counts as failed; one that ignores SIGTERM for longer is killed.
    """

    name: str
    command: tuple[str, ...]
    ready: Ready
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    port: int | None = None
    start_timeout: float = 60.0
    stop_timeout: float = 20.0


class Plan(_Frozen):
    """All services of one stack, each after those it needs.

    `home` is the stack's folder; `addresses` the environment variables by which others find it (no secrets).
    """

    home: Path
    services: tuple[Service, ...]
    addresses: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _each_after_what_it_needs(self) -> Self:
        seen: set[str] = set()
        for service in self.services:
            if service.name in seen:
                raise ValueError(f"two services are called {service.name}")
            if unknown := set(service.after) - seen:
                raise ValueError(f"{service.name} starts after {sorted(unknown)}, not listed before it")
            seen.add(service.name)
        return self
