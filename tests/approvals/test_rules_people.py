"""Who may decide, who is asked once, and when there is nobody to ask."""

import pytest

from wfweb.approvals.rules import (
    AtRisk,
    Decider,
    LevelRule,
    Ordering,
    Quorum,
    Refused,
    Seat,
    SeatStatus,
    Separation,
    carried_over,
    may_decide,
    unsatisfiable,
)

ALL, ANY = LevelRule(Quorum.ALL), LevelRule(Quorum.ANY)
SEQUENTIAL = LevelRule(Quorum.ALL, ordering=Ordering.SEQUENTIAL)
ADA, MIA, OTTO = Seat(1, "ada", 1), Seat(2, "mia", 2), Seat(3, "otto", 3)
RUI_ASKS = Separation(requesters=frozenset({"rui"}), editors=frozenset({"otto"}))


def done(seat, status=SeatStatus.APPROVED):
    return Seat(seat.assignment_id, seat.user_id, seat.sequence, status)


def refusal(rule, seats, decider, separation=RUI_ASKS, **more):
    return may_decide(rule, seats, decider, separation, **more)


def test_somebody_asked_may_decide():
    assert refusal(ALL, [ADA, MIA], Decider("ada")) is None


@pytest.mark.parametrize(
    ("expected", "rule", "seats", "decider", "request_open"),
    [
        (Refused.INACTIVE, ALL, [ADA], Decider("ada", active=False), True),
        (Refused.NOT_ASKED, ALL, [ADA], Decider("eve"), True),
        (Refused.NOT_ASKED, ALL, [done(ADA, SeatStatus.DELEGATED), MIA], Decider("ada"), True),
        (Refused.NOT_ASKED, LevelRule(Quorum.N_OF_M, 2), [ADA], Decider("ada"), True),
        (Refused.ALREADY_DECIDED, ALL, [done(ADA), MIA], Decider("ada"), True),
        (Refused.ALREADY_DECIDED, ALL, [done(ADA), MIA], Decider("ada"), False),
        (Refused.ALREADY_DECIDED, ANY, [done(ADA), MIA], Decider("mia"), True),
        (
            Refused.ALREADY_DECIDED,
            ANY,
            [done(ADA), done(MIA, SeatStatus.SKIPPED)],
            Decider("mia"),
            True,
        ),
        (Refused.REQUEST_CLOSED, ALL, [ADA], Decider("ada"), False),
        (Refused.NOT_MEMBER, ALL, [ADA], Decider("ada", member=False), True),
        (Refused.NOT_THEIR_TURN, SEQUENTIAL, [ADA, MIA], Decider("mia"), True),
        (Refused.REQUESTER, ALL, [Seat(9, "rui"), MIA], Decider("rui"), True),
        (Refused.REQUESTER, ALL, [ADA], Decider("ada", acting_for="rui"), True),
        (Refused.REQUESTER, ALL, [Seat(9, "rui"), MIA], Decider("rui", acting_for="ada"), True),
        (Refused.EDITOR, ALL, [OTTO], Decider("otto"), True),
        (Refused.EDITOR, ALL, [ADA], Decider("ada", acting_for="otto"), True),
    ],
)
def test_everybody_else_is_refused_with_the_reason(expected, rule, seats, decider, request_open):
    assert refusal(rule, seats, decider, request_open=request_open) is expected


def test_the_definition_may_allow_self_approval():
    allowed = Separation(frozenset({"rui"}), frozenset({"otto"}), self_approval=True)

    assert refusal(ALL, [Seat(9, "rui")], Decider("rui"), allowed) is None
    assert refusal(ALL, [OTTO], Decider("otto"), allowed) is None
    assert allowed.barred() == frozenset()
    assert RUI_ASKS.barred() == {"rui", "otto"}


@pytest.mark.parametrize(
    ("rule", "people", "barred", "expected"),
    [
        (ANY, ["ada"], [], None),
        (ANY, [], [], AtRisk.NOBODY),
        (ALL, [], [], AtRisk.NOBODY),
        (ANY, ["rui"], ["rui"], AtRisk.ONLY_BARRED),
        (ANY, ["rui", "ada"], ["rui"], None),
        (LevelRule(Quorum.ANY, 2), ["rui", "ada"], ["rui"], AtRisk.TOO_FEW),
        (LevelRule(Quorum.ANY, 2), ["ada", "ada"], [], AtRisk.TOO_FEW),
        (LevelRule(Quorum.N_OF_M, 3), ["ada", "mia", "otto"], [], None),
        (LevelRule(Quorum.MAJORITY, 3), ["ada", "mia"], [], AtRisk.TOO_FEW),
    ],
)
def test_a_level_nobody_can_fulfil_is_at_risk(rule, people, barred, expected):
    assert unsatisfiable(rule, people, barred) is expected


def test_an_approval_counts_on_the_next_level_and_only_there():
    first = [done(ADA), done(MIA, SeatStatus.SKIPPED), done(OTTO, SeatStatus.REJECTED)]

    assert carried_over(first, ["ada", "mia", "otto", "cleo"]) == {"ada"}
    second = [Seat(4, "cleo", 1, SeatStatus.APPROVED)]
    assert carried_over(second, ["ada"]) == frozenset()
