"""Moments as people type them: `30m`, `2h`, `7d` ago, or ISO 8601; without a zone it is UTC."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
AGO: Final = re.compile(r"(\d{1,6})([smhd])")


def moment(text: str, now: datetime) -> datetime:
    """Raises ValueError, which says what is taken."""
    if found := AGO.fullmatch(text):
        return now - timedelta(**{UNITS[found[2]]: int(found[1])})
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment: say 30m, 2h or 7d (that long ago), or 2026-11-24T09:30:00Z") from None
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
