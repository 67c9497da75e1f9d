"""Levels that fall due."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.approvals.conftest import World, level
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalDecision
from wfweb.approvals.rows import Case
from wfweb.audit.models import AuditEvent
from wfweb.events import timers
from wfweb.events.models import Timer
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, ValidationFailed
from wfweb.wiring import TIMERS


def travel(hours: float) -> None:
    """Let the hours pass and fire what is due, as the timers process does."""
    with clock.at(clock.now() + timedelta(hours=hours)):
        timers.fire_due(TIMERS)


def told(world: World, case: Case, name: str) -> int:
    with transaction(actor=world.people.alma.actor):
        query = select(AuditEvent).where(
            AuditEvent.request_id == case.request.id, AuditEvent.name == name
        )
        return len(session().scalars(query).all())


def test_reminders_go_out_at_their_hours(world: World) -> None:
    case = world.ask(level("ada", due_hours=24, remind_hours=[4, 20]))
    travel(1)
    assert told(world, case, "approval.reminded") == 0
    travel(5)
    travel(5)
    assert told(world, case, "approval.reminded") == 1
    travel(21)
    assert told(world, case, "approval.reminded") == 2


def test_by_default_time_only_reminds(world: World) -> None:
    case = world.ask(level("ada", due_hours=2))
    travel(3)
    assert world.state(case) == ("pending", "asked")
    assert told(world, case, "approval.reminded") == 1


def test_a_decision_disarms_the_clock(world: World) -> None:
    case = world.ask(level("ada", due_hours=2, remind_hours=[1]), level("mia"))
    world.decide(world.people.ada, case)
    with transaction(actor=world.people.alma.actor):
        states = set(
            session().scalars(select(Timer.state).where(Timer.subject_id == case.levels[1].id))
        )
    assert states == {"cancelled"}


def test_auto_reject_is_never_a_persons_rejection(world: World) -> None:
    case = world.ask(level("ada", due_hours=2, timeout_action="auto_reject"))
    travel(3)
    assert world.state(case) == ("rejected", "rejected")
    assert world.now(case).request.outcome_reason == "timeout"
    with transaction(actor=world.people.alma.actor):
        decision = session().scalars(select(ApprovalDecision)).one()
    assert (decision.user_id, decision.assignment_id) == (None, None)


def test_auto_approve_goes_on_to_the_next_level(world: World) -> None:
    case = world.ask(level("ada", due_hours=2, timeout_action="auto_approve"), level("mia"))
    travel(3)
    assert world.asked(case) == ["Mia"]


def test_time_does_not_approve_what_nobody_was_asked(world: World) -> None:
    world.give_role(world.people.ada, None)
    case = world.ask(level({"role": "approver"}, due_hours=2, timeout_action="auto_approve"))
    travel(3)
    assert world.state(case) == ("pending", "asked")


def test_escalation_goes_to_the_manager_of_who_was_silent(world: World) -> None:
    ben = world.join("Ben", manager=world.people.cleo)
    case = world.ask(level("ben", due_hours=2, timeout_action="escalate"))
    travel(3)
    now = world.now(case)
    assert (now.request.status, now.request.escalations) == ("escalated", 1)
    assert world.asked(case) == ["Cleo"]
    assert told(world, case, "approval.escalated") == 1
    with pytest.raises(Exception, match="No answer in time"):
        world.decide(ben, case)
    assert world.decide(world.people.cleo, case).request_status == "approved"


def test_escalation_never_skips_segregation_of_duties(world: World) -> None:
    ben = world.join("Ben", manager=world.people.rui)
    case = world.ask(level("ben", due_hours=2, timeout_action="escalate"))
    travel(3)
    assert "Rui" not in world.asked(case)
    assert world.asked(case) == ["Mia"]
    assert ben.id not in {s.user_id for s in world.now(case).seats() if s.is_asked}


def test_escalation_to_whom_the_rule_names(world: World) -> None:
    up = [{"user": "cleo@kestrel.example"}]
    case = world.ask(level("ada", due_hours=2, timeout_action="escalate", escalate_to=up))
    travel(3)
    assert world.asked(case) == ["Cleo"]


def test_with_nobody_above_the_silent_person_stays(world: World) -> None:
    case = world.ask(level("ada", due_hours=2, timeout_action="escalate"))
    travel(3)
    assert world.asked(case) == ["Ada"]
    assert world.state(case)[0] == "pending"
    assert told(world, case, "approval.at_risk") == 1


def test_escalation_by_hand(world: World) -> None:
    world.join("Ben", manager=world.people.cleo)
    case = world.ask(level("ben"))
    with transaction(actor=world.people.otto.actor):
        assert approvals.escalate(case.request.id, reason="The supplier waits") == ["Cleo Chairs"]
    assert world.asked(case) == ["Cleo"]
    assert world.state(case)[0] == "escalated"
    with transaction(actor=world.people.otto.actor):
        last = select(AuditEvent.details).where(AuditEvent.name == "approval.escalated")
        assert session().scalar(last) == {"to": ["Cleo Chairs"], "reason": "The supplier waits"}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 4001])
def test_escalating_by_hand_needs_a_reason(world: World, reason: str) -> None:
    world.join("Ben", manager=world.people.cleo)
    case = world.ask(level("ben"))
    with pytest.raises(ValidationFailed), transaction(actor=world.people.otto.actor):
        approvals.escalate(case.request.id, reason=reason)
    assert world.asked(case) == ["Ben"]


def test_escalating_by_hand_with_nobody_above_changes_nothing(world: World) -> None:
    case = world.ask(level("ada"))
    with (
        pytest.raises(Conflict, match="Nobody is left"),
        transaction(actor=world.people.otto.actor),
    ):
        approvals.escalate(case.request.id, reason="She is away")
    assert world.asked(case) == ["Ada"]
    assert told(world, case, "approval.at_risk") == 0


def test_only_those_who_repair_requests_escalate(world: World) -> None:
    world.join("Ben", manager=world.people.cleo)
    case = world.ask(level("ben"))
    for who in (world.people.rui, world.people.mia, world.people.ada):
        with pytest.raises(Forbidden), transaction(actor=who.actor):
            approvals.escalate(case.request.id, reason="Quick")
    assert world.asked(case) == ["Ben"]


def test_a_timer_that_finds_the_level_closed_does_nothing(world: World) -> None:
    from wfweb.approvals.deadlines import on_level_due

    case = world.ask(level("ada", due_hours=2, timeout_action="auto_reject"), level("mia"))
    world.decide(world.people.ada, case)
    with transaction(company_id=world.people.ada.company_id):
        timer = (
            session().scalars(select(Timer).where(Timer.subject_id == case.levels[1].id)).first()
        )
        assert timer is not None
        on_level_due(
            timers.Due(
                timer.id,
                timer.company_id,
                timer.kind,
                timer.subject_type,
                timer.subject_id,
                timer.due_at,
                {},
            )
        )
    assert world.state(case) == ("pending", "asked")
