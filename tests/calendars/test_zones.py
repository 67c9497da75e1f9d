"""Zones come from the pinned package, and what the arithmetic assumes of them holds."""

import struct
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import pairwise

import pytest

from wfweb.calendars import zones

GAPS = [
    ("Europe/Berlin", (2026, 3, 29, 2, 30), "2026-03-29T01:00:00"),
    ("America/New_York", (2026, 3, 8, 2, 0), "2026-03-08T07:00:00"),
    ("Australia/Sydney", (2026, 10, 4, 2, 59), "2026-10-03T16:00:00"),
    ("America/Santiago", (2026, 9, 6, 0, 10), "2026-09-06T04:00:00"),
    ("Australia/Lord_Howe", (2026, 10, 4, 2, 15), "2026-10-03T15:30:00"),
    ("Pacific/Apia", (2011, 12, 30, 12, 0), "2011-12-30T10:00:00"),
]
OVERLAPS = [
    ("Europe/Berlin", (2026, 10, 25, 2, 30), "2026-10-25T00:30:00"),
    ("America/New_York", (2026, 11, 1, 1, 30), "2026-11-01T05:30:00"),
    ("Australia/Sydney", (2026, 4, 5, 2, 30), "2026-04-04T15:30:00"),
    ("Asia/Pyongyang", (2015, 8, 14, 23, 45), "2015-08-14T14:45:00"),
]


def wall(*parts: int) -> int:
    return round((datetime(*parts, tzinfo=UTC) - zones.EPOCH_UTC).total_seconds())


@pytest.mark.parametrize(("name", "shown", "expected"), GAPS)
def test_a_skipped_time_is_the_first_instant_after_the_gap(name, shown, expected):
    found = zones.EPOCH_UTC + timedelta(seconds=zones.first_instant(zones.zone(name), wall(*shown)))
    assert found == datetime.fromisoformat(expected + "Z")


@pytest.mark.parametrize(("name", "shown", "expected"), OVERLAPS)
def test_a_time_shown_twice_is_its_first_showing(name, shown, expected):
    found = zones.EPOCH_UTC + timedelta(seconds=zones.first_instant(zones.zone(name), wall(*shown)))
    assert found == datetime.fromisoformat(expected + "Z")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "europe/berlin"])
def test_an_unknown_zone_is_a_key_error(name):
    with pytest.raises(KeyError):
        zones.zone(name)


def changes(name: str) -> list[tuple[int, int]]:
    """(instant, offset from then on) of the 64-bit part of a zone's file (RFC 8536)."""
    data = resources.files("tzdata").joinpath("zoneinfo").joinpath(*name.split("/")).read_bytes()
    utc, std, leap, times, types, chars = struct.unpack(">6l", data[20:44])
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + std + utc
    utc, std, leap, times, types, chars = struct.unpack(">6l", data[at + 20 : at + 44])
    at += 44
    moments = struct.unpack(f">{times}q", data[at : at + 8 * times])
    kinds = data[at + 8 * times : at + 9 * times]
    at += 9 * times
    offsets = [struct.unpack(">l", data[at + 6 * n : at + 6 * n + 4])[0] for n in range(types)]
    return [(moment, offsets[kind]) for moment, kind in zip(moments, kinds, strict=True)]


def test_no_zone_changes_its_clocks_and_back_within_three_days():
    assert len(zones.names()) > 500
    found = []
    for name in zones.names():
        moved = changes(name)
        for (_, original), (left, offset) in pairwise(moved):
            back = [m for m, o in moved if left < m < left + 3 * 86_400 and o == original != offset]
            found += [(name, left)] * bool(back)
    assert found == []
