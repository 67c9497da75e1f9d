"""What a lock blocks: steps, starts, edits, work under way; and how a blocked try is answered."""

from typing import Any

import pytest
from flask import Flask

from tests.api.conftest import program_of
from tests.locks.conftest import Estate, approval_workflow
from wfweb import events
from wfweb.alerts import metrics
from wfweb.approvals import service as approvals
from wfweb.events import timers
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Locked
from wfweb.kernel.ports import ports
from wfweb.locks import guard, reactions
from wfweb.records import service as records
from wfweb.wiring import TIMERS
from wfweb.workflow import service as workflows
from wfweb.workflow.events import InstanceMoved


@pytest.fixture
def deals(estate: Estate) -> Estate:
    """The estate with a workflow for refinancing and one for selling."""
    for code in ("refinance", "sell"):
        estate.publish(approval_workflow(code))
    return estate


def test_the_step_named_like_the_action_is_refused_with_everything_one_needs(deals: Estate):
    record = deals.property()
    instance = deals.begin("refinance", record)
    deals.measure(record, "1.0")
    lock = deals.lock(record)
    with pytest.raises(Locked) as refusal:
        deals.fire(instance, "refinance")
    assert deals.state(instance) == "start"
    assert refusal.value.status == 403
    assert "“Refinance” is blocked on PRP-" in refusal.value.detail
    assert "Committee approval required: Committee." in refusal.value.detail
    assert refusal.value.extra["who_can"] == ["Committee", "Alma Administers"]
    (shown,) = refusal.value.extra["locks"]
    assert shown["id"] == str(lock.id)
    assert shown["reason"] == lock.lock_reason
    assert shown["in_flight"] == "stop"


def test_a_blocked_try_is_audited_with_its_risk(deals: Estate):
    record = deals.property()
    instance = deals.begin("refinance", record)
    deals.measure(record, "1.0")
    with pytest.raises(Locked):
        deals.fire(instance, "refinance")
    (entry,) = deals.entries("lock.action_blocked")
    assert (entry.type, entry.risk) == ("PERMISSION_DENIED", "HIGH")
    assert entry.actor_id == deals.people.rui.id
    assert entry.target_id == record
    assert entry.details["action"] == "refinance"
    assert entry.details["locks"] == [str(deals.lock(record).id)]


def test_what_is_not_named_is_free(deals: Estate):
    record, _lock = deals.locked()
    instance = deals.begin("sell", record)
    deals.fire(instance, "sell")
    assert deals.state(instance) == "asked"


def test_beginning_the_work_of_that_name_is_refused(deals: Estate):
    record, _lock = deals.locked()
    with pytest.raises(Locked) as refusal:
        deals.begin("refinance", record)
    assert refusal.value.extra["action"] == "refinance"
    assert len(deals.entries("lock.action_blocked")) == 1


def test_an_action_is_free_only_when_no_lock_blocks_it(deals: Estate):
    deals.kind("sale_hold", blocked_actions=["sell", "refinance"])
    record = deals.property()
    instance = deals.begin("refinance", record)
    deals.measure(record, "1.0")
    deals.measure(record, "40", "occupancy")
    first, second = deals.locks(record)
    with pytest.raises(Locked) as refusal:
        deals.fire(instance, "refinance")
    assert len(refusal.value.extra["locks"]) == 2
    assert "2 locks, all of which have to end" in refusal.value.detail
    deals.override(first.id)
    with pytest.raises(Locked):
        deals.fire(instance, "refinance")
    deals.override(second.id)
    deals.fire(instance, "refinance")
    assert deals.state(instance) == "asked"


def test_work_under_way_stops_at_its_next_step(deals: Estate):
    record = deals.property()
    instance = deals.begin("refinance", record)
    deals.fire(instance, "refinance")
    deals.measure(record, "1.0")
    with pytest.raises(Locked) as refusal:
        deals.decide(instance, "approve")
    assert refusal.value.extra["locks"][0]["lock_type"] == "refinance_block"
    assert deals.state(instance) == "asked"
    assert len(deals.entries("lock.action_blocked")) == 1
    deals.override(deals.lock(record).id)
    deals.decide(instance, "approve")
    assert deals.state(instance) == "agreed"


