"""Public holidays of countries and their parts, from the ``holidays`` package, for copying.

A calendar holds its own copy: nothing here is asked when working time is counted. The package
is large and loaded when first needed.
"""

from collections.abc import Iterable
from importlib.metadata import version

from wfweb.calendars.instants import FIRST_YEAR, LAST_YEAR
from wfweb.calendars.problems import refused

MOST_YEARS = 50


def data_version() -> str:
    """Which data the holidays come from, for a calendar's ``holiday_data`` and its receipts."""
    return f"holidays {version('holidays')}"


def regions() -> dict[str, list[str]]:
    """Every country known (ISO 3166 code) with the codes of its parts."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    return {country: sorted(parts) for country, parts in sorted(known.items())}


def public_holidays(
    country: str, subdivision: str | None, years: Iterable[int]
) -> list[dict[str, str]]:
    """Public holidays as ``{"date", "name"}`` in order, one entry a date, names in English.

    Raises UnanswerableQuestion for a country, part or year that the data does not know.
    """
    import holidays

    known = regions()
    if country not in known:
        raise refused("/country", "The holidays of this country are not known", "country")
    if subdivision and subdivision not in known[country]:
        raise refused("/subdivision", "The holidays of this part are not known", "subdivision")
    wanted = sorted(set(years))
    if len(wanted) > MOST_YEARS or not all(FIRST_YEAR <= y <= LAST_YEAR for y in wanted):
        message = f"Ask for at most {MOST_YEARS} years between {FIRST_YEAR} and {LAST_YEAR}"
        raise refused("/years", message, "years")
    found = holidays.country_holidays(
        country, subdiv=subdivision or None, years=wanted, expand=False, language="en_US"
    )
    return [
        {"date": day.isoformat(), "name": name}
        for day, name in sorted(found.items())
        if day.year in wanted
    ]
