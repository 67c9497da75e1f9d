"""Starts by schedule: once a turn, for every record, whatever dies in the middle."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.people import People
from wfweb.audit.models import AuditEvent
from wfweb.events import timers
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.records.models import Record
from wfweb.wiring import TIMERS
from wfweb.workflow import definitions, schedules
from wfweb.workflow.definitions import next_start
from wfweb.workflow.models import WorkflowDefinition, WorkflowInstance
from wfweb.workflow.schemas import DefinitionBody

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
Publish = Callable[..., str]


def run_at(people: People, instant: datetime) -> int:
    """Let the timers work until nothing is due; return how many instances began."""
    before = len(instances(people))
    with clock.at(instant):
        schedules.claim_due()
        while timers.fire_due(TIMERS):
            pass
    return len(instances(people)) - before


def scheduled(**changes: Any) -> dict[str, Any]:
    return {
        "code": "tidy",
        "trigger": "scheduled",
        "schedule": {"cron": "0 8 * * 1-5", "time_zone": "Europe/Amsterdam"},
        **changes,
    }


def instances(people: People) -> list[WorkflowInstance]:
    with transaction(actor=people.rui.actor):
        found = list(session().scalars(select(WorkflowInstance)))
        session().expunge_all()
        return found


def test_a_schedule_starts_once_and_plans_the_next(world: People, published: Publish) -> None:
    with clock.at(MONDAY):
        published(**scheduled())
    assert run_at(world, MONDAY) == 0
    due = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    assert [run_at(world, due), run_at(world, due)] == [1, 0]
    assert [one.definition_code for one in instances(world)] == ["tidy"]
    with transaction(actor=world.rui.actor):
        row = session().scalars(select(WorkflowDefinition)).one()
        assert row.next_start_at == datetime(2026, 3, 4, 7, 0, tzinfo=UTC)


def test_a_schedule_for_records_takes_those_that_fulfil_its_condition(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    dear, _cheap = order(amount="900"), order(amount="5")
    with clock.at(MONDAY):
        condition = {"field": "amount", "operator": ">", "value": 100}
        published(**scheduled(record_type="order", trigger_condition=condition))
    assert run_at(world, TUESDAY) == 1
    assert [one.record_id for one in instances(world)] == [dear]


def test_a_schedule_reaches_every_record_over_many_batches(
    world: People,
    published: Publish,
    order: Callable[..., UUID],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedules, "BATCH", 2)
    amounts = ("5", "5", "900", "5", "5", "900", "5")
    made = [(amount, order(amount=amount)) for amount in amounts]
    dear = {record_id for amount, record_id in made if amount == "900"}
    with clock.at(MONDAY):
        condition = {"field": "amount", "operator": ">", "value": 100}
        published(**scheduled(record_type="order", trigger_condition=condition))
    assert run_at(world, TUESDAY) == 2
    assert run_at(world, TUESDAY) == 0
    assert {one.record_id for one in instances(world)} == dear


def test_a_schedule_ends_when_the_last_batch_is_full(
    world: People, published: Publish, order: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "BATCH", 2)
    everything = {order() for _ in range(4)}
    with clock.at(MONDAY):
        published(**scheduled(record_type="order"))
    assert run_at(world, TUESDAY) == 4
    assert {one.record_id for one in instances(world)} == everything


def test_eight_o_clock_stays_eight_over_the_change_of_summer_time() -> None:
    from tests.workflow.conftest import body

    plan = DefinitionBody.model_validate(body(**scheduled()))
    friday, monday = datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC)
    assert next_start(plan, friday) == datetime(2026, 3, 30, 6, tzinfo=UTC)
    assert next_start(plan, monday) == datetime(2026, 3, 31, 6, tzinfo=UTC)
    winter = datetime(2026, 3, 26, 12, tzinfo=UTC)
    assert next_start(plan, winter) == datetime(2026, 3, 27, 7, tzinfo=UTC)


def test_a_scheduled_start_whose_first_action_fails_leaves_only_word_of_it(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    fails, works = order(subject="Steel"), order(subject="12")
    first = [
        {"action": "update_field", "field": "note", "value": "Begun"},
        {"action": "update_field", "field": "amount", "value": "{{record.subject}}"},
    ]
    states = [{"code": "new", "name": "New", "type": "start", "on_enter": first}]
    states.append({"code": "done", "name": "Done", "type": "end"})
    ways = [{"code": "finish", "from": "new", "to": "done"}]
    with clock.at(MONDAY):
        published(**scheduled(record_type="order", states=states, transitions=ways))
    assert run_at(world, TUESDAY) == 1
    assert [one.record_id for one in instances(world)] == [works]
    with transaction(actor=world.rui.actor):
        told = select(AuditEvent).where(AuditEvent.name == "workflow.start_refused")
        (entry,) = session().scalars(told)
        assert (entry.target_id, entry.risk) == (fails, "MEDIUM")
        assert "amount" in str(entry.details)
        notes = {one.id: one.data.get("note") for one in session().scalars(select(Record))}
        assert notes == {fails: None, works: "Begun"}


def test_a_process_that_dies_between_two_batches_loses_and_doubles_nothing(
    world: People, published: Publish, order: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "BATCH", 2)
    everything = {order() for _ in range(5)}
    with clock.at(MONDAY):
        published(**scheduled(record_type="order"))
    with clock.at(TUESDAY):
        # One process takes the turn and ends after its first batch; the next goes on.
        assert schedules.claim_due() == 1
        assert timers.fire_due(TIMERS) == 1
        assert schedules.claim_due() == 0
    assert len(instances(world)) == 2
    assert run_at(world, TUESDAY + timedelta(minutes=1)) == 3
    assert {one.record_id for one in instances(world)} == everything


def test_what_is_retired_between_two_batches_starts_nothing_more(
    world: People, published: Publish, order: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "BATCH", 2)
    for _ in range(3):
        order()
    with clock.at(MONDAY):
        code = published(**scheduled(record_type="order"))
    with clock.at(TUESDAY):
        schedules.claim_due()
        timers.fire_due(TIMERS)
        with transaction(actor=world.alma.actor):
            definitions.retire(code)
    assert run_at(world, TUESDAY + timedelta(minutes=1)) == 0
