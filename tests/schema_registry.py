"""A Schema Registry in this process: Confluent's HTTP API with its rules and error codes, a free port, and outages at will.

Follows https://docs.confluent.io/platform/current/schema-registry/develop/api.html: schemas have one id wherever they are
registered; versions count per subject and are not given twice; a deleted version is still found by its id; levels are checked at
registration, against all versions or the last; what is registered already is not checked again.
"""

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from schemas.avro_parse import parse_record
from schemas.avro_types import RecordType
from schemas.compatibility import incompatibilities
from schemas.fingerprint import canonical_form

Answer = dict[str, object] | list[object] | int
LEVELS: Final = ("NONE", *(kind + scope for kind in ("BACKWARD", "FORWARD", "FULL") for scope in ("", "_TRANSITIVE")))


class ApiError(Exception):
    """`status` is HTTP's, `code` the API's."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Version:
    number: int
    schema_id: int
    deleted: bool = False


@dataclass
class Subjects:
    """The registry itself, without HTTP."""

    schemas: dict[int, dict[str, object]] = field(default_factory=dict)
    subjects: dict[str, list[Version]] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    general_level: str = "BACKWARD"
    as_apicurio: bool = False
    """No level of its own for a subject that is not there (seen of Apicurio 2.6.13 with NONE), and it calls that no such subject."""

    def register(self, subject: str, asked: Mapping[str, object]) -> Answer:
        found = self._id(asked)
        for version in self._alive(subject):
            if version.schema_id == found:
                return {"id": found}
        if not self.fits(subject, asked, "all"):
            raise ApiError(
                409, 409, f'Schema being registered is incompatible with an earlier schema for subject "{subject}"'
            )
        if found is None:
            found = len(self.schemas) + 1
            self.schemas[found] = _kept(asked)
        versions = self.subjects.setdefault(subject, [])
        versions.append(Version(len(versions) + 1, found))
        return {"id": found}

    def look_up(self, subject: str, asked: Mapping[str, object]) -> Answer:
        found = self._id(asked)
        for version in self.existing(subject):
            if version.schema_id == found:
                return self._told(subject, version)
        raise ApiError(404, 40403, "Schema not found")

    def existing(self, subject: str) -> list[Version]:
        if alive := self._alive(subject):
            return alive
        raise ApiError(404, 40401, f"Subject '{subject}' not found.")

    def version(self, subject: str, number: str) -> Answer:
        return self._told(subject, self.chosen(subject, number))

    def chosen(self, subject: str, number: str) -> Version:
        versions = self.existing(subject)
        if number != "latest" and not number.isdigit():
            raise ApiError(422, 42202, f"The specified version '{number}' is not a valid version id.")
        for version in versions if number != "latest" else versions[-1:]:
            if number in ("latest", str(version.number)):
                return version
        raise ApiError(404, 40402, f"Version {number} not found.")

    def by_id(self, number: int) -> dict[str, object]:
        if number not in self.schemas:
            raise ApiError(404, 40403, f"Schema {number} not found")
        return self.schemas[number]

    def places(self, number: int, *, deleted: bool) -> list[tuple[str, int]]:
        self.by_id(number)
        return [
            (subject, version.number)
            for subject, versions in self.subjects.items()
            for version in versions
            if version.schema_id == number and (deleted or not version.deleted)
        ]

    def fits(self, subject: str, asked: Mapping[str, object], against: str) -> bool:
        """Whether a schema may follow; `against` is a version's number, "latest", or "all" for what the level says."""
        level, schema = self.levels.get(subject, self.general_level), _parsed(asked)
        versions = self._alive(subject) if against == "all" else [self.chosen(subject, against)]
        if against == "all" and not level.endswith("_TRANSITIVE"):
            versions = versions[-1:]
        for version in versions if level != "NONE" else ():
            older = _parsed(self.schemas[version.schema_id])
            if not level.startswith("FORWARD") and incompatibilities(older, schema):
                return False
            if not level.startswith("BACKWARD") and incompatibilities(schema, older):
                return False
        return True

    def set_level(self, subject: str | None, asked: Mapping[str, object]) -> Answer:
        level = str(asked.get("compatibility"))
        if level not in LEVELS:
            raise ApiError(422, 42203, f"Invalid compatibility level: {level}")
        if subject is not None and self.as_apicurio and level == "NONE":
            self.existing(subject)
        if subject is None:
            self.general_level = level
        else:
            self.levels[subject] = level
        return {"compatibility": level}

    def level(self, subject: str) -> Answer:
        if subject not in self.levels:
            if self.as_apicurio:
                self.existing(subject)
            text = f"Subject '{subject}' does not have subject-level compatibility configured"
            raise ApiError(404, 40408, text)
        return {"compatibilityLevel": self.levels[subject]}

    def delete(self, subject: str, number: str | None) -> Answer:
        gone = self.existing(subject) if number is None else [self.chosen(subject, number)]
        for version in gone:
            version.deleted = True
        return [version.number for version in gone] if number is None else gone[0].number

    def _alive(self, subject: str) -> list[Version]:
        return [version for version in self.subjects.get(subject, []) if not version.deleted]

    def _id(self, asked: Mapping[str, object]) -> int | None:
        _parsed(asked)
        wanted = _kept(asked)
        return next((number for number, kept in self.schemas.items() if kept == wanted), None)

    def _told(self, subject: str, version: Version) -> Answer:
        schema = self.schemas[version.schema_id]
        return {"subject": subject, "version": version.number, "id": version.schema_id, **schema}


