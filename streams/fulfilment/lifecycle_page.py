"""`docs/order-lifecycle.md`, made from the tables of `lifecycle.py`: `python -m streams.fulfilment.lifecycle_page`."""

from pathlib import Path
from typing import Final

from streams.fulfilment.lifecycle import CASE_MILESTONES, MILESTONES, CaseMilestone, Milestone, diagram

ALL: Final[tuple[Milestone | CaseMilestone, ...]] = (*MILESTONES, *CASE_MILESTONES.values())
PAGE: Final = Path(__file__).parents[2] / "docs" / "order-lifecycle.md"


def page() -> str:
    """The page as it should be."""
    rows = [f"| {each.name} | {each.state} | {each.rank} | {each.says} | {', '.join(each.void)} |" for each in ALL]
    return "\n".join(
        [
            "# The lifecycle of an order",
            "",
            "Made from `streams/fulfilment/lifecycle.py`; edit there, not here.",
            "",
            "```mermaid",
            diagram(),
            "```",
            "",
            "That is the usual way. Facts come late, twice and out of order, so the state is not moved along these arrows: it is",
            "computed from the milestones that all facts together have reached. A milestone, once reached, stays reached, and is told",
            "once (`order_lifecycle`, event id `order_lifecycle:<order_id>:<milestone>`). The state is that of the milestone with the",
            "highest rank that no other has made void.",
            "",
            "| milestone | state | rank | means | void once reached |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
