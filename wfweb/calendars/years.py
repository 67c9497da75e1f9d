"""Years as people type them: ``2026``, ``2026-2028``, ``2026, 2028``. Pure."""

import re

from wfweb.calendars.holidays import MOST_YEARS
from wfweb.calendars.problems import refused

_PART = re.compile(r"(\d{4})(?:\s*[-–]\s*(\d{4}))?", re.ASCII)


def years_in(text: str) -> list[int]:
    """Return the years of a text.

    Raises UnanswerableQuestion at ``/years`` for a text without years or with too many.
    """
    found: set[int] = set()
    for part in filter(None, (one.strip() for one in text[:200].split(","))):
        match = _PART.fullmatch(part)
        if match is None:
            raise refused("/years", "Write years as 2026 or 2026-2028", "years")
        first, last = int(match[1]), int(match[2] or match[1])
        found |= set(range(first, min(last, first + MOST_YEARS) + 1))
    if not found or len(found) > MOST_YEARS:
        raise refused("/years", f"Name 1 to {MOST_YEARS} years", "years")
    return sorted(found)
