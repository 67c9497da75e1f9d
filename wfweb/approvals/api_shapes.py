"""Turning rows and pages of approvals into the shapes of the API."""

from wfweb.approvals.models import ApprovalRequest
from wfweb.approvals.queries import LevelView, RequestPage, Row, SeatView
from wfweb.approvals.schemas import (
    ApprovalOut,
    ApprovalSummary,
    DecisionMadeOut,
    LevelOut,
    ReasonOut,
    RoundOut,
    SeatOut,
)
from wfweb.calendars.words import in_words
from wfweb.kernel.api import money

_SAME = (
    "id", "key", "round", "title", "status", "outcome_reason", "outcome_comment", "instance_id",
    "state", "record_id", "record_key", "record_version", "requester_id", "digest", "snapshot",
    "current_level", "at_risk", "at_risk_reason", "due_at", "decided_at", "created_at", "version",
)  # fmt: skip


def summary(row: Row) -> ApprovalSummary:
    """Return a row of a list."""
    renamed = {"id", "record_type", "amount"}
    same = [name for name in ApprovalSummary.model_fields if name not in renamed]
    return ApprovalSummary(
        id=row.request_id,
        record_type=row.type_code,
        amount=money(row.amount, row.currency),
        **{name: getattr(row, name) for name in same},
    )


def shown_request(page: RequestPage) -> ApprovalOut:
    """Return one round of a request as the token's owner sees it."""
    request: ApprovalRequest = page.request
    return ApprovalOut(
        **{name: getattr(request, name) for name in _SAME},
        record_type=request.record_type_code,
        amount=money(request.amount, request.currency),
        requester_name=page.requester.name if page.requester else None,
        levels=[_level(view) for view in page.levels],
        decisions=[DecisionMadeOut.model_validate(one) for one in page.decisions],
        rounds=[RoundOut.model_validate(one) for one in page.rounds],
        reject_reasons=[ReasonOut.model_validate(one) for one in page.reject_reasons],
        actions=sorted(page.actions),
        assignment_id=page.my_seat.id if page.my_seat else None,
        changed_since_seen=page.seen.changed,
        changed_since_last_round=page.since_last_round,
    )


def _level(view: LevelView) -> LevelOut:
    level = view.level
    names = ("number", "name", "status", "quorum", "min_approvers", "ordering", "opened_at")
    return LevelOut(
        **{name: getattr(level, name) for name in names},
        due_at=level.due_at,
        due_text=in_words(level.receipt) if level.receipt else None,
        receipt=level.receipt,
        rule=level.rule_text,
        seats=[_seat(one) for one in view.seats],
    )


def _seat(view: SeatView) -> SeatOut:
    same = [name for name in SeatOut.model_fields if name != "user_name"]
    return SeatOut(
        **{name: getattr(view.seat, name) for name in same},
        user_name=view.user.name if view.user else "",
    )
