"""From the JSON body of a calendar to plain values; every wrong place is named by its pointer."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from wfweb.calendars import zones
from wfweb.calendars.body import DAY, WEEKDAYS, Body, Override, Window
from wfweb.calendars.problems import CalendarProblem
from wfweb.calendars.texts import Parts, escaped
from wfweb.kernel.errors import FieldError

KEYS = {"tz", "weekly", "overrides", "breaks", "holidays", "yearly_holidays", "holiday_data"}
MOST_DATES = 5000


class Reader(Parts):
    """Reads one body and collects everything that is wrong with it."""

    def read(self, body: Any) -> Body:
        """The body's plain values. Raises CalendarProblem with all wrong places."""
        if not isinstance(body, Mapping):
            raise CalendarProblem([FieldError(self.root, "A calendar is an object", "type")])
        for key in sorted(set(map(str, body)) - KEYS):
            self.wrong(f"/{escaped(key)}", "A calendar has no such part", "unknown")
        place = self._zone(body.get("tz"))
        weekly = self._weekly(body.get("weekly"))
        overrides = self._overrides(body.get("overrides", {}))
        breaks = self._breaks(body.get("breaks", {}))
        holidays = self._holidays(body.get("holidays", []))
        yearly = self._yearly(body.get("yearly_holidays", []))
        source = self._holiday_data(body.get("holiday_data", {}))
        if place is None or self.problems:
            raise CalendarProblem(self.problems)
        found = Body(place, weekly, overrides, breaks, holidays, yearly, source, self.digest)
        if not found.ever_open:
            self.wrong("/weekly", "No day has working time: add working hours", "empty")
            raise CalendarProblem(self.problems)
        return found

    def _zone(self, name: Any) -> ZoneInfo | None:
        if isinstance(name, str) and name in zones.names():
            return zones.zone(name)
        self.wrong("/tz", "Name a time zone, for example Europe/Berlin", "unknown_zone")
        return None

    def _mapping(self, value: Any, pointer: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.wrong(pointer, "This is an object with a key for each day", "type")
            return {}
        if len(value) > MOST_DATES:
            self.wrong(pointer, f"A calendar holds at most {MOST_DATES} dates here", "too_many")
            return {}
        return value

    def _weekly(self, value: Any) -> tuple[tuple[Window, ...], ...]:
        days = self._mapping(value, "/weekly")
        for key in sorted(set(days) - set(WEEKDAYS)):
            self.wrong(f"/weekly/{escaped(key)}", f"A weekday is one of {' '.join(WEEKDAYS)}")
        week = tuple(self._windows(days.get(day, []), f"/weekly/{day}") for day in WEEKDAYS)
        for number, windows in enumerate(week):
            following = week[(number + 1) % 7]
            if windows and following and windows[-1].closes - DAY > following[0].opens:
                tomorrow = WEEKDAYS[(number + 1) % 7]
                self.wrong(
                    f"/weekly/{WEEKDAYS[number]}",
                    f"The last window runs into the first of {tomorrow}",
                    "overlap",
                )
        return week

    def _overrides(self, value: Any) -> dict[date, Override]:
        found = {}
        for key, entry in self._mapping(value, "/overrides").items():
            pointer = f"/overrides/{escaped(key)}"
            name, windows = "", entry
            if isinstance(entry, Mapping):
                self._only(entry, {"windows", "name"}, pointer)
                name = self._name(entry.get("name", ""), f"{pointer}/name")
                windows, pointer = entry.get("windows"), f"{pointer}/windows"
            day = self._date(key, f"/overrides/{escaped(key)}")
            read = self._windows(windows, pointer)
            if day is not None:
                found[day] = Override(read, name)
        return found

    def _breaks(self, value: Any) -> dict[date, tuple[Window, ...]]:
        found = {}
        for key, entry in self._mapping(value, "/breaks").items():
            pointer = f"/breaks/{escaped(key)}"
            day = self._date(key, pointer)
            windows = self._windows(entry, pointer)
            if day is not None:
                found[day] = windows
        return found

    def _holidays(self, value: Any) -> dict[date, str | None]:
        found: dict[date, str | None] = {}
        for pointer, text, name, off in self._entries(value, "/holidays"):
            day = self._date(text, pointer)
            if day in found:
                self.wrong(pointer, f"{text} stands here twice: keep one", "duplicate")
            elif day is not None:
                found[day] = None if off else name
        return found

    def _yearly(self, value: Any) -> dict[tuple[int, int], str]:
        found: dict[tuple[int, int], str] = {}
        seen = set()
        for pointer, text, name, off in self._entries(value, "/yearly_holidays"):
            key = self._month_day(text, pointer)
            if key in seen:
                self.wrong(pointer, f"{text} stands here twice: keep one", "duplicate")
            elif key is not None:
                seen.add(key)
                if not off:
                    found[key] = name
        return found

    def _holiday_data(self, value: Any) -> dict[str, str]:
        """Where holidays were copied from, kept for the receipts: three short texts."""
        known = {"country", "subdivision", "version"}
        source = self._mapping(value, "/holiday_data")
        self._only(source, known, "/holiday_data")
        return {
            key: self._name(source[key], f"/holiday_data/{key}")
            for key in sorted(known)
            if key in source
        }

    def _entries(self, value: Any, pointer: str) -> Iterable[tuple[str, Any, str, bool]]:
        """Pointer, date, name and off switch of each holiday, short and long form alike."""
        if not isinstance(value, list | tuple):
            self.wrong(pointer, "This is a list of dates", "type")
            return
        if len(value) > MOST_DATES:
            self.wrong(pointer, f"A calendar holds at most {MOST_DATES} dates here", "too_many")
            return
        for number, entry in enumerate(value):
            at = f"{pointer}/{number}"
            if not isinstance(entry, Mapping):
                yield at, entry, "", False
                continue
            self._only(entry, {"date", "name", "off"}, at)
            off = entry.get("off", False)
            if not isinstance(off, bool):
                self.wrong(f"{at}/off", "The off switch is true or false", "type")
            yield (
                f"{at}/date",
                entry.get("date"),
                self._name(entry.get("name", ""), f"{at}/name"),
                off is True,
            )


def read_all(bodies: Sequence[tuple[str, Any, str]]) -> list[Body]:
    """Read several (digest, body, pointer); one CalendarProblem names what is wrong in all."""
    found, problems = [], []
    for digest, body, root in bodies:
        try:
            found.append(Reader(digest, root).read(body))
        except CalendarProblem as problem:
            problems += problem.errors
    if problems:
        raise CalendarProblem(problems)
    return found
