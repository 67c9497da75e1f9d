"""The other types of rules: inventory, events, service levels, schedules; and broken ones."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.alerts.conftest import TANK, Works, deliver, low, make_scene
from tests.support.stage import shared
from wfweb.alerts import preview, rules_admin, scheduling, service
from wfweb.alerts.compiled import compile_row
from wfweb.alerts.errors import Unevaluable
from wfweb.alerts.models import AlertRule
from wfweb.events import emit, timers
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.records import service as records
from wfweb.records import types
from wfweb.sla.events import LevelCrossed
from wfweb.wiring import TIMERS

stage, rollback, works = shared(make_scene)


def stock(check: str, **more: Any) -> dict[str, Any]:
    return {
        "code": f"stock_{check}",
        "name": "Order again",
        "type": "inventory",
        "record_type": "tank",
        "check": check,
        "recipients": [{"role": "operator"}],
        **more,
    }


def test_the_reorder_point_of_the_record(works: Works):
    works.rule(stock("reorder_point", clear_at="120"))
    tank = works.tank(reorder_point=50)
    works.measure(tank, 51, "on_hand")
    assert works.alerts() == []
    works.measure(tank, 50, "on_hand")
    assert works.alert(tank).message == "Stock of TNK-1001 Cream is 50, at or below 50."
    works.measure(tank, 60, "on_hand")
    assert works.alert(tank).status == "active"
    works.measure(tank, 61, "on_hand")
    assert works.alert(tank).status == "resolved"


def test_what_is_on_order_counts(works: Works):
    works.rule(
        stock("reorder_point", stock={"on_order": "on_order", "reorder_point": "reorder_point"})
    )
    tank = works.tank(reorder_point=5)
    works.send(
        [
            {"record": str(tank), "metric": metric, "value": value}
            for metric, value in (("on_hand", 20), ("on_order", 40), ("reorder_point", 50))
        ]
    )
    assert works.alerts() == []
    works.measure(tank, 10, "on_order")
    assert works.alert(tank).context["value"] == "30"


def test_days_of_stock_by_thirty_days_of_usage(works: Works):
    works.rule(stock("days_of_stock", raise_at="7", clear_at="10"))
    tank, now = works.tank(), clock.now()
    usage = [
        {
            "record": str(tank),
            "metric": "usage",
            "value": 4,
            "at": (now - timedelta(days=day, hours=1)).isoformat(),
        }
        for day in range(40)
    ]
    works.send(usage)
    works.measure(tank, 29, "on_hand")
    assert works.alerts() == []
    works.measure(tank, 28, "on_hand")  # 28 units, four a day: seven days
    assert (
        works.alert(tank).message
        == "Days of stock of TNK-1001 Cream is 7 days, at or below 7 days."
    )


def test_usage_alone_can_raise_it(works: Works):
    works.rule(stock("days_of_stock", raise_at="7"))
    tank = works.tank()
    works.measure(tank, 70, "on_hand")
    assert works.alerts() == []
    works.measure(tank, 300, "usage")
    assert works.alert(tank).context["value"] == "7"


def test_fixed_and_percentage_and_category(works: Works):
    works.rule(stock("fixed_threshold", raise_at="5", category=["dairy"]))
    works.rule(stock("percentage", raise_at="80", category=["dairy", "fruit"]))
    dairy = works.tank("Milk", category="dairy", reorder_point=10)
    fruit = works.tank("Plums", category="fruit", reorder_point=10)
    other = works.tank("Oil", reorder_point=10)
    for tank in (dairy, fruit, other):
        works.measure(tank, 5, "on_hand")
    assert [len(works.alerts(one)) for one in (dairy, fruit, other)] == [2, 1, 0]


def test_a_record_that_leaves_the_condition_clears(works: Works):
    works.rule(low(condition={"field": "category", "operator": "=", "value": "dairy"}))
    tank = works.tank(category="dairy")
    works.measure(tank, 10)
    with transaction(actor=works.people.rui.actor):
        records.update_record(tank, {"category": "fruit"}, version=1)
    works.measure(tank, 10)
    assert works.alert(tank).status == "resolved"


def commented(**more: Any) -> dict[str, Any]:
    return {
        "code": "changed",
        "name": "A tank was changed",
        "type": "event",
        "event": "record.changed",
        "record_type": "tank",
        "recipients": [{"role": "operator"}],
        **more,
    }


def change(works: Works, tank: UUID, version: int, **data: Any) -> None:
    with transaction(actor=works.people.rui.actor):
        records.update_record(tank, data, version=version)


def test_an_event_raises_after_the_act_and_repeats_are_folded(works: Works):
    works.rule(commented(condition={"field": "category", "operator": "=", "value": "dairy"}))
    tank = works.tank()
    change(works, tank, 1, category="dairy")
    assert works.alerts() == []
    deliver(works, "alerts.event_happened")
    change(works, tank, 2, name="Butter")
    deliver(works, "alerts.event_happened")
    alert = works.alert(tank)
    assert (alert.occurrences, alert.holds, alert.context["event"]) == (2, None, "record.changed")
    change(works, tank, 3, category="fruit")
    deliver(works, "alerts.event_happened")
    assert works.alert(tank).status == "active"


def test_after_it_was_resolved_the_next_event_raises_again(works: Works):
    works.rule(commented(cooldown_minutes=0))
    tank = works.tank()
    change(works, tank, 1, name="Butter")
    deliver(works, "alerts.event_happened")
    alert_id = works.alert(tank).id
    with transaction(actor=works.people.otto.actor):
        service.resolve(alert_id, "Seen")
    change(works, tank, 2, name="Cheese")
    deliver(works, "alerts.event_happened")
    assert [one.status for one in works.alerts(tank)] == ["resolved", "active"]


def test_nothing_is_stored_for_events_nobody_waits_for(works: Works):
    tank = works.tank()
    change(works, tank, 1, name="Butter")
    assert works.messages("alerts.event_happened") == []
    with transaction(actor=works.people.alma.actor):
        types.create_type({**TANK, "code": "silo", "name": "Silo", "key_prefix": "SIL"})
    works.rule(commented(record_type="silo"))
    change(works, tank, 2, name="Cheese")
    assert works.messages("alerts.event_happened") == [], "it waits for another type of record"


def test_rules_do_not_wait_for_alerts_themselves(works: Works):
    with pytest.raises(ValidationFailed, match="no event"):
        works.rule(commented(event="alert.raised"))


def crossed(tank: UUID, level: str, **more: Any) -> LevelCrossed:
    return LevelCrossed(
        target_type="sla_clock",
        target_id=new_id(),
        definition_code="refill",
        subject_type="record",
        subject_id=tank,
        record_id=tank,
        level=level,
        at=clock.now(),
        **more,
    )


def test_a_service_level_raises_at_its_levels(works: Works):
    works.rule(
        {
            "code": "late",
            "name": "Refill is late",
            "type": "sla",
            "severity": "critical",
            "levels": ["RED", "BREACHED"],
            "service_level": "refill",
            "recipients": [{"role": "operator"}],
        }
    )
    tank = works.tank()
    with works.system:
        emit(crossed(tank, "ORANGE"))
        emit(crossed(tank, "RED", overtaken=True))
    deliver(works, "alerts.event_happened")
    assert works.alerts() == []
    with works.system:
        emit(crossed(tank, "RED"))
        emit(crossed(tank, "BREACHED"))
    deliver(works, "alerts.event_happened")
    alert = works.alert(tank)
    assert (alert.occurrences, alert.context["level"]) == (2, "BREACHED")


def nightly(**more: Any) -> dict[str, Any]:
    return {
        "code": "nightly",
        "name": "Tank without keeper",
        "type": "schedule",
        "record_type": "tank",
        "condition": {"field": "keeper", "operator": "is empty"},
        "cron": "0 6 * * *",
        "time_zone": "Europe/Berlin",
        "recipients": [{"role": "operator"}],
        **more,
    }


def look(moment: datetime) -> int:
    """Let the timers work until nothing is due; return how many turns were taken."""
    with clock.at(moment):
        claimed = scheduling.claim_due()
        while timers.fire_due(TIMERS):
            pass
    return claimed


def test_a_schedule_looks_through_all_records_at_its_moment(works: Works):
    with clock.at(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        rule = works.rule(nightly())
        lonely, kept = works.tank("A"), works.tank("B", keeper=str(works.people.rui.id))
    assert works.row(rule).next_run_at == datetime(2026, 11, 21, 5, tzinfo=UTC)
    moment = datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert [look(moment - timedelta(minutes=1)), look(moment), look(moment)] == [0, 1, 0]
    assert [len(works.alerts(one)) for one in (lonely, kept)] == [1, 0]
    with transaction(actor=works.people.rui.actor):
        records.update_record(lonely, {"keeper": str(works.people.rui.id)}, version=1)
    look(datetime(2026, 11, 22, 5, 1, tzinfo=UTC))
    assert works.alert(lonely).status == "resolved"


def test_a_process_that_dies_between_two_batches_leaves_no_record_out(
    works: Works, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(scheduling, "BATCH", 2)
    with clock.at(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        works.rule(nightly())
        lonely = [works.tank(f"T{number}") for number in range(5)]
    moment = datetime(2026, 11, 21, 5, tzinfo=UTC)
    with clock.at(moment):
        # One process takes the turn and ends after its first batch; the next goes on.
        assert scheduling.claim_due() == 1
        assert timers.fire_due(TIMERS) == 1
    assert [len(works.alerts(one)) for one in lonely] == [1, 1, 0, 0, 0]
    assert look(moment + timedelta(minutes=1)) == 0
    assert [len(works.alerts(one)) for one in lonely] == [1, 1, 1, 1, 1]
    assert {works.alert(one).occurrences for one in lonely} == {1}, "each was looked at once"


def test_a_rule_switched_off_between_two_batches_raises_nothing_more(
    works: Works, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(scheduling, "BATCH", 2)
    with clock.at(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        works.rule(nightly())
        lonely = [works.tank(f"T{number}") for number in range(3)]
    moment = datetime(2026, 11, 21, 5, tzinfo=UTC)
    with clock.at(moment):
        scheduling.claim_due()
        timers.fire_due(TIMERS)
        with transaction(actor=works.people.alma.actor):
            rules_admin.set_active("nightly", active=False, version=1)
    look(moment + timedelta(minutes=1))
    assert [len(works.alerts(one)) for one in lonely] == [1, 1, 0]


def test_a_preview_is_what_the_rule_then_does(works: Works):
    tanks = [works.tank(f"T{number}") for number in range(6)]
    works.send(
        [
            {"record": str(tank), "metric": "level", "value": 5 * number}
            for number, tank in enumerate(tanks)
        ]
    )
    with transaction(actor=works.people.alma.actor):
        found = preview.preview(low())
    assert (found.looked_at, found.fires, found.unknown) == (6, 4, 0)
    assert [one.subject.id for one in found.examples] == tanks[:4]
    assert works.alerts() == []
    works.rule()
    works.send(
        [
            {"record": str(tank), "metric": "level", "value": 5 * number}
            for number, tank in enumerate(tanks)
        ]
    )
    assert [one.message for one in works.alerts()] == [one.message for one in found.examples]


def test_a_preview_says_for_how_many_there_are_no_figures(works: Works):
    with_point, without = works.tank(reorder_point=50), works.tank("Other")
    for tank in (with_point, without):
        works.measure(tank, 5, "on_hand")
    with transaction(actor=works.people.alma.actor):
        found = preview.preview(stock("reorder_point"))
    assert (found.looked_at, found.fires, found.unknown) == (2, 1, 1)


def test_a_rule_that_cannot_be_evaluated_says_so_and_stays_on(works: Works):
    rule = works.rule(low(condition={"field": "category", "operator": "=", "value": "dairy"}))
    healthy = works.rule(low(code="other"))
    tank = works.tank(category="dairy")
    fields = [one for one in TANK["fields"] if one["code"] != "category"]
    with transaction(actor=works.people.alma.actor):
        found = types.get_type("tank")
        types.update_type("tank", {**TANK, "fields": fields}, version=found.version)
    works.measure(tank, 10)
    row = works.row(rule)
    assert (row.active, row.error) == (True, "Tanks have no field category any more")
    assert [one.rule_id for one in works.alerts(tank)] == [healthy]
    assert len(works.messages("alerts.tell_broken")) == 1
    works.measure(tank, 9)
    assert len(works.messages("alerts.tell_broken")) == 1
    assert deliver(works, "alerts.tell_broken") == 1
    with transaction(actor=works.people.alma.actor):
        assert rules_admin.rules()[0].id == rule
        found = types.get_type("tank")
        types.update_type("tank", TANK, version=found.version)
    works.measure(tank, 8)
    assert works.row(rule).error is None
    assert len(works.alerts(tank)) == 2


def test_a_stored_body_that_no_longer_reads_is_a_broken_rule(works: Works):
    rule = works.rule()
    with works.system:
        row = session().get_one(AlertRule, rule)
        row.body, row.version = {"type": "threshold", "colour": "blue"}, 2
        with pytest.raises(Unevaluable, match="no longer be read"):
            compile_row(row)
    works.measure(works.tank(), 5)
    assert works.row(rule).error == "Its definition can no longer be read"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"metric": None}, "/metric"),
    ({"metric": "colour"}, "/metric"),
    ({"raise_at": None}, "/raise_at"),
    ({"raise_at": "NaN"}, "/raise_at"),
    ({"clear_at": "19"}, "/clear_at"),
    ({"operator": "~"}, "/operator"),
    ({"record_type": "boat"}, "/record_type"),
    ({"condition": {"field": "colour", "operator": "=", "value": 1}}, "/condition/field"),
    ({"severity": "bad"}, "/severity"),
    ({"cooldown_minutes": -1}, "/cooldown_minutes"),
    ({"daily_cap": 0}, "/daily_cap"),
    ({"template": {"title": "{{colour}}"}}, "/template/title"),
    ({"template": {"title": "{{ 7*7 }}"}}, "/template/title"),
    ({"colour": "blue"}, "/colour"),
    ({"code": "Low!"}, "/code"),
    ({"escalation": [{"after_minutes": 5, "recipients": []}]}, "/escalation/0/recipients"),
    (
        {
            "severity": "critical",
            "escalation": [
                {"after_minutes": 5, "severity": "info", "recipients": [{"role": "operator"}]}
            ],
        },
        "/escalation/0/severity",
    ),
    (
        {
            "escalation": [
                {"after_minutes": 5, "recipients": [{"role": "operator"}]},
                {"after_minutes": 5, "recipients": [{"role": "operator"}]},
            ]
        },
        "/escalation/1/after_minutes",
    ),
    ({"type": "schedule", "cron": "every day"}, "/cron"),
    ({"type": "schedule", "cron": "0 6 * * *", "time_zone": "Mars"}, "/time_zone"),
    ({"type": "schedule", "cron": "0 0 30 2 *"}, "/cron"),
    ({"type": "event", "event": "tea.time"}, "/event"),
    ({"type": "inventory", "check": "days_of_stock", "raise_at": None}, "/raise_at"),
]


@pytest.mark.parametrize(("wrong", "pointer"), WRONG)
def test_a_wrong_rule_names_its_places(works: Works, wrong, pointer):
    with pytest.raises(ValidationFailed) as refusal:
        works.rule(low(**wrong))
    assert pointer in [error.pointer for error in refusal.value.errors]


def test_rules_are_changed_with_the_version_that_was_seen(works: Works):
    works.rule()
    with transaction(actor=works.people.alma.actor):
        changed = rules_admin.save_rule(low(raise_at="25"), version=1)
        assert (changed.version, changed.body["raise_at"]) == (2, "25")
    with pytest.raises(Conflict), transaction(actor=works.people.alma.actor):
        rules_admin.save_rule(low(raise_at="26"), version=1)
    with pytest.raises(Forbidden), transaction(actor=works.people.rui.actor):
        rules_admin.save_rule(low(raise_at="26"), version=2)


def test_a_rule_that_is_off_raises_nothing(works: Works):
    works.rule()
    tank = works.tank()
    works.measure(tank, 10)
    with transaction(actor=works.people.alma.actor):
        rules_admin.set_active("low", active=False, version=1)
    other = works.tank("Other")
    works.measure(other, 10)
    assert works.alerts(other) == []
