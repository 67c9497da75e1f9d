"""The arithmetic agrees with the minute-by-minute oracle on random calendars.

Three thousand questions here, other ones every day (ORACLE_SEED asks those of another day again;
a difference is printed with its seed); ``python -m benchmarks.calendars --oracle``
asks about a hundred thousand calendars.
"""

import os
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.calendars.asking import ask, differences
from tests.calendars.making import CHANGES
from tests.calendars.oracle import WEEKDAYS

SEED = os.environ.get("ORACLE_SEED") or date.today().isoformat()  # noqa: DTZ011 - only a seed


@pytest.mark.parametrize("part", range(5))
def test_random_calendars(part: int):
    found = [d for n in range(60) for d in ask(f"{SEED}/{part}/{n}", questions=2, longest_days=3)]
    assert found == []


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=str)
def test_night_shifts_and_whole_days_over_every_change(zone: str, day: date):
    hours = [["00:15", "00:45"], ["01:30", "02:30"], ["22:00", "00:10"]]
    night = {"tz": zone, "weekly": dict.fromkeys(WEEKDAYS, hours)}
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=12)
    found = differences([(None, night)], start, 2400, random.Random(zone), 4)
    assert found == []
