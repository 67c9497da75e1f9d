"""Levels that fall due: remind, escalate, or what else the definition says, never more.

A timer finds the level under the request's lock. When a decision was faster, the level is
closed and nothing happens; a time-out is never recorded as a person's decision (trap 51).
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals import policy
from wfweb.approvals.act import Act, close_seat, make_decision, write_decision
from wfweb.approvals.comments import checked_comment
from wfweb.approvals.continuing import add_seat, enter_next, finish, go_on, settle
from wfweb.approvals.electorate import Candidate, Electorate, resolve
from wfweb.approvals.events import (
    DecisionRecorded,
    ReminderDue,
    RequestAtRisk,
    RequestEscalated,
)
from wfweb.approvals.loading import lock_one
from wfweb.approvals.models import ApprovalLevel
from wfweb.approvals.rows import Case, Level, Seat
from wfweb.approvals.settling import close_level, put_at_risk
from wfweb.approvals.subject import subject_of
from wfweb.events.timers import Due
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, ValidationFailed

MAX_ESCALATIONS = 3


def _case_of(level_id: UUID) -> tuple[Case, Level] | None:
    """Return the level with its request locked, when it is still being asked."""
    request_id = session().scalar(
        select(ApprovalLevel.request_id).where(ApprovalLevel.id == level_id)
    )
    if request_id is None:
        return None
    case = lock_one(request_id)
    level = case.level
    if not case.request.is_open or level is None or level.id != level_id:
        return None
    return (case, level) if level.status == "open" else None


def on_reminder(due: Due) -> None:
    """Remind whoever has not answered."""
    found = _case_of(due.subject_id)
    if found is not None:
        _remind(Act(), *found, overdue=False)


def on_level_due(due: Due) -> None:
    """Do what the definition says about a level that nobody settled in time."""
    found = _case_of(due.subject_id)
    if found is None:
        return
    act, (case, level) = Act(), found
    if level.due_at is not None and due.due_at < level.due_at:
        return  # the level was given more time since this moment was remembered
    action = level.spec.get("timeout_action") or "notify"
    if action == "escalate":
        escalate_level(act, case, level)
    elif action == "auto_reject":
        _settle_by_clock(act, case, level, "reject")
    elif action == "auto_approve" and not case.request.at_risk:
        _settle_by_clock(act, case, level, "approve")
    else:
        # At risk means that nobody could be asked: a clock does not approve that (I-19).
        _remind(act, case, level, overdue=True)
    go_on(case)
    act.end()


def _remind(act: Act, case: Case, level: Level, *, overdue: bool) -> None:
    waiting = [seat for seat in level.seats if seat.is_asked]
    if waiting:
        act.tell(
            ReminderDue,
            case.request,
            level=level.number,
            assignment_ids=[seat.id for seat in waiting],
            user_ids=[seat.user_id for seat in waiting],
            due_at=level.due_at,
            overdue=overdue,
        )


def _settle_by_clock(act: Act, case: Case, level: Level, decision: str) -> None:
    words = "Nobody answered in time; the definition says so"
    row = make_decision(
        act,
        case,
        level_number=level.number,
        decision=decision,
        seat=None,
        reason_code="timeout",
        comment=words,
        name="wfweb: time-out",
    )
    act.tell(
        DecisionRecorded,
        case.request,
        decision_id=row["id"],
        decision=decision,
        level=level.number,
        after={"decision": decision, "reason": "timeout"},
        details={"automatic": True, "rule": f"timeout_action auto_{decision}"},
        risk="HIGH" if decision == "approve" else None,
    )
    if decision == "approve":
        close_level(act, level, "approved", "Time-out")
        enter_next(act, case)
    else:
        close_level(act, level, "rejected", "Time-out")
        finish(act, case, "rejected", reason="timeout", comment=words, because="Time-out")
    write_decision(case, row)


def escalate(request_id: UUID, *, reason: str) -> list[str]:
    """Take the open level up by hand, as one who repairs requests; return who is asked now.

    :raises Conflict: when no level is being asked, or nobody is left to go up to.
    :raises Forbidden: without ``approvals.reassign``.
    :raises ValidationFailed: ``/comment``: without a reason, or with one too long.
    """
    reason = checked_comment(reason).strip()
    act, case = Act(), lock_one(request_id)
    policy.require("reassign", case)
    if not reason:
        raise ValidationFailed.at("/comment", "Write why it goes up", "required")
    level = case.level
    if level is None:
        raise Conflict("No level is being asked", reason="no_level")
    silent = [seat for seat in level.open_seats if seat.is_asked]
    found = _targets(act, case, level, silent)
    if not _can_go_up(case, found):
        raise Conflict(_nobody_above(level), reason="nobody_above")
    because = f"Escalated by {act.actor.name}: {reason[:200]}"
    _go_up(act, case, level, found, because=because, reason=reason)
    go_on(case)
    act.end()
    return [candidate.user.name for candidate in found.candidates]


def escalate_level(act: Act, case: Case, level: Level) -> None:
    """Replace the silent people of a level by the next ones up, at most three times a request.

    Segregation of duties holds for them too. With nobody to go up to, the silent people
    keep their seats and are reminded, and those who repair requests are told.
    """
    silent = [seat for seat in level.open_seats if seat.is_asked]
    found = _targets(act, case, level, silent)
    if _can_go_up(case, found):
        _go_up(act, case, level, found, because="No answer in time")
        return
    _remind(act, case, level, overdue=True)
    reason = _nobody_above(level)
    if silent:
        # They can still answer, so the request is not marked; those who repair it are told.
        act.tell(RequestAtRisk, case.request, reason=reason, details={"reason": reason})
    else:
        put_at_risk(act, case, reason)


def _can_go_up(case: Case, found: Electorate) -> bool:
    return case.request.escalations < MAX_ESCALATIONS and bool(found.candidates)


def _nobody_above(level: Level) -> str:
    return f"Nobody is left to escalate level “{level.name}” to"


def _go_up(
    act: Act, case: Case, level: Level, found: Electorate, *, because: str, reason: str = ""
) -> None:
    """Ask the next ones up instead of the people who were silent."""
    silent = [seat for seat in level.open_seats if seat.is_asked]
    for seat in silent:
        close_seat(act, seat, "skipped", because)
    last = max((seat.sequence for seat in level.seats), default=0)
    for sequence, candidate in enumerate(found.candidates, start=last + 1):
        add_seat(act, case, level, candidate, sequence)
    _rearm(act, case, level)
    act.touch(case.request, status="escalated", escalations=case.request.escalations + 1)
    details: dict[str, Any] = {"to": [candidate.user.name for candidate in found.candidates]}
    act.tell(
        RequestEscalated,
        case.request,
        level=level.number,
        from_user_ids=[seat.user_id for seat in silent],
        to_user_ids=[candidate.user.id for candidate in found.candidates],
        after={"status": "escalated"},
        details={**details, "reason": reason} if reason else details,
    )
    settle(act, case)


def _rearm(act: Act, case: Case, level: Level) -> None:
    due = act.due_times.due(level.spec)
    if due is not None:
        level.change(due_at=due.at, receipt=due.receipt)
        act.touch(case.request, due_at=due.at)
        act.arm_due(level, due.at, escalations=case.request.escalations + 1)


def _targets(act: Act, case: Case, level: Level, silent: list[Seat]) -> Electorate:
    """Return whom a level goes up to: named in the rule, else the silent people's managers."""
    seated = [seat.user_id for seat in level.seats if seat.status != "delegated"]
    approvers: list[dict[str, Any]] = level.spec.get("escalate_to") or []
    subject = subject_of(case.request)
    found = resolve(
        approvers, subject, act.resolver, self_approval=level.self_approval, already=seated
    )
    if approvers:
        for candidate in found.candidates:
            candidate.source = "escalated"
        return found
    for seat in silent:
        manager = _next_up(act, seat.user_id, {*seated, *_barred(case, level)})
        if manager is not None and manager.user.id not in {c.user.id for c in found.candidates}:
            found.candidates.append(manager)
    return found


def _barred(case: Case, level: Level) -> list[UUID]:
    return [] if level.self_approval else list(case.request.excluded_ids)


def _next_up(act: Act, user_id: UUID, taken: set[UUID]) -> Candidate | None:
    for manager in act.resolver.chain(user_id):
        if manager.active and manager.kind == "person" and manager.id not in taken:
            silent = act.resolver.by_id(user_id)
            name = silent.name if silent else "somebody"
            return Candidate(manager, [f"escalated from {name}"], source="escalated")
    return None
