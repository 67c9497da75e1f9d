"""Who is told, by what, when, and how a storm becomes one message."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.alerts.conftest import Works, deliver, low, make_scene
from tests.support.stage import shared
from wfweb.alerts import rules_admin, service
from wfweb.alerts.models import AlertTelling
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.notifications.models import Delivery, Notification

stage, rollback, works = shared(make_scene)


def mails(works: Works) -> list[tuple[str, str]]:
    with works.system:
        rows = session().execute(select(Delivery.kind, Delivery.address).order_by(Delivery.id))
        return [(row.kind, row.address.split("@")[0]) for row in rows]


def notices(works: Works) -> list[str]:
    with works.system:
        return list(session().scalars(select(Notification.kind).order_by(Notification.id)))


def test_the_people_of_the_rule_are_told_once(works: Works):
    works.rule(low(recipients=[{"role": "operator"}, {"user": "otto@kestrel.example"}]))
    works.measure(works.tank(), 10)
    assert deliver(works) == 1
    assert mails(works) == [("alert_raised", "otto")]
    assert notices(works) == ["alert_raised"]
    assert deliver(works) == 0


def test_only_by_the_channels_of_the_rule(works: Works):
    works.rule(low(channels=["in_app"]))
    works.measure(works.tank(), 10)
    deliver(works)
    assert (mails(works), notices(works)) == ([], ["alert_raised"])


@pytest.mark.parametrize(
    ("channel", "words"), [("sms", "SMS is not configured"), ("push", "Push is not configured"),
                           ("fax", "is no channel")]
)  # fmt: skip
def test_a_channel_that_is_not_there_is_refused_in_words(works: Works, channel, words):
    with pytest.raises(ValidationFailed, match=words) as refusal:
        works.rule(low(channels=["email", channel]))
    assert refusal.value.errors[0].pointer == "/channels/1"


def test_people_named_by_the_record_are_told(works: Works):
    works.rule(low(recipients=[{"field": "owner"}, {"field": "keeper"}]))
    works.measure(works.tank(keeper=str(works.people.cleo.id)), 10)
    deliver(works)
    assert sorted(name for _kind, name in mails(works)) == ["cleo", "rui"]


def test_when_nobody_is_left_those_who_edit_rules_are_told(works: Works):
    works.rule(low(recipients=[{"role": "committee"}, {"field": "keeper"}]))
    tank = works.tank()
    from wfweb.identity import service as identity

    with transaction(actor=works.people.alma.actor):
        identity.deactivate_user(works.people.cleo.id, version=None)
    works.measure(tank, 10)
    deliver(works)
    assert mails(works) == [("alert_raised", "alma")]


def test_nobody_is_told_of_what_has_ended_meanwhile(works: Works):
    works.rule()
    tank = works.tank()
    works.measure(tank, 10)
    works.measure(tank, 50)
    deliver(works)
    assert mails(works) == []


def test_between_two_messages_lies_the_cooldown(works: Works):
    rule, tank = works.rule(low(cooldown_minutes=60)), works.tank()
    start = clock.now()
    for minute, value in ((0, 10), (1, 50), (2, 10), (30, 50), (31, 10)):
        with clock.at(start + timedelta(minutes=minute)):
            works.measure(tank, value)
    assert len(works.messages("alerts.tell")) == 1
    assert works.alert(tank).occurrences == 3
    from wfweb import wiring
    from wfweb.events import timers

    with clock.at(start + timedelta(minutes=59)):
        timers.fire_due(wiring.TIMERS)
    assert len(works.messages("alerts.tell")) == 1
    with clock.at(start + timedelta(minutes=61)):
        timers.fire_due(wiring.TIMERS)
    assert len(works.messages("alerts.tell")) == 2
    assert works.state(rule, tank).told_count == 2


def test_a_day_has_a_cap_and_the_next_day_tells_what_is_still_open(works: Works):
    rule, tank = works.rule(low(cooldown_minutes=0, daily_cap=2)), works.tank()
    noon = clock.now().replace(hour=12) + timedelta(days=1)
    for minute in range(10):
        with clock.at(noon + timedelta(minutes=minute)):
            works.measure(tank, 50 if minute % 2 else 10)
    assert works.state(rule, tank).told_count == 2
    assert [one.occurrences for one in works.alerts(tank)] == [1, 4]
    with clock.at(noon + timedelta(minutes=11)):
        works.measure(tank, 10)
    from wfweb import wiring
    from wfweb.events import timers

    with clock.at(noon + timedelta(hours=12, minutes=1)):
        timers.fire_due(wiring.TIMERS)
    assert len(works.messages("alerts.tell")) == 3


def test_a_storm_is_folded_and_nobody_misses_anything(works: Works):
    works.rule()
    tanks = [works.tank(f"T{number}") for number in range(37)]
    works.send([{"record": str(tank), "metric": "level", "value": 5} for tank in tanks])
    deliver(works)
    assert len(mails(works)) == 10
    with clock.at(clock.now() + timedelta(seconds=21)):
        deliver(works)
    kinds = [kind for kind, _name in mails(works)]
    assert kinds == ["alert_raised"] * 10 + ["alert_storm"]
    with works.system:
        context = session().scalar(select(Delivery.context).where(Delivery.kind == "alert_storm"))
        told = session().execute(
            select(AlertTelling.state, func.count()).group_by(AlertTelling.state)
        )
        assert {row[0]: row[1] for row in told} == {"told": 10, "folded": 27}
    assert context is not None
    assert context["count"] == "27"
    assert len(context["facts"]) == 25
    assert context["notes"] == ["And 2 more in the alert centre."]


def test_in_a_storm_grave_alerts_have_an_allowance_of_their_own_and_go_first(works: Works):
    works.rule()
    works.rule(low(code="very_low", raise_at="6", clear_at="7", severity="critical"))
    tanks = [works.tank(f"T{number}") for number in range(15)]
    items = [{"record": str(tank), "metric": "level", "value": 10} for tank in tanks]
    items[-1]["value"] = 5
    works.send(items)
    with works.system:
        deliver(works)
        first = session().scalar(select(Delivery.context).order_by(Delivery.id).limit(1))
    assert first is not None
    assert first["severity"] == "Critical"
    assert len(mails(works)) == 11


def test_an_escalation_tells_the_people_of_its_step(works: Works):
    from wfweb import wiring
    from wfweb.events import timers

    works.rule(low(escalation=[{"after_minutes": 5, "recipients": [{"role": "committee"}]}]))
    works.measure(works.tank(), 10)
    deliver(works)
    with clock.at(clock.now() + timedelta(minutes=6)):
        timers.fire_due(wiring.TIMERS)
        deliver(works)
    assert mails(works) == [("alert_raised", "otto"), ("alert_escalated", "cleo")]
    alert_id = works.alert().id
    with transaction(actor=works.people.cleo.actor):
        service.acknowledge(alert_id)


def test_a_mail_that_has_not_left_is_dropped_when_the_alert_ends(works: Works):
    from wfweb.alerts import telling

    works.rule()
    tank = works.tank()
    works.measure(tank, 10)
    alert_id = works.alert(tank).id
    with works.system:
        assert telling.still_wanted(alert_id, works.people.otto.id)
    works.measure(tank, 50)
    with works.system:
        assert not telling.still_wanted(alert_id, works.people.otto.id)


def test_a_rule_needs_somebody_to_tell(works: Works):
    for recipients in ([], [{"role": "nobody"}], [{"user": "x@y"}], [{"field": "name"}], [{}]):
        with pytest.raises(ValidationFailed), transaction(actor=works.people.alma.actor):
            rules_admin.save_rule(low(recipients=recipients))
