"""The invariants of reliability section 3 that concern approvals, checked from the rows.

``reference`` is a second implementation of the quorum rules, written from the requirement
and not from the code it judges (I-06).
"""

import itertools
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from wfweb.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalLevel,
    ApprovalRequest,
)
from wfweb.identity.models import User
from wfweb.kernel.db import session
from wfweb.workflow.models import HistoryEntry, WorkflowInstance

OPEN = {"pending", "escalated"}
VOTES = {"approve", "reject", "send_back"}


def reference(quorum: str, minimum: int | None, approved: int, rejected: int, waiting: int) -> str:
    """What a level has come to, straight from APP-1: approved, rejected, open or at risk."""
    voters = approved + rejected + waiting
    floor = minimum or 1
    if voters == 0:
        return "at_risk"
    needed = {"any": 1, "n_of_m": 1, "all": voters, "majority": voters // 2 + 1}[quorum]
    needed = max(needed, floor)
    if needed > voters:
        return "at_risk"
    if quorum == "any" and floor == 1:
        return "rejected" if rejected else "approved" if approved else "open"
    if approved >= needed:
        return "approved"
    return "rejected" if approved + waiting < needed else "open"


def check(instance_id: UUID) -> None:
    """Assert every invariant for all rounds of an instance."""
    rounds = list(
        session().scalars(
            select(ApprovalRequest)
            .where(ApprovalRequest.instance_id == instance_id)
            .order_by(ApprovalRequest.round)
        )
    )
    _history(instance_id, rounds)
    for request in rounds:
        _Round(request).check()


def _history(instance_id: UUID, rounds: list[ApprovalRequest]) -> None:
    steps = (
        session()
        .scalars(
            select(HistoryEntry)
            .where(HistoryEntry.instance_id == instance_id)
            .order_by(HistoryEntry.seq)
        )
        .all()
    )
    instance = session().get_one(WorkflowInstance, instance_id)
    for before, after in itertools.pairwise(steps):
        assert after.from_state == before.to_state, "I-02 path"
        assert after.seq == before.seq + 1, "I-02 numbers"
    assert steps[-1].to_state == instance.state, "I-02 end"
    ends = [step for step in steps if step.from_state == "asked"]
    outcomes = [one for one in rounds if one.status in {"approved", "rejected"}]
    assert len(ends) == len(outcomes) <= 1, "I-03 one terminal step"
    assert sum(one.status in OPEN for one in rounds) <= 1, "I-03 one open round"
    if outcomes:
        assert instance.state == outcomes[0].status, "I-03 state"


class _Round:
    def __init__(self, request: ApprovalRequest) -> None:
        self.request = request
        by_request = {"id": request.id}
        self.levels = (
            session()
            .scalars(
                select(ApprovalLevel)
                .where(ApprovalLevel.request_id == request.id)
                .order_by(ApprovalLevel.number)
            )
            .all()
        )
        self.seats = (
            session()
            .scalars(select(ApprovalAssignment).where(ApprovalAssignment.request_id == request.id))
            .all()
        )
        self.decisions = (
            session()
            .scalars(
                select(ApprovalDecision)
                .where(ApprovalDecision.request_id == request.id)
                .order_by(ApprovalDecision.at, ApprovalDecision.id)
            )
            .all()
        )
        self.ended = (
            session()
            .execute(
                text(
                    "select count(*) from audit_events where request_id = :id and name in"
                    " ('approval.approved', 'approval.rejected', 'approval.cancelled')"
                ),
                by_request,
            )
            .scalar_one()
        )

    def check(self) -> None:
        request = self.request
        assert self.ended == (0 if request.status in OPEN else 1), "I-03 told once"
        if request.decided_at is not None:
            assert all(one.at <= request.decided_at for one in self.decisions), "I-04"
            assert all(seat.status != "pending" for seat in self.seats), "I-04 open seats"
        for level in self.levels:
            self._level(level)
        self._seats()
        self._outcome()

    def _votes(self, level: ApprovalLevel) -> tuple[int, int, int]:
        counted = [seat for seat in self.seats if seat.level_id == level.id]
        people = [seat.user_id for seat in counted if seat.status not in {"delegated", "skipped"}]
        assert len(people) == len(set(people)), "I-11"
        number = {
            status: sum(seat.status == status for seat in counted)
            for status in ("approved", "rejected", "pending")
        }
        return number["approved"], number["rejected"], number["pending"]

    def _level(self, level: ApprovalLevel) -> None:
        approved, rejected, waiting = self._votes(level)
        result = reference(level.quorum, level.min_approvers, approved, rejected, waiting)
        by_rule = [one for one in self.decisions if one.level_number == level.number]
        automatic = any(one.user_id is None and one.decision == "approve" for one in by_rule)
        if level.status == "approved" and level.kept_from_id is None and not automatic:
            assert approved >= 1, "I-19"
            assert reference(level.quorum, level.min_approvers, approved, rejected, 0) == (
                "approved"
            ) or self._settled_before_skips(level), "I-06"
        if level.status == "open":
            assert self.request.status in OPEN, "I-04 level"
            assert self.request.at_risk == (result == "at_risk"), "I-08 at risk"
            assert result in {"open", "at_risk"}, "I-08 stuck"
            self._whose_turn(level, result)

    def _settled_before_skips(self, level: ApprovalLevel) -> bool:
        """Seats closed as no longer needed counted while the level was being settled."""
        seats = [seat for seat in self.seats if seat.level_id == level.id]
        unneeded = sum(seat.closed_because == "Settled without this answer" for seat in seats)
        approved = sum(seat.status == "approved" for seat in seats)
        rejected = sum(seat.status == "rejected" for seat in seats)
        return (
            reference(level.quorum, level.min_approvers, approved, rejected, unneeded) == "approved"
        )

    def _whose_turn(self, level: ApprovalLevel, result: str) -> None:
        waiting = [s for s in self.seats if s.level_id == level.id and s.status == "pending"]
        asked = [seat for seat in waiting if seat.asked_at is not None]
        if result == "at_risk":
            assert asked == [], "I-19 asked for nothing"
        elif level.ordering == "sequential":
            first = min(waiting, key=lambda seat: (seat.sequence, seat.id))
            assert [seat.id for seat in asked] == [first.id], "I-06 order"
        else:
            assert asked == waiting, "I-08 everybody is asked"

    def _seats(self) -> None:
        by_id = {seat.id: seat for seat in self.seats}
        made = [one for one in self.decisions if one.assignment_id is not None]
        assert len({one.assignment_id for one in made}) == len(made), "I-05"
        decided = {seat.id for seat in self.seats if seat.status in {"approved", "rejected"}}
        assert decided <= {one.assignment_id for one in made}, "I-05 decided seats"
        levels = {level.id: level for level in self.levels}
        for one in made:
            seat = by_id[one.assignment_id]  # type: ignore[index]
            if one.decision in VOTES:
                self._vote(one, seat, levels[seat.level_id])
        for seat in self.seats:
            givers = [s for s in self.seats if s.user_id == seat.on_behalf_of_id]
            if seat.on_behalf_of_id is not None:
                assert any(giver.on_behalf_of_id is None for giver in givers), "I-14"

    def _vote(self, one: ApprovalDecision, seat: ApprovalAssignment, level: ApprovalLevel) -> None:
        assert one.user_id == seat.user_id, "I-09"
        user = session().get_one(User, one.user_id)
        assert (user.kind, user.company_id) == ("person", self.request.company_id), "I-10"
        if not level.spec["self_approval"] and one.carried_from_id is None:
            assert one.user_id != self.request.requester_id, "I-13"
        if one.decision in {"reject", "send_back"}:
            assert (one.comment or "").strip() or one.reason_code, "I-18"
        assert one.on_behalf_of_id == seat.on_behalf_of_id, "B for A"

    def _outcome(self) -> None:
        request = self.request
        config: dict[str, Any] = request.config
        if request.status == "approved":
            assert all(level.status == "approved" for level in self.levels), "I-06 every level"
            if config["on_edit"] != "affected":
                votes = [one for one in self.decisions if one.decision == "approve"]
                assert {one.digest for one in votes} <= {request.digest}, "I-12"
        if request.status == "rejected":
            assert any(one.decision == "reject" for one in self.decisions), "I-07"
        if request.status in OPEN and not request.at_risk:
            assert any(s.status == "pending" and s.asked_at for s in self.seats), "I-08 asked"
