"""Every metric of a worker: name, meaning, and what to do when it moves. One registry per process, handed in."""

from collections.abc import Sequence
from time import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from schemas.batch import Batch
from streams.engine.dead_letters import DeadLetter
from streams.engine.recovery import Progress

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The worker's instruments. Labels: topic, and reason where a record was refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.recovered = 0  # offsets that the takeover under way, or the last one, has passed
        self.records = Counter(
            "kontor_records_total", "Records handled, good and bad; flat while lag grows: the destination is slow",
            ["topic"], registry=registry,
        )  # fmt: skip
        self.batches = Counter("kontor_batches_total", "Batches handled", ["topic"], registry=registry)
        self.dead_letters = Counter(
            "kontor_dead_letters_total", "Records refused; see `kontor dead-letters list` for the reasons",
            ["topic", "reason"], registry=registry,
        )  # fmt: skip
        self.handling = Histogram(
            "kontor_batch_seconds", "From the agent to the commit, per batch", ["topic"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.waiting = Counter(
            "kontor_destination_waits_total", "Writes repeated because the destination was busy or away",
            ["topic"], registry=registry,
        )  # fmt: skip
        self.schema_waits = Counter(
            "kontor_schema_waits_total", "Batches that wait for the Schema Registry to name their schema: it is away",
            ["topic"], registry=registry,
        )  # fmt: skip
        self.repaired = Counter(
            "kontor_repaired_rows_total", "Rows found missing after an unanswered insert and inserted again",
            ["topic"], registry=registry,
        )  # fmt: skip
        self.stopped = Gauge(
            "kontor_partition_stopped", "1: too much is refused, the fuse has blown; the worker's log says the way on",
            ["topic", "partition"], registry=registry,
        )  # fmt: skip
        self.owing = Gauge(
            "kontor_feature_partitions_owing", "Partitions whose feature store lags behind; above 0 decisions are degraded: look at Redis",
            registry=registry,
        )  # fmt: skip
        self.event_age = Gauge(
            "kontor_last_record_age_seconds", "Handled minus published time of the last record: end-to-end latency",
            ["topic"], registry=registry,
        )  # fmt: skip
        self.standing_still = Gauge(
            "kontor_no_progress_seconds", "How long there has been lag without a commit; the watchdog ends the worker at "
            "KONTOR_STALLED_AFTER", registry=registry,
        )  # fmt: skip
        self.waiting_for = Gauge(
            "kontor_waiting", "Batches that wait for a destination which is away; see that destination",
            ["destination"], registry=registry,
        )  # fmt: skip
        self.held_bytes = Gauge(
            "kontor_held_bytes", "Bytes of fetched records that are not dealt with yet; at the budget nothing is fetched",
            registry=registry,
        )  # fmt: skip
        self.paused_partitions = Gauge(
            "kontor_paused_partitions", "Partitions not fetched from because enough of them is on its way",
            registry=registry,
        )  # fmt: skip
        self.recovery = Gauge(
            "kontor_recovery", "The takeover under way or last done: offsets_passed of offsets_to_pass, records and bytes",
            ["of"], registry=registry,
        )  # fmt: skip

    def waiting_on(self, destination: str, batches: int) -> None:
        self.waiting_for.labels(destination).set(batches)

    def recovering(self, progress: Progress) -> None:
        """How far a takeover is."""
        self.recovered = progress.passed
        self.recovery.labels("offsets_passed").set(progress.passed)
        self.recovery.labels("offsets_to_pass").set(progress.to_pass)
        self.recovery.labels("records").set(progress.records)
        self.recovery.labels("bytes").set(progress.size)

    def handled(self, batch: Batch, letters: Sequence[DeadLetter], seconds: float) -> None:
        """A batch has had its effect."""
        topic = batch.span.topic
        self.records.labels(topic).inc(len(batch))
        self.batches.labels(topic).inc()
        self.handling.labels(topic).observe(seconds)
        self.event_age.labels(topic).set(time() - batch.timestamps[-1] / 1000)
        for letter in letters:
            self.dead_letters.labels(topic, letter.reason).inc()

    def serve(self, host: str, port: int) -> None:
        """Prometheus' endpoint; port 0 serves nothing."""
        if port:
            start_http_server(port, addr=host, registry=self.registry)
