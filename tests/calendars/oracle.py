"""The slow oracle: what a calendar means, minute by minute, in the simplest code there is.

It shares nothing with wfweb.calendars but the data of the zones. For every minute it looks at
the clock on the wall, remembers the latest time that clock has ever shown (so that an hour shown
twice counts as its first showing, and a skipped one as passed when the clock jumps), and asks
whether that time lies in a window. Calendars given to it have whole minutes only.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
# Clocks have gone back by three hours at most since 1990 (Antarctica/Casey, 2010).
LOOK_BACK = timedelta(hours=4)


def minutes_of(windows: Any) -> list[tuple[int, int]]:
    """Windows as minutes after midnight; those over midnight end beyond 1440."""
    if isinstance(windows, dict):
        windows = windows["windows"]
    found = []
    for opens, closes in windows:
        a = int(opens[:2]) * 60 + int(opens[3:5])
        b = int(closes[:2]) * 60 + int(closes[3:5])
        found.append((a, b if b > a else b + 1440))
    return found


def is_holiday(body: dict[str, Any], day: date) -> bool:
    for entry in body.get("holidays", []):
        if isinstance(entry, str):
            entry = {"date": entry}  # noqa: PLW2901 - the short form means the long one
        if entry["date"] == day.isoformat():
            return not entry.get("off")
    for entry in body.get("yearly_holidays", []):
        if isinstance(entry, str):
            entry = {"date": entry}  # noqa: PLW2901 - as above
        if entry["date"] == day.isoformat()[5:] and not entry.get("off"):
            return True
    return False


def windows_on(body: dict[str, Any], day: date) -> list[tuple[int, int]]:
    if is_holiday(body, day):
        return []
    overrides = body.get("overrides", {})
    if day.isoformat() in overrides:
        return minutes_of(overrides[day.isoformat()])
    return minutes_of(body["weekly"].get(WEEKDAYS[day.weekday()], []))


class Oracle:
    """Knows for every minute from start on whether it is open."""

    def __init__(
        self,
        versions: list[tuple[date | None, dict[str, Any]]],
        zone: Any,
        start: datetime,
        minutes: int,
    ) -> None:
        self.versions = versions
        self.start = start
        self.days: dict[tuple[int, date], tuple[bytearray, bytearray]] = {}
        self.today: dict[int, tuple[date, Any]] = {}
        # Times of one zone compare as the clock on the wall shows them, whatever their offset.
        latest = [datetime(1, 1, 1, tzinfo=zone(body["tz"])) for _, body in versions]
        self.cells: list[tuple[datetime, datetime]] = []
        """The open minutes."""
        moment = start - LOOK_BACK
        while moment < start + minutes * MINUTE:
            latest = [max(moment.astimezone(wall.tzinfo), wall) for wall in latest]
            if moment >= start and self.works(latest):
                self.cells.append((moment, moment + MINUTE))
            moment += MINUTE

    def valid(self, number: int, day: date) -> bool:
        """Whether this is the version of the day; the first one also before it begins."""
        mine = 0
        for other, (begins, _) in enumerate(self.versions):
            if other > 0 and begins is not None and begins <= day:
                mine = other
        return mine == number

    def of_day(self, number: int, day: date) -> tuple[bytearray, bytearray]:
        """For each minute from a midnight to the second next: is it in a window, in a break?

        Nothing is on days on which another version is valid.
        """
        if (number, day) not in self.days:
            body = self.versions[number][1]
            known = windows_on(body, day), minutes_of(body.get("breaks", {}).get(str(day), []))
            marks = bytearray(2 * 1440), bytearray(2 * 1440)
            for windows, marked in zip(known, marks, strict=True):
                for a, b in windows if self.valid(number, day) else []:
                    for minute in range(a, b):
                        marked[minute] = 1
            self.days[number, day] = marks
        return self.days[number, day]

    def works(self, latest: list[datetime]) -> bool:
        works = False
        for number, wall in enumerate(latest):
            today = wall.date()
            if self.today.get(number, (None,))[0] != today:
                marks = *self.of_day(number, today), *self.of_day(number, today - DAY)
                self.today[number] = (today, marks)
            windows, breaks, nights, late_breaks = self.today[number][1]
            minute = wall.hour * 60 + wall.minute
            if breaks[minute] or late_breaks[minute + 1440]:
                return False
            works = works or bool(windows[minute] or nights[minute + 1440])
        return works

    def between(self, start: datetime, end: datetime) -> timedelta:
        total = timedelta()
        for a, b in self.cells:
            total += max(timedelta(), min(b, end) - max(a, start))
        return total

    def add(self, start: datetime, amount: timedelta) -> datetime | None:
        for a, b in self.cells:
            begins = max(a, start)
            if b > begins and amount == timedelta():
                return begins
            if b > begins and b - begins >= amount:
                return begins + amount
            if b > begins:
                amount -= b - begins
        return None

    def subtract(self, start: datetime, amount: timedelta) -> datetime | None:
        for a, b in reversed(self.cells):
            ends = min(b, start)
            if ends > a and amount == timedelta():
                return ends
            if ends > a and ends - a >= amount:
                return ends - amount
            if ends > a:
                amount -= ends - a
        return None

    def is_open(self, moment: datetime) -> bool:
        return any(a <= moment < b for a, b in self.cells)

    def segments(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        found: list[tuple[datetime, datetime]] = []
        for a, b in self.cells:
            low, high = max(a, start), min(b, end)
            if low < high and found and found[-1][1] == low:
                found[-1] = (found[-1][0], high)
            elif low < high:
                found.append((low, high))
        return found


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
