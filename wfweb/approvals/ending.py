"""Ending and beginning again: withdraw, cancel because the work moved on, resubmit."""

from uuid import UUID

from wfweb.approvals import errors, policy
from wfweb.approvals.act import Act, make_decision, write_decision
from wfweb.approvals.comments import checked_comment
from wfweb.approvals.continuing import go_on
from wfweb.approvals.events import DecisionRecorded
from wfweb.approvals.loading import lock_many, lock_one, open_requests_of_instance
from wfweb.approvals.opening import open_request
from wfweb.approvals.settling import end_request
from wfweb.kernel.errors import Conflict
from wfweb.workflow.loading import load


def withdraw(request_id: UUID, *, comment: str = "") -> None:
    """Take a request back, as its requester (or somebody who repairs requests).

    The instance takes the rejection exit named ``withdraw`` when there is one, else it stays
    and can be asked again.

    :raises ValidationFailed: ``/comment``: too long.
    :raises Gone: when it has ended.
    :raises Forbidden: for anybody else.
    """
    note = checked_comment(comment)
    act, case = Act(), lock_one(request_id)
    policy.require("withdraw", case)
    row = make_decision(
        act,
        case,
        level_number=case.request.current_level,
        decision="withdraw",
        seat=None,
        comment=note,
        by=act.actor,
    )
    act.tell(
        DecisionRecorded,
        case.request,
        decision_id=row["id"],
        decision="withdraw",
        level=case.request.current_level,
        user_id=act.actor.id,
        after={"decision": "withdraw"},
        details={"comment": note or None},
    )
    end_request(
        act, case, "cancelled", reason="withdrawn", comment=note or None, because="Withdrawn"
    )
    write_decision(case, row)
    case.outcome = ("rejection", "withdraw", note or None)
    go_on(case)
    act.end()


def cancel_of_instance(instance_id: UUID, reason: str, because: str) -> None:
    """Close the open request of an instance that no longer waits for it."""
    act = Act()
    for case in lock_many(open_requests_of_instance(instance_id)).values():
        end_request(act, case, "cancelled", reason=reason, because=because)
    act.end()


def resubmit(request_id: UUID) -> UUID:
    """Ask again after changes: a new round under the same key; the old one is kept.

    :raises Conflict: when it is being asked already, or the work has moved on.
    :raises Gone: when the request is open.
    :raises Forbidden: for anybody but the requester and who repairs requests.
    """
    act, case = Act(), lock_one(request_id)
    if case.request.is_open:
        raise Conflict(f"{case.request.key} is being asked already", reason="open")
    policy.require("resubmit", case)
    if open_requests_of_instance(case.request.instance_id):
        raise Conflict(f"{case.request.key} is being asked already", reason="open")
    loaded = load(case.request.instance_id, lock=False)
    state = loaded.definition.states.get(loaded.state)
    if (
        loaded.status != "active"
        or state is None
        or state.approval is None
        or loaded.state != case.request.state
    ):
        raise errors.moved_on(case.request.key, loaded.state_name)
    return open_request(case.request.instance_id, state.approval.model_dump(mode="json"), act=act)
