"""What a calendar says once it has been read: plain values, and what one day of it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 86_400

Kind = Literal["work", "day off", "holiday", "override"]


class Window(NamedTuple):
    """A half-open stretch of a day in seconds after its midnight; beyond 86,400 it is tomorrow."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Override:
    """The windows that replace those of the week on one date; none at all closes it."""

    windows: tuple[Window, ...]
    name: str = ""


class Day(NamedTuple):
    """What a calendar says of one date; breaks are not yet cut out of the windows."""

    windows: tuple[Window, ...]
    kind: Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A calendar as it was written, read and found right."""

    zone: ZoneInfo
    weekly: tuple[tuple[Window, ...], ...]
    overrides: Mapping[date, Override]
    breaks: Mapping[date, tuple[Window, ...]]
    holidays: Mapping[date, str | None]
    """The name of each holiday; None where its off switch is set, which opens the day again."""
    yearly: Mapping[tuple[int, int], str]
    holiday_data: Mapping[str, str]
    """Country, subdivision and data version that the holidays were copied from, if they were."""
    digest: str

    def holiday(self, day: date) -> str | None:
        """The name of the holiday that closes this date ("" without a name), else None."""
        if day in self.holidays:
            return self.holidays[day]
        return self.yearly.get((day.month, day.day))

    def day(self, day: date) -> Day:
        """What this date is: a holiday before an override, an override before the week."""
        name = self.holiday(day)
        if name is not None:
            return Day((), "holiday", name)
        override = self.overrides.get(day)
        if override is not None:
            return Day(override.windows, "override", override.name)
        windows = self.weekly[day.weekday()]
        return Day(windows, "work" if windows else "day off")

    @property
    def ever_open(self) -> bool:
        """Whether any day has working time at all, breaks and holidays aside."""
        return any(self.weekly) or any(o.windows for o in self.overrides.values())
