"""What a reader knows of ids: an answer is kept, a "no" is believed for a while, and no answer is never taken for one."""

import json
import shutil
from pathlib import Path

import pytest

from schemas.fingerprint import Fingerprint
from schemas.framing import RegistryId
from schemas.reasons import Reason, UnreadableMessage
from schemas.registered import Registered, ids_in
from schemas.registry_api import RegistryAway
from schemas.registry_ids import IdPolicy, RegistryIds
from schemas.registry_shelf import FileShelf, Shelf
from tests.registered_payments import ADDED, BOOK, CURRENT

PAYMENT, STRANGER, NOWHERE = 5, 6, 404
VALUES: list[bytes | None] = [b"\0" + number.to_bytes(4, "big") + b"body" for number in (PAYMENT, STRANGER, NOWHERE)]


class Registry:
    """Has a payment and a stranger; counts what it is asked. Here is no server: what is tested is whom we ask, and when."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.away = False
        text = json.dumps(CURRENT.document)
        self.has = {
            PAYMENT: Registered(PAYMENT, text, {"p-payments-value": 2}),
            STRANGER: Registered(STRANGER, text, {"payments-value": 2}),
        }

    def by_id(self, number: int) -> Registered | None:
        self.asked.append(number)
        if self.away:
            raise RegistryAway("gone")
        return self.has.get(number)


def reader(registry: Registry, shelf: Shelf | None = None) -> RegistryIds:
    return RegistryIds(BOOK, registry, prefix="p-", shelf=shelf, policy=IdPolicy(missing_for=10.0))


def settle(ids: RegistryIds, now: float) -> None:
    for number in ids.open(VALUES, now):
        ids.ask(number, now)


def test_each_id_is_asked_for_once_and_a_missing_one_again_after_a_while() -> None:
    registry = Registry()
    ids = reader(registry)
    settle(ids, 0.0)
    settle(ids, 9.9)
    assert registry.asked == [PAYMENT, STRANGER, NOWHERE]
    registry.has[NOWHERE] = Registered(NOWHERE, json.dumps(ADDED.document), {"p-payments-value": 3})
    settle(ids, 10.0)
    assert registry.asked == [PAYMENT, STRANGER, NOWHERE, NOWHERE]
    found = ids.find(RegistryId(NOWHERE))
    assert found is not None
    assert (found.version, found.record) == (3, ADDED.record)


def test_what_is_found_is_our_own_file_where_it_says_the_same() -> None:
    ids = reader(Registry())
    settle(ids, 0.0)
    assert ids.find(RegistryId(PAYMENT)) is CURRENT
    assert ids.find(CURRENT.fingerprint) is CURRENT
    assert ids.find(Fingerprint(b"12345678")) is None
    assert ids.find(RegistryId(NOWHERE)) is None


def test_a_schema_of_a_subject_that_is_not_ours_is_useless() -> None:
    ids = reader(Registry())
    settle(ids, 0.0)
    with pytest.raises(UnreadableMessage, match="belongs to payments-value") as caught:
        ids.find(RegistryId(STRANGER))
    assert caught.value.reason is Reason.WRONG_SUBJECT


def test_away_settles_nothing() -> None:
    registry = Registry()
    ids = reader(registry)
    registry.away = True
    with pytest.raises(RegistryAway):
        settle(ids, 0.0)
    assert ids.open(VALUES, 0.0) == [PAYMENT, STRANGER, NOWHERE]


def test_away_leaves_what_is_known_as_it_is() -> None:
    registry = Registry()
    ids = reader(registry)
    settle(ids, 0.0)
    registry.away = True
    settle(ids, 9.0)
    assert ids.find(RegistryId(PAYMENT)) is CURRENT


def test_the_shelf_speaks_for_a_registry_that_is_away_and_only_then(tmp_path: Path) -> None:
    registry, shelf = Registry(), FileShelf(tmp_path, "http://registry")
    settle(reader(registry, shelf), 0.0)
    registry.away = True
    again = reader(registry, FileShelf(tmp_path, "http://registry"))
    again.ask(PAYMENT, 0.0)
    assert again.find(RegistryId(PAYMENT)) is CURRENT
    with pytest.raises(RegistryAway):
        again.ask(NOWHERE, 0.0)  # that it was missing is not kept: it may be there by now
    registry.away = False
    registry.has[PAYMENT] = Registered(PAYMENT, json.dumps(ADDED.document), {"p-payments-value": 1})  # set up anew
    anew = reader(registry, shelf)
    anew.ask(PAYMENT, 0.0)
    found = anew.find(RegistryId(PAYMENT))
    assert found is not None
    assert found.record == ADDED.record


def test_another_registry_has_another_shelf(tmp_path: Path) -> None:
    FileShelf(tmp_path, "http://one").put(Registered(1, "{}", {"a-value": 1}))
    assert FileShelf(tmp_path, "http://one").get(1) == Registered(1, "{}", {"a-value": 1})
    assert FileShelf(tmp_path, "http://other").get(1) is None


def test_a_shelf_that_takes_or_gives_nothing_costs_no_record(tmp_path: Path) -> None:
    registry, shelf = Registry(), FileShelf(tmp_path, "http://one")
    (folder,) = tmp_path.iterdir()
    shelf.put(registry.has[PAYMENT])
    (folder / f"{PAYMENT}.json").write_text("{")  # cut by a power failure
    assert (shelf.get(PAYMENT), list(shelf.all())) == (None, [])
    shutil.rmtree(folder)
    ids = reader(registry, shelf)
    settle(ids, 0.0)
    assert ids.find(RegistryId(PAYMENT)) is CURRENT
    assert list(tmp_path.iterdir()) == []


def test_a_flood_of_bad_ids_is_forgotten_when_its_time_is_over() -> None:
    ids = RegistryIds(BOOK, Registry(), policy=IdPolicy(missing_for=10.0, missing_at_most=3))
    for number in range(100, 103):
        ids.ask(number, 0.0)
    ids.ask(200, 10.0)
    assert ids._missing.keys() == {200}


def test_writers_ids_need_no_question() -> None:
    registry = Registry()
    ids = RegistryIds(BOOK.named_by({"payments": RegistryId(PAYMENT)}), registry)
    assert ids.open(VALUES[:1], 0.0) == []
    assert ids.find(RegistryId(PAYMENT)) == CURRENT


@pytest.mark.parametrize("number", [0, 2**31, 2**32 - 1])
def test_what_cannot_be_an_id_is_not_asked_for(number: int) -> None:
    assert reader(Registry()).open([b"\0" + number.to_bytes(4, "big")], 0.0) == []


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ([], set()),
        ([None, b"", b"\0", b"\0\0\0\0", b"\xc3\x01\0\0\0\0\0\0\0\0", b"{}"], set()),  # no whole Confluent frame
        ([b"\0\0\0\0\1", b"\0\0\0\0\1x", b"\0\0\0\1\0y", None], {1, 256}),
    ],
)
def test_ids_are_read_from_whole_confluent_frames_only(values: list[bytes | None], ids: set[int]) -> None:
    assert ids_in(values) == ids
