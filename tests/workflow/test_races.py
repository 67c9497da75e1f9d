"""Two people at once: real threads, real commits; one wins, the other is told, nothing doubles."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import make_company
from tests.people import People, make_people
from tests.support.together import together
from tests.workflow.conftest import ORDER_TYPE, body
from wfweb.events import timers
from wfweb.events.models import Timer
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict
from wfweb.records import service as records
from wfweb.records import types
from wfweb.wiring import TIMERS
from wfweb.workflow import definitions, service
from wfweb.workflow.errors import AlreadyRunning, StepNotPossible
from wfweb.workflow.models import HistoryEntry, WorkflowInstance

pytestmark = pytest.mark.committed
CROWD = 8


@pytest.fixture
def people(committed_app: Flask) -> People:
    cast = make_people(make_company())
    with transaction(actor=cast.alma.actor):
        types.create_type(ORDER_TYPE)
        definitions.save_draft(body(record_type="order"))
        definitions.publish("order_check", comment="For the test")
    return cast


def count(people: People, *conditions: Any) -> int:
    with transaction(actor=people.rui.actor):
        query = select(func.count()).select_from(WorkflowInstance).where(*conditions)
        return session().execute(query).scalar_one()


def start(actor: Actor, record_id: UUID) -> Callable[[], str]:
    def act() -> str:
        with transaction(actor=actor):
            return service.start("order_check", record_id).state

    return act


def fire(actor: Actor, instance: UUID, name: str, seen: int | None = None) -> Callable[[], str]:
    def act() -> str:
        with transaction(actor=actor):
            return service.fire(instance, name, expected_version=seen).state

    return act


def new_instance(people: People) -> UUID:
    with transaction(actor=people.rui.actor):
        order = records.create_record("order", {"subject": "Steel"})
        return service.start("order_check", order.id).id


def test_many_starts_for_one_record_make_one_instance(committed_app: Flask, people: People) -> None:
    with transaction(actor=people.rui.actor):
        order_id = records.create_record("order", {"subject": "Steel"}).id
    outcomes = together(committed_app, [start(people.rui.actor, order_id)] * CROWD)
    assert Counter(type(one) for one in outcomes) == {str: 1, AlreadyRunning: CROWD - 1}
    assert count(people) == 1


def test_many_tries_of_one_step_take_it_once(committed_app: Flask, people: People) -> None:
    instance = new_instance(people)
    outcomes = together(committed_app, [fire(people.rui.actor, instance, "check")] * CROWD)
    assert Counter(type(one) for one in outcomes) == {str: 1, StepNotPossible: CROWD - 1}
    with transaction(actor=people.rui.actor):
        query = select(HistoryEntry.seq).where(HistoryEntry.instance_id == instance)
        assert sorted(session().scalars(query)) == [1, 2]


def test_two_tabs_with_one_version_leave_one_winner(committed_app: Flask, people: People) -> None:
    instance = new_instance(people)
    acts = [fire(people.rui.actor, instance, "check", 1)] * CROWD
    outcomes = together(committed_app, acts)
    assert Counter(type(one) for one in outcomes) == {str: 1, Conflict: CROWD - 1}


def test_a_timer_that_many_processes_see_fires_once(committed_app: Flask, people: People) -> None:
    content = body(record_type="order", code="timed")
    content["states"][0]["timeout_hours"] = 1
    content["transitions"].append(
        {"code": "late", "from": "new", "to": "checked", "trigger": "timeout"}
    )
    with transaction(actor=people.alma.actor):
        definitions.save_draft(content)
        definitions.publish("timed", comment="For the test")
    with transaction(actor=people.rui.actor):
        order = records.create_record("order", {"subject": "Steel"})
        instance = service.start("timed", order.id).id
        session().flush()
    with transaction(actor=people.rui.actor):
        # The moment is in the past for every process, as after an outage.
        due = select(Timer).where(Timer.kind == "workflow.state_timeout")
        session().scalars(due).one().due_at = clock.now()
    together(committed_app, [lambda: timers.fire_due(TIMERS)] * 4)
    with transaction(actor=people.rui.actor):
        query = select(HistoryEntry.kind).where(HistoryEntry.instance_id == instance)
        assert list(session().scalars(query.order_by(HistoryEntry.seq))) == [
            "transition",
            "timeout",
        ]
