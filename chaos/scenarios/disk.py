"""A full disk under ClickHouse, then under Kafka: nothing lost or doubled once there is room again."""

import random
import time
from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Final

from chaos import campaign
from chaos.crew import Crew
from chaos.ledger import Sender
from chaos.loads.orders import Mixture, OrderLoad
from chaos.progress import Progress
from chaos.pump import Pump
from chaos.result import Result
from chaos.scenarios.base import Size
from chaos.scenarios.warehouse import stored_once
from chaos.scene import Scene
from chaos.servers import Server
from chaos.site import Site
from chaos.stack import Stack, temporary_stack
from chaos.tmpfs import NoTmpfs, empty, fill, tmpfs
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS

NAME: Final = "disk"
DISKS: Final[Mapping[str, int]] = MappingProxyType({"clickhouse": 1024, "kafka": 1024})
"""MiB, by the stack's folders: room for the run, and little enough to be filled in a moment."""
RATE: Final = 200
FULL_FOR: Final = 15.0  # seconds, or the outage where that is shorter


def disk(_stack: Stack, size: Size, tell: campaign.Tell) -> Result:
    """On a stack of its own, whose folders are small disks."""
    began = time.monotonic()
    home = ExitStack()
    try:
        with home:
            return _on_small_disks(home, size, tell, began)
    except NoTmpfs as why:
        return Result(NAME, size.seed, time.monotonic() - began, skipped=str(why))


def _on_small_disks(home: ExitStack, size: Size, tell: campaign.Tell, began: float) -> Result:
    stack = home.enter_context(
        temporary_stack(
            lambda _doing: None,
            furnish=lambda folder: [home.enter_context(tmpfs(folder / name, mib)) for name, mib in DISKS.items()],
        )
    )
    site = Site(stack)
    site.prepare()
    orders = OrderLoad(SchemaBook.from_files(), size.seed, Mixture(doubled=0.05, bad=0.01))
    sender, crew = Sender(site.kafka, site.prefix), Crew(site, "warehouse", {"batch_records": 500})
    progress = Progress(site.kafka, site.group("warehouse"), [site.topic(ORDERS.name), site.topic(DEAD_LETTERS.name)])
    scene = Scene(site, crew, progress, random.Random(size.seed))  # noqa: S311
    full_for = min(FULL_FOR, size.outage)
    try:
        crew.hire()
        with Pump(sender, RATE, orders.pieces):
            scene.until(lambda: any(progress.committed().values()), 90, "work begins")
            for number, (name, server) in enumerate((("clickhouse", stack.clickhouse), ("kafka", stack.kafka))):
                tell(number, len(DISKS), f"the disk of {name} is full")
                _full(scene, stack, name, server, full_for)
                took = scene.until_through(lambda: sum(progress.behind().values()) < 5 * RATE, f"{name} has room again")
                scene.recovered(f"{name}'s disk full", took)
        scene.until_through(progress.done, "everything is read and committed")
        crew.stop()
    finally:
        crew.kill()
        progress.close()
    ledger = sender.ledger.frame()
    return Result(
        NAME,
        size.seed,
        time.monotonic() - began,
        {f"{name}'s disk full": 1 for name in DISKS},
        {
            "records": f"{len(ledger):,} at {RATE} orders/s",
            "full for": f"{full_for:.0f} s each",
            "worker starts": f"{sum(worker.starts for worker in crew)}",
            "broker starts": f"{stack.kafka.starts}",
        },
        scene.recoveries,
        stored_once(site, ledger),
        [str(each) for each in crew.exits],
    )


def _full(scene: Scene, stack: Stack, name: str, server: Server, seconds: float) -> None:
    """The server is started again afterwards, also where it lives: ClickHouse may hold parts it could not write, and only puts
    them aside when it loads them."""
    folder = stack.home / name
    fill(folder)
    try:
        _keep_running(scene, seconds)
    finally:
        empty(folder)
    server.kill()
    server.start()


def _keep_running(scene: Scene, seconds: float) -> None:
    until = time.monotonic() + seconds
    scene.until(lambda: time.monotonic() > until, seconds + 5, "the disk stays full")
