"""Requests: what waits for whom, one request, decisions one by one and in bulk."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals import policy, queries, service
from wfweb.approvals.api_shapes import shown_request, summary
from wfweb.approvals.models import ApprovalAssignment, ApprovalRequest
from wfweb.approvals.request_page import RequestPage
from wfweb.approvals.schemas import (
    ApprovalOut,
    ApprovalPage,
    ApprovalQuery,
    CountsOut,
    ExplanationOut,
    RoundQuery,
)
from wfweb.approvals.schemas_decisions import QuestionIn, RequestCommentList, RequestCommentOut
from wfweb.identity.access import current_user
from wfweb.identity.policy import require
from wfweb.kernel.api import ApiBlueprint, endpoint
from wfweb.kernel.db import session
from wfweb.kernel.errors import Forbidden, Gone, NotFound

bp = ApiBlueprint(
    "approvals",
    __name__,
    title="Approvals",
    about="Requests that wait for a decision, and the decisions.",
)
Listing = Callable[..., queries.Page]
TABS: dict[str, Listing] = {
    "needs_me": queries.waiting_for,
    "for_others": queries.waiting_for,
    "waiting": queries.waiting_on_others,
    "decided": queries.decided_by,
    "requested": queries.my_requests,
}


def request_of(ref: str, round_number: int | None = None) -> RequestPage:
    """Return a request by its key, its id, or the id of one of its seats.

    :raises NotFound: also for requests that may not be seen.
    """
    try:
        wanted = UUID(ref)
    except ValueError:
        return queries.request_page(ref, round_number)
    row = session().execute(
        select(ApprovalRequest.key, ApprovalRequest.round)
        .outerjoin(ApprovalAssignment, ApprovalAssignment.request_id == ApprovalRequest.id)
        .where((ApprovalRequest.id == wanted) | (ApprovalAssignment.id == wanted))
        .limit(1)
    )
    found = row.one_or_none()
    if found is None:
        raise NotFound
    return queries.request_page(found.key, round_number or found.round)


@endpoint(
    bp,
    "GET",
    "/approvals",
    response=ApprovalPage,
    query=ApprovalQuery,
    errors=[Forbidden],
    summary="List requests",
    description="The same lists as the tabs of the inbox.",
)
def list_approvals(query: ApprovalQuery) -> ApprovalPage:
    """Return the requests of a tab."""
    if query.tab == "at_risk":
        require(policy.VIEW_ALL)
        found = queries.at_risk(after=query.after, limit=query.limit)
    else:
        filters = queries.Filters(
            type_code=query.type,
            text=query.q,
            minimum=query.minimum,
            maximum=query.maximum,
            due=query.due,
            whose="for_others" if query.tab == "for_others" else "all",
        )
        listing = TABS[query.tab]
        found = listing(current_user().id, filters, after=query.after, limit=query.limit)
    return ApprovalPage(items=[summary(row) for row in found.rows], next=found.after)


@endpoint(bp, "GET", "/approvals/counts", response=CountsOut, summary="Count what is on the tabs")
def count_approvals() -> CountsOut:
    """Return the numbers on the tabs."""
    return CountsOut.model_validate(queries.counts(current_user().id))


@endpoint(
    bp,
    "GET",
    "/approvals/<ref>",
    response=ApprovalOut,
    query=RoundQuery,
    summary="Get a request",
    description="By its key, its id, or the id of a seat.",
)
def get_approval(ref: str, query: RoundQuery) -> ApprovalOut:
    """Return one round of a request with its chain."""
    return shown_request(request_of(ref, query.round))


@endpoint(
    bp,
    "GET",
    "/approvals/<ref>/explanation",
    response=ExplanationOut,
    query=RoundQuery,
    summary="Explain a request",
    description="Which rule chose the levels, why each person is asked, who was left out and why.",
)
def explain_approval(ref: str, query: RoundQuery) -> ExplanationOut:
    """Return why these people are asked."""
    request_id = request_of(ref, query.round).request.id
    return ExplanationOut.model_validate(queries.explanation(request_id))


@endpoint(
    bp,
    "GET",
    "/approvals/<ref>/comments",
    response=RequestCommentList,
    summary="List what was said about a request",
)
def list_approval_comments(ref: str) -> RequestCommentList:
    """Return questions and answers, oldest first."""
    said = request_of(ref).comments
    return RequestCommentList(items=[RequestCommentOut.model_validate(one) for one in said])


@endpoint(
    bp,
    "POST",
    "/approvals/<ref>/comments",
    request=QuestionIn,
    response=RequestCommentOut,
    status=201,
    errors=[Forbidden, Gone],
    summary="Ask or answer something about a request",
    description="The request stays as it is and nobody's turn changes.",
)
def create_approval_comment(ref: str, body: QuestionIn) -> RequestCommentOut:
    """Say something about a request."""
    comment_id = service.ask(request_of(ref).request.id, body.body)
    session().flush()
    said = next(one for one in request_of(ref).comments if one.id == comment_id)
    return RequestCommentOut.model_validate(said)
