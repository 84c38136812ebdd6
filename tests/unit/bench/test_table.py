"""What a bench shows: rates beside those of the sides that are slow on purpose."""

from rich.console import Console

from bench.__main__ import table
from bench.job import Job, Side, World
from bench.meter import Measured, Meter


def nothing(_world: World, _meter: Meter) -> None:
    """Is not run."""


def shown(job: Job, **seconds: float) -> list[list[str]]:
    console = Console(width=200)
    results = {name: Measured(1_000_000, took, took / 2, 3 << 20) for name, took in seconds.items()}
    with console.capture() as captured:
        console.print(table(job, results))
    return [line.split() for line in captured.get().splitlines()]


def test_each_side_is_compared_with_all_that_are_slow_on_purpose() -> None:
    job = Job(
        "a", "a job", (Side("plain", nothing, slow=True), Side("whole", nothing, slow=True), Side("ours", nothing))
    )
    title, _, *rows = shown(job, plain=10.0, whole=40.0, ours=0.5)
    assert title == ["a", "job"]
    assert rows == [
        ["plain", "1,000,000", "100,000", "5.0", "3", "1.0x", "4.0x"],
        ["whole", "1,000,000", "25,000", "20.0", "3", "0.2x", "1.0x"],
        ["ours", "1,000,000", "2,000,000", "0.2", "3", "20.0x", "80.0x"],
    ]


def test_where_none_is_slow_on_purpose_the_first_is_what_others_are_compared_with() -> None:
    job = Job("a", "a job", (Side("without", nothing), Side("with", nothing)), expected=2)
    title, _, *rows = shown(job, without=1.0, **{"with": 4.0})
    assert " ".join(title) == "a job (expected: Kontor at least 2x)"
    assert [row[-1] for row in rows] == ["1.0x", "0.2x"]