def test_work_under_way_may_be_rejected_while_it_is_stopped(deals: Estate):
    record = deals.property()
    instance = deals.begin("refinance", record)
    deals.fire(instance, "refinance")
    deals.measure(record, "1.0")
    deals.decide(instance, "reject")
    assert deals.state(instance) == "refused"


def test_work_that_was_agreed_is_not_completed_while_stopped(deals: Estate):
    record = deals.property()
    instance = deals.begin("refinance", record)
    deals.fire(instance, "refinance")
    deals.decide(instance, "approve")
    deals.measure(record, "1.0")
    with pytest.raises(Locked):
        deals.fire(instance, "complete_refinance")
    assert deals.state(instance) == "agreed"


def test_a_kind_may_let_work_under_way_be_finished(deals: Estate):
    deals.kind("refinance_block", in_flight="finish")
    record = deals.property()
    begun, prepared = deals.begin("refinance", record), None
    deals.fire(begun, "refinance")
    deals.measure(record, "1.0")
    deals.decide(begun, "approve")
    deals.fire(begun, "complete_refinance")
    assert deals.state(begun) == "done"
    assert prepared is None
    with pytest.raises(Locked):
        deals.begin("refinance", record)


def quiet_workflow() -> dict[str, Any]:
    """After one step of a person, the engine takes the blocked one by itself."""
    body = approval_workflow("quiet")
    body["states"].insert(1, {"code": "ready", "name": "Ready"})
    body["transitions"] = [
        {"code": "go", "from": "start", "to": "ready"},
        {"code": "refinance", "from": "ready", "to": "asked", "trigger": "condition"}
        | {"condition": {}},
        *body["transitions"][1:],
    ]
    return body


def test_an_automatic_step_is_refused_with_the_step_that_led_to_it(deals: Estate):
    deals.publish(quiet_workflow())
    record = deals.property()
    instance = deals.begin("quiet", record)
    deals.measure(record, "1.0")
    with pytest.raises(Locked) as refusal:
        deals.fire(instance, "go")
    assert refusal.value.extra["action"] == "refinance"
    assert deals.state(instance) == "start", "the whole act is taken back"


@pytest.mark.parametrize("code", ["quiet", "refinance"])
def test_the_table_refuses_what_no_part_of_the_program_asked_about(
    deals: Estate, monkeypatch: pytest.MonkeyPatch, code: str
):
    """The second line: with guard and reaction gone, the trigger still speaks."""
    deals.publish(quiet_workflow())
    record = deals.property()
    instance = deals.begin(code, record)
    deals.measure(record, "1.0")
    monkeypatch.setattr(ports, "action_guard", lambda _record, _action: None)
    bus = events.bus._now[InstanceMoved]
    monkeypatch.setitem(
        events.bus._now,
        InstanceMoved,
        [one for one in bus if one is not reactions.on_instance_moved],
    )
    with pytest.raises(Locked) as refusal:
        deals.fire(instance, "go" if code == "quiet" else "refinance")
    assert refusal.value.extra["locks"][0]["id"] == str(deals.lock(record).id)
    assert deals.state(instance) == "start"
    assert len(deals.entries("lock.action_blocked")) == 1
    other, _lock = deals.locked()
    with pytest.raises(Locked):
        deals.begin("refinance", other)


def test_a_step_taken_by_a_timer_is_refused_and_tried_again(deals: Estate):
    body = approval_workflow("refinance")
    body["states"][0] |= {"on_enter": [{"action": "wait", "hours": 1, "transition": "refinance"}]}
    deals.publish(body)
    record = deals.property()
    instance = deals.begin("refinance", record)
    deals.measure(record, "1.0")
    with deals.system:
        later = clock.now().replace(year=clock.now().year + 1)
    with clock.at(later):
        timers.fire_due(TIMERS)
    assert deals.state(instance) == "start"
    failed = "select last_error from timers where kind = 'workflow.wait' and attempts = 1"
    assert "Locked" in str(deals.sql(failed))


