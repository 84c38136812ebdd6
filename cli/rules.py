"""`kontor rules`: check rule files with their cases, publish them to the running workers, list and show them."""

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import Producer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connections import connections
from cli.registry import writers_book
from cli.stack import told_clearly
from local.errors import StackError
from schemas.codec import Codec
from schemas.topics import RISK_RULES
from schemas.values import Event, to_ms
from streams.engine.settings import Settings
from streams.risk.rules import RULES_FOLDER, InvalidRule, Rule, RuleSet, read_folder

app = typer.Typer(no_args_is_help=True, help="The risk rules: list, show, check, apply.")

Where = Annotated[Path, typer.Argument(help="A rule file or a folder of them.", show_default=False)]


@app.command()
def check(where: Where = RULES_FOLDER) -> None:
    """Read the files, check names and types, run their cases."""
    rules = _read(where)
    cases = sum(len(rule.spec.cases) for rule in rules.rules)
    typer.echo(f"{len(rules.rules)} rules, {cases} cases: all hold; version {rules.version}")


@app.command("list")
def list_rules(where: Where = RULES_FOLDER) -> None:
    """The rules of the files, one a line."""
    table = Table("rule", "on", "mode", "action", "score", "finds", box=None, pad_edge=False)
    for rule in _read(where).rules:
        spec = rule.spec
        table.add_row(spec.id, spec.applies_to, spec.mode, spec.action, f"{spec.score:g}", escape(spec.title))
    Console().print(table)


@app.command()
def show(rule: Annotated[str, typer.Argument(help="The rule's id.")], where: Where = RULES_FOLDER) -> None:
    """One rule as it is written."""
    for each in _read(where).rules:
        if each.id == rule:
            typer.echo(f"# version {each.version}\n{each.text}")
            return
    raise typer.BadParameter(f"there is no rule {rule!r}")


@app.command()
def apply(where: Where = RULES_FOLDER) -> None:
    """Check the rules and publish them: the workers have them within seconds, without a restart."""
    rules = _read(where)
    with told_clearly(Console()):
        put_in_force(rules.rules, connections().settings)
    typer.echo(f"{len(rules.rules)} rules applied, version {rules.version}")


def put_in_force(rules: Sequence[Rule], settings: Settings) -> None:
    """Publish the rules, acknowledged when this returns; StackError where Kafka does not take them."""
    codec, now = Codec(writers_book(settings)), datetime.now(UTC)  # noqa: TID251 - a person applies them now
    producer = Producer({"bootstrap.servers": settings.kafka, "enable.idempotence": True})
    for rule in rules:
        value = codec.encode(RISK_RULES.name, applied(rule, now, getpass.getuser()), record_time_ms=to_ms(now))
        producer.produce(settings.topic_prefix + RISK_RULES.name, value, rule.id.encode())
    if left := producer.flush(30):
        raise StackError(f"{left} rules were not acknowledged by Kafka.", "See `kontor status`; apply them again.")


def applied(rule: Rule, at: datetime, who: str) -> Event:
    """The event that puts the rule in force."""
    spec = rule.spec
    return {
        "event_id": f"risk_rule:{spec.id}:{rule.version}:{to_ms(at)}",
        "occurred_at": at,
        "source": "kontor-rules",
        "kind": "APPLIED",
        "rule_id": spec.id,
        "rule_version": rule.version,
        "title": spec.title,
        "applies_to": spec.applies_to,
        "expression": spec.when,
        "score": spec.score,
        "action": spec.action.upper(),
        "mode": spec.mode.upper(),
        "reason": spec.reason,
        "runbook": spec.runbook,
        "document": rule.text,
        "applied_by": who,
    }


def _read(where: Path) -> RuleSet:
    try:
        return read_folder(where)
    except (InvalidRule, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
