"""Everything the page of one request shows, in a handful of statements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from wfweb.approvals import policy
from wfweb.approvals.content import Difference, difference
from wfweb.approvals.loading import read_one
from wfweb.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalLevel,
    ApprovalRequest,
)
from wfweb.approvals.rows import Case
from wfweb.approvals.seeing import Seen, seen_before
from wfweb.identity import queries as people
from wfweb.identity.models import User
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.records.models import Comment, Record, RecordType
from wfweb.records.policy import may as may_see_type

ACTIONS = ("decide", "delegate", "withdraw", "reassign", "ask", "resubmit")


@dataclass(slots=True)
class SeatView:
    """One seat in the chain: the row, who holds it, for whom, and the decision made on it."""

    seat: ApprovalAssignment
    user: User | None
    behalf_of: User | None
    decision: ApprovalDecision | None


@dataclass(slots=True)
class LevelView:
    """One level of the chain with its seats in order."""

    level: ApprovalLevel
    seats: list[SeatView] = field(default_factory=list)

    @property
    def counting(self) -> list[SeatView]:
        """Seats that count: neither handed over nor skipped."""
        return [v for v in self.seats if v.seat.status not in {"delegated", "skipped"}]


@dataclass(slots=True)
class RequestPage:
    """One round of a request as its page shows it.

    ``my_seat`` is the seat the current actor can decide now; ``actions`` are what they may
    do; ``seen`` is what changed since they last looked; ``rounds`` are all rounds, oldest
    first; ``since_last_round`` is what differs from the round before.
    """

    request: ApprovalRequest
    record: Record
    record_type: RecordType
    requester: User | None
    levels: list[LevelView]
    decisions: Sequence[ApprovalDecision]
    rounds: Sequence[ApprovalRequest]
    comments: Sequence[Comment]
    people: dict[UUID, User]
    my_seat: ApprovalAssignment | None
    actions: frozenset[str]
    seen: Seen
    since_last_round: Difference

    @property
    def is_latest(self) -> bool:
        """Whether this is the last round."""
        return self.request.round == self.rounds[-1].round

    @property
    def reject_reasons(self) -> list[dict[str, Any]]:
        """The reasons to choose from when rejecting; each with ``comment_required``."""
        return list(self.request.config.get("reject_reasons") or ())


def request_page(key: str, round_number: int | None = None) -> RequestPage:
    """Return everything about a request's latest round, or about an older one.

    :raises NotFound: when there is none, or the actor may not see it.
    """
    rounds = (
        session()
        .scalars(
            select(ApprovalRequest)
            .where(
                ApprovalRequest.company_id == current_actor().company_id,
                ApprovalRequest.key == key[:40],
            )
            .order_by(ApprovalRequest.round)
        )
        .all()
    )
    wanted = [one for one in rounds if round_number in (None, one.round)]
    if not wanted:
        raise NotFound
    request = wanted[-1]
    record = session().get_one(Record, request.record_id)
    record_type = session().get_one(RecordType, request.record_type_id)
    case = read_one(request.id)
    if not (policy.may("view", case) or may_see_type(record_type, "view")):
        raise NotFound
    return _assemble(request, case, record, record_type, rounds)


def _assemble(
    request: ApprovalRequest,
    case: Case,
    record: Record,
    record_type: RecordType,
    rounds: Sequence[ApprovalRequest],
) -> RequestPage:
    levels, seats, decisions = chain_of(request.id)
    comments = (
        session()
        .scalars(
            select(Comment)
            .where(
                or_(
                    Comment.subject_id == request.id, Comment.subject_id.in_([r.id for r in rounds])
                )
            )
            .order_by(Comment.id)
        )
        .all()
    )
    known = people.people_by_ids(_everybody(request, seats, decisions, comments))
    made = {one.assignment_id: one for one in decisions if one.assignment_id is not None}
    views = {level.id: LevelView(level) for level in levels}
    for seat in seats:
        behalf = known.get(seat.on_behalf_of_id) if seat.on_behalf_of_id else None
        view = SeatView(seat, known.get(seat.user_id), behalf, made.get(seat.id))
        views[seat.level_id].seats.append(view)
    before = [one for one in rounds if one.round == request.round - 1]
    return RequestPage(
        request=request,
        record=record,
        record_type=record_type,
        requester=known.get(request.requester_id) if request.requester_id else None,
        levels=list(views.values()),
        decisions=decisions,
        rounds=rounds,
        comments=comments,
        people=known,
        my_seat=_my_seat(case, seats),
        actions=frozenset(action for action in ACTIONS if _may(action, case, request, rounds)),
        seen=seen_before(request.id, request.digest, request.snapshot),
        since_last_round=difference(before[0].snapshot, request.snapshot) if before else [],
    )


def chain_of(
    request_id: UUID,
) -> tuple[Sequence[ApprovalLevel], Sequence[ApprovalAssignment], Sequence[ApprovalDecision]]:
    """Return the levels of a request with all their seats and decisions, each in order."""
    levels = (
        session()
        .scalars(
            select(ApprovalLevel)
            .where(ApprovalLevel.request_id == request_id)
            .order_by(ApprovalLevel.number)
        )
        .all()
    )
    seats = (
        session()
        .scalars(
            select(ApprovalAssignment)
            .where(ApprovalAssignment.request_id == request_id)
            .order_by(ApprovalAssignment.sequence, ApprovalAssignment.id)
        )
        .all()
    )
    decisions = (
        session()
        .scalars(
            select(ApprovalDecision)
            .where(ApprovalDecision.request_id == request_id)
            .order_by(ApprovalDecision.at, ApprovalDecision.id)
        )
        .all()
    )
    return levels, seats, decisions


def _everybody(
    request: ApprovalRequest,
    seats: Sequence[ApprovalAssignment],
    decisions: Sequence[ApprovalDecision],
    comments: Sequence[Comment],
) -> set[UUID]:
    found = {request.requester_id, *request.excluded_ids}
    for seat in seats:
        found |= {seat.user_id, seat.on_behalf_of_id}
    found |= {one.user_id for one in decisions} | {one.by_id for one in comments}
    return {one for one in found if one is not None}


def _my_seat(case: Case, seats: Sequence[ApprovalAssignment]) -> ApprovalAssignment | None:
    actor = current_actor()
    mine = {seat.id for seat in case.seats() if seat.is_asked and seat.user_id == actor.id}
    return next((seat for seat in seats if seat.id in mine), None)


def _may(
    action: str, case: Case, request: ApprovalRequest, rounds: Sequence[ApprovalRequest]
) -> bool:
    if not policy.may(action, case):
        return False
    if action == "delegate":
        return bool(request.config.get("allow_delegate", True))
    if action == "resubmit":
        return request.round == rounds[-1].round and request.status == "cancelled"
    if action == "decide":
        return _my_turn(case)
    return True


def _my_turn(case: Case) -> bool:
    return any(seat.is_asked and seat.user_id == current_actor().id for seat in case.seats())
