"""Inventory's wiring: which topic goes to which step."""

from schemas.decoders import Decoders
from schemas.topics import INVENTORY_CHANGELOG, STOCK, STOCK_COMMANDS, STOCK_MOVES
from streams.engine.metrics import Metrics
from streams.engine.stateful import SendLetters, StatefulApp
from streams.engine.steps import each
from streams.engine.worker import Worker
from streams.inventory.steps import Commands, Moves, Route, facts_memory
from streams.inventory.tables import TABLES
from streams.inventory.telling import Telling


def inventory(worker: Worker, decoders: Decoders, letters: SendLetters, metrics: Metrics) -> StatefulApp:
    """Attached to the worker; run the worker, then stop the app."""
    prefix = worker.settings.topic_prefix
    telling, seen = Telling(decoders.book, prefix), facts_memory()
    app = StatefulApp(
        worker,
        {
            prefix + STOCK.name: each(Route(decoders, prefix + STOCK_MOVES.name)),
            prefix + STOCK_MOVES.name: each(Moves(telling, seen)),
            prefix + STOCK_COMMANDS.name: each(Commands(telling, seen)),
        },
        TABLES,
        changelog=prefix + INVENTORY_CHANGELOG.name,
        letters=letters,
        metrics=metrics,
    )
    app.attach()
    return app
