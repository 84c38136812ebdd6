"""The offline oracle of stock: what the levels must be, from all WMS events at once, written without looking at the ledger's code.

On hand = the last count of a warehouse (by its moment) and everything that moved after it; each event once, whatever its order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from schemas.values import Event, Value, to_ms

SIGNS = {"INBOUND": 1, "TRANSFER_IN": 1, "RETURNED": 1, "OUTBOUND": -1, "TRANSFER_OUT": -1, "SHIPPED": -1, "PICKED": 0}


def on_hand(events: Iterable[Event]) -> Mapping[tuple[str, str], int]:
    """(sku, warehouse) -> units, without the zeros."""
    distinct = {str(event["event_id"]): event for event in events}
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for event in distinct.values():
        if event["kind"] == "STOCKTAKE":
            at = (str(event["sku"]), str(event["warehouse_id"]))
            counts[at] = max(counts.get(at, (0, 0)), (_moment(event), _quantity(event)))
    levels: defaultdict[tuple[str, str], int] = defaultdict(int)
    for at, (_, counted) in counts.items():
        levels[at] = counted
    for event in distinct.values():
        at = (str(event["sku"]), str(event["warehouse_id"]))
        if event["kind"] != "STOCKTAKE" and _moment(event) > counts.get(at, (0, 0))[0]:
            levels[at] += _sign(event) * _quantity(event)
    return {at: units for at, units in levels.items() if units}


def _sign(event: Event) -> int:
    if event["kind"] == "ADJUSTED":
        return 1 if event["direction"] == "FOUND" else -1
    return SIGNS[str(event["kind"])]


def _quantity(event: Event) -> int:
    quantity = event["quantity"]
    assert isinstance(quantity, int)
    return quantity


def _moment(event: Event) -> int:
    return to_ms(event.get("counted_as_of") or event["occurred_at"])  # type: ignore[arg-type]


def told_levels(events: Iterable[Event]) -> dict[tuple[str, str], int]:
    """What stock_levels says: per sku the level with the highest version, by warehouse, without the zeros."""
    last: dict[str, tuple[int, Value]] = {}
    for event in events:
        sku, version = str(event["sku"]), event["version"]
        assert isinstance(version, int)
        last[sku] = max(last.get(sku, (-1, None)), (version, event["warehouses"]), key=lambda found: found[0])
    found = {}
    for sku, (_, shelves) in last.items():
        assert isinstance(shelves, list)
        for shelf in shelves:
            assert isinstance(shelf, dict)
            found[sku, str(shelf["warehouse_id"])] = int(str(shelf["on_hand"]))
    return {at: units for at, units in found.items() if units}
