"""What else is done with a request: withdraw, ask again, hand over, repair."""

from uuid import UUID

from wfweb.approvals import policy, service
from wfweb.approvals.api import bp, request_of
from wfweb.approvals.api_shapes import shown_request
from wfweb.approvals.schemas import ApprovalOut
from wfweb.approvals.schemas_decisions import EscalateIn, NoteIn, PersonIn
from wfweb.kernel.api import PREFIX, Answer, endpoint
from wfweb.kernel.errors import AlreadyDecided, Conflict, Forbidden, Gone
from wfweb.kernel.journal import journal


def _now(ref: str) -> ApprovalOut:
    """Return a request after an act, from what the act has written."""
    journal().flush()
    return shown_request(request_of(ref))


@endpoint(
    bp,
    "POST",
    "/approvals/<ref>/withdraw",
    request=NoteIn,
    response=ApprovalOut,
    errors=[Forbidden, Gone],
    summary="Take a request back",
)
def withdraw_approval(ref: str, body: NoteIn) -> ApprovalOut:
    """Withdraw a request, as who asked for it."""
    service.withdraw(request_of(ref).request.id, comment=body.comment)
    return _now(ref)


@endpoint(
    bp,
    "POST",
    "/approvals/<ref>/resubmit",
    response=ApprovalOut,
    status=201,
    errors=[Forbidden, Gone, Conflict],
    summary="Ask again after changes",
    description="A new round under the same key; the old one is kept.",
)
def resubmit_approval(ref: str) -> Answer:
    """Begin the next round."""
    page = request_of(ref)
    service.resubmit(page.request.id)
    key = page.request.key
    return Answer(model=_now(key), location=f"{PREFIX}/approvals/{key}")


@endpoint(
    bp,
    "POST",
    "/approvals/<ref>/approvers",
    request=PersonIn,
    response=ApprovalOut,
    status=201,
    scope="admin",
    permission=policy.REASSIGN,
    errors=[Forbidden, Conflict],
    summary="Ask one more person",
)
def add_approver(ref: str, body: PersonIn) -> ApprovalOut:
    """Give somebody a further seat at the level that is asked."""
    service.add_approver(request_of(ref).request.id, body.to, comment=body.comment)
    return _now(ref)


@endpoint(
    bp,
    "POST",
    "/approvals/<ref>/resolve",
    response=ApprovalOut,
    scope="admin",
    permission=policy.REASSIGN,
    errors=[Forbidden, Conflict],
    summary="Look for the approvers again",
    description="From today's people and roles; votes that were given stay.",
)
def resolve_approval(ref: str) -> ApprovalOut:
    """Repair a request whose approvers left or were never found."""
    page = request_of(ref)
    service.re_resolve(page.request.id)
    return _now(page.request.key)


@endpoint(
    bp,
    "POST",
    "/approvals/<ref>/escalate",
    request=EscalateIn,
    response=ApprovalOut,
    scope="admin",
    permission=policy.REASSIGN,
    errors=[Forbidden, Gone, Conflict],
    summary="Ask the next ones up",
    description="Instead of those who have not answered; the definition says whom, else managers.",
)
def escalate_approval(ref: str, body: EscalateIn) -> ApprovalOut:
    """Take the level that is asked up, as who repairs requests."""
    page = request_of(ref)
    service.escalate(page.request.id, reason=body.comment)
    return _now(page.request.key)


@endpoint(
    bp,
    "POST",
    "/assignments/<uuid:assignment_id>/delegate",
    request=PersonIn,
    response=ApprovalOut,
    errors=[Forbidden, AlreadyDecided],
    summary="Let somebody else decide for you",
)
def delegate_assignment(assignment_id: UUID, body: PersonIn) -> ApprovalOut:
    """Hand one's own seat over."""
    page = request_of(str(assignment_id))
    service.delegate(assignment_id, body.to, comment=body.comment)
    return _now(page.request.key)


@endpoint(
    bp,
    "POST",
    "/assignments/<uuid:assignment_id>/reassign",
    request=PersonIn,
    response=ApprovalOut,
    scope="admin",
    permission=policy.REASSIGN,
    errors=[Forbidden, AlreadyDecided],
    summary="Give a seat to somebody else",
)
def reassign_assignment(assignment_id: UUID, body: PersonIn) -> ApprovalOut:
    """Move somebody's seat, as who repairs requests."""
    page = request_of(str(assignment_id))
    service.reassign(assignment_id, body.to, comment=body.comment)
    return _now(page.request.key)
