"""What one act on requests carries along: its instant, its look-ups, what it must disarm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from wfweb.approvals.due_times import DueTimes
from wfweb.approvals.electorate import Resolver
from wfweb.approvals.events import ApprovalEvent
from wfweb.approvals.models import ApprovalDecision
from wfweb.approvals.rows import Case, Level, Made, Request, Seat
from wfweb.events import emit, timers
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor, current_actor, system_actor
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal

SUBJECT = "record"
LEVEL_DUE = "approvals.level_due"
REMINDER = "approvals.reminder"
_DECISIONS: Any = ApprovalDecision.__table__

E = TypeVar("E", bound=ApprovalEvent)


@dataclass(slots=True)
class Act:
    """Shared by all requests of one transaction; :meth:`end` is called once at its end."""

    actor: Actor = field(default_factory=current_actor)
    now: datetime = field(default_factory=clock.now)
    resolver: Resolver = field(default_factory=Resolver)
    due_times: DueTimes = field(init=False)
    _disarm: list[UUID] = field(default_factory=list)
    _touched: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.due_times = DueTimes(self.now)

    def as_system(self) -> Actor:
        """Return the system acting because of this actor, for what rules and clocks decide."""
        actor = self.actor
        return system_actor(
            actor.company_id, on_behalf_of=actor.id or actor.on_behalf_of, channel=actor.channel
        )

    def touch(self, request: Request, **changes: Any) -> None:
        """Change a request; its version rises once an act."""
        if request.id not in self._touched:
            self._touched.add(request.id)
            changes["version"] = request.version + 1
            changes["updated_at"] = self.now
        request.change(**changes)

    def arm(self, level: Level, due_at: datetime | None) -> None:
        """Remember the reminders and the due moment of a level that opens."""
        for moment in self.due_times.reminders(level.spec):
            timers.arm(REMINDER, "approval_level", level.id, moment)
        if due_at is not None:
            self.arm_due(level, due_at)

    def arm_due(self, level: Level, due_at: datetime, *, escalations: int = 0) -> None:
        """Remember the due moment of a level; an earlier one that is armed stays harmless.

        While the office is closed a step up may fall due at the very moment of the step before,
        so the number of steps up tells the two apart.
        """
        key = f"{due_at.isoformat()} {escalations}"
        timers.arm(LEVEL_DUE, "approval_level", level.id, due_at, fire_key=key)

    def disarm(self, level: Level) -> None:
        """Forget them: the level is closed. Sent once, at the end of the act."""
        if level.due_at is not None or level.spec.get("remind_hours"):
            self._disarm.append(level.id)

    def tell(self, event_type: type[E], request: Request, **values: Any) -> None:
        """Emit an event about a request, in the story of its record."""
        emit(
            event_type(
                target_type=SUBJECT,
                target_id=request.record_id,
                target_label=request.key,
                instance_id=request.instance_id,
                request_id=request.id,
                request_key=request.key,
                round=request.round,
                title=request.title,
                record_id=request.record_id,
                requester_id=request.requester_id,
                **values,
            )
        )

    def end(self) -> None:
        """Disarm what the closed levels had armed."""
        if self._disarm:
            timers.cancel(*self._disarm)
            self._disarm.clear()


def close_seat(act: Act, seat: Seat, status: str, because: str) -> None:
    """Close a seat; every way of closing changes the same columns, so they travel together."""
    seat.change(status=status, closed_at=act.now, closed_because=because, changed_at=act.now)


def make_decision(
    act: Act,
    case: Case,
    *,
    level_number: int,
    decision: str,
    seat: Seat | None,
    reason_code: str | None = None,
    comment: str = "",
    idempotency_key: str | None = None,
    carried_from: Made | None = None,
    name: str = "wfweb",
    by: Actor | None = None,
) -> dict[str, Any]:
    """Return the row of a decision; :func:`write_decision` stores it once its result is known.

    Without a seat it is the system's own decision, by the rule called ``name``, or that of
    ``by``, who decides about a request or a seat without sitting there.
    """
    request = case.request
    user_id = by.id if by else seat.user_id if seat else None
    user_name = by.name if by else seat.user_name if seat else name
    row: dict[str, Any] = {
        "id": new_id(),
        "company_id": request.company_id,
        "assignment_id": seat.id if seat else None,
        "request_id": request.id,
        "level_number": level_number,
        "user_id": user_id,
        "user_name": user_name,
        "on_behalf_of_id": seat.on_behalf_of_id if seat else None,
        "decision": decision,
        "reason_code": reason_code,
        "comment": comment,
        "digest": request.digest,
        "record_version": request.record_version,
        "channel": "carried" if carried_from else act.actor.channel,
        "carried_from_id": carried_from.id if carried_from else None,
        "idempotency_key": idempotency_key,
        "request_status": request.status,
        "at": act.now,
    }
    if seat is not None:
        seat.made = _made(row)
    return row


def write_decision(case: Case, row: dict[str, Any]) -> None:
    """Store a decision with what it led to; a repeated post answers with exactly that."""
    row["request_status"] = case.request.status
    journal().insert(_DECISIONS, row)


def _made(row: Mapping[str, Any]) -> Made:
    return Made(
        id=row["id"],
        assignment_id=row["assignment_id"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        on_behalf_of_id=row["on_behalf_of_id"],
        decision=row["decision"],
        reason_code=row["reason_code"],
        digest=row["digest"],
        idempotency_key=row["idempotency_key"],
        request_status=row["request_status"],
        at=row["at"],
    )
