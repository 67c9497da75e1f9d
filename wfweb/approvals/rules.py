"""Decisions about one approval level, on plain values: who may answer, and what follows from it.

Quorum (how many agreeing answers are needed) and ordering (all at once or one after the other) are
two axes; the four usual pairs carry the names ``any all sequential majority``.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_LEVELS: Final = 10

UserId = Hashable


class Quorum(StrEnum):
    """How many agreeing answers a level needs.

    ``any``: the first answer decides, unless ``min_approvers`` asks for more; then as ``n_of_m``.
    ``n_of_m``: ``min_approvers`` approvals; rejections only count when they put that out of reach.
    ``all``: everybody; one rejection rejects. ``majority``: more than half of the votes that count.
    """

    ANY = "any"
    ALL = "all"
    MAJORITY = "majority"
    N_OF_M = "n_of_m"


class Ordering(StrEnum):
    """Whether everybody is asked at once or one after the other."""

    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"


class SeatStatus(StrEnum):
    """What became of one person's question; ``delegated`` and ``skipped`` seats do not count."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    DELEGATED = "delegated"
    SKIPPED = "skipped"


ANSWERED: Final = (SeatStatus.APPROVED, SeatStatus.REJECTED)


class Outcome(StrEnum):
    """What a level has come to.

    ``at_risk``: too few people have a vote for the rule ever to be fulfilled. That is nobody's
    rejection and no approval: an administrator has to name somebody.
    """

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    AT_RISK = "at_risk"


@dataclass(frozen=True, slots=True)
class Seat:
    """One person asked on a level. ``sequence`` orders the seats of a sequential level."""

    assignment_id: Hashable
    user_id: UserId
    sequence: int = 0
    status: SeatStatus = SeatStatus.PENDING


@dataclass(frozen=True, slots=True)
class LevelRule:
    """The rule of one level. ``min_approvers`` is a floor for every quorum (none = no floor).

    Raises ``ValueError`` for a floor under one and for ``n_of_m`` without a number.
    """

    quorum: Quorum = Quorum.ANY
    min_approvers: int | None = None
    ordering: Ordering = Ordering.PARALLEL

    def __post_init__(self) -> None:
        if self.min_approvers is not None and self.min_approvers < 1:
            raise ValueError("min_approvers starts at 1")
        if self.quorum is Quorum.N_OF_M and self.min_approvers is None:
            raise ValueError("n_of_m needs min_approvers")

    @property
    def first_answer_decides(self) -> bool:
        """Whether the first answer, either way, settles the level."""
        return self.quorum is Quorum.ANY and (self.min_approvers or 1) == 1

    def needed(self, voters: int) -> int:
        """Return how many approvals are needed when ``voters`` people have a vote."""
        by_quorum = {
            Quorum.ANY: 1,
            Quorum.N_OF_M: 1,
            Quorum.ALL: voters,
            Quorum.MAJORITY: voters // 2 + 1,
        }
        return max(by_quorum[self.quorum], self.min_approvers or 1)


def voting(seats: Iterable[Seat]) -> list[Seat]:
    """Return the seats that count: one a person, an answered one before an open one, in order.

    A person who sits twice (as a member and for somebody else) has one vote.
    """
    counted: dict[UserId, Seat] = {}
    for seat in in_order(seats):
        if seat.status in (SeatStatus.DELEGATED, SeatStatus.SKIPPED):
            continue
        held = counted.get(seat.user_id)
        if held is None or (held.status is SeatStatus.PENDING and seat.status in ANSWERED):
            counted[seat.user_id] = seat
    return in_order(counted.values())


def in_order(seats: Iterable[Seat]) -> list[Seat]:
    """Return seats by sequence, those of equal sequence as given."""
    return sorted(seats, key=lambda seat: seat.sequence)


def outcome(rule: LevelRule, seats: Sequence[Seat]) -> Outcome:
    """Return what a level has come to: settled as soon as no further answer can change it.

    With nobody left to ask it is never open.
    """
    votes = voting(seats)
    approvals = sum(seat.status is SeatStatus.APPROVED for seat in votes)
    rejections = sum(seat.status is SeatStatus.REJECTED for seat in votes)
    needed = rule.needed(len(votes))
    if not votes or needed > len(votes):
        return Outcome.AT_RISK
    if rule.first_answer_decides and rejections:
        return Outcome.REJECTED
    if approvals >= needed:
        return Outcome.APPROVED
    return Outcome.REJECTED if len(votes) - rejections < needed else Outcome.OPEN


