"""What a scenario came to: figures, recovery times, findings. A value; the report and the tests read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chaos.checker import Finding


@dataclass(frozen=True, slots=True)
class Result:
    """figures: what was counted or measured, as it is to be shown. recoveries: seconds, by fault. skipped: why it was not run."""

    scenario: str
    seed: int
    seconds: float = 0.0
    strikes: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)
    recoveries: Mapping[str, Sequence[float]] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    surprises: Sequence[str] = ()
    """What did not break the promise and should not happen either: a worker that ended by itself, a slow recovery."""
    skipped: str = ""

    @property
    def holds(self) -> bool:
        return not self.findings and not self.skipped

    @property
    def struck(self) -> int:
        return sum(self.strikes.values())
