"""From an answer to what follows: the next level, or the end and the instance's next step."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Literal
from uuid import UUID

from wfweb import conditions
from wfweb.approvals import rules
from wfweb.approvals.act import Act, make_decision, write_decision
from wfweb.approvals.electorate import Candidate, Electorate, resolve
from wfweb.approvals.events import DecisionRecorded, LevelOpened
from wfweb.approvals.models import ApprovalAssignment
from wfweb.approvals.rows import Case, Level, Seat
from wfweb.approvals.settling import (
    ask_whoever_is_next,
    close_level,
    end_request,
    out_of_risk,
    outcome_of,
    put_at_risk,
    risk_of,
    votes_of,
)
from wfweb.approvals.subject import subject_of
from wfweb.kernel.actor import acting_as
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal
from wfweb.workflow import facts as workflow_facts
from wfweb.workflow import service as workflow
from wfweb.workflow.engine import running
from wfweb.workflow.loading import load

_SEATS: Any = ApprovalAssignment.__table__
_answering: ContextVar[bool] = ContextVar("wfweb_approvals_answering", default=False)


def settle(act: Act, case: Case) -> None:
    """Do what the answers given so far lead to, until somebody has to be waited for."""
    level = case.level
    if level is None or not case.request.is_open:
        return
    outcome = outcome_of(level)
    if outcome is rules.Outcome.AT_RISK:
        put_at_risk(act, case, risk_of(level))
        return
    out_of_risk(act, case)
    if outcome is rules.Outcome.OPEN:
        ask_whoever_is_next(act, case, level)
    elif outcome is rules.Outcome.APPROVED:
        close_level(act, level, "approved", "Settled without this answer")
        enter_next(act, case)
    else:
        close_level(act, level, "rejected", "Settled without this answer")
        finish(act, case, "rejected", because="Rejected")


def enter_next(act: Act, case: Case) -> None:
    """Open the next level that is not settled yet; after the last one the request is approved."""
    number = case.request.current_level + 1
    while number in case.levels and case.levels[number].status == "approved":
        number += 1  # kept from an earlier round
    if number not in case.levels:
        finish(act, case, "approved", because="Approved")
        return
    level = case.levels[number]
    act.touch(case.request, current_level=number)
    if not _approved_by_rule(act, case, level):
        open_level(act, case, level)
    settle_opened(act, case, level)


def settle_opened(act: Act, case: Case, level: Level) -> None:
    """Go on from a level that has just opened, which a rule or a carried answer may settle."""
    if level.status == "approved":
        enter_next(act, case)
    else:
        settle(act, case)


def _approved_by_rule(act: Act, case: Case, level: Level) -> bool:
    """Approve a level by the named rule in its specification, when its condition holds."""
    rule: Mapping[str, Any] | None = level.spec.get("auto_approve")
    if not rule:
        return False
    journal().flush()
    loaded = running(case.request.instance_id) or load(case.request.instance_id, lock=False)
    look = workflow_facts.Facts(loaded)
    if not conditions.evaluate(rule["when"], look):
        return False
    why = conditions.explain(rule["when"], look).to_json()
    level.change(
        status="approved",
        opened_at=act.now,
        closed_at=act.now,
        closed_because=f"Approved by the rule “{rule['name']}”",
        resolution={"rule": rule["name"], "why": why},
    )
    with acting_as(act.as_system()):
        approve_by_system(act, case, level.number, str(rule["name"]), {"why": why})
    return True


def approve_by_system(
    act: Act, case: Case, level_number: int, rule: str, details: Mapping[str, Any]
) -> None:
    """Write and tell that a named rule approved; the audit names rule and version (I-16)."""
    row = make_decision(
        act,
        case,
        level_number=level_number,
        decision="approve",
        seat=None,
        reason_code="auto_approved",
        comment=f"Approved automatically by the rule “{rule}”",
        name=f"wfweb: {rule}",
    )
    write_decision(case, row)
    act.tell(
        DecisionRecorded,
        case.request,
        decision_id=row["id"],
        decision="approve",
        level=level_number,
        after={"decision": "approve", "rule": rule},
        details={**details, "automatic": True, "rule": rule},
    )


def open_level(act: Act, case: Case, level: Level) -> None:
    """Find the electorate of a level from live data, freeze it as seats, ask whose turn it is."""
    found = resolve(
        level.spec["approvers"],
        subject_of(case.request),
        act.resolver,
        self_approval=level.self_approval,
    )
    due = act.due_times.due(level.spec)
    due_at = due.at if due else None
    level.change(
        status="open",
        opened_at=act.now,
        due_at=due_at,
        receipt=due.receipt if due else None,
        resolution=found.as_json(),
    )
    act.touch(case.request, due_at=due_at)
    act.arm(level, due_at)
    add_seats(act, case, level, found)
    act.tell(
        LevelOpened,
        case.request,
        level_id=level.id,
        level=level.number,
        level_name=level.name,
        details={
            "rule": level.spec["rule_text"],
            "people": [c.user.name for c in found.candidates],
        },
    )


def add_seats(
    act: Act, case: Case, level: Level, found: Electorate, *, first_sequence: int = 1
) -> list[Seat]:
    """Give every candidate a seat; an approval of the level before is carried over."""
    level.resolution = found.as_json()
    before = case.levels.get(level.number - 1)
    carried = _carried(case, before, found.candidates)
    return [
        add_seat(act, case, level, candidate, sequence, carried.get(candidate.user.id))
        for sequence, candidate in enumerate(found.candidates, start=first_sequence)
    ]


def _carried(case: Case, before: Level | None, people: list[Candidate]) -> dict[UUID, Any]:
    """Return the decisions of people who approved exactly this on the level directly before."""
    if before is None or before.status != "approved":
        return {}
    asked_once = rules.carried_over(votes_of(before), [one.user.id for one in people])
    return {
        seat.user_id: seat.made
        for seat in before.seats
        if seat.user_id in asked_once
        and seat.made is not None
        and seat.made.decision == "approve"
        and seat.made.digest == case.request.digest
    }


def add_seat(
    act: Act,
    case: Case,
    level: Level,
    candidate: Candidate,
    sequence: int,
    carried: Any = None,
    *,
    on_behalf_of_id: UUID | None = None,
) -> Seat:
    """Add one seat to a level; with a carried decision it is answered already."""
    user = candidate.user
    seat = Seat(
        id=new_id(),
        request_id=case.request.id,
        level_id=level.id,
        user_id=user.id,
        sequence=sequence,
        status="approved" if carried else "pending",
        asked_at=None,
        due_at=None,
        source=candidate.source,
        role_id=candidate.role_id,
        on_behalf_of_id=on_behalf_of_id,
        user_name=user.name,
        user_active=True,
        in_role=True,
    )
    journal().insert(
        _SEATS,
        {
            "id": seat.id,
            "company_id": case.request.company_id,
            "request_id": seat.request_id,
            "level_id": seat.level_id,
            "user_id": seat.user_id,
            "sequence": sequence,
            "status": seat.status,
            "why": "; ".join(candidate.why)[:2000],
            "source": seat.source,
            "role_id": seat.role_id,
            "on_behalf_of_id": on_behalf_of_id,
            "closed_at": act.now if carried else None,
            "closed_because": "Approved on the level before" if carried else None,
            "changed_at": act.now,
        },
    )
    level.seats.append(seat)
    if carried:
        row = make_decision(
            act,
            case,
            level_number=level.number,
            decision="approve",
            seat=seat,
            comment="Counted from the level before, where the same person approved this",
            carried_from=carried,
        )
        write_decision(case, row)
    return seat


def finish(
    act: Act,
    case: Case,
    status: Literal["approved", "rejected"],
    *,
    reason: str | None = None,
    comment: str | None = None,
    because: str,
) -> None:
    """End a request with an outcome and let its instance go on, in the same transaction."""
    end_request(act, case, status, reason=reason, comment=comment, because=because)
    case.outcome = ("approval" if status == "approved" else "rejection", None, comment)


def go_on(case: Case) -> None:
    """Take the instance's next step after the request ended with an outcome.

    Called once the decision itself is written, because the step may run actions and open
    the next request. Being sent back or withdrawn moves the instance only where the
    definition has a way out of that name; otherwise it stays, to be asked again.
    """
    if case.outcome is None:
        return
    outcome, event, comment = case.outcome
    case.outcome = None
    instance = case.instance or running(case.request.instance_id)
    loaded = instance or load(case.request.instance_id, lock=False)
    if event is not None:
        ways = loaded.definition.out(loaded.state, outcome)
        if not any(way.event == event for way in ways):
            return
    token = _answering.set(True)
    try:
        workflow.continue_after_approval(loaded, outcome, event=event, comment=comment)
    finally:
        _answering.reset(token)


def is_answering() -> bool:
    """Tell whether what happens now follows from an answer, not from somebody who asks."""
    return _answering.get()
