"""Arguments, start and stop: `python -m local.clickhouse --port PORT --data FOLDER`.

User and password come from KONTOR_CLICKHOUSE_USER and KONTOR_CLICKHOUSE_PASSWORD; without them it is ClickHouse's
`default` without a password. Ready when `GET /ping` answers. SIGTERM ends it: running queries get `--stop-seconds`.
"""

import argparse
import asyncio
import fcntl
import os
import signal
import socket
import sys
from pathlib import Path

from aiohttp import web

from local.clickhouse.engine import Engine
from local.clickhouse.request import Credentials
from local.clickhouse.server import Limits, Server

_LOOPBACK = "127.0.0.1"


def main() -> int:
    arguments = _arguments()
    user = Credentials(
        os.environ.get("KONTOR_CLICKHOUSE_USER") or "default", os.environ.get("KONTOR_CLICKHOUSE_PASSWORD", "")
    )
    arguments.data.mkdir(parents=True, exist_ok=True)
    with (arguments.data / "lock").open("a+") as lock, socket.socket() as listener:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _fail(f"another server already works on {arguments.data}")
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, arguments.port))
        except OSError as error:
            return _fail(f"cannot listen on {_LOOPBACK}:{arguments.port}: {error.strerror}")
        engine = Engine(arguments.data / "engine")
        limits = Limits(body_bytes=arguments.max_body_bytes)
        asyncio.run(_serve(engine, user, limits, listener, arguments.stop_seconds))
        engine.close()
    return 0


async def _serve(
    engine: Engine, user: Credentials, limits: Limits, listener: socket.socket, stop_seconds: float
) -> None:
    """Serves until SIGTERM or SIGINT, then lets running queries finish for `stop_seconds`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(engine, user, limits)
    runner = web.AppRunner(server.app(), access_log=None, auto_decompress=False, shutdown_timeout=stop_seconds)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    await stop.wait()
    await asyncio.wait([asyncio.create_task(runner.cleanup())], timeout=stop_seconds + 1)
    if server.running:
        # A thread cannot be ended. What its query committed is on disk, the rest is gone as after a kill.
        os._exit(_fail(f"{server.running} queries were still running after {stop_seconds:g} s"))
    server.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.clickhouse", description="ClickHouse's engine over HTTP")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the tables; created where there is none")
    parser.add_argument("--max-body-bytes", type=int, default=Limits().body_bytes, help="largest request body")
    parser.add_argument("--stop-seconds", type=float, default=20.0, help="what running queries get at the end")
    return parser.parse_args()


def _fail(message: str) -> int:
    sys.stderr.write(f"clickhouse: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
