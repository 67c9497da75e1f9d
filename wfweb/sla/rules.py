"""What a ledger means: elapsed and remaining time, due time, level, crossings, receipt.

Pure: no database and no clock. Everything is a whole number of seconds, and a level is a
comparison of whole numbers, so 99.951 % of the target is not yet all of it. A level begins
with the second in which its share of the target is used up (GREEN < 60 % <= YELLOW < 80 %
<= ORANGE < 95 % <= RED < 100 % <= BREACHED); the clock is breached from the due time on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from wfweb.calendars import rules as business
from wfweb.sla.ledger import Happening, Ledger, Segment, told, whole

GREEN, BREACHED = "GREEN", "BREACHED"
LEVELS = ("GREEN", "YELLOW", "ORANGE", "RED", "BREACHED")
SHARES: Mapping[str, Fraction] = {
    "YELLOW": Fraction(60, 100),
    "ORANGE": Fraction(80, 100),
    "RED": Fraction(95, 100),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """How much time there is, and from which second on each level begins."""

    target: int
    begins: tuple[tuple[str, int], ...]

    def level(self, elapsed: int) -> str:
        """Return the level of so many elapsed business seconds."""
        reached = [level for level, seconds in self.begins if elapsed >= seconds]
        return reached[-1] if reached else GREEN


def terms(target: int, shares: Mapping[str, Fraction] = SHARES) -> Terms:
    """Return the terms of a target in business seconds.

    :param shares: the share of the target at which each level begins; the others keep theirs.
    """
    chosen = {**SHARES, **shares}
    # A level begins in the first whole second at or beyond its share.
    begins = [(level, -(-target * chosen[level] // 1)) for level in LEVELS[1:-1]]
    return Terms(target, (*((level, int(at)) for level, at in begins), (BREACHED, target)))


@dataclass(frozen=True, slots=True)
class Crossing:
    """A level that was reached, and the exact instant."""

    level: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock shows at an instant.

    ``due`` is empty while a pause holds it open, and when the calendar never gets there.
    """

    status: str
    level: str
    elapsed: int
    wall: int
    remaining: int
    due: datetime | None
    breached_at: datetime | None
    crossings: tuple[Crossing, ...]
    upcoming: Crossing | None
    """The next level, when and if the clock runs on."""
    receipt: dict[str, Any] | None = None

    @property
    def overdue(self) -> int:
        """Business seconds beyond the target."""
        return max(0, -self.remaining)


def read(terms: Terms, ledger: Ledger, calendar: business.Calendar, at: datetime) -> Reading:
    """Return what a clock with this ledger shows at an instant.

    Stretches that begin later do not count yet, so any past instant can be asked about.
    """
    walk = _Walk(terms, calendar)
    for segment in seen(ledger, at):
        walk.take(segment, whole(at))
    ended = ledger.ended if ledger.open is None and _is_over(ledger, at) else None
    running = ended is None and walk.last is not None and walk.last.kind == "run"
    upcoming = walk.upcoming() if running else None
    due = walk.crossed.get(BREACHED) or (walk.ahead(terms.target) if running else None)
    return Reading(
        status=_status(ended, walk),
        level=terms.level(walk.elapsed),
        elapsed=walk.elapsed,
        wall=walk.wall,
        remaining=terms.target - walk.elapsed,
        due=due,
        breached_at=walk.crossed.get(BREACHED),
        crossings=tuple(Crossing(level, when) for level, when in walk.crossed.items()),
        upcoming=upcoming,
    )


def seen(ledger: Ledger, at: datetime) -> list[Segment]:
    """Return the stretches as they stood at an instant: what came later is not known yet."""
    return [segment for segment in ledger.segments if segment.start <= whole(at)]


def _is_over(ledger: Ledger, at: datetime) -> bool:
    end = ledger.segments[-1].end if ledger.segments else None
    return end is not None and end <= whole(at)


def _status(ended: str | None, walk: "_Walk") -> str:
    if ended == "cancel":
        return "cancelled"
    if walk.last is None:
        return "waiting"
    if ended is None and walk.last.kind == "pause":
        return "paused"
    if BREACHED in walk.crossed:
        return "breached"
    return "met" if ended else "active"


class _Walk:
    """Counting along the stretches of a ledger."""

    def __init__(self, terms: Terms, calendar: business.Calendar) -> None:
        self.terms, self.calendar = terms, calendar
        self.elapsed = self.wall = 0
        self.crossed: dict[str, datetime] = {}
        self.last: Segment | None = None
        self._before = 0  # elapsed when the last stretch began

    def take(self, segment: Segment, at: datetime) -> None:
        end = min(segment.end or at, at)
        self.last, self._before = segment, self.elapsed
        self.wall += seconds_between(segment.start, end)
        if segment.kind == "pause" or end <= segment.start:
            return
        self.elapsed += business.between(self.calendar, segment.start, end)
        for level, begins in self.terms.begins:
            if level not in self.crossed and self.elapsed >= begins:
                self.crossed[level] = self.instant(begins)

    def instant(self, elapsed: int) -> datetime:
        """When so much is or will be elapsed, counted in the last stretch."""
        assert self.last is not None  # noqa: S101 - only asked about a clock that runs
        return business.add(self.calendar, self.last.start, elapsed - self._before)

    def ahead(self, elapsed: int) -> datetime | None:
        """When so much will be elapsed; nothing when the calendar never gets there."""
        try:
            return self.instant(elapsed)
        except business.TooFar:
            return None

    def upcoming(self) -> Crossing | None:
        for level, begins in self.terms.begins:
            if level not in self.crossed:
                at = self.ahead(begins)
                return None if at is None else Crossing(level, at)
        return None


def run(
    terms: Terms, happenings: Iterable[Happening], calendar: business.Calendar, at: datetime
) -> Reading:
    """Return what a clock to which all this happened shows at an instant."""
    return read(terms, told(happenings), calendar, at)


def seconds_between(start: datetime, end: datetime) -> int:
    """Whole seconds by the wall clock."""
    return (end - start) // timedelta(seconds=1)


def elapsed_within(
    ledger: Ledger, calendar: business.Calendar, start: datetime, end: datetime
) -> int:
    """Return the business seconds a clock ran inside a window of time, for reports."""
    total = 0
    for segment in ledger.segments:
        first, last = max(segment.start, start), min(segment.end or end, end)
        if segment.kind == "run" and first < last:
            total += business.between(calendar, first, last)
    return total


@dataclass(frozen=True, slots=True)
class Turn:
    """How long somebody had the subject, by business and by wall clock, paused or not."""

    owner: UUID | None
    business_seconds: int
    wall_seconds: int


def by_owner(ledger: Ledger, calendar: business.Calendar, at: datetime) -> list[Turn]:
    """Return whose turn it was for how long, in the order in which they first had it."""
    sums: dict[UUID | None, tuple[int, int]] = {}
    for segment in seen(ledger, at):
        end = min(segment.end or whole(at), whole(at))
        spent, wall = sums.get(segment.owner, (0, 0))
        if segment.kind == "run" and end > segment.start:
            spent += business.between(calendar, segment.start, end)
        sums[segment.owner] = (spent, wall + max(0, seconds_between(segment.start, end)))
    return [Turn(owner, *both) for owner, both in sums.items()]


def newest(crossings: Sequence[Crossing]) -> Crossing | None:
    """Return the gravest of some crossings: the only one that is still worth telling."""
    return max(crossings, key=lambda one: LEVELS.index(one.level), default=None)
