"""The `kontor` command: builds the tree of sub-commands, nothing else."""

import typer

from cli import (
    alerts,
    chaos,
    db,
    dead_letters,
    order,
    produce,
    publish,
    replay,
    rules,
    schemas,
    sql,
    stack,
    stock,
    topics,
    verify,
    worker,
)
from cli.demo.command import demo

app = typer.Typer(
    name="kontor",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Kontor: the event backbone of an e-commerce back office.",
)


@app.callback()
def kontor() -> None:
    """Kontor: the event backbone of an e-commerce back office."""


stack.register(app)
app.command()(demo)
app.command()(worker.worker)
app.command()(sql.sql)
app.command()(stock.stock)
app.command()(verify.verify)
app.command()(order.order)
app.command()(publish.publish)
app.add_typer(produce.app, name="produce")
app.add_typer(replay.app, name="replay")
app.add_typer(db.app, name="db")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(topics.app, name="topics")
app.add_typer(schemas.app, name="schemas")
app.add_typer(rules.app, name="rules")
app.command()(alerts.alerts)
app.command()(chaos.chaos)


def main() -> None:
    app()
