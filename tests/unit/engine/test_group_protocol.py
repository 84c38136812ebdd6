"""The two requests as bytes, against the protocol's description; a broker reads them in tests/flow/test_fencing.py."""

from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.engine.group_protocol import StableOffsetFetch, Transaction, TxnOffsetCommit
from streams.engine.member import Member

VERSIONS = {28: (0, 5), 9: (1, 9)}


def test_offsets_say_who_commits_them() -> None:
    offsets = {TopicPartition("b", 1): OffsetAndMetadata(7, "w"), TopicPartition("a", 0): OffsetAndMetadata(1, "")}
    request = TxnOffsetCommit(Transaction("t", 258, 2), "g", Member(3, "m"), offsets).prepare(VERSIONS)
    assert (request.API_KEY, request.API_VERSION, request.FLEXIBLE_VERSION) == (28, 3, True)
    assert request.encode() == bytes.fromhex(
        "02 74"  # transactional id
        "02 67"  # group
        "00 00 00 00 00 00 01 02"  # producer id
        "00 02"  # epoch
        "00 00 00 03"  # generation
        "02 6d"  # member
        "00"  # no static name
        "03"  # two topics
        "02 61 02 00 00 00 00 00 00 00 00 00 00 00 01 ff ff ff ff 01 00 00"
        "02 62 02 00 00 00 01 00 00 00 00 00 00 00 07 ff ff ff ff 02 77 00 00"
        "00"
    )


def test_stable_offsets_are_asked_for() -> None:
    request = StableOffsetFetch("g", [TopicPartition("a", 2), TopicPartition("a", 0)]).prepare(VERSIONS)
    assert (request.API_KEY, request.API_VERSION, request.FLEXIBLE_VERSION) == (9, 7, True)
    assert request.encode() == bytes.fromhex("02 67 02 02 61 03 00 00 00 00 00 00 00 02 00 01 00")
