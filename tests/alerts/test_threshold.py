"""Threshold rules on readings: raise at A, clear at B, one open alert, repeats folded."""

from datetime import timedelta

from tests.alerts.conftest import Works, low
from wfweb import wiring
from wfweb.alerts.events import AlertsRaised
from wfweb.events import bus, timers
from wfweb.kernel import clock


def test_a_value_below_the_limit_raises_one_alert(works: Works):
    rule, tank = works.rule(), works.tank()
    done = works.measure(tank, "19.5")
    alert = works.alert(tank)
    assert done.outcome.raised == [alert.id]
    assert (alert.key, alert.status, alert.severity) == ("ALT-1001", "active", "warning")
    assert alert.context == {
        "metric": "level",
        "value": "19.5",
        "threshold": "20",
        "clear_at": "30",
        "operator": "<",
    }
    assert alert.message == "Fill level of TNK-1001 Cream is 19.5 %, below 20 %."
    assert works.row(rule).triggered_count == 1


def test_at_the_limit_nothing_is_raised(works: Works):
    works.rule()
    works.measure(works.tank(), 20)
    assert works.alerts() == []


def test_repeats_are_folded_into_the_open_alert(works: Works):
    works.rule()
    tank = works.tank()
    for value in (19, 18, 17):
        works.measure(tank, value)
    alert = works.alert(tank)
    assert (alert.occurrences, alert.context["value"], alert.status) == (3, "17", "active")


def test_between_the_limits_nothing_changes(works: Works):
    works.rule()
    tank = works.tank()
    works.measure(tank, 19)
    works.measure(tank, 25)
    assert works.alert(tank).status == "active"
    works.measure(tank, 30)
    alert = works.alert(tank)
    assert (alert.status, alert.holds, alert.resolved_by_id) == ("resolved", False, None)
    assert alert.resolution_notes == "The value is 30 again."
    works.measure(tank, 25)
    assert works.alert(tank).status == "resolved"


def test_a_hovering_value_opens_its_last_alert_again_within_the_cooldown(works: Works):
    works.rule()
    tank = works.tank()
    for value in (19, 31, 19, 31, 19):
        works.measure(tank, value)
    alert = works.alert(tank)
    assert (alert.status, alert.occurrences, alert.held_back) == ("active", 3, "cooldown")
    assert len(works.messages("alerts.tell")) == 1


def test_a_rule_may_leave_its_alert_open_when_the_cause_goes(works: Works):
    works.rule(low(auto_resolve=False))
    tank = works.tank()
    works.measure(tank, 19)
    works.measure(tank, 40)
    alert = works.alert(tank)
    assert (alert.status, alert.holds) == ("active", False)
    works.measure(tank, 18)
    alert = works.alert(tank)
    assert (alert.status, alert.holds, alert.occurrences) == ("active", True, 2)


def test_an_alert_that_had_become_graver_comes_back_as_grave(works: Works):
    step = {"after_minutes": 5, "severity": "critical", "recipients": [{"role": "committee"}]}
    works.rule(low(auto_resolve=False, escalation=[step]))
    tank = works.tank()
    works.measure(tank, 10)
    with clock.at(clock.now() + timedelta(minutes=6)):
        timers.fire_due(wiring.TIMERS)
    works.measure(tank, 50)
    seen: list[AlertsRaised] = []
    bus.subscribe_now(AlertsRaised, seen.append)
    try:
        works.measure(tank, 10)
    finally:
        bus._now[AlertsRaised].remove(seen.append)
    assert [one.severity for one in seen] == ["critical"]
