"""A clock as the verbs hold it: its row, what it is read by, and how it takes what happens.

The row repeats the end of the ledger, so nothing here reads earlier stretches: so many business
seconds were elapsed when the open stretch began, and the rest is counted from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from wfweb.calendars import rules as business
from wfweb.kernel.journal import journal
from wfweb.sla import rules
from wfweb.sla.ledger import Happening, Kind, Ledger, Segment, after, whole
from wfweb.sla.models import SlaClock, SlaSegment

CLOCKS: Any = SlaClock.__table__
SEGMENTS: Any = SlaSegment.__table__


@dataclass(slots=True)
class Row:
    """A row of ``sla_clocks``; ``change`` notes what the journal writes at the end."""

    id: UUID
    company_id: UUID
    definition_id: UUID
    version_id: UUID
    definition_code: str
    metric: str
    subject_type: str
    subject_id: UUID
    record_id: UUID | None
    title: str
    url: str | None
    target_seconds: int
    started_at: datetime
    segment_started_at: datetime
    status: str = "active"
    level: str = rules.GREEN
    due_at: datetime | None = None
    completed_at: datetime | None = None
    breached_at: datetime | None = None
    segment_seq: int = 1
    elapsed_seconds: int = 0
    wall_seconds: int = 0
    next_check_at: datetime | None = None
    paused_at: datetime | None = None
    pause_reason: str | None = None
    paused_by_hand: bool = False
    owner_id: UUID | None = None
    team: str | None = None
    calendar_version_id: UUID | None = None
    time_zone: str | None = None
    round: int = 1
    end_reason: str | None = None
    receipt: dict[str, Any] | None = None
    version: int = 1
    before: dict[str, Any] = field(default_factory=dict)
    """What the columns that changed held when the act began."""

    def change(self, **changes: Any) -> None:
        """Change columns here; :meth:`save` hands what differs to the journal."""
        for name, value in changes.items():
            current = getattr(self, name)
            if current != value:
                self.before.setdefault(name, current)
                setattr(self, name, value)

    def save(self) -> bool:
        """Write what changed when the act ends; tell whether anything did."""
        changes = {name: getattr(self, name) for name in self.before}
        self.before = {}
        if not changes:
            return False
        self.version += 1
        journal().update(CLOCKS, self.id, {**changes, "version": self.version})
        return True

    def values(self) -> dict[str, Any]:
        """Return all columns, for a new row."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = tuple(one.name for one in fields(Row) if one.name != "before")
ALL_COLUMNS = tuple(CLOCKS.columns[name] for name in COLUMNS)


@dataclass(slots=True)
class Held:
    """A clock with what it is read by, and the levels it reached that are not yet written."""

    row: Row
    terms: rules.Terms
    calendar: business.Calendar
    crossed: list[rules.Crossing] = field(default_factory=list)
    rolled: list[dict[str, Any]] = field(default_factory=list)
    """Stretches closed in this act, as rows."""

    @property
    def stretch(self) -> Segment:
        """The stretch that goes on."""
        row = self.row
        kind: Kind = "pause" if row.status == "paused" else "run"
        reason = row.pause_reason if kind == "pause" else None
        return Segment(kind, row.segment_started_at, reason=reason, owner=row.owner_id)


def tell(held: Held, one: Happening) -> bool:
    """Let something happen to an open clock; tell whether it made a difference.

    Levels that were reached before it are noted in ``held.crossed``.
    """
    before = Ledger((held.stretch,))
    ledger = after(before, one)
    if ledger == before:
        return False
    if ledger.segments[0].end is not None:
        _close(held, ledger.segments[0])
    if ledger.open is not None:
        _open(held.row, ledger.open)
    else:
        _end(held.row, ledger, one)
    project(held)
    return True


def settle(held: Held, at: datetime) -> list[rules.Crossing]:
    """Note the levels that an open clock reached until now, and when the next one comes."""
    reached = _reach(held, max(whole(at), held.row.segment_started_at))
    project(held)
    return reached


def elapsed_at(held: Held, at: datetime) -> int:
    """Return the business seconds elapsed at an instant not before the last change."""
    row = held.row
    if row.completed_at is not None or row.status == "paused":
        return row.elapsed_seconds
    end = max(whole(at), row.segment_started_at)
    return row.elapsed_seconds + business.between(held.calendar, row.segment_started_at, end)


