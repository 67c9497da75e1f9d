"""A compiled calendar: its open segments as instants, a year at a time, summed up for search.

All instants in here are whole microseconds since 1970 UTC. A year's segments are computed when
first asked for and kept with their running total, so that a deadline is two binary searches and
one subtraction for each year between.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from threading import Lock
from typing import NamedTuple

from wfweb.calendars.body import DAY, Body, Day
from wfweb.calendars.instants import FARTHEST_YEARS, FIRST_YEAR, LAST_YEAR, SECOND, year_of
from wfweb.calendars.problems import TooFar, too_far
from wfweb.calendars.spans import Span, instants, united, without

MOST_TABLES = 64
EPOCH_DAY = date(1970, 1, 1).toordinal()
# A window begins up to 14 hours from its date in UTC, lasts up to two days and may be moved a
# day on by a zone that skipped one: so many days around a year can reach into it.
REACH = 4


class Version(NamedTuple):
    """One version of a calendar and the first day it is valid on (None: ever)."""

    effective_from: date | None
    body: Body
    number: int | None = None


class Table(NamedTuple):
    """The open segments of one UTC year and the time open before each."""

    opens: list[int]
    closes: list[int]
    before: list[int]
    total: int

    def worked(self, moment: int) -> int:
        """Time open from the beginning of the year to a moment in it."""
        at = bisect_right(self.opens, moment) - 1
        if at < 0:
            return 0
        return self.before[at] + min(moment, self.closes[at]) - self.opens[at]


class Calendar:
    """Working hours as instants. Made by ``rules.compile_calendar``; never changes."""

    __slots__ = ("_building", "_starts", "_tables", "_totals", "digest", "versions")

    def __init__(self, versions: Sequence[Version], digest: str) -> None:
        self.versions = tuple(versions)
        self.digest = digest
        self._starts = [v.effective_from or date.min for v in self.versions[1:]]
        self._tables: dict[int, Table] = {}
        self._totals: dict[int, int] = {}
        self._building = Lock()

    @property
    def tz(self) -> str:
        """The name of the zone of the last version: the one to show times in."""
        return self.versions[-1].body.zone.key

    def version_on(self, day: date) -> Version:
        """The version valid on a day; days before the first version follow the first."""
        return self.versions[bisect_right(self._starts, day)]

    def day(self, day: date) -> Day:
        """What a local date is, breaks not yet cut out."""
        return self.version_on(day).body.day(day)

    def elapsed(self, start: int, end: int) -> int:
        """Time open from start to end, in microseconds; end is not before start."""
        first, last = year_of(start), year_of(end)
        if last - first > FARTHEST_YEARS:
            raise _out_of_reach("/end")
        between = sum(self._total(year) for year in range(first, last))
        return between + self._table(last).worked(end) - self._table(first).worked(start)

    def forward(self, start: int, amount: int) -> int:
        """The earliest instant with so much (more than nothing) open since start."""
        year = first = year_of(start)
        want = self._table(year).worked(start) + amount
        while want > self._total(year):
            want -= self._total(year)
            year = _step(first, year, 1)
        table = self._table(year)
        at = bisect_left(table.before, want) - 1
        return table.opens[at] + want - table.before[at]

    def backward(self, start: int, amount: int) -> int:
        """The latest instant from which so much (more than nothing) is open until start."""
        year = first = year_of(start)
        want = self._table(year).worked(start) - amount
        while want < 0:
            year = _step(first, year, -1)
            want += self._total(year)
        table = self._table(year)
        at = bisect_right(table.before, want) - 1
        return table.opens[at] + want - table.before[at]

    def is_open(self, moment: int) -> bool:
        """Whether the moment lies in a segment, whose opening counts and whose closing does not."""
        table = self._table(year_of(moment))
        at = bisect_right(table.opens, moment) - 1
        return at >= 0 and moment < table.closes[at]

    def next_open(self, moment: int) -> int:
        """The moment itself when open, else the next opening."""
        if self.is_open(moment):
            return moment
        year = first = year_of(moment)
        while True:
            table = self._table(year)
            at = bisect_right(table.opens, moment)
            if at < len(table.opens):
                return table.opens[at]
            year = _step(first, year, 1)

    def previous_open(self, moment: int) -> int:
        """The moment itself when it was open just before, else the closing before it."""
        year = first = year_of(moment)
        while True:
            table = self._table(year)
            at = bisect_left(table.opens, moment) - 1
            if at >= 0:
                return min(moment, table.closes[at])
            year = _step(first, year, -1)

    def segments(self, start: int, end: int) -> Iterator[Span]:
        """Open segments cut to start and end, in order, none touching the next."""
        first, last = year_of(start), year_of(end)
        if last - first > FARTHEST_YEARS:
            raise _out_of_reach("/end")
        pending: Span | None = None
        for year in range(first, last + 1):
            table = self._table(year)
            at = max(0, bisect_right(table.opens, start) - 1)
            for opens, closes in zip(table.opens[at:], table.closes[at:], strict=True):
                low, high = max(opens, start), min(closes, end)
                if low >= high:
                    continue
                if pending and pending[1] == low:  # a segment that the new year cut in two
                    pending = (pending[0], high)
                    continue
                if pending:
                    yield pending
                pending = (low, high)
        if pending:
            yield pending

    def _total(self, year: int) -> int:
        found = self._totals.get(year)
        return self._table(year).total if found is None else found

    def _table(self, year: int) -> Table:
        found = self._tables.get(year)
        if found is None:
            found = self._build(year)
            with self._building:
                while len(self._tables) >= MOST_TABLES:
                    del self._tables[next(iter(self._tables))]
                self._tables[year] = found
                self._totals[year] = found.total
        return found

    def _build(self, year: int) -> Table:
        first, last = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        low, high = (first - EPOCH_DAY) * DAY, (last - EPOCH_DAY) * DAY
        opened: list[Span] = []
        breaks: list[Span] = []
        for ordinal in range(first - REACH, last + REACH):
            day = date.fromordinal(ordinal)
            body = self.version_on(day).body
            midnight = (ordinal - EPOCH_DAY) * DAY
            opened += instants(body, midnight, body.day(day).windows)
            breaks += instants(body, midnight, body.breaks.get(day, ()))
        table = Table([], [], [], 0)
        total = 0
        for opens, closes in without(united(opened), united(breaks)):
            start, end = max(opens, low) * SECOND, min(closes, high) * SECOND
            if start < end:
                table.opens.append(start)
                table.closes.append(end)
                table.before.append(total)
                total += end - start
        return table._replace(total=total)


def _step(first: int, year: int, by: int) -> int:
    """The year after (or before) this one, as long as it is within reach."""
    year += by
    if abs(year - first) > FARTHEST_YEARS or not FIRST_YEAR <= year <= LAST_YEAR:
        raise _out_of_reach("/seconds")
    return year


def _out_of_reach(pointer: str) -> TooFar:
    return too_far(f"Working time is computed over at most {FARTHEST_YEARS} years", pointer)
