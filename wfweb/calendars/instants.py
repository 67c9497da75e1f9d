"""Instants and durations as whole microseconds, and how far they may lie. Pure."""

from datetime import UTC, datetime, timedelta

from wfweb.calendars.problems import refused, too_far

SECOND = 1_000_000
FARTHEST_YEARS = 200
FIRST_YEAR, LAST_YEAR = 1900, 2399
MOST_SECONDS = FARTHEST_YEARS * 366 * 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Duration = int | timedelta
"""Business seconds; a timedelta where microseconds matter."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970. A time without zone is a mistake of the caller."""
    if moment.tzinfo is None:
        raise ValueError("An instant needs a time zone")
    apart = moment - EPOCH
    return (apart.days * 86_400 + apart.seconds) * SECOND + apart.microseconds


def instant_of(micros: int) -> datetime:
    """The UTC instant of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def amount_of(seconds: Duration) -> int:
    """Microseconds of a duration, which is neither negative nor beyond all reach."""
    if isinstance(seconds, timedelta):
        micros = (seconds.days * 86_400 + seconds.seconds) * SECOND + seconds.microseconds
    else:
        micros = seconds * SECOND
    if micros < 0:
        raise refused("/seconds", "A duration is not less than nothing", "negative")
    if micros > MOST_SECONDS * SECOND:
        raise too_far(f"Working time is computed over at most {FARTHEST_YEARS} years")
    return micros


def year_of(moment: int) -> int:
    """The UTC year of an instant. Raises TooFar outside 1900 to 2399."""
    try:
        year = (EPOCH + timedelta(microseconds=moment)).year
    except OverflowError:
        year = 0
    if FIRST_YEAR <= year <= LAST_YEAR:
        return year
    raise too_far(f"Calendars know the years {FIRST_YEAR} to {LAST_YEAR}", "/start")
