"""Fulfilment's wiring: which topic goes to which step."""

from schemas.decoders import Decoders
from schemas.topics import FULFILMENT_CHANGELOG, ORDER_FACTS
from streams.engine.metrics import Metrics
from streams.engine.stateful import SendLetters, StatefulApp
from streams.engine.steps import Step, each
from streams.engine.worker import Worker
from streams.fulfilment.lookups import Lookups
from streams.fulfilment.policy import FulfilmentPolicy
from streams.fulfilment.routing import PICKS
from streams.fulfilment.steps import TABLES, Facts, Memories, Route
from streams.fulfilment.telling import Telling


def fulfilment(
    worker: Worker,
    decoders: Decoders,
    letters: SendLetters,
    metrics: Metrics,
    lookups: Lookups,
    *,
    policy: FulfilmentPolicy,
) -> StatefulApp:
    """Attached to the worker; run the worker, then stop the app."""
    prefix, memories = worker.settings.topic_prefix, Memories()
    facts = prefix + ORDER_FACTS.name
    steps: dict[str, Step] = {
        prefix + topic: each(Route(topic, decoders, facts, memories, policy.most_lines)) for topic in PICKS
    }
    steps[facts] = each(Facts(lookups, policy, Telling(decoders.book, prefix, policy.dispatch.version)))
    app = StatefulApp(
        worker, steps, TABLES, changelog=prefix + FULFILMENT_CHANGELOG.name, letters=letters, metrics=metrics
    )
    app.attach()
    return app
