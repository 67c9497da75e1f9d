"""Why this rule, why these people, why nobody: every approval explains itself (APP-10)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalLevel,
    ApprovalRequest,
)
from wfweb.approvals.request_page import chain_of
from wfweb.approvals.subject import EDITED, REQUESTED
from wfweb.calendars import daytable
from wfweb.calendars.words import duration, in_words
from wfweb.identity import queries as people
from wfweb.identity.models import User
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound


def explanation(request_id: UUID) -> dict[str, Any]:
    """Return what chose the levels, whom each level asked and why, and who was left out.

    ``rule`` names definition or matrix with its version and the conditions that held;
    ``levels`` says for each the rule in words, everybody asked with all reasons, who was left
    out and why, and which named rule approved; ``barred`` says who may never decide.

    :raises NotFound: when there is no such request.
    """
    request = session().scalar(
        select(ApprovalRequest).where(
            ApprovalRequest.id == request_id,
            ApprovalRequest.company_id == current_actor().company_id,
        )
    )
    if request is None:
        raise NotFound
    levels, seats, decisions = chain_of(request_id)
    named = people.people_by_ids(_ids(request, seats))
    return {
        "key": request.key,
        "round": request.round,
        "rule": request.rule_snapshot,
        "automatic": [_automatic(one) for one in decisions if one.reason_code == "auto_approved"],
        "at_risk": request.at_risk_reason,
        "barred": _barred(request, named),
        "levels": [_level(level, seats, named) for level in levels],
    }


def _ids(request: ApprovalRequest, seats: Sequence[ApprovalAssignment]) -> Iterable[UUID]:
    yield from request.excluded_ids
    for seat in seats:
        yield seat.user_id
        if seat.on_behalf_of_id is not None:
            yield seat.on_behalf_of_id


def _automatic(decision: ApprovalDecision) -> dict[str, Any]:
    return {
        "level": decision.level_number,
        "by": decision.user_name,
        "comment": decision.comment,
        "at": decision.at,
    }


def _barred(request: ApprovalRequest, named: Mapping[UUID, User]) -> list[dict[str, Any]]:
    return [
        {
            "user_id": user_id,
            "name": named[user_id].name if user_id in named else "",
            "why": REQUESTED if user_id == request.requester_id else EDITED,
        }
        for user_id in request.excluded_ids
    ]


def _level(
    level: ApprovalLevel, seats: Sequence[ApprovalAssignment], named: Mapping[UUID, User]
) -> dict[str, Any]:
    found = level.resolution or {}
    return {
        "number": level.number,
        "name": level.name,
        "rule": level.rule_text,
        "status": level.status,
        "why_closed": level.closed_because,
        "reads": level.spec.get("reads", []),
        "kept_from_id": level.kept_from_id,
        "approved_by_rule": found.get("rule"),
        "conditions": found.get("why"),
        "due_at": level.due_at,
        "due_because": in_words(level.receipt) if level.receipt else "",
        "due_days": _days(level.receipt) if level.receipt else [],
        "people": [_seat(seat, named) for seat in seats if seat.level_id == level.id],
        "left_out": found.get("left_out", []),
        "notes": found.get("notes", []),
    }


def _days(receipt: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what counted day by day, as the receipt of the due time says."""
    return [
        {
            "days": row.days,
            "hours": row.hours or "nothing",
            "time": duration(row.seconds) if row.seconds else "",
            "so_far": duration(row.so_far),
            "why": row.why,
        }
        for row in daytable.table(receipt)
    ]


def _seat(seat: ApprovalAssignment, named: Mapping[UUID, User]) -> dict[str, Any]:
    behalf = named.get(seat.on_behalf_of_id) if seat.on_behalf_of_id else None
    return {
        "assignment_id": seat.id,
        "user_id": seat.user_id,
        "name": named[seat.user_id].name if seat.user_id in named else "",
        "for": behalf.name if behalf else None,
        "why": seat.why.split("; "),
        "status": seat.status,
        "why_closed": seat.closed_because,
    }