def test_edits_and_archiving_are_actions_too(estate: Estate):
    estate.kind("refinance_block", blocked_actions=["edit", "archive"])
    record, _lock = estate.locked()
    rui = estate.people.rui.actor
    with pytest.raises(Locked), transaction(actor=rui):
        records.update_record(record, {"note": "Sold to a friend"}, version=1)
    with pytest.raises(Locked), transaction(actor=rui):
        records.set_owner(record, estate.people.mia.id, version=1)
    with pytest.raises(Locked), transaction(actor=rui):
        records.archive_record(record, version=1)
    estate.override(estate.lock(record).id)
    with transaction(actor=rui):
        records.update_record(record, {"note": "Painted"}, version=1)
    with transaction(actor=rui):
        records.archive_record(record, version=2)


def test_of_two_hundred_in_bulk_seven_are_locked(deals: Estate):
    """Smaller here by ten; the locked ones are named, the others are decided."""
    properties = [deals.property(f"Quay {number}") for number in range(20)]
    instances = [deals.begin("refinance", one) for one in properties]
    for one in instances:
        deals.fire(one, "refinance")
    for one in properties[:3]:
        deals.measure(one, "1.0")
    requests = [deals.request_of(one) for one in instances]
    digests = {one.id: one.digest for one in requests}
    with transaction(actor=deals.people.cleo.actor):
        found = approvals.decide_many(list(digests), "approve", digests=digests)
    assert [isinstance(one.refusal, Locked) for one in found] == [True] * 3 + [False] * 17
    assert [deals.state(one) for one in instances] == ["asked"] * 3 + ["agreed"] * 17
    assert len(deals.entries("lock.action_blocked")) == 3


@pytest.mark.slow
def test_of_two_hundred_by_api_seven_are_locked(app: Flask, deals: Estate):
    properties = [deals.property(f"Quay {number}") for number in range(200)]
    instances = [deals.begin("refinance", one) for one in properties]
    for one in instances:
        deals.fire(one, "refinance")
    locked = properties[::30]
    with transaction(actor=deals.people.otto.actor):
        low = [{"record": str(one), "metric": "dscr", "value": "1.0"} for one in locked]
        assert len(metrics.ingest(low).outcome.raised) == 7
    requests = {one: deals.request_of(one) for one in instances}
    items = [{"id": str(one.id), "digest": one.digest} for one in requests.values()]
    answer = program_of(app, deals.people.cleo).post(
        "/approvals/decisions", {"decision": "approve", "items": items}
    )
    assert answer.status_code == 200
    assert (answer.json["done"], answer.json["refused"]) == (193, 7)
    refused = [one for one in answer.json["items"] if not one["done"]]
    assert {one["problem"]["code"] for one in refused} == {"locked"}
    assert all(one["problem"]["locks"] for one in refused)
    states = {record: deals.state(one) for record, one in zip(properties, instances, strict=True)}
    assert {record for record, state in states.items() if state == "asked"} == set(locked)
    assert len(deals.entries("lock.action_blocked")) == 7


def test_the_question_answers_without_holding_anything(deals: Estate):
    record, lock = deals.locked()
    with transaction(actor=deals.people.rui.actor):
        free, blocked = guard.check(record, "sell"), guard.check(record, "refinance")
    assert (free.allowed, list(free.locks)) == (True, [])
    assert not blocked.allowed
    assert [one.id for one in blocked.locks] == [lock.id]
    assert "Committee approval required" in blocked.reason
    assert deals.entries("lock.action_blocked") == [], "asking is no attempt"


def test_a_cancelled_operation_leaves_the_lock_alone(deals: Estate):
    record = deals.property()
    instance = deals.begin("refinance", record)
    deals.fire(instance, "refinance")
    deals.measure(record, "1.0")
    with transaction(actor=deals.people.rui.actor):
        workflows.cancel(instance, "We do not want it any more")
    assert deals.lock(record).status == "locked"
