"""How locks end: by their committee, by override, and by nothing else that people do."""

from datetime import timedelta
from typing import Any

import pytest

from tests.locks.conftest import Estate, make_scene, release_workflow, rule
from tests.support.stage import shared
from wfweb.alerts import rules_admin
from wfweb.alerts import service as alerts
from wfweb.alerts.events import AlertEscalated
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, Forbidden, ValidationFailed
from wfweb.locks import queries, reactions, service
from wfweb.locks.errors import LockEndedAlready
from wfweb.workflow import service as workflows
from wfweb.workflow.errors import ActionFailed

stage, rollback, estate = shared(make_scene)


def test_the_committee_is_asked_at_once_and_releases(estate: Estate):
    record, lock = estate.locked()
    assert estate.deliver("locks.ask_committee") == 1
    with estate.system:
        release = queries.who_can_release(queries.of_record(record))[lock.id]
    assert release.committee == ["Committee"]
    assert release.waiting == ["Cleo Chairs"]
    assert release.request_key
    assert not release.can_ask
    assert release.request_key in release.sentence
    instance = estate.sql(
        "select id from workflow_instances where context->>'lock_id' = :l", l=str(lock.id)
    )
    estate.decide(instance, "approve", "The lender waived it")
    ended = estate.lock(record)
    assert (ended.status, ended.unlock_reason) == ("unlocked", "The lender waived it")
    assert ended.unlocked_by == estate.people.cleo.id
    assert estate.alert(record).status == "resolved", "no critical alert stands unlocked"
    assert estate.looks(lock.id) == [
        ("created", "locked", True),
        ("release", "unlocked", True),
    ]
    (entry,) = estate.entries("lock.ended")
    assert (entry.type, entry.risk) == ("LOCK", "HIGH")


def test_nothing_is_asked_when_the_kind_says_so(estate: Estate):
    estate.kind("refinance_block", ask_at_once=False)
    _record, lock = estate.locked()
    estate.deliver("locks.ask_committee")
    assert estate.sql("select count(*) from workflow_instances") == 0
    estate.ask(lock.id)
    assert estate.sql("select count(*) from workflow_instances") == 1


def test_rejection_keeps_the_lock_and_it_can_be_asked_again(estate: Estate):
    record, lock = estate.locked()
    first = estate.ask(lock.id)
    with pytest.raises(Conflict) as twice:
        estate.ask(lock.id)
    assert twice.value.extra["reason"] == "asked_already"
    estate.decide(first, "reject")
    assert estate.lock(record).status == "locked"
    second = estate.ask(lock.id)
    estate.decide(second, "approve")
    assert estate.lock(record).status == "unlocked"


def test_approval_of_one_alert_frees_nothing_that_another_blocks(estate: Estate):
    estate.kind("sale_hold", blocked_actions=["sell", "refinance"])
    record, first = estate.locked()
    estate.measure(record, "40", "occupancy")
    estate.decide(estate.ask(first.id), "approve")
    states = {one.lock_type: one.status for one in estate.locks(record)}
    assert states == {"refinance_block": "unlocked", "sale_hold": "locked"}
    blocked = "select is_action_blocked(:r, 'refinance')"
    assert estate.sql(blocked, r=record) is True
    assert estate.flag(record)


def test_two_votes_on_one_record_at_once(estate: Estate):
    record, first = estate.locked()
    estate.measure(record, "40", "occupancy")
    second = next(one for one in estate.locks(record) if one.id != first.id)
    votes = [estate.ask(first.id), estate.ask(second.id)]
    estate.decide(votes[1], "reject")
    estate.decide(votes[0], "approve")
    assert {one.id: one.status for one in estate.locks(record)} == {
        first.id: "unlocked",
        second.id: "locked",
    }


def test_another_workflow_frees_nothing(estate: Estate):
    record, lock = estate.locked()
    estate.publish(release_workflow("back_door"))
    with transaction(actor=estate.people.rui.actor):
        instance = workflows.start("back_door", record, context={"alert_id": str(lock.alert_id)}).id
    with pytest.raises(ActionFailed):
        estate.decide(instance, "approve")
    assert estate.lock(record).status == "locked"


def test_a_step_without_an_approval_frees_nothing(estate: Estate):
    body = release_workflow()
    body["transitions"].append({"code": "shortcut", "from": "start", "to": "agreed"})
    del body["transitions"][0]["condition"]
    body["transitions"][0]["trigger"] = "user_action"
    estate.publish(body)
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    with pytest.raises(ActionFailed):
        estate.fire(instance, "shortcut")
    assert estate.lock(record).status == "locked"


def test_override_needs_the_permission_and_a_reason(estate: Estate):
    record, lock = estate.locked()
    for person in (estate.people.rui, estate.people.otto, estate.people.cleo):
        with pytest.raises(Forbidden) as refusal, transaction(actor=person.actor):
            service.override(lock.id, "I have a very good reason")
        assert refusal.value.permission == "locks.override"
        assert refusal.value.risk == "CRITICAL"
    for reason in ("", "short", " " * 40, "x" * 4001):
        with pytest.raises(ValidationFailed), transaction(actor=estate.people.alma.actor):
            service.override(lock.id, reason)
    assert estate.lock(record).status == "locked"
    estate.override(lock.id)
    with pytest.raises(LockEndedAlready):
        estate.override(lock.id)
    (entry,) = estate.entries("lock.ended")
    assert entry.actor_id == estate.people.alma.id
    assert (entry.risk, entry.details["how"]) == ("HIGH", "override")


