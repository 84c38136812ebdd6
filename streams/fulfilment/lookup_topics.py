"""Products, warehouses and stock levels from their topics into the lookup tables. What cannot be read changes nothing there: the
warehouse app, which reads the same topics, has it among its dead letters."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from schemas.batch import Batch
from schemas.decoders import Decoders
from schemas.topics import PRODUCTS, STOCK_LEVELS, WAREHOUSES
from streams.engine.global_table import Apply
from streams.fulfilment.dispatch import Carrier, Warehouse
from streams.fulfilment.lookups import LookupTables


def lookup_topics(decoders: Decoders, tables: LookupTables, prefix: str) -> Mapping[str, Apply]:
    """Full topic name -> how its batches change the tables."""

    def products(batch: Batch) -> None:
        rows = decoders.decode(PRODUCTS.name, batch, ("sku", "lock_rule")).frame.select("sku", "lock_rule")
        for sku, rule in rows.iter_rows():
            (tables.at_payment.add if rule == "AT_PAYMENT" else tables.at_payment.discard)(sku)

    def warehouses(batch: Batch) -> None:
        for row in decoders.decode(WAREHOUSES.name, batch).frame.iter_rows(named=True):
            if row["kind"] == "CLOSED":
                tables.houses.pop(row["warehouse_id"], None)
            else:
                tables.houses[row["warehouse_id"]] = _warehouse(row)

    def levels(batch: Batch) -> None:
        rows = decoders.decode(STOCK_LEVELS.name, batch, ("sku", "warehouses")).frame.select("sku", "warehouses")
        for sku, shelves in rows.iter_rows():
            tables.levels[sku] = {
                shelf["warehouse_id"]: shelf["on_hand"] - shelf["reserved"] for shelf in shelves or ()
            }

    return {prefix + PRODUCTS.name: products, prefix + WAREHOUSES.name: warehouses, prefix + STOCK_LEVELS.name: levels}


def _warehouse(row: Mapping[str, object]) -> Warehouse:
    carriers = row["carriers"]
    assert isinstance(carriers, Iterable)
    return Warehouse(
        warehouse_id=str(row["warehouse_id"]),
        country=str(row["country"]),
        region=_text(row["region"]),
        latitude=_number(row["latitude"]),
        longitude=_number(row["longitude"]),
        serves=_texts(row["serves_countries"]),
        carriers=tuple(
            Carrier(each["carrier"], each["service_level"], Decimal(each["cost_per_parcel"]), _texts(each["countries"]))
            for each in carriers
        ),
        currency=_text(row["currency"]),
        priority=int(str(row["priority"] or 0)),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def _texts(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, Iterable) else frozenset()
