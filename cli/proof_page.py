"""A proof as people read it: a line per topic, a line per hour that is not exact, and the offsets that are wrong."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.table import Table

from schemas.landing import PARTITION
from streams.warehouse.comparison import CLICKHOUSE, FAULTS, KAFKA
from streams.warehouse.proof import PartitionProof, Proof, amounts_of

SHOWN: Final = 20
"""Broken hours, and ranges of offsets of one kind in one partition, at most."""

Proofs = Mapping[str, Proof]


def print_proofs(console: Console, proofs: Proofs) -> None:
    console.print(proof_table(proofs))
    if not all(proof.holds for proof in proofs.values()):
        console.print("\n[bold red]It does not hold:[/]")
        console.print(broken_table(proofs))
        for line in troubles(proofs):
            console.print(f"[red]{line}[/]", highlight=False)


def proof_table(proofs: Proofs) -> Table:
    """One row per topic that has records: both sides' counts, and the sums of its amounts."""
    table = Table("topic", box=None, pad_edge=False)
    for column in (
        "records in Kafka",
        "raw rows",
        "distinct offsets",
        "dead letters",
        "hours",
        "amounts equal",
        "waiting",
    ):
        table.add_column(column, justify="right")
    for topic, proof in proofs.items():
        if not any(p.kafka or p.raw or p.waiting for p in proof.partitions):
            continue
        counts = [_total(proof.partitions, name) for name in ("kafka", "raw", "distinct", "dead")]
        counts.append(proof.hours["hour"].n_unique())
        amounts = f"{sum(m.holds for m in proof.money)} of {len(proof.money)}" if proof.money else ""
        waiting = _total(proof.partitions, "waiting")
        name = f"[{'green' if proof.holds else 'red'}]{topic}[/]"
        table.add_row(name, *(f"{count:,}" for count in counts), amounts, f"{waiting:,}" if waiting else "")
    return table


def broken_table(proofs: Proofs) -> Table:
    """The hours that do not hold, partition by partition, with what ClickHouse has too much or too little of."""
    table = Table("topic", "hour (UTC)", "partition", box=None, pad_edge=False)
    for column in ("records", "raw rows", "dead letters", *FAULTS):
        table.add_column(column, justify="right")
    table.add_column("ClickHouse − Kafka")
    for proof in proofs.values():
        amounts = amounts_of(proof.hours)
        for line in proof.broken_hours.head(SHOWN).iter_rows(named=True):
            money = {name: line[CLICKHOUSE + name] - line[KAFKA + name] for name in amounts}
            counts = (line[name] for name in ("records", "rows", "letters", *FAULTS))
            hour = datetime.fromtimestamp(max(line["hour"], 0) * 3_600, UTC)
            table.add_row(
                proof.topic,
                f"{hour:%Y-%m-%d %H}h",
                str(line[PARTITION]),
                *(f"{count:,}" if count else "" for count in counts),
                ", ".join(f"{name} {off:+,}" for name, off in money.items() if off),
            )
        if proof.broken_hours.height > SHOWN:
            table.add_row(proof.topic, f"… {proof.broken_hours.height - SHOWN:,} more")
    return table


def troubles(proofs: Proofs) -> Iterator[str]:
    """What does not hold, a line each, with the offsets."""
    for proof in proofs.values():
        for each in proof.partitions:
            for fault in FAULTS:
                if spans := getattr(each, fault):
                    shown = ", ".join(
                        f"{first}..{last}" if last > first else str(first) for first, last in spans[:SHOWN]
                    )
                    yield f"{each.topic}[{each.partition}] {fault}: {shown}{' …' if len(spans) > SHOWN else ''}"
        for money in proof.money:
            if not money.holds:
                yield f"{money.topic}.{money.column}: Kafka {money.kafka:,}, ClickHouse {money.clickhouse:,}"


def _total(partitions: Sequence[PartitionProof], name: str) -> int:
    return sum(int(getattr(p, name)) for p in partitions)
