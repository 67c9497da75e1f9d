"""The rows of one request as the verbs hold them, under the request's lock.

Plain objects instead of the ORM's: a decision reads them in one statement and writes only
what changed, through the journal, so five hundred decisions cost what one costs plus rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from wfweb.approvals.models import (
    OPEN_STATUSES,
    ApprovalAssignment,
    ApprovalLevel,
    ApprovalRequest,
)
from wfweb.kernel.journal import journal


class Row:
    """A row that tells the journal what changes in it."""

    table: ClassVar[Any]
    id: UUID

    __slots__ = ()

    def change(self, **changes: Any) -> None:
        """Change columns here and, when the act ends, in the database."""
        for name, value in changes.items():
            setattr(self, name, value)
        journal().update(self.table, self.id, changes)


@dataclass(slots=True, eq=False)
class Request(Row):
    """A row of ``approval_requests``; its snapshot is read only when somebody needs it."""

    table = ApprovalRequest.__table__

    id: UUID
    company_id: UUID
    key: str
    round: int
    instance_id: UUID
    state: str
    record_id: UUID
    record_type_code: str
    title: str
    requester_id: UUID | None
    excluded_ids: list[UUID]
    record_version: int
    digest: str
    config: dict[str, Any]
    status: str
    outcome_reason: str | None
    outcome_comment: str | None
    current_level: int
    levels_total: int
    escalations: int
    at_risk: bool
    at_risk_reason: str | None
    due_at: datetime | None
    decided_at: datetime | None
    version: int
    amount: Decimal | None
    updated_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether somebody can still decide it."""
        return self.status in OPEN_STATUSES


@dataclass(slots=True, eq=False)
class Made:
    """A decision that was made about a seat; what "already decided" and retries answer with."""

    id: UUID
    assignment_id: UUID
    user_id: UUID | None
    user_name: str
    on_behalf_of_id: UUID | None
    decision: str
    reason_code: str | None
    digest: str
    idempotency_key: str | None
    request_status: str
    at: datetime


@dataclass(slots=True, eq=False)
class Seat(Row):
    """A row of ``approval_assignments`` and what is true of its holder now."""

    table = ApprovalAssignment.__table__

    id: UUID
    request_id: UUID
    level_id: UUID
    user_id: UUID
    sequence: int
    status: str
    asked_at: datetime | None
    due_at: datetime | None
    source: str
    role_id: UUID | None
    on_behalf_of_id: UUID | None
    user_name: str
    user_active: bool
    in_role: bool
    """Whether the right to decide still stands: the role, and who handed an open seat over."""
    closed_at: datetime | None = None
    closed_because: str | None = None
    changed_at: datetime | None = None
    behalf_name: str | None = None
    behalf_active: bool = True
    made: Made | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided, now or when its turn comes."""
        return self.status == "pending"

    @property
    def is_asked(self) -> bool:
        """Whether its holder can act now."""
        return self.status == "pending" and self.asked_at is not None

    def ineligible_because(self) -> str | None:
        """Return why the holder may no longer decide, or nothing.

        A delegate decides with the right of the one who handed the seat over: that one must
        still be active, and still in the role that was asked.
        """
        if not self.user_active:
            return f"{self.user_name} is no longer active"
        if not self.behalf_active:
            return f"{self.behalf_name}, who handed this over, is no longer active"
        if not self.in_role:
            return f"{self.behalf_name or self.user_name} is no longer in the role that was asked"
        return None


@dataclass(slots=True, eq=False)
class Level(Row):
    """A row of ``approval_levels`` with its seats, in their order."""

    table = ApprovalLevel.__table__

    id: UUID
    request_id: UUID
    number: int
    name: str
    quorum: str
    min_approvers: int | None
    ordering: str
    status: str
    due_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None
    closed_because: str | None
    spec: dict[str, Any]
    resolution: dict[str, Any] | None = None
    receipt: dict[str, Any] | None = None
    """Of the due time, when this act set it; acts never read it back."""
    seats: list[Seat] = field(default_factory=list)

    @property
    def open_seats(self) -> list[Seat]:
        """Seats that nobody has decided yet."""
        return [seat for seat in self.seats if seat.is_open]

    @property
    def self_approval(self) -> bool:
        """Whether requester and editors may decide at this level."""
        return bool(self.spec.get("self_approval"))


@dataclass(slots=True, eq=False)
class Case:
    """A request with its chain, all of it under the request's lock."""

    request: Request
    levels: dict[int, Level] = field(default_factory=dict)
    instance: Any = None
    """The instance as the engine loaded it, when a bulk has done so for all at once."""
    outcome: tuple[Literal["approval", "rejection"], str | None, str | None] | None = None
    """What the instance has to be told once the decision is written: outcome, event, comment."""

    @property
    def level(self) -> Level | None:
        """The level that is asked now."""
        return self.levels.get(self.request.current_level)

    def seats(self) -> Iterator[Seat]:
        """Yield the seats of all levels."""
        for level in self.levels.values():
            yield from level.seats

    def seat(self, seat_id: UUID) -> Seat | None:
        """Return a seat by id."""
        return next((seat for seat in self.seats() if seat.id == seat_id), None)

    def latest(self) -> Made | None:
        """Return the last decision of a person, if there is one."""
        made = [seat.made for seat in self.seats() if seat.made is not None]
        return max(made, key=lambda one: (one.at, one.id), default=None)
