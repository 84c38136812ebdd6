"""Loopback ports: which are free, and who holds one that is not."""

import random
import socket
from pathlib import Path
from typing import Final

import psutil

from local.errors import StackError

HOST = "127.0.0.1"
LOWEST: Final = 20_000
TRIES: Final = 20
OUTGOING: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_ports(count: int) -> tuple[int, ...]:
    """`count` distinct loopback ports that were free a moment ago; nothing reserves them afterwards.

    Below the ports that the system gives to outgoing connections: a server that is restarted must find its port as it left it.
    """
    held: list[socket.socket] = []
    try:
        for port in random.sample(range(LOWEST, _first_outgoing()), k=count * TRIES):
            if len(held) == count:
                break
            one = socket.socket()
            held.append(one)
            try:
                one.bind((HOST, port))
            except OSError:
                held.pop().close()
        if len(held) < count:
            raise StackError(f"No {count} ports are free from {LOWEST} on.", "Stop what holds them.")
        return tuple(one.getsockname()[1] for one in held)
    finally:
        for one in held:
            one.close()


def _first_outgoing() -> int:
    try:
        return max(LOWEST + 2_000, int(OUTGOING.read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return 32_768  # Linux' default


def answers(port: int, timeout: float = 0.5) -> bool:
    """Whether something accepts connections on the loopback port (`timeout` in seconds)."""
    try:
        with socket.create_connection((HOST, port), timeout=timeout):
            return True
    except OSError:
        return False


def require_free(port: int, *, service: str, variable: str) -> None:
    """Raise StackError, naming the holder where it can be seen, unless a server could listen on the port now.

    `variable` is the environment variable that moves `service` to another port.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT does not count
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise StackError(
                f"{service} may not listen on port {port}: ports below 1024 are the system's.",
                f"Choose another: {variable}=<port> kontor up, or kontor up --port-base <port>.",
            ) from error
        except OSError as error:
            raise StackError(
                f"{service} needs port {port}, and {holder(port)} holds it.",
                f"Stop that program, or choose another port: {variable}=<port> kontor up, "
                "or kontor up --port-base <port>.",
            ) from error


def holder(port: int) -> str:
    """Who listens on the port: "pid 12 (redis-server)", or "another program" where the system does not tell."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "another program"
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid is not None:
            try:
                return f"pid {connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.NoSuchProcess:
                break
    return "another program"
