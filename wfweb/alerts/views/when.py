"""The moments that the forms of an alert offer, for reminders and silences."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final

from wfweb.kernel import clock
from wfweb.kernel.formats import datetime_text, zone


def _tomorrow(hour: int = 8) -> datetime:
    local = clock.now().astimezone(zone())
    return datetime.combine(local.date() + timedelta(days=1), time(hour), zone())


def _minutes_to(moment: datetime) -> int:
    return max(1, round((moment - clock.now()).total_seconds() / 60))


REMINDERS: Final[dict[str, tuple[str, Callable[[], int | None]]]] = {
    "1h": ("every hour", lambda: 60),
    "4h": ("every 4 hours", lambda: 240),
    "tomorrow": ("tomorrow 8:00, then at the same distance", lambda: _minutes_to(_tomorrow())),
    "day": ("once a day", lambda: 1440),
    "stop": ("no more", lambda: None),
}
SILENCES: Final[dict[str, tuple[str, Callable[[], datetime]]]] = {
    "1h": ("for 1 hour", lambda: clock.now() + timedelta(hours=1)),
    "tomorrow": ("until tomorrow 8:00", _tomorrow),
    "week": ("for a week", lambda: clock.now() + timedelta(days=7)),
    "month": ("for 30 days", lambda: clock.now() + timedelta(days=30)),
}


def choices() -> dict[str, list[tuple[str, str]]]:
    """Return the moments that the forms offer, with the day and time they mean."""
    return {
        "moments": [(code, words) for code, (words, _when) in REMINDERS.items()],
        "silences": [
            (code, f"{words} ({datetime_text(until())})")
            for code, (words, until) in SILENCES.items()
        ],
    }
