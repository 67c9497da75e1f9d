"""The small parts of a calendar's body: names, dates, times and windows."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from wfweb.calendars.body import DAY, Window
from wfweb.kernel.errors import FieldError

MOST_WINDOWS = 24
LONGEST_NAME = 200
FIRST_YEAR, LAST_YEAR = 1900, 2399
TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?|24:00(?::00)?", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MONTH_DAY = re.compile(r"\d{2}-\d{2}", re.ASCII)
TIME_HINT = "Use hours and minutes, for example 08:30; 24:00 is the end of the day"


class Parts:
    """Reads small parts and collects everything that is wrong with them."""

    def __init__(self, digest: str, root: str = "") -> None:
        self.digest = digest
        self.root = root
        self.problems: list[FieldError] = []

    def wrong(self, pointer: str, message: str, code: str = "wrong") -> None:
        """Note one wrong place."""
        self.problems.append(FieldError(self.root + pointer, message, code))

    def _only(self, entry: Mapping[str, Any], known: set[str], pointer: str) -> None:
        for key in sorted(set(map(str, entry)) - known):
            self.wrong(f"{pointer}/{escaped(key)}", "There is no such part", "unknown")

    def _name(self, value: Any, pointer: str) -> str:
        if isinstance(value, str) and len(value) <= LONGEST_NAME:
            return value.strip()
        self.wrong(pointer, f"A name is a text of at most {LONGEST_NAME} characters", "type")
        return ""

    def _date(self, text: Any, pointer: str) -> date | None:
        if isinstance(text, str) and DATE.fullmatch(text):
            try:
                day = date.fromisoformat(text)
            except ValueError:
                self.wrong(pointer, f"{text} is not a day of the calendar", "date")
                return None
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                return day
            self.wrong(pointer, f"Dates are between {FIRST_YEAR} and {LAST_YEAR}", "date")
            return None
        self.wrong(pointer, "Write the date as year-month-day, for example 2026-12-25", "date")
        return None

    def _month_day(self, text: Any, pointer: str) -> tuple[int, int] | None:
        if isinstance(text, str) and MONTH_DAY.fullmatch(text):
            try:  # 2000 is a leap year: 29 February may be a yearly holiday
                day = date.fromisoformat(f"2000-{text}")
            except ValueError:
                self.wrong(pointer, f"{text} is not a day of the year", "date")
                return None
            return day.month, day.day
        self.wrong(pointer, "Write a yearly holiday as month-day, for example 12-25", "date")
        return None

    def _windows(self, value: Any, pointer: str) -> tuple[Window, ...]:
        """Windows in the order of the day; a day's own windows never overlap each other."""
        if not isinstance(value, list | tuple):
            self.wrong(pointer, 'This is a list of windows, for example [["08:00", "17:00"]]')
            return ()
        if len(value) > MOST_WINDOWS:
            self.wrong(pointer, f"A day has at most {MOST_WINDOWS} windows", "too_many")
            return ()
        read = [self._window(entry, f"{pointer}/{n}") for n, entry in enumerate(value)]
        found = [(window, n) for n, window in enumerate(read) if window is not None]
        found.sort()
        for (earlier, _), (later, number) in pairwise(found):
            if earlier.closes > later.opens:
                self.wrong(f"{pointer}/{number}", "This window overlaps another", "overlap")
        return tuple(window for window, _ in found)

    def _window(self, value: Any, pointer: str) -> Window | None:
        if not isinstance(value, list | tuple) or len(value) != 2:  # noqa: PLR2004
            self.wrong(pointer, "A window has an opening and a closing time", "type")
            return None
        opens, closes = (self._time(text, f"{pointer}/{n}") for n, text in enumerate(value))
        if opens is None or closes is None:
            return None
        if opens == DAY:
            self.wrong(f"{pointer}/0", "A window opens before 24:00", "time")
            return None
        if opens == closes:
            self.wrong(pointer, "This window has no length; a whole day is 00:00 to 24:00", "empty")
            return None
        return Window(opens, closes if closes > opens else closes + DAY)

    def _time(self, text: Any, pointer: str) -> int | None:
        match = TIME.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            self.wrong(pointer, TIME_HINT, "time")
            return None
        hours, minutes, seconds = match.groups()
        return DAY if hours is None else int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)


def escaped(key: object) -> str:
    """A key as a step of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")
