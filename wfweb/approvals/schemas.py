"""The shapes of requests and decisions in the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import Money, Out, Page, PageQuery, Query

Tab = Literal["needs_me", "for_others", "waiting", "decided", "requested", "at_risk"]
Status = Literal["pending", "approved", "rejected", "cancelled", "escalated"]
# What the column of amounts holds: 28 digits before the point, 10 after it; never infinite.
AmountLimit = Annotated[Decimal, Field(max_digits=38, decimal_places=10, allow_inf_nan=False)]


class ApprovalQuery(PageQuery):
    """Which requests are wanted."""

    tab: Tab = Field(
        default="needs_me",
        description=(
            "`needs_me`: what you can decide now; `for_others`: of those, what you decide for "
            "somebody else; `waiting`: what waits on others; `decided`: what you decided; "
            "`requested`: what you asked for; `at_risk`: what nobody can settle (needs "
            "`approvals.view_all`)."
        ),
    )
    type: str | None = Field(default=None, max_length=63, description="Code of the record type.")
    q: str | None = Field(default=None, max_length=100, description="Text in title, key, name.")
    minimum: AmountLimit | None = Field(default=None, description="Amount, whatever the currency.")
    maximum: AmountLimit | None = None
    due: Literal["overdue", "today", "week"] | None = None


class ApprovalSummary(Out):
    """A request in a list."""

    id: UUID
    key: str
    round: int
    title: str
    status: Status
    outcome_reason: str | None
    record_id: UUID
    record_key: str
    record_type: str
    amount: Money | None
    requester_id: UUID | None
    requester_name: str | None
    level: int
    levels: int
    digest: str = Field(description="Of exactly what is asked; a decision has to name it.")
    changed_since_seen: bool
    at_risk: bool
    at_risk_reason: str | None
    due_at: datetime | None
    created_at: datetime
    decided_at: datetime | None
    assignment_id: UUID | None = Field(description="Your own seat.")
    why: str | None = Field(description="Why you are asked.")
    for_name: str | None = Field(description="For whom you decide.")
    decision: str | None = Field(description="What you decided (tab `decided`).")


class ApprovalPage(Page[ApprovalSummary]):
    """Requests: those that need you soonest due first, others latest first."""


class CountsOut(Out):
    """How many requests are on each tab; waiting and requested are counted up to 1000."""

    needs_me: int
    for_others: int
    waiting: int
    requested: int
    at_risk: int


class RoundQuery(Query):
    """Which round of a request is wanted."""

    round: int | None = Field(default=None, ge=1, le=10_000, description="The latest by default.")


class SeatOut(Out):
    """One person who is asked at a level."""

    id: UUID
    user_id: UUID
    user_name: str
    on_behalf_of_id: UUID | None
    sequence: int
    status: str
    asked_at: datetime | None
    due_at: datetime | None
    why: str
    closed_because: str | None


class LevelOut(Out):
    """One level of the chain."""

    number: int
    name: str
    status: str
    quorum: str
    min_approvers: int | None
    ordering: str
    rule: str
    opened_at: datetime | None
    due_at: datetime | None
    due_text: str | None = Field(description="How the due time was counted, in words.")
    receipt: dict[str, Any] | None = Field(
        description="All that the due time depends on: calendar and version, zone, what was"
        " counted and what was not."
    )
    seats: list[SeatOut]


class DecisionMadeOut(Out):
    """What somebody decided, on exactly which content."""

    id: UUID
    level: int = Field(validation_alias="level_number")
    assignment_id: UUID | None
    user_id: UUID | None
    user_name: str
    on_behalf_of_id: UUID | None
    decision: str
    reason_code: str | None
    comment: str
    digest: str
    record_version: int
    channel: str
    at: datetime


class ReasonOut(Out):
    """A reason that can be given for rejecting."""

    code: str
    label: str
    comment_required: bool = False


class RoundOut(Out):
    """One round of asking."""

    id: UUID
    round: int
    status: Status
    outcome_reason: str | None
    created_at: datetime
    decided_at: datetime | None


class ApprovalOut(Out):
    """Everything about one round of a request."""

    id: UUID
    key: str
    round: int
    title: str
    status: Status
    outcome_reason: str | None
    outcome_comment: str | None
    instance_id: UUID
    state: str
    record_id: UUID
    record_key: str
    record_type: str
    record_version: int
    amount: Money | None
    requester_id: UUID | None
    requester_name: str | None
    digest: str = Field(description="Of exactly what is asked; a decision has to name it.")
    snapshot: dict[str, Any] = Field(description="What is asked: fields, labels, attachments.")
    current_level: int
    levels: list[LevelOut]
    decisions: list[DecisionMadeOut]
    rounds: list[RoundOut]
    reject_reasons: list[ReasonOut]
    actions: list[str] = Field(description="What you may do now.")
    assignment_id: UUID | None = Field(description="The seat on which you can decide now.")
    changed_since_seen: list[dict[str, Any]]
    changed_since_last_round: list[dict[str, Any]]
    at_risk: bool
    at_risk_reason: str | None
    due_at: datetime | None
    decided_at: datetime | None
    created_at: datetime
    version: int


class ExplanationOut(Out):
    """Why this rule, why these people, why nobody."""

    key: str
    round: int
    rule: dict[str, Any]
    automatic: list[dict[str, Any]]
    at_risk: str | None
    barred: list[dict[str, Any]]
    levels: list[dict[str, Any]]
