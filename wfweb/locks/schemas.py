"""What the API of locks and permits takes and answers."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, Page, PageQuery, Query, example
from wfweb.locks.types import CODE

ACTION = Field(pattern=CODE, description="The code of the action, such as `refinance`.")
DIGEST = Field(
    default="",
    max_length=128,
    pattern=r"^[A-Za-z0-9+/=_:.-]*$",
    description="Whatever stands for the arguments, such as their SHA-256; redeeming names it too.",
)


class CheckQuery(Query):
    """Which action is asked about."""

    action: str = ACTION


class ActionCheckIn(In):
    """Which action is asked about, and whether leave for it is wanted."""

    model_config = example({"action": "refinance", "permit": True, "arguments_digest": "5f1c"})

    action: str = ACTION
    permit: bool = Field(default=False, description="Give a permit when the action is free.")
    arguments_digest: str = DIGEST


class BlockingLockOut(Out):
    """A lock that blocks the action: why, until when, and who can end it."""

    id: UUID
    lock_type: str
    name: str
    reason: str
    severity: Literal["critical", "warning"]
    locked_at: datetime
    expires_at: datetime | None
    on_expiry: Literal["unlock", "renew", "accept"]
    blocked_actions: list[str]
    alert: str
    in_flight: Literal["finish", "stop"] = Field(description="What happens to work already begun.")
    in_flight_text: str
    release: str = Field(description="Who can release it, in a sentence.")
    request: str | None = Field(description="The key of the request for its release, if it waits.")
    who_can_release: list[str]
    url: str


class PermitOut(Out):
    """Leave to do the action once, until it expires or a lock arrives."""

    id: UUID
    action: str
    record_id: UUID
    arguments_digest: str
    status: Literal["issued", "redeemed", "revoked"]
    issued_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None = None


class ActionCheckOut(Out):
    """Whether the action is free now; if not, why, and by which locks."""

    allowed: bool
    reason: str
    locks: list[BlockingLockOut]
    permit: PermitOut | None = None


class RedeemIn(In):
    """What is about to be done; it has to be what the permit was given for."""

    model_config = example(
        {
            "action": "refinance",
            "record_id": "0192f0c4-5a3e-7c1d-9b2a-3f1e5d7c9a10",
            "arguments_digest": "5f1c",
        }
    )

    action: str = ACTION
    record_id: UUID = Field(strict=False)
    arguments_digest: str = DIGEST


class LockOut(Out):
    """A lock with its record, its alert and how it ended."""

    id: UUID
    record_id: UUID
    record_key: str
    record_title: str
    record_type: str
    alert_id: UUID
    alert_key: str
    lock_type: str
    type_name: str
    reason: str
    severity: Literal["critical", "warning"]
    status: Literal["locked", "unlocked", "expired"]
    blocked_actions: list[str]
    locked_at: datetime
    expires_at: datetime | None
    on_expiry: Literal["unlock", "renew", "accept"]
    in_flight: Literal["finish", "stop"]
    unlocked_at: datetime | None
    duration_hours: Decimal | None
    unlocked_by_name: str | None
    unlock_reason: str | None


class LockPage(Page[LockOut]):
    """Locks, newest first."""


class LockQuery(PageQuery):
    """Which locks are wanted."""

    status: Literal["locked", "unlocked", "expired", "all"] = "locked"
    severity: Literal["critical", "warning"] | None = None
    lock_type: str | None = Field(default=None, pattern=CODE)
    record_type: str | None = Field(default=None, pattern=CODE)
    action: str | None = Field(default=None, pattern=CODE)
    q: str | None = Field(default=None, max_length=100, description="In the record's key or title.")


class LockCountsOut(Out):
    """How many locks there are; `records` have at least one that stands."""

    locked: int
    critical: int
    records: int
    unlocked: int
    expired: int


class CauseOut(Out):
    """What the lock was made for, as it is now; `holds` is null when nobody can say."""

    metric: str | None
    operator: str | None
    threshold: Decimal | None
    value_then: Decimal | None
    value_now: Decimal | None
    holds: bool | None


class EvaluationOut(Out):
    """One look at the cause: why it was looked at, what it was, what followed."""

    at: datetime
    why: str
    outcome: str
    metric: str | None
    operator: str | None
    threshold: Decimal | None
    value: Decimal | None
    holds: bool | None
    by_name: str | None
    reason: str
    next_at: datetime | None


class ReleaseOut(Out):
    """Who can end the lock."""

    workflow: str | None
    committee: list[str]
    request_key: str | None
    waiting: list[str]
    override: list[str]
    sentence: str


class LockDetailOut(Out):
    """A lock with its cause now, its ways out and every look at it."""

    lock: LockOut
    cause: CauseOut
    release: ReleaseOut
    history: list[EvaluationOut]


class LockSummaryOut(Out):
    """The figures of a record's locks, as the database's `get_lock_summary` answers them."""

    total_locks: int
    active_locks: int
    critical_locks: int
    all_blocked_actions: list[str]
    avg_lock_duration_hours: float | None


class RecordLocksOut(Out):
    """The locks that stand on a record, oldest first, and its figures."""

    items: list[LockOut]
    summary: LockSummaryOut


class LockReasonIn(In):
    """Why, in words that everybody can read."""

    model_config = example({"reason": "The lender waived the covenant until March."})

    reason: str = Field(min_length=10, max_length=4000)


class AskedOut(Out):
    """The workflow instance that asks the committee."""

    instance_id: UUID


class LockTypeIn(In):
    """A kind of lock."""

    model_config = example(
        {
            "name": "Refinancing blocked",
            "causes": ["dscr"],
            "blocked_actions": ["refinance"],
            "expiry_days": 90,
            "on_expiry": "unlock",
            "in_flight": "stop",
        }
    )

    name: str
    description: str = ""
    record_type: str | None = None
    causes: list[str] = Field(default=[])
    fallback: bool = False
    blocked_actions: list[str]
    severity: str | None = None
    expiry_days: int | None = None
    on_expiry: str = "unlock"
    in_flight: str = "stop"
    release_workflow: str | None = None
    ask_at_once: bool = True
    active: bool = True
    version: int | None = None

    def body(self, code: str) -> dict[str, Any]:
        """Return what the verb takes."""
        return {"code": code} | self.model_dump(exclude={"version"})


class LockTypeOut(Out):
    """A kind of lock; `expiry_days` null means 90."""

    code: str
    name: str
    description: str
    record_type: str | None = Field(validation_alias="record_type_code")
    causes: list[str]
    fallback: bool
    blocked_actions: list[str]
    severity: str | None
    expiry_days: int | None
    on_expiry: str
    in_flight: str
    release_workflow: str | None
    ask_at_once: bool
    active: bool
    version: int


class LockTypeList(Out):
    """The kinds of locks, by name."""

    items: list[LockTypeOut]
