"""Public holidays for copying into calendars, with the version of their data."""

import subprocess
import sys

import pytest

from wfweb.calendars import holidays, rules


def test_holidays_of_a_part_of_a_country():
    found = holidays.public_holidays("DE", "BY", [2026, 2027])
    assert {"date": "2026-01-06", "name": "Epiphany"} in found
    assert {"date": "2027-12-25", "name": "Christmas Day"} in found
    assert {"2026", "2027"} == {entry["date"][:4] for entry in found}
    dates = [entry["date"] for entry in found]
    assert dates == sorted(set(dates))


def test_another_part_has_others():
    dates = {entry["date"] for entry in holidays.public_holidays("DE", "BE", [2026])}
    assert "2026-03-08" in dates
    assert "2026-01-06" not in dates


def test_a_calendar_takes_them_as_they_are():
    body = {
        "tz": "Europe/Berlin",
        "weekly": {"fri": [["09:00", "17:00"]]},
        "holidays": holidays.public_holidays("DE", None, range(2026, 2031)),
        "holiday_data": {"country": "DE", "version": holidays.data_version()},
    }
    assert rules.compile_calendar(body).versions[0].body.holiday_data["version"] == "holidays 0.108"


@pytest.mark.parametrize(
    ("country", "part", "years", "pointer"),
    [
        ("XX", None, [2026], "/country"),
        ("DE", "XX", [2026], "/subdivision"),
        ("DE", None, [1066], "/years"),
        ("DE", None, range(2000, 2100), "/years"),
    ],
)
def test_what_is_not_known_is_refused_by_its_place(country, part, years, pointer):
    with pytest.raises(rules.UnanswerableQuestion) as refusal:
        holidays.public_holidays(country, part, years)
    assert refusal.value.errors[0].pointer == pointer


def test_the_package_is_loaded_only_when_asked():
    code = (
        "import sys; from wfweb.calendars import holidays, receipts, rules;"
        "sys.exit('holidays' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
