"""Working hours as people type and read them: ``08:00-12:00, 13:00-18:00``. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

HINT: Final = "Write hours as 08:00-12:00, 13:00-18:00; nothing at all means closed"
LONGEST: Final = 600
_TIME = r"(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2}))?"
_WINDOW = re.compile(rf"{_TIME}\s*(?:-|–|—|to)\s*{_TIME}", re.ASCII | re.IGNORECASE)
_BETWEEN = re.compile(r"[,;\n]|\s+and\s+", re.IGNORECASE)

Window = list[str]


def read_hours(text: str) -> list[Window]:
    """Return windows as a calendar's body has them; an empty text means closed.

    :raises ValueError: for anything that is no list of windows; the times themselves are
        checked when the calendar is.
    """
    if len(text) > LONGEST:
        raise ValueError(HINT)
    found = []
    for part in _BETWEEN.split(text):
        if not part.strip():
            continue
        match = _WINDOW.fullmatch(part.strip())
        if match is None:
            raise ValueError(HINT)
        times = match.groups()
        found.append([_time(times[:3]), _time(times[3:])])
    return found


def _time(parts: Sequence[str | None]) -> str:
    hour, minute, second = parts
    text = f"{int(hour or 0):02}:{minute or '00'}"
    return f"{text}:{second}" if second and second != "00" else text


def hours_text(windows: Iterable[Sequence[str]]) -> str:
    """Return windows as they are typed; an empty text for none."""
    return ", ".join(f"{opens}-{closes}" for opens, closes in windows)