def project(held: Held) -> None:
    """Work out status, due time and next check from the stretch that goes on."""
    row = held.row
    if row.completed_at is not None:
        row.change(next_check_at=None)
        return
    if row.status == "paused":
        row.change(next_check_at=None, due_at=row.breached_at)
        return
    upcoming = next((s for level, s in held.terms.begins if _rank(level) > _rank(row.level)), None)
    row.change(
        status="breached" if row.breached_at else "active",
        due_at=row.breached_at or _instant(held, row.target_seconds),
        next_check_at=None if upcoming is None else _instant(held, upcoming),
    )


def _reach(held: Held, until: datetime) -> list[rules.Crossing]:
    """Note the levels reached in the open running stretch."""
    row = held.row
    elapsed = elapsed_at(held, until)
    found = [
        rules.Crossing(level, instant)
        for level, begins in held.terms.begins
        if _rank(level) > _rank(row.level) and elapsed >= begins
        if (instant := _instant(held, begins)) is not None
    ]
    if found:
        held.crossed += found
        breach = next((one.at for one in found if one.level == rules.BREACHED), None)
        row.change(level=found[-1].level, breached_at=breach or row.breached_at)
    return found


def _instant(held: Held, elapsed: int) -> datetime | None:
    """When so much is elapsed; nothing when the calendar never gets there."""
    row = held.row
    left = max(0, elapsed - row.elapsed_seconds)
    if left == 0:
        return row.segment_started_at
    try:
        return business.add(held.calendar, row.segment_started_at, left)
    except business.TooFar:
        return None


def _rank(level: str) -> int:
    return rules.LEVELS.index(level)


def _close(held: Held, closed: Segment) -> None:
    row = held.row
    assert closed.end is not None  # noqa: S101 - asked by the caller
    spent = 0
    if closed.kind == "run":
        _reach(held, closed.end)
        spent = business.between(held.calendar, closed.start, closed.end)
    held.rolled.append(
        {
            "company_id": row.company_id,
            "clock_id": row.id,
            "round": row.round,
            "seq": row.segment_seq,
            "kind": closed.kind,
            "reason": closed.reason,
            "owner_id": closed.owner,
            "started_at": closed.start,
            "ended_at": closed.end,
            "business_seconds": spent,
        }
    )
    row.change(
        elapsed_seconds=row.elapsed_seconds + spent,
        wall_seconds=row.wall_seconds + rules.seconds_between(closed.start, closed.end),
        segment_started_at=closed.end,
        segment_seq=row.segment_seq + 1,
    )


def _open(row: Row, segment: Segment) -> None:
    paused = segment.kind == "pause"
    row.change(
        status="paused" if paused else "active",
        segment_started_at=segment.start,
        paused_at=(row.paused_at or segment.start) if paused else None,
        pause_reason=segment.reason if paused else None,
        paused_by_hand=row.paused_by_hand and paused,
        owner_id=segment.owner,
    )


def _end(row: Row, ledger: Ledger, one: Happening) -> None:
    ended = ledger.segments[-1].end
    done = "breached" if row.breached_at else "met"
    row.change(
        status="cancelled" if ledger.ended == "cancel" else done,
        completed_at=ended,
        end_reason=one.reason,
        paused_at=None,
        pause_reason=None,
        paused_by_hand=False,
    )


def replay(held: Held, ledger: Ledger, at: datetime) -> Held:
    """Count a ledger anew under other terms: the row becomes what its end says at an instant."""
    row = held.row
    first = ledger.segments[0]
    row.change(
        level=rules.GREEN,
        breached_at=None,
        elapsed_seconds=0,
        wall_seconds=0,
        segment_seq=1,
        segment_started_at=first.start,
    )
    held.crossed.clear()
    for segment in ledger.segments:
        if segment.end is not None:
            row.change(segment_started_at=segment.start, status=_going(segment))
            _close(held, segment)
    going = ledger.open
    if going is not None:
        row.change(segment_started_at=going.start, status=_going(going))
        settle(held, at)
    return held


def _going(segment: Segment) -> str:
    return "paused" if segment.kind == "pause" else "active"


def write_ledger(helds: Sequence[Held]) -> None:
    """Hand the closed stretches to the journal."""
    for held in helds:
        for closed in held.rolled:
            journal().insert(SEGMENTS, closed)
        held.rolled.clear()
