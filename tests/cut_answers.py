"""A wire to a server that cuts answers: the request arrives and is worked off, the first bytes that come back end the connection."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit

CHUNK = 1 << 16


@dataclass
class Wire:
    """`to_cut` answers are cut from now on; `cut` says how many were."""

    server: tuple[str, int]
    to_cut: int = 0
    cut: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _closed: Event = field(default_factory=Event)
    _ends: list[socket.socket] = field(default_factory=list)
    _threads: list[Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> None:
        self._serving = Thread(target=self._serve, daemon=True)
        self._serving.start()

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            there = socket.create_connection(self.server)
            self._ends += [client, there]
            for target, ends in ((self._carry, (client, there)), (self._answer, (there, client))):
                self._threads.append(Thread(target=target, args=ends, daemon=True))
                self._threads[-1].start()

    def close(self) -> None:
        """And every connection that somebody has left open."""
        self._closed.set()
        _hang_up(self._listener)
        self._serving.join()
        _hang_up(*self._ends)
        for thread in self._threads:
            thread.join()
        for end in (self._listener, *self._ends):
            end.close()

    def _carry(self, client: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):  # the answer was cut
            while data := client.recv(CHUNK):
                there.sendall(data)
        _hang_up(client, there)

    def _answer(self, there: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):  # the other side has gone
            while data := there.recv(CHUNK):
                if self.to_cut:
                    self.to_cut -= 1
                    self.cut += 1
                    break
                client.sendall(data)
        _hang_up(client, there)


def _hang_up(*ends: socket.socket) -> None:
    """Wakes who waits for them, which closing them does not."""
    for end in ends:
        with suppress(OSError):  # somebody did already
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    parts = urlsplit(url)
    wire = Wire((parts.hostname or "127.0.0.1", parts.port or 80))
    wire.start()
    try:
        yield wire
    finally:
        wire.close()
