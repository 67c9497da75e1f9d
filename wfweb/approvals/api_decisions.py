"""Decisions: one by one and in bulk."""

from uuid import UUID

from wfweb.approvals import queries, service
from wfweb.approvals.api import bp
from wfweb.approvals.deciding import ItemResult
from wfweb.approvals.schemas_decisions import (
    BulkDecisionIn,
    BulkDecisionOut,
    BulkItemOut,
    DecisionIn,
    DecisionOut,
)
from wfweb.kernel.api import Answer, endpoint
from wfweb.kernel.errors import (
    AlreadyDecided,
    FieldError,
    Forbidden,
    NotFound,
    Stale,
    ValidationFailed,
)
from wfweb.kernel.problem import body_of
from wfweb.workflow.errors import ActionFailed, StepNotPossible


@endpoint(
    bp,
    "POST",
    "/approvals/<ref>/decisions",
    request=DecisionIn,
    response=DecisionOut,
    status=201,
    errors=[AlreadyDecided, Stale, Forbidden, StepNotPossible, ActionFailed],
    summary="Decide a request",
    description=(
        "The request is named by its key, its id, or better the id of your seat. When the "
        "content changed since you looked, the answer is 409 `stale` with the difference and "
        "the `current_digest`: send that to say “still yes”."
    ),
)
def decide_approval(ref: str, body: DecisionIn) -> Answer:
    """Decide as the owner of the token."""
    outcome = service.decide(
        _target(ref),
        body.decision,
        digest=body.digest,
        reason_code=body.reason_code,
        comment=body.comment,
    )
    return Answer(model=DecisionOut.model_validate(outcome))


def _target(ref: str) -> UUID:
    """Return what is decided: the id as it was sent, which may be a seat's."""
    try:
        return UUID(ref)
    except ValueError:
        return queries.request_page(ref).request.id


@endpoint(
    bp,
    "POST",
    "/approvals/decisions",
    request=BulkDecisionIn,
    response=BulkDecisionOut,
    errors=[AlreadyDecided, Stale, Forbidden, NotFound],
    summary="Decide up to 1000 requests",
    description=(
        "Each by the same rules as one. Refused items change nothing and carry their problem "
        "document; the others are done, unless `rollback_on_error` is set."
    ),
)
def decide_approvals(body: BulkDecisionIn) -> BulkDecisionOut:
    """Give one answer to many requests."""
    digests = {item.id: item.digest for item in body.items}
    if len(digests) < len(body.items):
        raise ValidationFailed([FieldError("/items", "Name every request once", "twice")])
    results = service.decide_many(
        list(digests),
        body.decision,
        digests=digests,
        reason_code=body.reason_code,
        comment=body.comment,
        rollback_on_error=body.rollback_on_error,
    )
    items = [_item(one) for one in results]
    done = sum(item.done for item in items)
    return BulkDecisionOut(done=done, refused=len(items) - done, items=items)


def _item(result: ItemResult) -> BulkItemOut:
    outcome = result.outcome
    return BulkItemOut(
        id=result.target_id,
        done=outcome is not None,
        outcome=DecisionOut.model_validate(outcome) if outcome else None,
        problem=body_of(result.refusal) if result.refusal else None,
    )
