"""A Schema Registry over its HTTP API, by Confluent's own client. The only module of the wire that speaks to a network.

Law: the registry has answered where it says yes, or no with a code of its API; everything else (nothing, a proxy's page, "come
again", "not allowed") is RegistryAway, which says nothing about the schema. One try per call: who may wait, and how long, is the
caller's to say.

Importing this costs a quarter of a second (HTTP, TLS and OAuth), so it is imported only where a registry is configured.
"""

import json
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import httpx2
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from schemas.registered import AVRO, Registered
from schemas.registry import WriterSchema
from schemas.registry_api import NO_SUBJECT, RegistryAddress, RegistryAway, RegistryRefused

T = TypeVar("T")

NO_VERSION: Final = 40402
NO_SCHEMA: Final = 40403
NO_LEVEL: Final = 40408
NOT_FOUND: Final = frozenset({NO_SUBJECT, NO_VERSION, NO_SCHEMA, NO_LEVEL})
_REFUSALS: Final = frozenset({409, 422})


class SchemaRegistry:
    """Threads may share it. Every method raises RegistryAway; those that change something also RegistryRefused."""

    def __init__(self, address: RegistryAddress) -> None:
        given: dict[str, object] = {"url": address.url, "timeout": address.timeout, "max.retries": 0}
        if address.user:
            given["basic.auth.user.info"] = f"{address.user}:{address.password}"
        self._client = SchemaRegistryClient(given)
        self._where = address.shown

    def by_id(self, number: int) -> Registered | None:
        """The schema under an id, also where its version was deleted since; None where the registry says there is none."""

        def ask() -> Registered:
            schema = self._client.get_schema(number)
            versions = self._client.get_schema_versions(number, deleted=True)
            return _registered(number, schema, {str(each.subject): int(each.version or 0) for each in versions})

        return self._unless_missing(ask)

    def id_of(self, subject: str, schema: WriterSchema) -> int | None:
        """The id of a schema that the subject has already."""
        return self._unless_missing(lambda: int(self._client.lookup_schema(subject, _schema(schema)).schema_id or 0))

    def register(self, subject: str, schema: WriterSchema) -> int:
        """The id; the same one where the subject has it already. RegistryRefused: not compatible, or no schema."""
        return self._told(lambda: int(self._client.register_schema(subject, _schema(schema))))

    def versions(self, subject: str) -> Sequence[int]:
        """The numbers of the subject's versions, ascending; none where there is no such subject."""
        return self._unless_missing(lambda: list(self._client.get_versions(subject))) or []

    def version(self, subject: str, number: int) -> Registered | None:
        """One version of a subject."""

        def ask() -> Registered:
            found = self._client.get_version(subject, number)
            return _registered(int(found.schema_id or 0), found.schema, {subject: number})

        return self._unless_missing(ask)

    def compatible(self, subject: str, schema: WriterSchema) -> bool:
        """Whether the subject would take the schema as its next version, by its level; a subject without versions takes any."""
        ask = self._client.test_compatibility_all_versions
        return not self.versions(subject) or self._told(lambda: bool(ask(subject, _schema(schema))))

    def level(self, subject: str) -> str | None:
        """The subject's own compatibility level; None where the registry's general one holds."""
        return self._unless_missing(lambda: str(self._client.get_compatibility(subject)))

    def set_level(self, subject: str, level: str) -> None:
        """For all versions to come."""
        self._told(lambda: self._client.set_compatibility(subject, level))

    def close(self) -> None:
        self._client.close()

    def _unless_missing(self, ask: Callable[[], T]) -> T | None:
        try:
            return self._told(ask)
        except RegistryRefused as refused:
            if refused.code in NOT_FOUND:
                return None
            raise

    def _told(self, ask: Callable[[], T]) -> T:
        """What the client raises, as the two things a caller may do about it."""
        try:
            return ask()
        except SchemaRegistryError as error:
            code = int(error.error_code or 0)
            if code in NOT_FOUND or error.http_status_code in _REFUSALS:
                raise RegistryRefused(code, f"{error.error_message} (code {code})") from error
            raise RegistryAway(f"the Schema Registry at {self._where} says: {error}") from error
        except (httpx2.HTTPError, OSError, ValueError, KeyError, TypeError) as error:  # no answer, or none of its API
            raise RegistryAway(f"the Schema Registry at {self._where} does not answer: {error!r}") from error


def _schema(schema: WriterSchema) -> Schema:
    return Schema(json.dumps(schema.document), AVRO)


def _registered(number: int, schema: Schema, versions: dict[str, int]) -> Registered:
    return Registered(number, schema.schema_str or "", versions, schema.schema_type or AVRO, bool(schema.references))
