"""Where a Schema Registry is, and the two ways a question to it may fail: what callers know without its client."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

NO_SUBJECT: Final = 40401
"""The API's code where there is no such subject."""


class RegistryAway(Exception):
    """It did not answer, or not with a word about the schema: ask again. Says nothing about whether the schema exists."""


class RegistryRefused(Exception):
    """It answered no, for good. `code` is the API's: 409 not compatible, 42201 no schema, NO_SUBJECT …"""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAddress:
    """`url` may name several, separated by commas, which are tried in turn."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 5.0
    """Seconds for one request."""

    @property
    def shown(self) -> str:
        """The hosts, without what is secret."""
        return ", ".join(urlsplit(each.strip()).netloc.rpartition("@")[2] for each in self.url.split(","))
