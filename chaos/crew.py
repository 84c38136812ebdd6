"""The workers of one app in a scenario, and the supervisor they have: whoever ends is started again, and counted."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from chaos.servers import Server
from chaos.site import Site
from local.restart import RestartPolicy


@dataclass(frozen=True, slots=True)
class Exit:
    """A worker that did not end as it should. how: by itself, or asked to; code: negative where a signal ended it."""

    worker: str
    how: str
    code: int
    words: str

    def __str__(self) -> str:
        return f"{self.worker} {self.how} with {self.code}: {self.words}"


@dataclass
class Crew:
    """Servers that all run the same app with the same settings."""

    site: Site
    app: str
    settings: dict[str, object] = field(default_factory=dict)
    members: list[Server] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    peak_rss: int = 0
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    _hired: int = 0
    _failures: dict[str, int] = field(default_factory=dict)
    _started: dict[str, float] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)

    def hire(self) -> Server:
        """One more, launched; nobody waits until it has joined the group."""
        self._hired += 1
        worker = self.site.worker(self.app, self._hired, **self.settings)
        self._launch(worker)
        self.members.append(worker)
        return worker

    def dismiss(self, worker: Server) -> None:
        """SIGTERM, and it stays away."""
        self.members.remove(worker)
        self.terminate(worker)

    def terminate(self, worker: Server) -> None:
        """SIGTERM; an exit code other than 0 is kept."""
        if code := worker.terminate():
            self.exits.append(Exit(worker.service.name, "was asked to stop and ended", code, worker.last_words()))

    def look(self) -> None:
        """Start those that ended again, as soon as the supervisor would, and see how much memory they hold."""
        for worker in self.members:
            if not worker.running:
                self._restart(worker, time.monotonic())
            self.peak_rss = max(self.peak_rss, worker.rss())

    def restart(self, worker: Server) -> None:
        """At once: it was a fault of ours that ended it, and says nothing about the worker."""
        self._launch(worker)

    def kill(self) -> None:
        for worker in self.members:
            worker.kill()

    def stop(self) -> None:
        """SIGTERM to all."""
        for worker in self.members:
            if worker.running:
                self.terminate(worker)

    def _restart(self, worker: Server, now: float) -> None:
        name = worker.service.name
        if name not in self._due:
            self.exits.append(Exit(name, "ended by itself", worker.exit_code or 0, worker.last_words()))
            self._failures[name] = self.policy.failures_after(self._failures.get(name, 0), now - self._started[name])
            self._due[name] = now + self.policy.delay(self._failures[name])
        if now >= self._due[name]:
            self._launch(worker)

    def _launch(self, worker: Server) -> None:
        name = worker.service.name
        self._due.pop(name, None)
        self._started[name] = time.monotonic()
        worker.launch()

    def __iter__(self) -> Iterator[Server]:
        return iter(self.members)
