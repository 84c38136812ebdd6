"""What a person sees while the demo runs: records sent and stored, the workers, and what happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from clickhouse_connect.driver.client import Client
from rich.console import Group
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from local.state import StackState

STORED: Final = (
    "SELECT sum(total_rows) FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '_raw')"
)


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
    rows: int = 0
    to_do: Mapping[str, int | None] = field(default_factory=dict)
    happened: list[str] = field(default_factory=list)
    _began: float = field(default_factory=monotonic)
    _sources: dict[str, tuple[TaskID, float]] = field(default_factory=dict)

    def sent(self, source: str, records: int, *, ended: bool) -> None:
        """So many of a source until now; an ended one's bar is full and its clock stands still."""
        if source not in self._sources:
            self._sources[source] = (self.progress.add_task(f"sent: {source}", total=None, rate=0.0), monotonic())
        task, since = self._sources[source]
        if not self.progress.tasks[self.progress.task_ids.index(task)].finished:
            rate = records / max(0.5, monotonic() - since)
            self.progress.update(task, completed=records, total=records if ended else None, rate=rate)

    def note(self, what: str) -> None:
        self.happened.append(f"{monotonic() - self._began:6.1f} s  {what}")

    def picture(self, state: StackState | None) -> Group:
        at_rest = Text(f"rows in ClickHouse {self.rows:>16,}", style="bold")
        return Group(self.progress, at_rest, self._workers(state), Text("\n".join(self.happened[-6:]), style="yellow"))

    def _workers(self, state: StackState | None) -> Table:
        """One line a worker: pid, phase, restarts, and the records its app has not dealt with yet."""
        table = Table("worker", "pid", "state", "restarts", "to do", box=None, pad_edge=False, header_style="dim")
        for service in state.services if state else ():
            app, _, number = service.name.rpartition("-")
            if number.isdigit():
                colour = "green" if service.phase == "ready" else "red"
                pid = str(service.process.pid) if service.process else ""
                behind = self.to_do.get(app)
                to_do = "" if behind is None else f"{behind:,}"
                table.add_row(service.name, pid, f"[{colour}]{service.phase}[/]", str(service.restarts), to_do)
        return table


def stored(client: Client) -> int:
    """Raw rows of all topics, as the engine keeps count of them: asking costs nothing."""
    return int(client.query(STORED).result_rows[0][0] or 0)
