"""How deadlines were kept: by definition, team and month, from the clocks themselves.

A clock counts in the month in which its fate was known: one that was kept when it ended, one that
was missed when it breached, whether it has ended since or not. So a deadline does not leave the
report by staying late, nor by being cancelled once it is late: it goes on counting as missed.
One that was cancelled before is not judged; how many those were is said beside the others, in
the month in which they were cancelled.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, cast, func, or_, select

from wfweb.identity.models import User
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.records.models import Record
from wfweb.sla.board import LEVELS
from wfweb.sla.models import SlaClock, SlaDefinition

BATCH: Final = 500
FATE = func.coalesce(SlaClock.breached_at, SlaClock.completed_at)
CANCELLED = SlaClock.status == "cancelled"
JUDGED = or_(~CANCELLED, SlaClock.breached_at.is_not(None))
"""What holds for clocks that count as kept or missed: a breach stays one, whatever follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole months in one time zone: from the first day of ``first`` on, ``months`` of them."""

    first: date
    months: int
    zone: str

    @property
    def begins(self) -> datetime:
        """The instant it begins at."""
        return self._midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The instant it ends at, not counted."""
        return self._midnight(month_after(self.first, self.months))

    def starts(self) -> list[datetime]:
        """Return the instant each month begins at; it ends where the next one begins."""
        return [self._midnight(month) for month in self.all_months()]

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, 1, tzinfo=ZoneInfo(self.zone))

    def all_months(self) -> list[date]:
        """Return the first day of each month."""
        return [month_after(self.first, number) for number in range(self.months)]


def month_after(day: date, months: int) -> date:
    """Return the first day of the month so many months after that of a day (or before)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def last_months(months: int, today: date, zone: str) -> Period:
    """Return the period of so many months that ends with the current one."""
    return Period(first=month_after(today, 1 - months), months=months, zone=zone)


@dataclass(slots=True)
class Tally:
    """How many clocks ended at which level; those that breached reached the last.

    ``cancelled_late`` of them breached and were cancelled afterwards; ``withdrawn`` ones were
    cancelled before, so that they are neither kept nor missed and count at no level.
    """

    levels: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    cancelled_late: int = 0
    withdrawn: int = 0

    @property
    def total(self) -> int:
        """All that are judged."""
        return sum(self.levels.values())

    @property
    def late(self) -> int:
        """Those that breached."""
        return self.levels["BREACHED"]

    @property
    def kept(self) -> int:
        """Those that were in time."""
        return self.total - self.late

    def add(self, level: str, count: int, *, cancelled: bool = False) -> None:
        """Count some more clocks that ended or stand at a level."""
        if cancelled and level != "BREACHED":
            self.withdrawn += count
            return
        self.levels[level] += count
        self.cancelled_late += count * cancelled

    def take(self, other: "Tally") -> None:
        """Count what another tally counted as well."""
        for level, count in other.levels.items():
            self.levels[level] += count
        self.cancelled_late += other.cancelled_late
        self.withdrawn += other.withdrawn


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the report: a definition, a team and a month."""

    definition_id: UUID
    team: str
    month: date
    tally: Tally


def known_fate(
    period: Period, definitions: Sequence[UUID], team: str | None = None
) -> list[ColumnElement[bool]]:
    """Return the conditions of the clocks whose fate was known in a period, cancelled ones too.

    :param team: a role's code, ``""`` for clocks without a team, None for all.
    """
    found = [
        SlaClock.company_id == current_actor().company_id,
        SlaClock.definition_id.in_(definitions),
        or_(SlaClock.completed_at >= period.begins, SlaClock.breached_at >= period.begins),
        period.begins <= FATE,
        period.ends > FATE,
    ]
    if team is not None:
        found.append(SlaClock.team.is_(None) if not team else SlaClock.team == team)
    return found


def adherence(period: Period, definitions: Sequence[UUID], team: str | None = None) -> list[Line]:
    """Return how deadlines were kept, one line a definition, team and month that has any."""
    month = cast(func.date_trunc("month", func.timezone(period.zone, FATE)), Date)
    owner_team = func.coalesce(SlaClock.team, "")
    rows = session().execute(
        select(SlaClock.definition_id, owner_team, month, SlaClock.level, CANCELLED, func.count())
        .where(*known_fate(period, definitions, team))
        .group_by(SlaClock.definition_id, owner_team, month, SlaClock.level, CANCELLED)
        .order_by(month, SlaClock.definition_id, owner_team)
    )
    lines = []
    for (definition_id, code, first), some in groupby(rows, key=lambda row: tuple(row[:3])):
        tally = Tally()
        for row in some:
            tally.add(row[3], row[5], cancelled=row[4])
        lines.append(Line(definition_id, code, first, tally))
    return lines


def sums(lines: Iterable[Line], key: Callable[[Line], Any]) -> dict[Any, Tally]:
    """Return the lines added up by something of theirs, in the order it first appears."""
    found: dict[Any, Tally] = {}
    for line in lines:
        found.setdefault(key(line), Tally()).take(line.tally)
    return found


@dataclass(frozen=True, slots=True)
class Durations:
    """How long clocks took in business seconds: half took at most, nine tenths took at most."""

    half: float
    most: float


def durations(
    period: Period, definitions: Sequence[UUID], team: str | None = None
) -> dict[UUID, Durations]:
    """Return how long the clocks took that were done, by definition; cancelled ones never were."""
    shares = func.percentile_cont([0.5, 0.9]).within_group(SlaClock.elapsed_seconds)
    rows = session().execute(
        select(SlaClock.definition_id, shares)
        .where(
            *known_fate(period, definitions, team), SlaClock.completed_at.is_not(None), ~CANCELLED
        )
        .group_by(SlaClock.definition_id)
    )
    return {row[0]: Durations(*row[1]) for row in rows}


def clock_rows(
    period: Period, definitions: Sequence[UUID], team: str | None, after: UUID | None
) -> Sequence[Any]:
    """Return the next clocks of a period by id, a batch at a time: for a file of any size."""
    statement = (
        select(SlaClock, SlaDefinition.name, User.name.label("owner"), Record.key.label("key"))
        .join(SlaDefinition, SlaDefinition.id == SlaClock.definition_id)
        .outerjoin(User, User.id == SlaClock.owner_id)
        .outerjoin(Record, Record.id == SlaClock.record_id)
        .where(*known_fate(period, definitions, team))
    )
    if after is not None:
        statement = statement.where(SlaClock.id > after)
    return session().execute(statement.order_by(SlaClock.id).limit(BATCH)).all()