def asked(rule: LevelRule, seats: Sequence[Seat]) -> tuple[Seat, ...]:
    """Return the seats that may answer now: none once settled, one at a time when sequential."""
    if outcome(rule, seats) is not Outcome.OPEN:
        return ()
    pending = tuple(seat for seat in voting(seats) if seat.status is SeatStatus.PENDING)
    return pending[:1] if rule.ordering is Ordering.SEQUENTIAL else pending


class AtRisk(StrEnum):
    """Why a level can never be approved by the people found for it."""

    NOBODY = "nobody_to_ask"
    ONLY_BARRED = "only_people_who_may_not_decide"
    TOO_FEW = "fewer_people_than_needed"


def unsatisfiable(
    rule: LevelRule, people: Collection[UserId], barred: Collection[UserId] = ()
) -> AtRisk | None:
    """Return why a level must not start with these people, or ``None`` when it may.

    ``barred`` are those who may never decide here: the requester and editors of material fields.
    """
    eligible = set(people) - set(barred)
    if not people:
        return AtRisk.NOBODY
    if not eligible:
        return AtRisk.ONLY_BARRED
    return AtRisk.TOO_FEW if rule.needed(len(eligible)) > len(eligible) else None


class Refused(StrEnum):
    """Why a person may not decide now."""

    INACTIVE = "inactive"
    REQUEST_CLOSED = "request_closed"
    NOT_ASKED = "not_asked"
    ALREADY_DECIDED = "already_decided"
    REQUESTER = "requester"
    EDITOR = "editor"
    NOT_MEMBER = "not_member"
    NOT_THEIR_TURN = "not_their_turn"


@dataclass(frozen=True, slots=True)
class Decider:
    """Who wants to decide, as things stand at this moment.

    ``member`` tells whether the role that made them an approver is still theirs; for a delegate,
    whether the one they act for is still active and in that role. Who was found through a field
    or the chain of managers keeps the seat: those are looked up once, when the level opens.
    ``acting_for`` is the person whose vote a delegate gives.
    """

    user_id: UserId
    active: bool = True
    member: bool = True
    acting_for: UserId | None = None


@dataclass(frozen=True, slots=True)
class Separation:
    """Who has a hand in the request: its requesters (also those it was filed for) and editors."""

    requesters: frozenset[UserId] = frozenset()
    editors: frozenset[UserId] = frozenset()
    self_approval: bool = False

    def barred(self) -> frozenset[UserId]:
        """Return the people who may not decide, empty when the definition allows self-approval."""
        return frozenset() if self.self_approval else self.requesters | self.editors


def may_decide(  # noqa: PLR0911 - one line a reason, the most telling first
    rule: LevelRule,
    seats: Sequence[Seat],
    decider: Decider,
    separation: Separation,
    *,
    request_open: bool = True,
) -> Refused | None:
    """Return why this person may not decide on this level now, or ``None`` when they may.

    Somebody whose question closed because others settled the level is told ``already_decided``.
    """
    if not decider.active:
        return Refused.INACTIVE
    own = [seat for seat in seats if seat.user_id == decider.user_id]
    if any(seat.status in ANSWERED for seat in own):
        return Refused.ALREADY_DECIDED
    if not request_open:
        return Refused.REQUEST_CLOSED
    state = outcome(rule, seats)
    if own and state in (Outcome.APPROVED, Outcome.REJECTED):
        return Refused.ALREADY_DECIDED
    if state is Outcome.AT_RISK or not any(seat.status is SeatStatus.PENDING for seat in own):
        return Refused.NOT_ASKED
    conflict = _conflict(decider, separation)
    if conflict is not None:
        return conflict
    if not decider.member:
        return Refused.NOT_MEMBER
    turn = {seat.user_id for seat in asked(rule, seats)}
    return None if decider.user_id in turn else Refused.NOT_THEIR_TURN


def _conflict(decider: Decider, separation: Separation) -> Refused | None:
    """Bar requesters and editors, whether they act themselves, for others, or through others."""
    if separation.self_approval:
        return None
    hands = {decider.user_id, decider.acting_for}
    if hands & separation.requesters:
        return Refused.REQUESTER
    return Refused.EDITOR if hands & separation.editors else None


def carried_over(previous: Sequence[Seat], people: Iterable[UserId]) -> frozenset[UserId]:
    """Return who of a level's people approved on the level directly before, and is not asked again.

    Only the level before counts: on levels that do not follow each other a person is asked again.
    """
    approved = {seat.user_id for seat in previous if seat.status is SeatStatus.APPROVED}
    return frozenset(person for person in people if person in approved)