def test_an_override_ends_one_lock(estate: Estate):
    record, first = estate.locked()
    estate.measure(record, "40", "occupancy")
    estate.override(first.id)
    assert sorted(one.status for one in estate.locks(record)) == ["locked", "unlocked"]


def test_resolving_the_alert_ends_no_lock(estate: Estate):
    record, lock = estate.locked()
    with transaction(actor=estate.people.alma.actor):
        alerts.resolve(lock.alert_id, "Looked at it, will do something")
    assert estate.lock(record).status == "locked"


def test_the_metric_recovers_during_the_vote(estate: Estate):
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    estate.measure(record, "1.27")
    assert estate.looks(lock.id) == [("created", "locked", True)], "within the band nothing moves"
    estate.measure(record, "1.9")
    assert estate.lock(record).status == "locked", "the lock waits for its committee"
    assert estate.looks(lock.id)[-1] == ("metric", "kept", False)
    estate.decide(instance, "approve")
    assert estate.lock(record).status == "unlocked"
    assert estate.looks(lock.id)[-1] == ("release", "unlocked", False)
    assert len(estate.entries("lock.ended")) == 1


def test_an_override_during_the_vote_leaves_the_vote_nothing_to_do(estate: Estate):
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    estate.override(lock.id)
    estate.decide(instance, "approve")
    assert estate.state(instance) == "agreed"
    assert estate.lock(record).unlock_reason == "The bank has agreed in writing"
    assert len(estate.entries("lock.ended")) == 1


def test_a_lock_without_committee_is_only_overridden(estate: Estate):
    estate.kind("refinance_block", release_workflow=None)
    record, lock = estate.locked()
    with pytest.raises(ValidationFailed):
        estate.ask(lock.id)
    with estate.system:
        release = queries.who_can_release(queries.of_record(record))[lock.id]
    assert release.committee == ()
    assert release.override == ["Alma Administers"]
    assert "can override it" in release.sentence


def test_raised_again_after_a_release_it_locks_again(estate: Estate):
    record, lock = estate.locked()
    estate.decide(estate.ask(lock.id), "approve")
    estate.measure(record, "1.05")
    assert [one.status for one in estate.locks(record)] == ["unlocked"], "the decision stands"
    estate.measure(record, "2.0")
    estate.measure(record, "1.0")
    assert [one.status for one in estate.locks(record)] == ["unlocked", "locked"]


def test_hovering_around_the_limit_makes_one_lock(estate: Estate):
    record = estate.property()
    for value in ("1.2", "1.26", "1.24", "1.29", "1.1"):
        estate.measure(record, value)
    assert len(estate.locks(record)) == 1


def test_an_alert_that_becomes_critical_locks(estate: Estate):
    with transaction(actor=estate.people.alma.actor):
        rules_admin.save_rule(rule("dscr", code="watch", severity="warning", raise_at="1.3"))
    record = estate.property()
    estate.measure(record, "1.27")
    assert estate.locks(record) == [], "a warning locks nothing"
    alert = estate.alert(record)
    with estate.system:
        reactions.on_alert_escalated(
            AlertEscalated(
                target_type="alert",
                target_id=alert.id,
                rule_id=alert.rule_id,
                record_id=record,
                severity="urgent",
                level=1,
            )
        )
    assert estate.lock(record).blocked_actions == ["refinance"]


def later(minutes: int) -> Any:
    return clock.at(clock.now() + timedelta(minutes=minutes))


def test_a_release_leaves_no_alert_of_its_cause_open(estate: Estate):
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    estate.measure(record, "1.9")
    with later(120):
        estate.measure(record, "1.0")
    assert estate.lock(record).id == lock.id, "one lock stands for both alerts"
    assert estate.alert(record).status == "active"
    estate.decide(instance, "approve")
    assert estate.lock(record).status == "unlocked"
    assert estate.alert(record).status == "resolved", "no critical alert stands unlocked"


def test_a_vote_about_a_lock_that_ended_frees_no_later_one(estate: Estate):
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    estate.override(lock.id)
    estate.measure(record, "1.9")
    with later(120):
        estate.measure(record, "1.0")
    estate.decide(instance, "approve")
    assert [one.status for one in estate.locks(record)] == ["unlocked", "locked"]
    assert estate.alert(record).status == "active"


def test_a_committee_ends_no_lock_that_another_decides_about(estate: Estate):
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    estate.publish(release_workflow("other_release"))
    estate.kind("refinance_block", active=False)
    graver = {"release_workflow": "other_release", "blocked_actions": ["refinance", "sell"]}
    estate.kind("whole_block", **graver)
    estate.measure(record, "1.9")
    with later(120):
        estate.measure(record, "1.0")
    estate.decide(instance, "approve")
    assert [one.status for one in estate.locks(record)] == ["unlocked", "locked"]


def test_a_committee_that_the_kind_does_not_name_any_more_ends_nothing(estate: Estate):
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    estate.publish(release_workflow("other_release"))
    estate.kind("refinance_block", release_workflow="other_release")
    with pytest.raises(ActionFailed):
        estate.decide(instance, "approve")
    assert estate.lock(record).status == "locked"


def test_an_alert_that_grows_graver_brings_no_overridden_lock_back(estate: Estate):
    record, lock = estate.locked()
    estate.override(lock.id)
    with estate.system:
        alert = estate.alert(record)
        reactions.on_alert_escalated(
            AlertEscalated(
                target_type="alert",
                target_id=alert.id,
                rule_id=alert.rule_id,
                record_id=record,
                severity="urgent",
                level=1,
            )
        )
    assert estate.lock(record).status == "unlocked"
