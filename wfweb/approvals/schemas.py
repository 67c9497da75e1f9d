"""The shapes of requests and decisions in the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.approvals.deciding import MAX_COMMENT, MOST_AT_ONCE
from wfweb.kernel.api import In, Money, Out, Page, PageQuery, Query, example

Comment = Annotated[str, Field(max_length=MAX_COMMENT)]
SOME_ID = "0199c1de-7a10-7c3e-9d1b-2f1f0f3a5b77"
SOME_DIGEST = "5c0f8e2b7a1d4c3f9e6b5a4d3c2b1a0f5c0f8e2b7a1d4c3f9e6b5a4d3c2b1a0f"
Decision = Literal["approve", "reject", "send_back"]
Tab = Literal["needs_me", "for_others", "waiting", "decided", "requested", "at_risk"]
Status = Literal["pending", "approved", "rejected", "cancelled", "escalated"]


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
    minimum: Decimal | None = Field(default=None, description="Amount, whatever the currency.")
    maximum: Decimal | None = None
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


class DecisionIn(In):
    """Your answer, on exactly the content that you were shown."""

    model_config = example({"decision": "approve", "digest": SOME_DIGEST, "comment": "Fine"})

    decision: Decision
    digest: Annotated[str, Field(max_length=200)] = Field(
        description="The `digest` of the request you were shown."
    )
    reason_code: Annotated[str, Field(max_length=63)] | None = Field(
        default=None, description="One of `reject_reasons`; needed to reject where there are any."
    )
    comment: Comment = Field(default="", description="Needed to send back.")


class DecisionOut(Out):
    """What a decision led to."""

    decision_id: UUID
    request_id: UUID
    request_key: str
    assignment_id: UUID
    decision: str
    request_status: Status
    level: int
    levels: int
    waiting_for: list[str] = Field(description="Names of those who are asked now.")
    at: datetime
    repeated: bool = Field(description="Whether this very decision had been made before.")


class ShownItem(In):
    """A request, or your seat on it, and what you were shown of it."""

    id: UUID
    digest: Annotated[str, Field(max_length=200)]


class BulkDecisionIn(In):
    """One answer to up to 1000 requests."""

    model_config = example(
        {"decision": "approve", "items": [{"id": SOME_ID, "digest": SOME_DIGEST}]}
    )

    decision: Decision
    items: list[ShownItem] = Field(min_length=1, max_length=MOST_AT_ONCE)
    reason_code: Annotated[str, Field(max_length=63)] | None = None
    comment: Comment = ""
    rollback_on_error: bool = Field(
        default=False, description="Refuse everything when one is refused."
    )


class BulkItemOut(Out):
    """What became of one item: its outcome, or the problem document that refused it."""

    id: UUID
    done: bool
    outcome: DecisionOut | None
    problem: dict[str, Any] | None


class BulkDecisionOut(Out):
    """What became of every item, in the order they were sent."""

    done: int
    refused: int
    items: list[BulkItemOut]


class NoteIn(In):
    """A word about what is done, if one is needed."""

    model_config = example({"comment": "Bought elsewhere"})

    comment: Comment = ""


class PersonIn(In):
    """Somebody, and a word about it."""

    model_config = example({"to": SOME_ID, "comment": "On holiday until Monday"})

    to: UUID
    comment: Comment = ""


class QuestionIn(In):
    """A question to the requester, or the answer to one."""

    model_config = example({"body": "Is this price with or without transport?"})

    body: Annotated[str, Field(min_length=1, max_length=10_000)]


class RequestCommentOut(Out):
    """Something that was said about a request."""

    id: UUID
    body: str
    by_id: UUID | None
    by_name: str
    at: datetime


class RequestCommentList(Out):
    """What was said about all rounds of a request, oldest first."""

    items: list[RequestCommentOut]
