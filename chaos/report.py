"""The report of a chaos run as markdown: what was done, what was seen, and what it bounds. Pure."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from chaos.result import Result

CONFIDENCE: Final = "95 %"


def markdown(results: Iterable[Result], command: str) -> str:
    """One section per scenario, in the order of the run."""
    found = list(results)
    lines = [f"Command: `{command}`", "", *_overview(found), ""]
    for result in found:
        lines += [f"### {result.scenario}", "", *_section(result), ""]
    return "\n".join(lines)


def rule_of_three(trials: int) -> float:
    """The largest failure rate that `trials` without a failure still allow, at 95 %: 3/n. 1.0 where there were none."""
    return min(1.0, 3 / trials) if trials else 1.0


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank. ValueError where there are none."""
    if not values:
        raise ValueError("no values")
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def _overview(results: Sequence[Result]) -> list[str]:
    lines = [
        "| scenario | seed | faults | lost, doubled, reordered, different | bound (95 %) | took |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        wrong = "not run" if result.skipped else f"{sum(finding.count for finding in result.findings)}"
        bound = f"≤ {rule_of_three(result.struck):.1%} of faults" if result.holds else "–"
        lines.append(
            f"| {result.scenario} | {result.seed} | {result.struck} | {wrong} | {bound} | {result.seconds:.0f} s |"
        )
    return lines


def _section(result: Result) -> list[str]:
    if result.skipped:
        return [f"Not run: {result.skipped}"]
    lines = [f"- {name}: {value}" for name, value in result.figures.items()]
    lines += [f"- **{str(finding).splitlines()[0]}**" for finding in result.findings]
    lines += [f"- surprise: {surprise.splitlines()[0]}" for surprise in result.surprises]
    timed = {fault: times for fault, times in result.recoveries.items() if times}
    if timed:
        lines += ["", "| fault | times | back after: median | p95 | longest |", "|---|---|---|---|---|"]
        lines += [
            f"| {fault} | {len(times)} | {percentile(times, 0.5):.1f} s | {percentile(times, 0.95):.1f} s | {max(times):.1f} s |"
            for fault, times in sorted(timed.items())
        ]
    return lines
