"""What a person sees while the demo runs: records sent and stored, the workers, and what happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from clickhouse_connect.driver.client import Client
from rich.console import Group
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from local.state import StackState

STORED: Final = "SELECT _topic, count() FROM merge(currentDatabase(), '_raw$') GROUP BY _topic"


@dataclass
class Watch:
    """The live picture. `sent` is told by who publishes; the rest is asked of ClickHouse and the supervisor's state."""

    progress: Progress = field(
        default_factory=lambda: Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=40),
            TextColumn("{task.completed:>9,.0f}"),
            TextColumn("{task.fields[rate]:>9,.0f}/s"),
            TimeElapsedColumn(),
        )
    )
    happened: list[str] = field(default_factory=list)
    _began: float = field(default_factory=monotonic)
    _tasks: dict[str, tuple[object, float]] = field(default_factory=dict)

    def count(self, what: str, done: int, total: int | None = None) -> None:
        """`done` so far of something; its rate is since it was first told."""
        if what not in self._tasks:
            task = self.progress.add_task(what, total=total, rate=0.0)
            self._tasks[what] = (task, monotonic())
        task_id, since = self._tasks[what]
        rate = done / max(0.001, monotonic() - since)
        self.progress.update(task_id, completed=done, total=total, rate=rate)  # type: ignore[arg-type]

    def note(self, what: str) -> None:
        self.happened.append(f"{monotonic() - self._began:6.1f} s  {what}")

    def picture(self, state: StackState | None) -> Group:
        return Group(self.progress, workers(state), Text("\n".join(self.happened[-6:]), style="yellow"))


def workers(state: StackState | None) -> Table:
    """One line a worker: pid, phase, restarts."""
    table = Table("worker", "pid", "state", "restarts", box=None, pad_edge=False, header_style="dim")
    for service in state.services if state else ():
        if service.name.rpartition("-")[2].isdigit():
            colour = "green" if service.phase == "ready" else "red"
            pid = str(service.process.pid) if service.process else ""
            table.add_row(service.name, pid, f"[{colour}]{service.phase}[/]", str(service.restarts))
    return table


def stored(client: Client) -> Mapping[str, int]:
    """Raw rows by topic."""
    return {str(topic): int(count) for topic, count in client.query(STORED).result_rows}
