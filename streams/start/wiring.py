"""What every root begins with."""

from schemas.topics import CATALOGUE, DEAD_LETTERS
from streams.engine.metrics import Metrics
from streams.engine.settings import Settings
from streams.engine.wire import Wire, wire


async def wire_of(app: str, settings: Settings, metrics: Metrics) -> Wire:
    """The schemas of every topic that the app may read, and of those that it writes."""
    avro = [topic for topic in CATALOGUE.values() if topic is not DEAD_LETTERS]
    return await wire(settings, metrics, read=avro, written=[topic for topic in avro if app in topic.written_by])
