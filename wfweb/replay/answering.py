"""Events that answer an approval: found by name or by their words, decided by the one verb."""

from typing import Literal
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals.deciding import decide
from wfweb.approvals.models import ApprovalRequest
from wfweb.kernel.db import session
from wfweb.kernel.errors import AlreadyDecided
from wfweb.kernel.journal import journal
from wfweb.workflow.compiled import Definition
from wfweb.workflow.errors import StepNotPossible
from wfweb.workflow.loading import Loaded, load

Answer = Literal["approve", "reject", "send_back"]
_WORDS: tuple[tuple[str, Answer], ...] = (
    ("SENT BACK", "send_back"),
    ("SEND BACK", "send_back"),
    ("APPROV", "approve"),
    ("REJECT", "reject"),
)


def answer_of(definition: Definition, state: str, name: str) -> Answer | None:
    """Return what an event answers in an approval state; nothing when it is another step.

    A way out of that name says it; else the event's own words do (``… APPROVED by …``).
    """
    if definition.states[state].type != "approval":
        return None
    ways = definition.called(state, name)
    for way in ways:
        if way.trigger in {"approval", "rejection"}:
            if way.event == "send_back":
                return "send_back"
            return "approve" if way.trigger == "approval" else "reject"
    if ways:
        return None
    words = name.upper().replace("_", " ")
    return next((answer for word, answer in _WORDS if word in words), None)


def give(instance_id: UUID, answer: Answer, comment: str | None) -> Loaded:
    """Decide the open request of an instance as the current actor.

    :raises StepNotPossible: when nothing is asked now.
    :raises Refusal: whatever the decision is refused for.
    """
    journal().flush()
    request = (
        session()
        .execute(
            select(ApprovalRequest.id, ApprovalRequest.digest, ApprovalRequest.config)
            .where(
                ApprovalRequest.instance_id == instance_id,
                ApprovalRequest.status.in_(("pending", "escalated")),
            )
            .order_by(ApprovalRequest.round.desc())
            .limit(1)
        )
        .one_or_none()
    )
    if request is None:
        raise StepNotPossible("Nothing is asked now.", reason="not_here")
    reasons = request.config.get("reject_reasons") or []
    outcome = decide(
        request.id,
        answer,
        digest=request.digest,
        reason_code=reasons[0]["code"] if reasons and answer == "reject" else None,
        comment=comment or ("From the log" if answer != "approve" else ""),
    )
    if outcome.repeated:
        # A person pressing twice gets the first answer again; in a log it is a second event.
        raise AlreadyDecided("The same person has answered before.")
    return load(instance_id)
