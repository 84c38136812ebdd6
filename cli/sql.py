"""`kontor sql`: a question to ClickHouse, answered as a table."""

from typing import Annotated

import typer
from clickhouse_connect.driver.exceptions import DatabaseError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connections import connections
from cli.stack import told_clearly


def sql(
    question: Annotated[str, typer.Argument(help='e.g. "SELECT status, count() FROM orders GROUP BY status"')],
    limit: Annotated[int, typer.Option(help="Rows shown at most.")] = 100,
) -> None:
    """Ask ClickHouse. The view `orders` has one row per event_id, `orders_raw` one per Kafka record."""
    console = Console()
    with told_clearly(console), connections().connect() as client:
        try:
            result = client.query(question, settings={"max_result_rows": str(limit), "result_overflow_mode": "break"})
        except DatabaseError as error:
            console.print(f"[bold red]ClickHouse refuses:[/] {escape(str(error))}", highlight=False)
            raise typer.Exit(1) from error
        table = Table(*map(escape, result.column_names), box=None, pad_edge=False)
        for row in result.result_rows[:limit]:
            table.add_row(*(escape(str(value)) for value in row))
        console.print(table)
        if len(result.result_rows) > limit:
            console.print(f"[dim]more than {limit} rows; see --limit[/]")
