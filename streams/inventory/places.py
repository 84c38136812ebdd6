"""Where units can be. Stock is double entry: every move takes units from one place to another, so all places sum to zero.

Two kinds that never mix: goods (units that stand somewhere) and promises (units that orders may count on).
`on hand` of a warehouse = warehouse + allocated there; `reserved` = the promises + everything allocated; `available` = on hand − reserved.
"""

from typing import Final

SUPPLIER: Final = "supplier"
CUSTOMER: Final = "customer"
OUTSIDE: Final = "outside"  # left for no order: scrapped, sampled, sold elsewhere
LOSS: Final = "loss"  # found or lost outside a stocktake
COUNT: Final = "count"  # differences a stocktake found
UNPROMISED: Final = "promise:open"
PROMISED: Final = "promise:reserved"


def warehouse(name: str) -> str:
    """Units standing at a warehouse and bound to no order."""
    return f"warehouse:{name}"


def allocated(name: str) -> str:
    """Units standing at a warehouse, bound to an order."""
    return f"allocated:{name}"


def transit(to: str) -> str:
    """Units on the way to a warehouse."""
    return f"transit:{to}"
