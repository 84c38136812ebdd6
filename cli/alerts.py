"""`kontor alerts`: what the rules found, newest first, with the evidence."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connections import connections
from cli.stack import told_clearly

ALERTS = """
SELECT max(occurred_at) AS at, argMax(severity, hits), rule_id, argMax(mode, hits), argMax(entity_type, hits),
       argMax(entity_id, hits), max(hits), argMax(title, hits), argMax(evidence, hits)
FROM risk_alerts
WHERE rule_id = {rule:String} OR {rule:String} = ''
GROUP BY alert_id, rule_id
HAVING {all:UInt8} OR countIf(kind = 'CLOSED') = 0
ORDER BY at DESC LIMIT {limit:UInt32}
"""


def alerts(
    everything: Annotated[bool, typer.Option("--all/--open", help="Closed ones too, or open ones only.")] = False,
    rule: Annotated[str, typer.Option(help="Only this rule's.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.")] = 50,
) -> None:
    """Show the alerts of the risk team."""
    console = Console()
    with told_clearly(console), connections().connect() as client:
        asked = {"rule": rule, "all": int(everything), "limit": limit}
        found = client.query(ALERTS, parameters=asked).result_rows
        table = Table("when", "severity", "rule", "about", "hits", "what", "evidence", box=None, pad_edge=False)
        for at, severity, rule_id, mode, kind, entity, hits, title, evidence in found:
            name = rule_id if mode == "LIVE" else f"{rule_id} ({mode.lower()})"
            proof = "; ".join(f"{each['name']}: {each['value']}" for each in evidence)
            row = (f"{at:%m-%d %H:%M}", severity, name, f"{kind} {entity}", str(hits), title, proof)
            table.add_row(*map(escape, row))
        console.print(table)
        console.print(f"{len(found)} alerts" if found else "No alerts.")