def _kept(asked: Mapping[str, object]) -> dict[str, object]:
    """As the real one: the text is parsed and printed anew; AVRO is not mentioned."""
    if asked.get("schemaType", "AVRO") != "AVRO":
        return {"schemaType": asked["schemaType"], "schema": asked["schema"]}
    return {"schema": json.dumps(json.loads(str(asked["schema"])), separators=(",", ":"))}


def _parsed(asked: Mapping[str, object]) -> RecordType:
    try:
        document = json.loads(str(asked["schema"]))
        canonical_form(document)
        return parse_record(document)
    except (KeyError, ValueError) as wrong:
        raise ApiError(422, 42201, f"Invalid schema: {wrong}") from None


Handle = Callable[["Call"], Answer]


@dataclass(frozen=True)
class Call:
    there: Subjects
    names: tuple[str, ...]
    query: Mapping[str, list[str]]
    body: Mapping[str, object]

    @property
    def deleted(self) -> bool:
        return self.query.get("deleted", ["false"])[0].lower() == "true"


def _places(call: Call) -> list[tuple[str, int]]:
    return call.there.places(int(call.names[0]), deleted=call.deleted)


_NAME: Final = "([^/]+)"
ROUTES: Final[tuple[tuple[str, str, Handle], ...]] = (
    ("GET", "/subjects", lambda c: [name for name in c.there.subjects if c.there._alive(name)]),
    ("POST", f"/subjects/{_NAME}", lambda c: c.there.look_up(c.names[0], c.body)),
    ("DELETE", f"/subjects/{_NAME}", lambda c: c.there.delete(c.names[0], None)),
    ("GET", f"/subjects/{_NAME}/versions", lambda c: [version.number for version in c.there.existing(c.names[0])]),
    ("POST", f"/subjects/{_NAME}/versions", lambda c: c.there.register(c.names[0], c.body)),
    ("GET", f"/subjects/{_NAME}/versions/{_NAME}", lambda c: c.there.version(*c.names)),
    ("DELETE", f"/subjects/{_NAME}/versions/{_NAME}", lambda c: c.there.delete(c.names[0], c.names[1])),
    ("GET", r"/schemas/ids/(\d+)", lambda c: c.there.by_id(int(c.names[0]))),
    ("GET", r"/schemas/ids/(\d+)/versions", lambda c: [{"subject": s, "version": v} for s, v in _places(c)]),
    ("GET", r"/schemas/ids/(\d+)/subjects", lambda c: [subject for subject, _ in _places(c)]),
    ("GET", "/schemas/types", lambda _: ["AVRO"]),
    ("GET", "/config", lambda c: {"compatibilityLevel": c.there.general_level}),
    ("PUT", "/config", lambda c: c.there.set_level(None, c.body)),
    ("GET", f"/config/{_NAME}", lambda c: c.there.level(c.names[0])),
    ("PUT", f"/config/{_NAME}", lambda c: c.there.set_level(c.names[0], c.body)),
    ("POST", f"/compatibility/subjects/{_NAME}/versions", lambda c: _judged(c, "all")),
    ("POST", f"/compatibility/subjects/{_NAME}/versions/{_NAME}", lambda c: _judged(c, c.names[1])),
)


def _judged(call: Call, against: str) -> Answer:
    return {"is_compatible": call.there.fits(call.names[0], call.body, against)}


class RegistryServer:
    """The HTTP side. `stop` is an outage: nothing listens until `start`, which keeps port and content."""

    def __init__(self, *, user: str = "", password: str = "") -> None:
        self.there = Subjects()
        self.asked: list[str] = []
        self.instead: tuple[int, bytes] | None = None
        """What every request is answered with, where set: a gateway's page, for example."""
        self._lock = threading.Lock()
        self._expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else None
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        server = _Server(("127.0.0.1", self._port), _handler(self))
        self._port, self._server = server.server_address[1], server
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Gone for as long as the block lasts."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def answer(self, method: str, target: str, authorization: str | None, body: bytes) -> tuple[int, bytes]:
        with self._lock:
            self.asked.append(f"{method} {target}")
            if self.instead is not None:
                return self.instead
            try:
                if self._expected not in (None, authorization):
                    raise ApiError(401, 40101, "Unauthorized")  # noqa: TRY301
                return 200, json.dumps(self._answer(method, target, body)).encode()
            except ApiError as error:
                return error.status, json.dumps({"error_code": error.code, "message": str(error)}).encode()

    def _answer(self, method: str, target: str, body: bytes) -> Answer:
        parts = urlsplit(target)
        for verb, pattern, handle in ROUTES:
            if verb == method and (found := re.fullmatch(pattern, parts.path)):
                names = tuple(map(unquote, found.groups()))
                return handle(Call(self.there, names, parse_qs(parts.query), json.loads(body or b"{}")))
        raise ApiError(404, 404, "HTTP 404 Not Found")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def _handler(registry: RegistryServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """HTTP/1.0: a connection per request, so that an outage leaves nothing open."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = registry.answer(self.command, self.path, self.headers.get("Authorization"), body)
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler
