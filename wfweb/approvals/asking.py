"""Asking the requester something without deciding."""

from uuid import UUID

from wfweb.approvals import policy
from wfweb.approvals.act import Act
from wfweb.approvals.events import QuestionAsked
from wfweb.approvals.loading import lock_one
from wfweb.records.talk import comment

SUBJECT = "approval_request"


def ask(request_id: UUID, question: str) -> UUID:
    """Say something about a request: a question of an approver, or the requester's answer.

    Returns the comment's id. The request stays as it is and nobody's turn changes.

    :raises ValidationFailed: when nothing is asked.
    :raises Forbidden: for people the request does not concern.
    :raises Gone: when the request has ended.
    """
    act, case = Act(), lock_one(request_id)
    policy.require("ask", case)
    said = comment(SUBJECT, request_id, question, label=case.request.key)
    act.tell(QuestionAsked, case.request, comment_id=said.id, user_id=act.actor.id)
    return said.id
