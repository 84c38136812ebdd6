"""How a command reaches the running stack: the environment wins, then the stack of this folder."""

import os
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from local.addresses import find_addresses
from local.settings import StackSettings
from sinks.clickhouse.client import Address
from streams.engine.settings import Settings, read


@dataclass(frozen=True, slots=True)
class Connections:
    settings: Settings
    clickhouse: Address

    def connect(self) -> Client:
        return self.clickhouse.connect()


def connections() -> Connections:
    """Raises StackError, which says what to do, where nothing runs and nothing is set."""
    found = find_addresses(StackSettings().home.expanduser().absolute(), os.environ)
    settings = read({**os.environ, **found.variables()})
    address = Address(
        settings.clickhouse_url,
        settings.clickhouse_user,
        settings.clickhouse_password.get_secret_value(),
        settings.clickhouse_database,
    )
    return Connections(settings, address)
