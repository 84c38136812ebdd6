"""Which warehouses serve an order, as a table."""

from decimal import Decimal

import pytest

from streams.fulfilment.dispatch import Carrier, Plan, Stock, Warehouse, haversine, plan
from streams.fulfilment.facts import Line, Place
from streams.fulfilment.policy import DispatchPolicy

MUG, TEA = Line("1", "MUG", 2), Line("2", "TEA", 1)
POTSDAM = Place("DE", None, 52.40, 13.06)
UNKNOWN_STREET = Place("DE")


def house(name: str, country: str = "DE", at: tuple[float, float] | None = None, **changes: object) -> Warehouse:
    latitude, longitude = at or (None, None)
    given: dict[str, object] = {
        "region": None, "serves": frozenset(), "carriers": (), "currency": "EUR", "priority": 0} | changes  # fmt: skip
    return Warehouse(warehouse_id=name, country=country, latitude=latitude, longitude=longitude, **given)  # type: ignore[arg-type]


def carrier(name: str, cost: str, *countries: str) -> Carrier:
    return Carrier(name, "STANDARD", Decimal(cost), frozenset(countries))


BERLIN, MUNICH, LYON = (
    house("BER", at=(52.52, 13.40)),
    house("MUC", at=(48.14, 11.58)),
    house("LYS", "FR", (45.76, 4.84)),
)
EVERYWHERE = {"MUG": {"BER": 9, "MUC": 9, "LYS": 9}, "TEA": {"BER": 9, "MUC": 9, "LYS": 9}}


def sent(made: Plan) -> dict[str, str]:
    return {parcel.warehouse_id: "".join(line.line_id for line in parcel.lines) for parcel in made.parcels}


CASES: dict[str, tuple[list[Warehouse], Stock, Place | None, dict[str, str]]] = {
    "nobody": ([], EVERYWHERE, POTSDAM, {}),
    "nothing in stock": ([BERLIN], {}, POTSDAM, {}),
    "too few units": ([BERLIN], {"MUG": {"BER": 1}, "TEA": {"BER": 1}}, POTSDAM, {}),
    "does not serve the country": ([house("BER", serves=frozenset({"AT"}))], EVERYWHERE, POTSDAM, {}),
    "the nearest of all": ([LYON, MUNICH, BERLIN], EVERYWHERE, POTSDAM, {"BER": "12"}),
    "one parcel before the nearest": ([BERLIN, LYON], {"MUG": {"BER": 5, "LYS": 5}, "TEA": {"LYS": 5}}, POTSDAM, {"LYS": "12"}),
    "split where one cannot": ([BERLIN, MUNICH], {"MUG": {"BER": 5}, "TEA": {"MUC": 5}}, POTSDAM, {"BER": "1", "MUC": "2"}),
    "the nearest pair": (
        [BERLIN, MUNICH, LYON], {"MUG": {"BER": 5}, "TEA": {"MUC": 5, "LYS": 5}}, POTSDAM, {"BER": "1", "MUC": "2"}),
    "the same country where no street is known": ([LYON, MUNICH], EVERYWHERE, UNKNOWN_STREET, {"MUC": "12"}),
    "the same region": (
        [house("A", region="BY"), house("BB", region="BE")], {"MUG": {"A": 5, "BB": 5}, "TEA": {"A": 5, "BB": 5}},
        Place("DE", "BE"), {"BB": "12"}),
    "the cheaper of two equally far": (
        [house("A", carriers=(carrier("DHL", "5"),)), house("B", carriers=(carrier("DPD", "4"), carrier("DHL", "6")))],
        {"MUG": {"A": 5, "B": 5}, "TEA": {"A": 5, "B": 5}}, UNKNOWN_STREET, {"B": "12"}),
    "the fuller of two that are equal": (
        [house("A"), house("B")], {"MUG": {"A": 5, "B": 50}, "TEA": {"A": 5, "B": 5}}, UNKNOWN_STREET, {"B": "12"}),
    "the name where nothing else tells them apart": (
        [house("B"), house("A")], {"MUG": {"A": 5, "B": 5}, "TEA": {"A": 5, "B": 5}}, None, {"A": "12"}),
}  # fmt: skip


@pytest.mark.parametrize(("houses", "stock", "to", "expected"), CASES.values(), ids=CASES)
def test_a_plan(houses: list[Warehouse], stock: Stock, to: Place | None, expected: dict[str, str]) -> None:
    assert sent(plan([MUG, TEA], to, houses, stock, policy=DispatchPolicy())) == expected


def test_who_refused_an_article_is_not_asked_for_it_again() -> None:
    made = plan(
        [MUG], POTSDAM, [BERLIN, MUNICH], EVERYWHERE, policy=DispatchPolicy(), excluded=frozenset({("MUG", "BER")})
    )
    assert sent(made) == {"MUC": "1"}


def test_two_lines_of_one_article_need_both_their_units() -> None:
    lines = [Line("1", "MUG", 2), Line("2", "MUG", 2)]
    assert sent(plan(lines, POTSDAM, [BERLIN], {"MUG": {"BER": 3}}, policy=DispatchPolicy())) == {}


def test_a_carrier_that_does_not_go_there_is_not_taken() -> None:
    one = house("A", carriers=(carrier("LOCAL", "1", "FR"), carrier("DHL", "5", "DE")))
    made = plan([MUG], POTSDAM, [one], {"MUG": {"A": 2}}, policy=DispatchPolicy())
    assert made.parcels[0].carrier is not None
    assert made.parcels[0].carrier.name == "DHL"


def test_every_candidate_is_explained() -> None:
    made = plan([MUG, TEA], POTSDAM, [LYON, MUNICH, BERLIN], EVERYWHERE, policy=DispatchPolicy())
    assert {(r.warehouse_id, r.rule) for r in made.reasons} == {
        ("BER", "coverage"), ("BER", "chosen"), ("MUC", "coverage"), ("LYS", "coverage")}  # fmt: skip
    assert made.reasons[-1].outcome == "alone, 27 km; 2 other candidates"


def test_berlin_is_504_kilometres_from_munich() -> None:
    assert haversine(52.52, 13.405, 48.137, 11.575) == pytest.approx(504, abs=2)
