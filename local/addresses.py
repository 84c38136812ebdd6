"""Where the running stack is to be found: the environment wins, then what the supervisor wrote. Changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local.errors import StackError
from local.state import read_state

KAFKA = "KONTOR_KAFKA"
CLICKHOUSE_URL = "KONTOR_CLICKHOUSE_URL"
CLICKHOUSE_USER = "KONTOR_CLICKHOUSE_USER"
CLICKHOUSE_PASSWORD = "KONTOR_CLICKHOUSE_PASSWORD"  # noqa: S105 - the variable's name
REDIS_URL = "KONTOR_REDIS_URL"


@dataclass(frozen=True)
class Addresses:
    """How to reach the stack's servers; `kafka` is host:port."""

    kafka: str
    clickhouse_url: str
    clickhouse_user: str
    clickhouse_password: str
    redis_url: str

    @classmethod
    def from_variables(cls, variables: Mapping[str, str]) -> Self:
        """Raises KeyError with the name of a variable that is missing."""
        return cls(
            kafka=variables[KAFKA],
            clickhouse_url=variables[CLICKHOUSE_URL],
            clickhouse_user=variables[CLICKHOUSE_USER],
            clickhouse_password=variables[CLICKHOUSE_PASSWORD],
            redis_url=variables[REDIS_URL],
        )

    def variables(self) -> Mapping[str, str]:
        """The same as environment variables, the password among them."""
        return {
            KAFKA: self.kafka,
            CLICKHOUSE_URL: self.clickhouse_url,
            CLICKHOUSE_USER: self.clickhouse_user,
            CLICKHOUSE_PASSWORD: self.clickhouse_password,
            REDIS_URL: self.redis_url,
        }

    def public(self) -> Mapping[str, str]:
        """The variables without the password."""
        return {name: value for name, value in self.variables().items() if name != CLICKHOUSE_PASSWORD}


def password_file(home: Path) -> Path:
    """Where the stack keeps ClickHouse's password."""
    return home / "clickhouse.password"


def find_addresses(home: Path, environment: Mapping[str, str]) -> Addresses:
    """The addresses of the servers to use: each from the environment where it is set, else of the stack on `home`.

    Raises StackError when one is missing and no stack runs there.
    """
    known = dict(environment)
    try:
        return Addresses.from_variables(known)
    except KeyError:
        pass
    state = read_state(home)
    if state is None:
        raise StackError(f"No stack runs on {home}.", "Start one: kontor up")
    if not state.supervisor.alive():
        raise StackError(f"The stack on {home} is gone (its supervisor, pid {state.supervisor.pid}, died).", RESTART)
    told = {**state.addresses, CLICKHOUSE_PASSWORD: password_file(home).read_text().strip()}
    return Addresses.from_variables({**told, **known})


RESTART = "Start it again, its data is kept: kontor up"
