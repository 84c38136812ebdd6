"""A wire to a server that cuts answers: the request arrives and is worked off, the first bytes that come back end the connection."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
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

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            there = socket.create_connection(self.server)
            Thread(target=self._carry, args=(client, there), daemon=True).start()
            Thread(target=self._answer, args=(there, client), daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _carry(self, client: socket.socket, there: socket.socket) -> None:
        with there:
            try:
                while data := client.recv(CHUNK):
                    there.sendall(data)
            except OSError:  # the answer was cut
                return

    def _answer(self, there: socket.socket, client: socket.socket) -> None:
        with client:
            try:
                while data := there.recv(CHUNK):
                    if self.to_cut:
                        self.to_cut -= 1
                        self.cut += 1
                        client.shutdown(socket.SHUT_RDWR)
                        return
                    client.sendall(data)
            except OSError:  # the other side has gone
                return


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    parts = urlsplit(url)
    wire = Wire((parts.hostname or "127.0.0.1", parts.port or 80))
    serving = Thread(target=wire.serve, daemon=True)
    serving.start()
    try:
        yield wire
    finally:
        wire.close()
        serving.join()
