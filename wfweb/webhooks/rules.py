"""When a message is tried again, and when an endpoint is left alone: plain values, no clock."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MINUTE, HOUR = 60, 3600
# Before each further try, as Standard Webhooks 1.0.0 recommends: ten tries within about 75 hours.
SCHEDULE = (
    5,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
# An endpoint that took nothing for so long is switched off.
PATIENCE = timedelta(days=3)
# Who else may try an endpoint that fails, while one message is under way to it: nobody.
PROBE = timedelta(seconds=25)
OLDER_SECRET_SERVES = timedelta(days=1)

GONE = 410
OVERLOADED = frozenset({429, 502, 503, 504})
SHORTEST_REST, LONGEST_REST = timedelta(seconds=4), timedelta(hours=1)
LONGEST_ASKED_REST = timedelta(days=1)
FAILING_TO_REST = 4
SLOW_SECONDS, SLOW_TO_REST = 3.0, 3


def is_last(attempt: int) -> bool:
    """Tell whether a message is given up when this try (1 is the first) fails."""
    return attempt > len(SCHEDULE)


def rest(
    status: int | None, failing_since: datetime, now: datetime, retry_after: datetime | None
) -> timedelta:
    """Return for how long an endpoint that did not take a message gets none of the others.

    One that asks for it rests as it asks. One that does not answer, or says that it is too busy,
    rests a quarter of the time for which it has been failing: so its messages never hold up those
    of others, and it is found again soon after it comes back. Any other refusal is about the
    message alone.
    """
    if retry_after is not None and retry_after > now:
        return min(retry_after - now, LONGEST_ASKED_REST)
    if status is None or status in OVERLOADED:
        failing = (now - failing_since) / FAILING_TO_REST
        return min(max(failing, SHORTEST_REST), LONGEST_REST)
    return timedelta(0)


def rest_of_slow(seconds: float) -> timedelta:
    """Return how long an endpoint that took a message slowly leaves the worker to others."""
    return timedelta(seconds=seconds * SLOW_TO_REST if seconds > SLOW_SECONDS else 0)


def retry_after(text: str, now: datetime) -> datetime | None:
    """Read a ``Retry-After`` header: seconds or a date; None for anything else."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return now + min(timedelta(seconds=int(text[:9])), LONGEST_ASKED_REST)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
