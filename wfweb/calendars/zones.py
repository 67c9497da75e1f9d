"""Time zones and the two hours a year when a wall clock is no instant. Pure.

The rules of all zones come from the pinned tzdata package and never from the machine, so that
the same calendar gives the same instants everywhere and a receipt can name its data version.
"""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

DATA_VERSION: str = tzdata.IANA_VERSION
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock is counted without its zone
EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def names() -> frozenset[str]:
    """All names of the IANA database, links included."""
    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of this name; ``KeyError`` when the database does not know it."""
    if name not in names():
        raise KeyError(name)
    place = resources.files("tzdata").joinpath("zoneinfo").joinpath(*name.split("/"))
    with place.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def _offset(place: ZoneInfo, seconds: int) -> int:
    """Seconds east of UTC at an instant given in seconds since 1970."""
    moment = (EPOCH_UTC + timedelta(seconds=seconds)).astimezone(place)
    return round((moment.utcoffset() or timedelta()).total_seconds())


@lru_cache(maxsize=20_000)
def _at_midnight(place: ZoneInfo, midnight: int) -> int:
    return _wall_offset(place, midnight, 0)


def _wall_offset(place: ZoneInfo, wall: int, fold: int) -> int:
    shown = EPOCH + timedelta(seconds=wall)
    offset = shown.replace(tzinfo=place, fold=fold).utcoffset() or timedelta()
    return offset.days * 86_400 + offset.seconds


def steady_offset(place: ZoneInfo, midnight: int) -> int | None:
    """Seconds east of UTC for the two days from a midnight, or None when they change in them.

    No zone has ever changed its clocks and changed them back within two days
    (tests/calendars/test_zones.py looks at the whole database).
    """
    offset = _at_midnight(place, midnight)
    tomorrow, after = midnight + 86_400, midnight + 172_800
    if offset == _at_midnight(place, tomorrow) == _at_midnight(place, after):
        return offset
    return None


def first_instant(place: ZoneInfo, wall: int) -> int:
    """When a wall clock first shows a time or has passed it, in seconds since 1970 UTC.

    ``wall`` counts seconds since 1970 as a clock on the wall shows them. A time that daylight
    saving skips is the first instant after the gap; one that is shown twice, its first showing.
    """
    before, after = _wall_offset(place, wall, 0), _wall_offset(place, wall, 1)
    if before >= after:
        return wall - before
    return _end_of_gap(place, wall - after, wall - before, before)


def _end_of_gap(place: ZoneInfo, low: int, high: int, before: int) -> int:
    """The instant between low (still before the change) and high at which the offset changes."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(place, middle) == before:
            low = middle
        else:
            high = middle
    return high
