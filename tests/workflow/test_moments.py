"""Moments that fall due: timeouts of states and instances, waits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.people import People
from tests.workflow.test_steps import begin, history, row
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalRequest
from wfweb.events import delivery, timers
from wfweb.events.models import OutboxMessage, Timer
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.notifications.models import Notification
from wfweb.wiring import TIMERS, handlers
from wfweb.workflow import checks, moments, service

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Publish = Callable[..., str]


def waiting(**state: Any) -> dict[str, Any]:
    return {
        "states": [
            {"code": "new", "name": "New", "type": "start", **state},
            {"code": "late", "name": "Late"},
            {"code": "done", "name": "Done", "type": "end"},
        ],
        "transitions": [
            {"code": "finish", "from": "new", "to": "done"},
            {"code": "expire", "from": "new", "to": "late", "trigger": "timeout"},
            {"code": "close", "from": "late", "to": "done"},
        ],
    }


def armed(people: People, instance: UUID) -> list[str]:
    with transaction(actor=people.rui.actor):
        query = select(Timer.kind).where(Timer.subject_id == instance, Timer.state == "armed")
        return sorted(session().scalars(query))


def fire_at(instant: datetime) -> int:
    with clock.at(instant):
        return timers.fire_due(TIMERS)


def test_a_state_that_lasts_too_long_takes_its_way_out(world: People, published: Publish) -> None:
    with clock.at(MONDAY):
        instance = begin(world, published(**waiting(timeout_hours=24)))
    assert fire_at(MONDAY + timedelta(hours=23, minutes=59)) == 0
    assert fire_at(MONDAY + timedelta(hours=24)) == 1
    assert row(world, instance).state == "late"
    last = history(world, instance)[-1]
    assert (last.kind, last.actor_kind, last.seconds_in_state) == ("timeout", "system", 86_400)


def test_leaving_in_time_disarms_the_timeout(world: People, published: Publish) -> None:
    with clock.at(MONDAY):
        instance = begin(world, published(**waiting(timeout_hours=24)))
        assert armed(world, instance) == ["workflow.instance_timeout", "workflow.state_timeout"]
        with transaction(actor=world.rui.actor):
            service.fire(instance, "finish")
    assert armed(world, instance) == []
    assert fire_at(MONDAY + timedelta(hours=25)) == 0
    assert row(world, instance).status == "completed"


def test_a_late_timer_finds_the_person_was_faster(world: People, published: Publish) -> None:
    with clock.at(MONDAY):
        instance = begin(world, published(**waiting(timeout_hours=24)))
        with transaction(actor=world.rui.actor):
            due = timers.Due(
                instance, world.rui.company_id, "x", "x", instance, MONDAY,
                {"state": "new", "steps": 1},
            )  # fmt: skip
            service.fire(instance, "finish")
    with transaction(company_id=world.rui.company_id):
        moments.state_timed_out(due)
    assert row(world, instance).state == "done"


@pytest.mark.parametrize(("action", "kind"), [("notify", "timeout"), ("escalate", "escalation")])
def test_a_timeout_that_only_tells_stays(
    world: People, published: Publish, action: str, kind: str
) -> None:
    changes = waiting(timeout_hours=2, timeout_action=action)
    changes["transitions"] = [
        {"code": "finish", "from": "new", "to": "late"},
        {"code": "close", "from": "late", "to": "done"},
    ]
    with clock.at(MONDAY):
        instance = begin(world, published(**changes))
    fire_at(MONDAY + timedelta(hours=3))
    last = history(world, instance)[-1]
    assert (last.from_state, last.to_state, last.kind) == ("new", "new", kind)
    assert row(world, instance).status == "active"


def test_an_instance_that_takes_too_long_stops_for_an_operator(
    world: People, published: Publish
) -> None:
    with clock.at(MONDAY):
        instance = begin(world, published())
    fire_at(MONDAY + timedelta(hours=72))
    found = row(world, instance)
    assert (found.status, found.error_message) == ("timeout", "Not finished within 72 hours")
    with clock.at(MONDAY + timedelta(hours=80)), transaction(actor=world.otto.actor):
        again = service.retry(instance)
        assert again.status == "active"
        assert again.due_at == MONDAY + timedelta(hours=152)
    assert armed(world, instance) == ["workflow.instance_timeout"]


def asking(**state: Any) -> dict[str, Any]:
    """An approval that Ada answers, in the state ``asked``."""
    levels = [{"approvers": [{"user": "ada@kestrel.example"}]}]
    asked = {"code": "asked", "name": "Asked", "type": "approval", "approval": {"levels": levels}}
    return {
        "record_type": "order",
        "states": [
            {"code": "new", "name": "New", "type": "start"},
            {**asked, **state},
            {"code": "yes", "name": "Yes", "type": "end"},
            {"code": "no", "name": "No", "type": "end"},
        ],
        "transitions": [
            {"code": "ask", "from": "new", "to": "asked"},
            {"code": "ok", "from": "asked", "to": "yes", "trigger": "approval"},
            {"code": "nok", "from": "asked", "to": "no", "trigger": "rejection"},
        ],
    }


def ask(people: People, code: str, record_id: UUID) -> UUID:
    with clock.at(MONDAY):
        instance = begin(people, code, record_id)
        with transaction(actor=people.rui.actor):
            service.fire(instance, "ask")
    return instance


@pytest.mark.parametrize("action", ["auto_approve", "auto_reject"])
def test_the_clock_of_a_state_published_long_ago_answers_no_approval(
    world: People,
    published: Publish,
    order: Callable[..., UUID],
    monkeypatch: pytest.MonkeyPatch,
    action: str,
) -> None:
    monkeypatch.setattr(checks, "_CHECKS", ())
    instance = ask(
        world, published(**asking(timeout_hours=2, timeout_action=action)), order(amount="5")
    )
    assert fire_at(MONDAY + timedelta(hours=3)) == 1
    assert (row(world, instance).state, row(world, instance).status) == ("asked", "active")
    assert history(world, instance)[-1].kind == "timeout"
    assert statuses(world) == ["pending"]


def test_a_way_by_timeout_published_long_ago_does_not_approve(
    world: People, published: Publish, order: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_CHECKS", ())
    content = asking(timeout_hours=2)
    content["transitions"].append(
        {"code": "hurry", "from": "asked", "to": "yes", "trigger": "timeout"}
    )
    instance = ask(world, published(**content), order())
    fire_at(MONDAY + timedelta(hours=3))
    assert row(world, instance).state == "asked"
    assert statuses(world) == ["pending"]


def statuses(people: People) -> list[str]:
    with transaction(actor=people.alma.actor):
        return list(session().scalars(select(ApprovalRequest.status)))


def told(people: People) -> list[tuple[UUID, str]]:
    """Let what was left to tell be told; return whom and the line they read, in order."""
    with transaction(actor=people.alma.actor):
        kind = OutboxMessage.kind.like("workflow.tell%")
        ids = session().scalars(select(OutboxMessage.id).where(kind)).all()
    delivery.deliver(ids, handlers())
    with transaction(actor=people.alma.actor):
        failed = select(OutboxMessage.last_error).where(OutboxMessage.last_error.is_not(None))
        assert session().scalars(failed).all() == []
        rows = session().scalars(select(Notification).order_by(Notification.id)).all()
        return [(one.user_id, one.title) for one in rows]


def test_an_approval_can_be_given_after_the_time_of_the_instance(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    instance = ask(world, published(**asking()), order())
    for days in (3, 4):
        assert fire_at(MONDAY + timedelta(days=days)) == 1
    assert row(world, instance).status == "active"
    assert {person for person, _line in told(world)} >= {world.otto.id}
    assert armed(world, instance) == ["workflow.instance_timeout"]
    with transaction(actor=world.ada.actor):
        request = session().scalars(select(ApprovalRequest)).one()
        approvals.decide(request.id, "approve", digest=request.digest)
    assert row(world, instance).state == "yes"
    assert armed(world, instance) == []


def test_operators_are_told_what_was_not_finished_in_time(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    with clock.at(MONDAY):
        begin(world, published(record_type="order"), order())
    fire_at(MONDAY + timedelta(hours=72))
    lines = dict(told(world))
    assert lines[world.otto.id].endswith("was not finished in time")
    assert world.rui.id not in lines


def test_who_began_it_is_told_that_a_record_waits_too_long(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    content = waiting(timeout_hours=2, timeout_action="notify")
    content["states"] = [one for one in content["states"] if one["code"] != "late"]
    content["transitions"] = content["transitions"][:1]
    with clock.at(MONDAY):
        begin(world, published(record_type="order", **content), order())
    fire_at(MONDAY + timedelta(hours=3))
    ((person, line),) = told(world)
    assert person == world.rui.id
    assert line.endswith("is waiting")


def test_a_wait_takes_its_step_unless_the_state_was_left(world: People, published: Publish) -> None:
    call = {"action": "wait", "hours": 5, "transition": "finish"}
    code = published(**waiting(on_enter=[call], timeout_hours=99))
    with clock.at(MONDAY):
        stays, leaves = begin(world, code), begin(world, code)
        with transaction(actor=world.rui.actor):
            service.fire(leaves, "finish")
    fire_at(MONDAY + timedelta(hours=5))
    assert row(world, stays).state == "done"
    assert history(world, stays)[-1].actor_kind == "system"
    assert len(history(world, leaves)) == 2
