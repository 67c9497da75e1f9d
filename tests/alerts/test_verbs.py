"""What people do with alerts: acknowledge, hand over, note, remind, silence, resolve."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.alerts.conftest import Works, low, make_scene
from tests.people import Person
from tests.support.stage import shared
from wfweb import wiring
from wfweb.alerts import lapsing, queries, service, silencing
from wfweb.alerts.errors import NotOpen
from wfweb.alerts.models import AlertSilence
from wfweb.events import timers
from wfweb.events.models import Timer
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed

stage, rollback, works = shared(make_scene)

STEPS = [
    {"after_minutes": 15, "recipients": [{"role": "approver"}]},
    {"after_minutes": 60, "severity": "critical", "recipients": [{"role": "committee"}]},
]


class Raised(NamedTuple):
    """An open alert and its tank."""

    id: UUID
    record_id: UUID


@pytest.fixture
def raised(works: Works) -> Raised:
    works.rule(low(escalation=STEPS))
    tank = works.tank()
    works.measure(tank, 10)
    return Raised(works.alert(tank).id, tank)


def act(who: Person, verb, *args, **values):
    with transaction(actor=who.actor):
        return verb(*args, **values)


def armed(works: Works, alert_id: UUID) -> list[str]:
    with works.system:
        statement = select(Timer.kind).where(Timer.subject_id == alert_id, Timer.state == "armed")
        return sorted(session().scalars(statement))


def later(minutes: float) -> int:
    """Let so much time pass for the timers."""
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        return timers.fire_due(wiring.TIMERS)


def test_acknowledging_takes_the_alert_and_stops_its_escalation(works: Works, raised: Raised):
    assert armed(works, raised.id) == ["alerts.escalate"]
    act(works.people.otto, service.acknowledge, raised.id, version=1, note="On my way")
    alert = works.alert()
    assert (alert.status, alert.owner_id) == ("acknowledged", works.people.otto.id)
    assert alert.next_escalation_at is None
    assert armed(works, raised.id) == []
    with transaction(actor=works.people.otto.actor):
        (note,) = queries.detail(alert.key).notes
        assert (note.kind, note.body, note.by_name) == (
            "acknowledged", "On my way", "Otto Operates",
        )  # fmt: skip


def test_who_comes_second_hears_who_took_it(works: Works, raised: Raised):
    act(works.people.otto, service.acknowledge, raised.id, version=1)
    with pytest.raises(Conflict, match="Otto Operates took ALT-1001"):
        act(works.people.alma, service.acknowledge, raised.id, version=1)


def test_a_stranger_does_not_see_it_and_a_member_may_not_act(works: Works, raised: Raised):
    with pytest.raises(NotFound):
        act(works.people.eve, service.acknowledge, raised.id)
    with pytest.raises(Forbidden) as refusal:
        act(works.people.cleo, service.acknowledge, raised.id)
    assert "Otto Operates" in refusal.value.who_can


def test_the_owner_of_the_record_sees_it(works: Works, raised: Raised):
    with transaction(actor=works.people.rui.actor):
        assert [one.key for one in queries.centre()[0]] == ["ALT-1001"]


def test_assigning_acknowledges_for_somebody_else(works: Works, raised: Raised):
    act(works.people.otto, service.assign, raised.id, works.people.cleo.id)
    alert = works.alert()
    assert (alert.status, alert.owner_id) == ("acknowledged", works.people.cleo.id)
    act(works.people.cleo, service.note, raised.id, "I look at it")


def test_an_alert_goes_to_nobody_of_another_company(works: Works, raised: Raised):
    with pytest.raises(ValidationFailed):
        act(works.people.otto, service.assign, raised.id, works.people.eve.id)


def test_escalation_tells_the_next_people_and_makes_it_graver(works: Works, raised: Raised):
    assert later(14) == 0
    later(15)
    alert = works.alert()
    assert (alert.status, alert.escalation_level, alert.severity) == ("escalated", 1, "warning")
    later(60)
    alert = works.alert()
    assert (alert.escalation_level, alert.severity) == (2, "critical")
    assert alert.next_escalation_at is None
    kinds = [(one["kind"], one.get("level")) for one in works.messages("alerts.tell")]
    assert kinds == [("raised", None), ("escalated", 1), ("escalated", 2)]


def test_an_acknowledged_alert_wakes_nobody(works: Works, raised: Raised):
    act(works.people.otto, service.acknowledge, raised.id)
    later(600)
    assert works.alert().escalation_level == 0


def test_a_cleared_alert_wakes_nobody(works: Works, raised: Raised):
    works.measure(raised.record_id, 50)
    assert armed(works, raised.id) == []
    later(600)
    assert works.alert().status == "resolved"


def test_the_owner_is_reminded_again_and_again_until_it_ends(works: Works, raised: Raised):
    act(works.people.otto, service.acknowledge, raised.id, remind_minutes=30)
    later(31)
    later(62)
    reminders = [one for one in works.messages("alerts.tell") if one["kind"] == "reminder"]
    assert len(reminders) == 2
    act(works.people.otto, service.resolve, raised.id, "The sensor is broken")
    assert armed(works, raised.id) == []


def test_a_reminder_can_be_stopped(works: Works, raised: Raised):
    act(works.people.otto, service.remind, raised.id, 30)
    act(works.people.otto, service.remind, raised.id, None)
    assert armed(works, raised.id) == ["alerts.escalate"]
    assert works.alert().owner_id == works.people.otto.id


def test_resolving_while_the_cause_holds_asks_why(works: Works, raised: Raised):
    with pytest.raises(ValidationFailed) as refusal:
        act(works.people.otto, service.resolve, raised.id, "  ")
    assert refusal.value.errors[0].pointer == "/notes"
    act(works.people.otto, service.resolve, raised.id, "The sensor is broken")
    alert = works.alert()
    assert (alert.status, alert.resolution_notes) == ("resolved", "The sensor is broken")
    assert (alert.holds, alert.resolved_by_id) == (True, works.people.otto.id)


def test_what_was_resolved_by_hand_is_raised_again_only_after_it_cleared(works: Works, raised):
    act(works.people.otto, service.resolve, raised.id, "The sensor is broken")
    works.measure(raised.record_id, 9)
    assert len(works.alerts()) == 1
    works.measure(raised.record_id, 40)
    works.measure(raised.record_id, 9)
    assert [one.status for one in works.alerts()] == ["resolved", "active"]


def test_a_rule_may_raise_again_after_some_hours(works: Works):
    works.rule(low(raise_again_hours=4))
    tank = works.tank()
    works.measure(tank, 10)
    act(works.people.otto, service.resolve, works.alert().id, "Known")
    with clock.at(clock.now() + timedelta(hours=3)):
        works.measure(tank, 10)
    assert len(works.alerts()) == 1
    with clock.at(clock.now() + timedelta(hours=4, minutes=1)):
        works.measure(tank, 10)
    assert [one.status for one in works.alerts()] == ["resolved", "active"]


def test_an_ended_alert_takes_notes_and_nothing_else(works: Works, raised: Raised):
    act(works.people.otto, service.resolve, raised.id, "Done")
    for verb in (service.acknowledge, service.resolve):
        with pytest.raises(NotOpen):
            act(works.people.otto, verb, raised.id)
    act(works.people.otto, service.note, raised.id, "It was the sensor")


def test_an_old_version_is_a_conflict(works: Works, raised: Raised):
    act(works.people.otto, service.remind, raised.id, 30, version=1)
    with pytest.raises(Conflict) as refusal:
        act(works.people.otto, service.resolve, raised.id, "Done", version=1)
    assert refusal.value.current_version == 2


def test_a_silence_outlives_resolving_and_raising_again(works: Works):
    rule, tank = works.rule(), works.tank()
    until = clock.now() + timedelta(hours=8)
    act(
        works.people.otto, silencing.silence,
        rule_id=rule, record_id=tank, until=until, reason="Repairs",
    )  # fmt: skip
    for value in (10, 50, 10):
        works.measure(tank, value)
    assert {one.held_back for one in works.alerts(tank)} == {"silenced"}
    assert works.messages("alerts.tell") == []
    assert works.alerts(tank)[-1].status == "active"


def test_what_is_still_open_when_a_silence_is_over_is_told_then(works: Works):
    rule, tank = works.rule(), works.tank()
    until = clock.now() + timedelta(hours=8)
    act(works.people.alma, silencing.silence, rule_id=rule, until=until, reason="Holidays")
    works.measure(tank, 10)
    later(7 * 60)
    assert works.messages("alerts.tell") == []
    later(8 * 60 + 1)
    assert len(works.messages("alerts.tell")) == 1
    assert works.alert().held_back is None


def test_ending_a_silence_tells_at_once(works: Works):
    rule, tank = works.rule(), works.tank()
    until = clock.now() + timedelta(hours=8)
    act(works.people.alma, silencing.silence, record_id=tank, until=until, reason="Holidays")
    with works.system:
        silence_id = session().scalars(select(AlertSilence.id)).one()
    works.measure(tank, 10)
    act(works.people.alma, silencing.end_silence, silence_id)
    later(0.1)
    assert len(works.messages("alerts.tell")) == 1
    with pytest.raises(Conflict):
        act(works.people.alma, silencing.end_silence, silence_id)
    assert works.state(rule, tank).told_count == 1


def test_a_silenced_alert_does_not_escalate_before_the_silence_ends(works: Works):
    works.rule(low(escalation=STEPS))
    tank = works.tank()
    until = clock.now() + timedelta(hours=2)
    act(works.people.otto, silencing.silence, record_id=tank, until=until, reason="Repairs")
    works.measure(tank, 10)
    later(20)
    assert works.alert().escalation_level == 0
    later(121)
    assert works.alert().escalation_level == 1


@pytest.mark.parametrize(
    ("hours", "reason", "pointer"),
    [(-1, "why", "/until"), (9000, "why", "/until"), (1, " ", "/reason")],
)
def test_a_silence_has_an_end_and_a_reason(works: Works, hours, reason, pointer):
    tank, until = works.tank(), clock.now() + timedelta(hours=hours)
    with pytest.raises(ValidationFailed) as refusal:
        act(works.people.otto, silencing.silence, record_id=tank, until=until, reason=reason)
    assert refusal.value.errors[0].pointer == pointer


def test_silencing_a_whole_rule_needs_more(works: Works):
    rule, until = works.rule(), clock.now() + timedelta(hours=1)
    with pytest.raises(Forbidden):
        act(works.people.otto, silencing.silence, rule_id=rule, until=until, reason="Noise")


def test_an_alert_expires(works: Works):
    rule, tank = works.rule(low(expires_hours=24, escalation=STEPS)), works.tank()
    works.measure(tank, 10)
    assert lapsing.expire_due() == 0
    with clock.at(clock.now() + timedelta(hours=25)):
        assert lapsing.expire_due() == 1
        assert lapsing.expire_due() == 0
    alert = works.alert()
    assert (alert.status, alert.next_escalation_at) == ("expired", None)
    assert works.state(rule, tank).closed_by_hand_at is not None


def test_the_cause_is_looked_at_live(works: Works, raised: Raised):
    with works.system:
        cause = queries.cause(raised.id)
    assert (cause.metric, cause.operator, cause.holds) == ("level", "<", True)
    assert (cause.value_then, cause.value_now, cause.threshold) == (10, 10, 20)
