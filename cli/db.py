"""`kontor db`: ClickHouse's tables."""

import json

import typer
from rich.console import Console

from cli.connections import connections
from cli.stack import told_clearly
from schemas.registry import AVRO_FOLDER
from schemas.topics import CATALOGUE
from sinks.clickhouse.migrate import migrate as apply_migrations
from sinks.clickhouse.migrate import write_topic_migration

app = typer.Typer(no_args_is_help=True, help="ClickHouse's tables: apply migrations, write one for a new topic.")


@app.command()
def migrate() -> None:
    """Apply every migration that was not applied yet; safe to repeat."""
    console = Console()
    with told_clearly(console):
        applied = [migration.name for migration in apply_migrations(connections().clickhouse)]
        console.print(f"{len(applied)} migrations applied: {', '.join(applied)}" if applied else "Nothing to apply.")


@app.command()
def new(topic: str) -> None:
    """Write the migration that gives a topic its tables, from its .avsc."""
    console = Console()
    if topic not in CATALOGUE:
        console.print(f"[bold red]No topic {topic} in schemas/topics.py.[/] Add its line there first.")
        raise typer.Exit(1)
    schema = json.loads((AVRO_FOLDER / f"{topic}.avsc").read_text())
    console.print(f"Wrote {write_topic_migration(topic, schema)}")
