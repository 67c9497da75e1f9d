"""Copying public holidays into the body of a calendar; what somebody changed there stays."""

from collections.abc import Iterable, Mapping
from typing import Any

from wfweb.calendars import holidays

Body = dict[str, Any]


def with_holidays(
    body: Mapping[str, Any], country: str, subdivision: str | None, years: Iterable[int]
) -> Body:
    """Return the body with the public holidays of a country and years added, in order of date.

    A date that is there already keeps its name and its off switch. ``holiday_data`` says where
    the holidays came from, for the receipts.

    :raises UnanswerableQuestion: at ``/country``, ``/subdivision`` or ``/years``.
    """
    kept = {_date_of(entry): entry for entry in body.get("holidays", ())}
    for found in holidays.public_holidays(country, subdivision, years):
        kept.setdefault(found["date"], found)
    source = {
        "country": country,
        **({"subdivision": subdivision} if subdivision else {}),
        "version": holidays.data_version(),
    }
    return {**body, "holidays": [kept[day] for day in sorted(kept)], "holiday_data": source}


def _date_of(entry: Any) -> str:
    return str(entry["date"] if isinstance(entry, Mapping) else entry)
