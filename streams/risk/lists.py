"""The risk team's lists as columns: whether an event's shop, account, address … was listed when it happened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, cast

import polars as pl

from schemas.values import Event

UNLISTED: Final = pl.Series([False], dtype=pl.Boolean)
FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
LISTED: Final[Mapping[str, tuple[str, str]]] = {
    "shop_blacklisted": ("MERCHANT_BLACKLIST", "shop_id"),
    "account_blacklisted": ("ACCOUNT_BLACKLIST", "account_id"),
    "account_allowed": ("ACCOUNT_ALLOW", "account_id"),
    "ip_blacklisted": ("IP_BLACKLIST", "ip"),
    "ip_datacentre": ("IP_DATACENTRE", "ip"),
    "ip_allowed": ("IP_ALLOW", "ip"),
    "device_blacklisted": ("DEVICE_BLACKLIST", "device_id"),
    "card_blacklisted": ("CARD_BLACKLIST", "card"),
    "address_blacklisted": ("ADDRESS_BLACKLIST", "address"),
}
"""Column: the list and the column looked up in it."""


@dataclass(frozen=True, slots=True)
class Entry:
    since: datetime
    until: datetime


class Lists:
    """The lists as they stand; never changed, replaced as a whole."""

    def __init__(self, entries: Iterable[Event] = ()) -> None:
        self._exact: dict[tuple[str, str], Entry] = {}
        self._networks: dict[str, list[tuple[IPv4Network | IPv6Network, Entry]]] = {}
        for event in entries:
            if event["kind"] != "ADDED":
                continue
            name, value = str(event["list_name"]), str(event["value"])
            until = cast("datetime | None", event.get("expires_at")) or FOREVER
            entry = Entry(cast("datetime", event["occurred_at"]), until)
            if name.startswith("IP_") and "/" in value:
                self._networks.setdefault(name, []).append((ip_network(value, strict=False), entry))
            else:
                self._exact[name, value] = entry
        self._names = {*(name for name, _ in self._exact), *self._networks}

    def columns(self, events: pl.DataFrame) -> pl.DataFrame:
        """The events with the columns of LISTED that apply to them."""
        there, unlisted = set(events.columns), UNLISTED.new_from_index(0, events.height)
        return events.hstack(
            [
                (self._listed(name, events[by], events["_at"]) if name in self._names else unlisted).alias(column)
                for column, (name, by) in LISTED.items()
                if by in there
            ]
        )

    def _listed(self, name: str, values: pl.Series, at: pl.Series) -> pl.Series:
        known = {value: self._find(name, value) for value in set(values.drop_nulls().to_list())}
        found = {value: entry for value, entry in known.items() if entry}
        rows = zip(values, at, strict=True)
        hits = [value in found and found[value].since <= when < found[value].until for value, when in rows]
        return pl.Series(hits, dtype=pl.Boolean)

    def _find(self, name: str, value: str) -> Entry | None:
        exact = self._exact.get((name, value))
        networks = self._networks.get(name)
        if exact or not networks:
            return exact
        try:
            address = ip_address(value)
        except ValueError:
            return None
        return next((entry for network, entry in networks if address in network), None)
