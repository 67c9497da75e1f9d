"""Who may do what to a request: one table of action and status."""

from collections.abc import Callable, Mapping

from wfweb.approvals import errors
from wfweb.approvals.rows import Case
from wfweb.approvals.wording import ended_in_words
from wfweb.identity.policy import denied
from wfweb.kernel.actor import Actor, current_actor
from wfweb.kernel.errors import Forbidden

REASSIGN = "approvals.reassign"
VIEW_ALL = "approvals.view_all"

Who = Callable[[Actor, Case], bool]


def _requester(actor: Actor, case: Case) -> bool:
    return actor.id is not None and actor.id == case.request.requester_id


def _holder(actor: Actor, case: Case) -> bool:
    return any(seat.user_id == actor.id and seat.is_open for seat in case.seats())


def _manager(actor: Actor, _case: Case) -> bool:
    return actor.may(REASSIGN)


def _anybody_involved(actor: Actor, case: Case) -> bool:
    return (
        actor.may(VIEW_ALL)
        or _requester(actor, case)
        or any(actor.id in (seat.user_id, seat.on_behalf_of_id) for seat in case.seats())
        or actor.id in case.request.excluded_ids
    )


OPEN, ENDED = "open", "ended"

RULES: Mapping[tuple[str, str], tuple[Who, ...]] = {
    ("decide", OPEN): (_holder,),
    ("delegate", OPEN): (_holder,),
    ("withdraw", OPEN): (_requester, _manager),
    ("reassign", OPEN): (_manager,),
    ("ask", OPEN): (_anybody_involved,),
    ("resubmit", ENDED): (_requester, _manager),
    ("view", OPEN): (_anybody_involved,),
    ("view", ENDED): (_anybody_involved,),
}
_WORDS = {
    "withdraw": "Only the requester can withdraw {key}",
    "resubmit": "Only the requester can ask for {key} again",
    "ask": "You were not asked about {key}",
    "view": "You were not asked about {key}",
    "delegate": "You hold no open question on {key}",
}


def status_of(case: Case) -> str:
    """Return the column of the table a request is in."""
    return OPEN if case.request.is_open else ENDED


def may(action: str, case: Case, actor: Actor | None = None) -> bool:
    """Tell whether somebody (the current actor) may do something to a request as it is."""
    someone = actor or current_actor()
    allowed = RULES.get((action, status_of(case)), ())
    return someone.kind == "system" or any(who(someone, case) for who in allowed)


def require(action: str, case: Case) -> None:
    """Let through who may.

    :raises Gone: when the action belongs to the other status.
    :raises Forbidden: for everybody else.
    """
    if (action, status_of(case)) not in RULES:
        request = case.request
        how = ended_in_words(request.status, request.outcome_reason)
        raise errors.ended(request.key, how)
    if may(action, case):
        return
    if action == "reassign":
        raise denied(REASSIGN)
    detail = _WORDS.get(action, "You cannot do this to {key}").format(key=case.request.key)
    raise Forbidden(detail, permission=f"approvals.{action}", risk="MEDIUM", code="not_involved")
