"""Olist told again: from a tiny set of the same layout, and from the real files where they are."""

from decimal import Decimal
from pathlib import Path

import pytest

from producers.encoder import Encoder
from producers.record import Record, Said, when
from producers.replay.files import MissingFile
from producers.replay.olist import NO_SKU, events, load
from producers.summary import Summary, Tally
from schemas.registry import SchemaBook
from tests.builders import NOW_MS
from tests.unit.paths import ROOT

REAL = ROOT.parent / "shared" / "data" / "olist"

TABLES = {
    "orders": """order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date
o1,c1,delivered,2017-05-01 10:00:00,2017-05-01 10:20:00,2017-05-01 10:10:00,2017-05-09 12:00:00,2017-05-20 00:00:00
o2,c2,unavailable,2017-05-02 10:00:00,2017-05-03 10:00:00,,,2017-05-20 00:00:00
o3,c3,delivered,2017-05-03 10:00:00,,,,2017-05-20 00:00:00
""",
    "order_items": """order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
o1,1,p1,s1,2017-05-05 00:00:00,19.9,5.07
o1,2,p1,s1,2017-05-05 00:00:00,19.9,5.07
o3,1,p2,s2,2017-05-05 00:00:00,100.0,10.0
""",
    "order_payments": """order_id,payment_sequential,payment_type,payment_installments,payment_value
o1,1,credit_card,3,40.0
o1,2,voucher,0,9.94
o2,1,boleto,1,0.0
""",
    "order_reviews": """review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,review_answer_timestamp
r1,o1,5,,"Muito bom, ""chegou"" antes",2017-05-08 00:00:00,2017-05-08 09:00:00
r1,o2,1,,,2017-05-08 00:00:00,2017-05-08 10:00:00
""",
    "customers": """customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state
c1,u1,01001,sao paulo,SP
c2,u1,01001,sao paulo,SP
c3,u2,20000,rio de janeiro,RJ
""",
    "products": """product_id,product_category_name,product_name_lenght,product_description_lenght,product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm
p1,artes,40,287,1,225,16,10,14
p2,,,,,,,,
""",
    "sellers": "seller_id,seller_zip_code_prefix,seller_city,seller_state\ns1,1,campinas,SP\ns2,2,rio,RJ\n",
    "category_translation": "\ufeffproduct_category_name,product_category_name_english\nartes,art\n",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    return tmp_path


def summed(said: list[Said]) -> Summary:
    tally = Tally()
    for one in said:
        tally.add(Record(*one))
    return tally.summary()


def facts(said: list[Said], topic: str) -> list[object]:
    return [event["event_id"] for name, event in said if name == topic]


def test_each_order_s_steps_at_the_times_of_the_file(folder: Path) -> None:
    said = list(events(load(folder)))
    assert facts(said, "orders") == [
        "olist:order:o1:PLACED",
        "olist:order:o1:FULFILLED",  # the carrier had it before the payment was approved
        "olist:order:o1:PAID",
        "olist:order:o2:PLACED",
        "olist:order:o2:PAID",
        "olist:order:o2:CANCELLED",
        "olist:order:o3:PLACED",
        "olist:order:o1:COMPLETED",
    ]
    assert facts(said, "shipments") == ["olist:shipment:o1:PICKED_UP", "olist:shipment:o1:SIGNED"]
    times = [when(one) for one in said]
    assert times == sorted(times)


def test_money_is_exact(folder: Path) -> None:
    summary = summed(list(events(load(folder))))
    assert summary.turnover == Decimal("49.94") + 110
    assert summary.payments == {"CAPTURED": Decimal("49.94")}
    assert summary.events["payments"] == 3


def test_dirt_goes_through(folder: Path) -> None:
    said = list(events(load(folder)))
    assert [event["sku"] for name, event in said if name == "reviews"] == ["p1", NO_SKU]
    assert [event["title"] for name, event in said if name == "products"] == ["art", "without a category"]
    assert facts(said, "members") == ["olist:account:u1:REGISTERED", "olist:account:u2:REGISTERED"]


def test_everything_passes_the_checks_and_comes_again(folder: Path) -> None:
    encoder, said = Encoder(SchemaBook.from_files()), list(events(load(folder)))
    for topic, event in said:
        encoder.one(topic, event, record_time_ms=NOW_MS)
    assert len({event["event_id"] for _, event in said}) == len(said)
    assert said == list(events(load(folder)))


def test_a_limit_keeps_the_first_orders(folder: Path) -> None:
    said = list(events(load(folder, limit=1)))
    assert {event["order_id"] for name, event in said if name == "orders"} == {"o1"}


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "order_payments.csv").unlink()
    with pytest.raises(MissingFile, match="order_payments"):
        load(folder)


def test_other_columns_are_named(folder: Path) -> None:
    (folder / "sellers.csv").write_text("id\n1\n")
    with pytest.raises(MissingFile, match="seller_id"):
        load(folder)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real files are not in {REAL}")
def test_the_real_files_to_the_cent() -> None:
    said = list(events(load(REAL)))
    summary = summed(said)
    assert summary.payments == {"CAPTURED": Decimal("2301997.50")}
    assert summary.turnover == Decimal("1962742.57") + Decimal("321859.28")
    assert (summary.events["payments"], summary.events["reviews"]) == (14_830, 1_971)
    assert len({event["event_id"] for _, event in said}) == len(said)
