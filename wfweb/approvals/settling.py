"""What follows from the answers on a level: ask on, close it, open the next, end the request.

Everything is decided from the rows under the lock by the pure rules; this module only
writes what they say and tells it.
"""

from typing import Any

from wfweb.approvals import rules
from wfweb.approvals.act import Act, close_seat
from wfweb.approvals.events import (
    AssignmentOpened,
    RequestApproved,
    RequestAtRisk,
    RequestCancelled,
    RequestRejected,
)
from wfweb.approvals.rows import Case, Level, Seat
from wfweb.approvals.wording import risk_text


def rule_of(level: Level) -> rules.LevelRule:
    """Return the level's rule for the pure functions."""
    return rules.LevelRule(
        rules.Quorum(level.quorum), level.min_approvers, rules.Ordering(level.ordering)
    )


def votes_of(level: Level) -> list[rules.Seat]:
    """Return the level's seats for the pure functions."""
    return [
        rules.Seat(seat.id, seat.user_id, seat.sequence, rules.SeatStatus(seat.status))
        for seat in level.seats
    ]


def outcome_of(level: Level) -> rules.Outcome:
    """Return what a level has come to."""
    return rules.outcome(rule_of(level), votes_of(level))


def ask_whoever_is_next(act: Act, case: Case, level: Level) -> list[Seat]:
    """Ask the seats whose turn it is and return those that were not asked before."""
    turn = {seat.assignment_id for seat in rules.asked(rule_of(level), votes_of(level))}
    fresh = [seat for seat in level.seats if seat.id in turn and seat.asked_at is None]
    for seat in fresh:
        seat.change(asked_at=act.now, due_at=level.due_at, changed_at=act.now)
    if fresh:
        act.tell(
            AssignmentOpened,
            case.request,
            level=level.number,
            assignment_ids=[seat.id for seat in fresh],
            user_ids=[seat.user_id for seat in fresh],
            due_at=level.due_at,
        )
    return fresh


def put_at_risk(act: Act, case: Case, reason: str) -> None:
    """Mark that nobody can settle the request; visible, told once, and never an approval."""
    request = case.request
    level = case.level
    for seat in level.open_seats if level else ():
        if seat.asked_at is not None:
            # "Who can act now" stays exact: a vote that cannot settle anything is not asked for.
            seat.change(asked_at=None, due_at=None, changed_at=act.now)
    if request.at_risk_reason == reason:
        return
    act.touch(request, at_risk=True, at_risk_reason=reason)
    act.tell(
        RequestAtRisk,
        request,
        reason=reason,
        after={"at_risk": True, "reason": reason},
        risk="MEDIUM",
    )


def out_of_risk(act: Act, case: Case) -> None:
    """Take the mark away: somebody can settle the request again."""
    if case.request.at_risk:
        act.touch(case.request, at_risk=False, at_risk_reason=None)


def risk_of(level: Level) -> str:
    """Return in words why a level cannot be settled by the seats it has."""
    people = {seat.user_id for seat in level.seats if seat.status not in {"delegated", "skipped"}}
    resolution: dict[str, Any] = level.resolution or {}
    left_out = resolution.get("left_out", [])
    risk = rules.unsatisfiable(rule_of(level), people)
    if risk is rules.AtRisk.NOBODY and left_out:
        risk = rules.AtRisk.ONLY_BARRED
    return risk_text(
        risk or rules.AtRisk.TOO_FEW, level.name, resolution.get("notes", []), left_out
    )


def close_level(act: Act, level: Level, status: str, because: str) -> None:
    """Close a level; seats that are still open are no longer needed."""
    for seat in level.open_seats:
        close_seat(act, seat, "skipped", because)
    level.change(status=status, closed_at=act.now, closed_because=because)
    act.disarm(level)


def end_request(
    act: Act,
    case: Case,
    status: str,
    *,
    reason: str | None = None,
    comment: str | None = None,
    because: str,
) -> None:
    """End a request once: close what is open, write the outcome, tell it."""
    waiting = [seat.user_id for seat in case.seats() if seat.is_asked]
    for level in case.levels.values():
        if level.status == "open":
            close_level(act, level, "skipped", because)
        elif level.status == "waiting":
            level.change(status="skipped", closed_at=act.now, closed_because=because)
    act.touch(
        case.request,
        status=status,
        outcome_reason=reason,
        outcome_comment=comment,
        decided_at=act.now,
        at_risk=False,
        at_risk_reason=None,
    )
    _tell_the_end(act, case, status, reason or "", waiting)


def _tell_the_end(act: Act, case: Case, status: str, reason: str, waiting: list[Any]) -> None:
    values: dict[str, Any] = {
        "before": {"status": "pending"},
        "after": {"status": status, **({"reason": reason} if reason else {})},
    }
    if status == "approved":
        act.tell(RequestApproved, case.request, **values)
    elif status == "rejected":
        act.tell(RequestRejected, case.request, reason=reason, **values)
    else:
        act.tell(RequestCancelled, case.request, reason=reason, waiting_user_ids=waiting, **values)
