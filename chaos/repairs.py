"""What operators do with dead letters, thousands at a time: each goes back to its topic, mended, through the front door."""

from typing import Final

from chaos.ledger import Ledger, Piece
from chaos.loads.orders import OrderLoad
from chaos.site import Site
from producers.letters import LetterDesk
from schemas.topics import ORDERS
from sinks.clickhouse.letters import Letters, Wanted

AT_ONCE: Final = 500


def repair_orders(site: Site, orders: OrderLoad, ledger: Ledger) -> int:
    """Every open letter of `orders` as the good order of its key. How many; each is in the ledger, at its new place."""
    back = 0
    with site.address.connect() as client, LetterDesk(site.kafka, site.prefix) as desk:
        letters = Letters(client)
        origins = [each.origin for each in letters.summaries(Wanted(topic=site.topic(ORDERS.name)), limit=1_000_000)]
        for begin in range(0, len(origins), AT_ONCE):
            refused = letters.load(origins[begin : begin + AT_ONCE])
            pieces = {each.origin: orders.good_of(each.key or b"") for each in refused}
            values = {origin: piece.value or b"" for origin, piece in pieces.items()}
            for outcome in desk.replay(refused, "mended", values):
                if outcome.trouble:
                    raise RuntimeError(f"{outcome.refused.origin}: {outcome.trouble}")
                back += 1
                _note(ledger, pieces[outcome.refused.origin], outcome.where)
    return back


def open_letters(site: Site) -> int:
    """Letters of `orders` that nobody has dealt with."""
    with site.address.connect() as client:
        return sum(count.records for count in Letters(client).counts(Wanted(topic=site.topic(ORDERS.name))))


def _note(ledger: Ledger, piece: Piece, where: str) -> None:
    _, partition, offset = where.rsplit("/", 2)
    ledger.place(ledger.note(piece), int(partition), int(offset))
