"""Random calendars, near the days on which clocks changed or zones changed their rules."""

import random
from datetime import date, timedelta
from typing import Any

from tests.calendars.oracle import WEEKDAYS

CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Sydney", date(2026, 4, 5)),
    ("Australia/Sydney", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Santiago", date(2026, 4, 5)),  # at midnight
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Asia/Beirut", date(2026, 10, 25)),
    ("Pacific/Auckland", date(2026, 9, 27)),
    ("Pacific/Chatham", date(2026, 4, 5)),
    ("Antarctica/Troll", date(2026, 3, 29)),  # two hours
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("Antarctica/Casey", date(2010, 3, 5)),  # three hours back
    ("Europe/Istanbul", date(2016, 3, 27)),  # its last changes
    ("Europe/Istanbul", date(2016, 9, 7)),
    ("America/Caracas", date(2007, 12, 9)),  # half an hour back, and forth again
    ("America/Caracas", date(2016, 5, 1)),
    ("Asia/Pyongyang", date(2015, 8, 15)),
    ("Asia/Pyongyang", date(2018, 5, 5)),
    ("Africa/Casablanca", date(2019, 5, 5)),  # back for Ramadan
    ("Africa/Casablanca", date(2019, 6, 9)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Pacific/Apia", date(2011, 9, 24)),
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that never was
    ("Pacific/Kiritimati", date(1994, 12, 31)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("Europe/Moscow", date(2011, 3, 27)),
    ("Europe/Moscow", date(2014, 10, 26)),
    ("Asia/Tehran", date(2022, 9, 22)),
    ("Africa/Cairo", date(2026, 4, 24)),
]
PLAIN = ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Marquesas", "America/St_Johns"]

Versions = list[tuple[date | None, dict[str, Any]]]


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def windows(dice: random.Random, first_free: int = 0) -> tuple[list[list[str]], int]:
    """Windows of a day that begin after a minute; and the minute of tomorrow they end at."""
    kind = dice.random()
    if kind < 0.15:
        return [], 0
    if kind < 0.25 and first_free == 0:
        return [["00:00", "24:00"]], 0
    grain = dice.choice([1, 5, 30, 60])
    cuts = dice.sample(range(0, 1440, grain), dice.choice([2, 2, 2, 4, 4, 6]))
    cuts = sorted(cut for cut in cuts if cut >= first_free)
    found = [[clock(a), clock(b)] for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    if not found:
        return [], 0
    if dice.random() < 0.25:  # the last one runs to the end of the day or over midnight
        first = int(found[0][0][:2]) * 60 + int(found[0][0][3:])
        until = min(dice.choice([0, 60, 150, 185, 360]), first // 2)
        found[-1][1] = clock(until) if until else "24:00"
        return found, until
    return found, 0


def week(dice: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    free = 360  # what Sunday's night may take of Monday
    for day in WEEKDAYS:
        found[day], free = windows(dice, free)
    return found


def near(dice: random.Random, day: date) -> date:
    return day + timedelta(days=dice.randint(-3, 4))


def body(dice: random.Random, zone: str, day: date) -> dict[str, Any]:
    made: dict[str, Any] = {"tz": zone, "weekly": week(dice)}
    if not any(made["weekly"].values()):
        made["weekly"]["wed"] = [["01:30", "03:15"], ["22:00", "24:00"]]
    if dice.random() < 0.4:
        made["overrides"] = {str(near(dice, day)): windows(dice)[0] for _ in range(2)}
    if dice.random() < 0.2:
        made.setdefault("overrides", {})[str(near(dice, day))] = {
            "windows": windows(dice)[0],
            "name": "Half day",
        }
    if dice.random() < 0.4:
        made["breaks"] = {str(near(dice, day)): windows(dice)[0] for _ in range(2)}
    if dice.random() < 0.3:
        made["holidays"] = [
            str(near(dice, day)),
            {"date": str(near(dice, day - timedelta(days=9))), "name": "Feast"},
        ]
    if dice.random() < 0.2:
        off = {"date": str(near(dice, day + timedelta(days=20))), "off": True}
        made["holidays"] = [*made.get("holidays", []), off]
    if dice.random() < 0.2:
        made["yearly_holidays"] = [
            near(dice, day).isoformat()[5:],
            {"date": "05-20", "off": dice.random() < 0.5},
        ]
    return made


def case(dice: random.Random) -> tuple[Versions, date]:
    """One calendar, sometimes of two versions, and the day around which to ask."""
    if dice.random() < 0.8:
        zone, day = dice.choice(CHANGES)
    else:
        zone = dice.choice([*PLAIN, *(name for name, _ in CHANGES)])
        day = date(dice.randint(1991, 2040), dice.choice([1, 3, 4, 7, 10, 12]), dice.randint(1, 28))
    versions: Versions = [(None, body(dice, zone, day))]
    if dice.random() < 0.2:
        other = zone if dice.random() < 0.7 else dice.choice(CHANGES)[0]
        versions.append((near(dice, day), body(dice, other, day)))
    return versions, day
