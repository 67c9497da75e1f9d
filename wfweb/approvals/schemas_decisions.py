"""The shapes of what is done with requests in the API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.approvals.comments import MAX_COMMENT
from wfweb.approvals.deciding import MOST_AT_ONCE
from wfweb.approvals.schemas import Status
from wfweb.kernel.api import In, Out, example

Comment = Annotated[str, Field(max_length=MAX_COMMENT)]
SOME_ID = "0199c1de-7a10-7c3e-9d1b-2f1f0f3a5b77"
SOME_DIGEST = "5c0f8e2b7a1d4c3f9e6b5a4d3c2b1a0f5c0f8e2b7a1d4c3f9e6b5a4d3c2b1a0f"
Decision = Literal["approve", "reject", "send_back"]


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


class EscalateIn(In):
    """Why it is done; it cannot be left out."""

    model_config = example({"comment": "Ada is away and the supplier waits"})

    comment: Comment


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
