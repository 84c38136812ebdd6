"""Bytes as people read them."""

from cli.letter_page import hexdump


def test_a_dump_has_place_bytes_and_text() -> None:
    assert list(hexdump(b"Kontor \x00\xff|0123456789")) == [
        "00000000  4b 6f 6e 74 6f 72 20 00  ff 7c 30 31 32 33 34 35  |Kontor ..|012345|",
        "00000010  36 37 38 39                                       |6789|",
    ]
    assert list(hexdump(b"")) == []
