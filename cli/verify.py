"""`kontor verify`: proves, topic by topic, that ClickHouse holds what Kafka holds, each record once."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.connections import connections
from cli.registry import as_stack_errors, decoders
from cli.stack import told_clearly
from schemas.topics import CATALOGUE, PUBLIC_TOPICS
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.proof import PartitionProof, Proof
from streams.warehouse.verify import Verifier


def verify(
    topics: Annotated[list[str] | None, typer.Argument(help="Default: every topic that rests in ClickHouse.")] = None,
) -> None:
    """Compare Kafka's records with ClickHouse's raw rows and dead letters, offset by offset, and money to the last digit.

    Up to what the warehouse has committed; records beyond are waiting.

    Exit code 1 where anything is missing, doubled or unknown.
    """
    console = Console()
    with told_clearly(console):
        wanted = [CATALOGUE[name] for name in topics] if topics else list(PUBLIC_TOPICS)
        found = connections()
        log = KafkaLog(found.settings.kafka)
        proofs: dict[str, Proof] = {}
        with found.connect() as clickhouse, Progress(console=console, transient=True) as progress:
            verifier = Verifier(log, clickhouse, decoders(found.settings), found.settings.topic_prefix)
            with as_stack_errors():
                for topic in progress.track(wanted, description="comparing"):
                    proofs[topic.name] = verifier.verify(topic)
        log.close()
        console.print(proof_table(proofs))
        for line in troubles(proofs):
            console.print(f"[red]{line}[/]")
        if not all(proof.holds for proof in proofs.values()):
            raise typer.Exit(1)
        console.print("[bold green]Every record once: nothing lost, nothing doubled.[/]")


def proof_table(proofs: dict[str, Proof]) -> Table:
    """One row per topic that has records: both sides' counts, and the sums of its amounts."""
    table = Table("topic", box=None, pad_edge=False)
    for column in ("records in Kafka", "raw rows", "distinct offsets", "dead letters", "amounts equal", "waiting"):
        table.add_column(column, justify="right")
    for topic, proof in proofs.items():
        if not any(p.kafka or p.raw or p.waiting for p in proof.partitions):
            continue
        counts = [_total(proof.partitions, name) for name in ("kafka", "raw", "distinct", "dead")]
        amounts = f"{sum(m.holds for m in proof.money)} of {len(proof.money)}" if proof.money else ""
        waiting = _total(proof.partitions, "waiting")
        name = f"[{'green' if proof.holds else 'red'}]{topic}[/]"
        table.add_row(name, *(f"{count:,}" for count in counts), amounts, f"{waiting:,}" if waiting else "")
    return table


def troubles(proofs: dict[str, Proof]) -> list[str]:
    """What does not hold, a line each, with the offsets."""
    lines = []
    for proof in proofs.values():
        for p in proof.partitions:
            for kind, spans in (("missing", p.missing), ("doubled", p.doubled), ("unknown", p.unknown)):
                if spans:
                    shown = ", ".join(f"{first}..{last}" for first, last in spans[:5])
                    lines.append(f"{p.topic}[{p.partition}] {kind}: {shown}{' …' if len(spans) > 5 else ''}")
        lines += [
            f"{m.topic}.{m.column}: Kafka {m.kafka}, ClickHouse {m.clickhouse}" for m in proof.money if not m.holds
        ]
    return lines


def _total(partitions: Sequence[PartitionProof], name: str) -> int:
    return sum(int(getattr(p, name)) for p in partitions)
