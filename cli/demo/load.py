"""What the demo publishes: recorded files where there are some, then a simulated shop with fraud and disturbances."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from producers.disturbance import Disturbance, disturbed
from producers.encoder import Encoder
from producers.fraud.labels import Label
from producers.pace import Pace, send
from producers.publisher import Publisher
from producers.record import Record
from producers.replay import olist, online_retail
from producers.shop.plan import ShopPlan
from producers.shop.simulator import simulate
from producers.summary import Summary, Tally
from schemas.registry import SchemaBook


@dataclass(frozen=True, slots=True)
class Source:
    """One stream of records: its name, whether it is real, and the records."""

    name: str
    real: bool
    records: Iterable[Record]


@dataclass
class Publishing:
    """Publishes sources one after the other in a thread; `sent` grows, `said` fills as each source ends."""

    servers: str
    book: SchemaBook
    sources: tuple[Source, ...]
    rate: float | None = None
    said: dict[str, Summary] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="publishing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def total(self) -> int:
        return sum(self.sent.values())

    def _run(self) -> None:
        try:
            for source in self.sources:
                self._publish(source)
        except BaseException as error:  # noqa: BLE001 - told by whoever waits for this thread
            self.failure = error

    def _publish(self, source: Source) -> None:
        tally = Tally()
        with Publisher(self.servers, source=source.name, book=self.book) as publisher:
            send(tally.watch(source.records), publisher, Pace(rate=self.rate), self._told(source.name))
        self.said[source.name] = tally.summary()

    def _told(self, name: str) -> Callable[[int], None]:
        def told(sent: int) -> None:
            self.sent[name] = sent

        return told


def simulated(orders: int, seed: int, book: SchemaBook) -> tuple[Source, list[Label]]:
    """The simulated shop: 5 % doubled, 5 % late, 1 % bad, and every fraud scenario, labelled."""
    simulation = simulate(ShopPlan(orders=orders, seed=seed), with_fraud=("all",))
    how = Disturbance(late=0.05, doubled=0.05, disordered=0.02, bad=0.01)
    records = disturbed(simulation.events(), how, seed=seed, encoder=Encoder(book))
    return Source("simulator", real=False, records=records), list(simulation.labels())


def recorded(folder: Path) -> tuple[Source, ...]:
    """The recorded sets that are there; none is no error, the demo says so."""
    found = []
    if (folder / "olist").is_dir():
        told = olist.events(olist.load(folder / "olist"))
        found.append(Source("olist", real=True, records=(Record(*said) for said in told)))
    if (folder / "online_retail").is_dir():
        lines = online_retail.load(folder / "online_retail")
        found.append(
            Source("online_retail", real=True, records=(Record(*said) for said in online_retail.events(lines)))
        )
    return tuple(found)
