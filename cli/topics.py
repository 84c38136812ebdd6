"""`kontor topics`: Kafka's topics."""

import typer
from rich.console import Console

from cli.connections import connections
from cli.stack import told_clearly
from local.topics import ensure_topics
from schemas.topics import ALL_TOPICS

app = typer.Typer(no_args_is_help=True, help="Kafka's topics: have the catalogue's on the broker.")


@app.command()
def ensure() -> None:
    """Create what is missing; nothing that is there is changed."""
    console = Console()
    with told_clearly(console):
        created = ensure_topics(connections().settings.kafka, ALL_TOPICS)
        console.print(f"{len(created)} topics created." if created else "All topics are there.")
