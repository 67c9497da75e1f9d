"""Asking before acting, and using the leave that was given."""

from uuid import UUID

from wfweb.kernel.api import ApiBlueprint, endpoint
from wfweb.kernel.errors import Forbidden, Gone, Locked
from wfweb.locks import guard, permits
from wfweb.locks.errors import PermitRefused, shown
from wfweb.locks.schemas import (
    ActionCheckIn,
    ActionCheckOut,
    BlockingLockOut,
    CheckQuery,
    PermitOut,
    RedeemIn,
)
from wfweb.records.api import record_of

bp = ApiBlueprint(
    "locks",
    __name__,
    title="Locks",
    about="What is blocked on a record, why, who can release it, and permits to act.",
)
_ABOUT = (
    "The answer is old as soon as it is given. Whoever acts elsewhere asks by POST for a permit "
    "and redeems it at the moment of acting. An action that neither the record's type nor its "
    "workflows, kinds of locks or locks name is refused with 422 and `known_actions`: a slip of "
    "the pen never reads as permission."
)


def answered(record_id: UUID, action: str) -> ActionCheckOut:
    """Return the answer to a question about an action."""
    answer = guard.check(record_id, action)
    releases = answer.releases or {}
    locks = [BlockingLockOut.model_validate(shown(one, releases[one.id])) for one in answer.locks]
    return ActionCheckOut(allowed=answer.allowed, reason=answer.reason, locks=locks)


@endpoint(
    bp,
    "GET",
    "/records/<ref>/check-action",
    response=ActionCheckOut,
    query=CheckQuery,
    summary="Ask whether an action is free",
    description=_ABOUT,
)
def check_action(ref: str, query: CheckQuery) -> ActionCheckOut:
    """Answer whether locks block an action on a record."""
    return answered(record_of(ref).id, query.action)


@endpoint(
    bp,
    "GET",
    "/properties/<ref>/check-action",
    response=ActionCheckOut,
    query=CheckQuery,
    summary="Ask whether an action on a property is free",
    description="The address of the system that was replaced; the same as for any record.",
)
def check_property_action(ref: str, query: CheckQuery) -> ActionCheckOut:
    """Answer whether locks block an action on a property."""
    return answered(record_of(ref).id, query.action)


@endpoint(
    bp,
    "POST",
    "/records/<ref>/check-action",
    request=ActionCheckIn,
    response=ActionCheckOut,
    summary="Ask whether an action is free, and for leave to do it",
    description=(
        f"With `permit` a free action is answered with a permit: good for {permits.SECONDS} "
        "seconds, once, for this action, record and arguments, and only for who asked. A lock "
        "that arrives in between takes it back. An action that nothing names is refused."
    ),
)
def ask_for_permit(ref: str, body: ActionCheckIn) -> ActionCheckOut:
    """Answer, with a permit where one is wanted and the action is free."""
    record = record_of(ref)
    answer = answered(record.id, body.action)
    if not (answer.allowed and body.permit):
        return answer
    try:
        permit = permits.issue(record, body.action, body.arguments_digest)
    except Locked:
        # A lock arrived between the question and the leave.
        return answered(record.id, body.action)
    return answer.model_copy(update={"permit": PermitOut.model_validate(permit)})


@endpoint(
    bp,
    "POST",
    "/permits/<uuid:permit_id>/redeem",
    request=RedeemIn,
    response=PermitOut,
    errors=[Forbidden, Locked, PermitRefused, Gone],
    summary="Use a permit",
    description="Do the action only after this was answered with 200; from then on it counts.",
)
def redeem_permit(permit_id: UUID, body: RedeemIn) -> PermitOut:
    """Use a permit, once."""
    permit = permits.redeem(
        permit_id,
        action=body.action,
        record_id=body.record_id,
        arguments_digest=body.arguments_digest,
    )
    return PermitOut.model_validate(permit)
