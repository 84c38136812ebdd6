"""The member centre: accounts sign up, log in, earn points."""

from collections.abc import Iterator
from datetime import datetime

from producers.record import Said
from producers.shop.world import Account, World
from schemas.topics import MEMBERS
from schemas.values import Value


def events(world: World) -> Iterator[Said]:
    """Every account signs up, in the order of time."""
    for account in world.accounts:
        yield registered(account)


def registered(account: Account, referrer: str | None = None) -> Said:
    return MEMBERS.name, _member(account, account.registered_at, "REGISTERED") | {
        "name": account.name,
        "email": account.email,
        "phone": account.phone,
        "country": account.country,
        "level": "basic",
        "sign_up_source": "referral" if referrer else "direct",
        "referrer_account_id": referrer,
        "birth_year": 1950 + len(account.name + account.email) % 55,
    }


def logged_in(account: Account, visit: str, at: datetime) -> Said:
    return MEMBERS.name, _member(account, at, "LOGGED_IN", visit)


def points_earned(account: Account, order_id: str, points: int, at: datetime) -> Said:
    return MEMBERS.name, _member(account, at, "POINTS_EARNED", order_id) | {"points": points}


def _member(account: Account, at: datetime, kind: str, cause: str = "") -> dict[str, Value]:
    return {
        "event_id": f"{account.account_id}:{kind}{':' if cause else ''}{cause}",
        "occurred_at": at,
        "source": "member-centre",
        "kind": kind,
        "account_id": account.account_id,
        "registered_at": account.registered_at,
        "ip": account.ip,
        "device_id": account.device_id,
        "user_agent": account.user_agent,
    }
