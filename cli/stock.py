"""`kontor stock SKU`: what there is of an article, where, and what moved it last."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connections import connections
from cli.stack import told_clearly

LEVEL = """
SELECT on_hand, reserved, available, in_transit, oversold, kind, version, occurred_at, warehouses
FROM stock_levels WHERE sku = {sku:String} ORDER BY version DESC LIMIT 1
"""
MOVES = """
SELECT occurred_at, kind, from_place, to_place, quantity, order_id, cause_event_id
FROM stock_journal WHERE sku = {sku:String} ORDER BY occurred_at DESC, event_id DESC LIMIT {limit:UInt32}
"""


def stock(
    sku: Annotated[str, typer.Argument(help="The article, as in the events.")],
    moves: Annotated[int, typer.Option(help="How many of the last moves to show.")] = 10,
) -> None:
    """Show an article's stock: on hand, reserved and available, by warehouse, and its last moves."""
    console = Console()
    with told_clearly(console), connections().connect() as client:
        found = client.query(LEVEL, parameters={"sku": sku}).result_rows
        if not found:
            console.print(f"[yellow]Nothing is known of {escape(sku)}.[/] `kontor sql` on stock_levels tells what is.")
            raise typer.Exit(1)
        on_hand, reserved, available, in_transit, oversold, kind, version, at, shelves = found[0]
        console.print(f"[bold]{escape(sku)}[/]  {kind.lower()}, version {version}, as of {at:%Y-%m-%d %H:%M:%S} UTC")
        table = Table("", "on hand", "reserved", "in transit", "available", "oversold", box=None, pad_edge=False)
        table.add_row("all", *map(str, (on_hand, reserved, in_transit, available, oversold)), style="bold")
        for shelf in sorted(shelves, key=lambda shelf: str(shelf["warehouse_id"])):
            counts = (shelf["on_hand"], shelf["reserved"], shelf["in_transit"], shelf["on_hand"] - shelf["reserved"])
            table.add_row(escape(str(shelf["warehouse_id"])), *map(str, counts), "")
        console.print(table)
        journal = Table("when", "move", "from", "to", "units", "order", "cause", box=None, pad_edge=False)
        for when, move, origin, target, units, order, cause in client.query(
            MOVES, parameters={"sku": sku, "limit": moves}
        ).result_rows:
            row = (f"{when:%m-%d %H:%M:%S}", move, origin, target, str(units), order or "", cause)
            journal.add_row(*map(escape, row))
        console.print(journal)
