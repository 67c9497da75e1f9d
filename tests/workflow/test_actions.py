"""Actions of steps, automatic steps, what happens when one fails, and trying again."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.people import People
from tests.workflow.conftest import body
from tests.workflow.test_steps import begin, history, row
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Forbidden
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.workflow import actions, engine, service
from wfweb.workflow.errors import ActionFailed, StepNotPossible, StepTooLong
from wfweb.workflow.models import HistoryEntry, WorkflowInstance

Publish = Callable[..., str]
Order = Callable[..., UUID]
LOG: list[str] = []


@pytest.fixture(autouse=True)
def own_actions() -> Iterator[None]:
    """Two actions of the tests: one writes down its text, one fails while it is told to."""
    LOG.clear()

    def note(scene: actions.ActionContext, given: Mapping[str, Any]) -> None:
        LOG.append(scene.text(given["text"]))

    def break_down(_scene: actions.ActionContext, _given: Mapping[str, Any]) -> None:
        if "broken" in LOG:
            raise ValueError("the other side is away")
        LOG.append("worked")

    schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    actions.register("note", "Note", schema, note)
    actions.register("break_down", "Break down", {"type": "object"}, break_down)
    yield
    actions._registry.pop("note")
    actions._registry.pop("break_down")


def note(text: str) -> dict[str, Any]:
    return {"action": "note", "text": text}


def data_of(people: People, record_id: UUID) -> dict[str, Any]:
    with transaction(actor=people.rui.actor):
        return dict(session().get_one(Record, record_id, populate_existing=True).data)


def test_actions_run_on_leaving_then_of_the_step_then_on_entering(
    world: People, published: Publish
) -> None:
    content = body()
    content["states"][0]["on_exit"] = [note("left")]
    content["states"][1]["on_enter"] = [note("entered {{step.name}}")]
    content["transitions"][0] |= {"label": "Check it", "actions": [note("stepped")]}
    instance = begin(world, published(**content))
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    assert LOG == ["left", "stepped", "entered Check it"]


def test_an_action_with_a_condition_runs_only_when_it_holds(
    world: People, published: Publish, order: Order
) -> None:
    content = body(record_type="order")
    dear = {"field": "amount", "operator": ">", "value": 100}
    content["transitions"][0]["actions"] = [{**note("dear {{record.key}}"), "when": dear}]
    code = published(**content)
    for amount in ("50", "500"):
        instance = begin(world, code, order(amount=amount))
        with transaction(actor=world.rui.actor):
            service.fire(instance, "check")
    assert LOG == ["dear ORD-1002"]


def test_a_field_is_updated_and_later_conditions_see_it(
    world: People, published: Publish, order: Order
) -> None:
    set_note = {"action": "update_field", "field": "note", "value": "For {{record.subject}}"}
    content = body(record_type="order")
    content["transitions"] = [
        {"code": "check", "from": "new", "to": "checked", "actions": [set_note]},
        {
            "code": "auto",
            "from": "checked",
            "to": "done",
            "trigger": "condition",
            "condition": {"field": "note", "operator": "=", "value": "For Steel"},
        },
    ]
    order_id = order()
    instance = begin(world, published(**content), order_id)
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    assert data_of(world, order_id)["note"] == "For Steel"
    assert row(world, instance).status == "completed"
    assert [entry.kind for entry in history(world, instance)][1:] == ["transition", "system"]


def test_an_action_can_take_the_next_step(world: People, published: Publish) -> None:
    content = body()
    content["transitions"][0]["actions"] = [{"action": "transition", "transition": "finish"}]
    instance = begin(world, published(**content))
    with transaction(actor=world.rui.actor):
        assert service.fire(instance, "check").status == "completed"


def test_an_action_can_start_another_workflow(
    world: People, published: Publish, order: Order
) -> None:
    published(code="other")
    content = body()
    content["transitions"][0]["actions"] = [{"action": "start_workflow", "workflow": "other"}]
    order_id = order()
    instance = begin(world, published(**content), order_id)
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    with transaction(actor=world.rui.actor):
        codes = session().scalars(
            select(WorkflowInstance.definition_code).where(WorkflowInstance.record_id == order_id)
        )
        assert sorted(codes) == ["order_check", "other"]


def test_workflows_that_start_each_other_are_stopped(
    world: People, published: Publish, order: Order
) -> None:
    many: dict[str, Any] = {"record_type": "order", "allow_parallel": True}
    published(code="ping", **many)
    for code, other in (("pong", "ping"), ("ping", "pong")):
        content = body(code=code, **many)
        content["states"][0]["on_enter"] = [{"action": "start_workflow", "workflow": other}]
        published(**content)
    order_id = order()
    with (
        pytest.raises(ActionFailed, match="start each other in a circle"),
        transaction(actor=world.rui.actor),
    ):
        service.start("ping", order_id)
    with transaction(actor=world.rui.actor):
        assert session().scalars(select(WorkflowInstance)).all() == []


def test_a_circle_of_conditions_is_stopped_and_shown(
    world: People, published: Publish, order: Order
) -> None:
    always = {"field": "subject", "operator": "is set"}
    content = body(record_type="order")
    content["transitions"] = [
        {"code": "check", "from": "new", "to": "checked"},
        {"code": "a", "from": "checked", "to": "new2", "trigger": "condition", "condition": always},
        {"code": "b", "from": "new2", "to": "checked", "trigger": "condition", "condition": always},
        {"code": "end", "from": "new2", "to": "done"},
    ]
    content["states"].append({"code": "new2", "name": "Again"})
    instance = begin(world, published(**content), order())
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    found = row(world, instance)
    assert found.status == "error"
    assert "round in circles" in (found.error_message or "")
    assert len(history(world, instance)) == 2 + 25


def failing(on_error: str) -> dict[str, Any]:
    content = body()
    call = {"action": "break_down", "on_error": on_error}
    content["transitions"][0]["actions"] = [note("before"), call]
    return content


def test_a_failing_action_takes_the_whole_step_back(world: People, published: Publish) -> None:
    instance = begin(world, published(**failing("refuse")))
    LOG.append("broken")
    with (
        pytest.raises(ActionFailed, match="the other side is away"),
        transaction(actor=world.rui.actor),
    ):
        service.fire(instance, "check")
    found = row(world, instance)
    assert (found.state, found.status, found.version) == ("new", "active", 1)
    assert len(history(world, instance)) == 1


def test_a_failing_action_can_lead_to_the_error_state_and_an_operator_retries(
    world: People, published: Publish
) -> None:
    content = failing("error_state")
    content["states"].append({"code": "broken", "name": "Broken", "type": "error"})
    instance = begin(world, published(**content))
    LOG.append("broken")
    with transaction(actor=world.rui.actor):
        assert service.fire(instance, "check").status == "error"
    found = row(world, instance)
    assert (found.state, found.status, found.retry_count) == ("broken", "error", 0)
    assert found.error_message == "Break down: the other side is away"
    assert [h.to_state for h in history(world, instance)] == ["new", "broken"]
    with (
        pytest.raises(StepNotPossible, match="stopped by an error"),
        transaction(actor=world.rui.actor),
    ):
        service.fire(instance, "check")
    with pytest.raises(Forbidden), transaction(actor=world.rui.actor):
        service.retry(instance)
    with transaction(actor=world.otto.actor):
        assert service.retry(instance).status == "error"
    LOG.remove("broken")
    with transaction(actor=world.otto.actor):
        assert service.retry(instance).status == "active"
    found = row(world, instance)
    assert (found.state, found.retry_count, found.error_message) == ("checked", 2, None)
    steps = [entry.seq for entry in history(world, instance)]
    assert steps == list(range(1, len(steps) + 1))


def test_only_what_is_stuck_is_retried(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with pytest.raises(StepNotPossible, match="not stuck"), transaction(actor=world.otto.actor):
        service.retry(instance)


def test_a_step_that_runs_too_long_is_ended(
    world: People, published: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = body()
    content["transitions"][0]["actions"] = [note("one"), note("two")]
    instance = begin(world, published(**content))
    monkeypatch.setattr(engine, "STEP_SECONDS", -1.0)
    with pytest.raises(StepTooLong), transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    monkeypatch.undo()
    assert LOG == []
    found = row(world, instance)
    assert (found.state, found.status) == ("new", "error")
    assert found.error_message == "“Check” took too long and was stopped; nothing of it remains"
    with transaction(actor=world.otto.actor):
        assert service.retry(instance).state == "checked"
    assert LOG == ["one", "two"]


def test_a_statement_that_the_server_stops_is_marked_as_well(
    world: People, published: Publish
) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    def sleep(_scene: actions.ActionContext, _given: Mapping[str, Any]) -> None:
        session().execute(text("set local statement_timeout = 20"))
        session().execute(text("select pg_sleep(1)"))

    actions.register("sleep", "Sleep", {"type": "object"}, sleep)
    content = body()
    content["transitions"][0]["actions"] = [{"action": "sleep"}]
    instance = begin(world, published(**content))
    try:
        with pytest.raises(DBAPIError, match="timeout"), transaction(actor=world.rui.actor):
            service.fire(instance, "check")
    finally:
        actions._registry.pop("sleep")
    assert row(world, instance).status == "error"


@pytest.mark.parametrize(
    ("trigger", "condition", "starts"),
    [
        ("on_create", None, [1, 1]),
        ("on_write", None, [0, 1]),
        ("on_condition", {"field": "amount", "operator": ">", "value": 100}, [0, 1]),
        ("on_write", {"field": "amount", "operator": "changed"}, [0, 1]),
        ("on_write", {"field": "note", "operator": "changed"}, [0, 0]),
        ("manual", None, [0, 0]),
    ],
)
def test_records_start_workflows(
    world: People,
    published: Publish,
    order: Order,
    trigger: str,
    condition: dict[str, Any] | None,
    starts: list[int],
) -> None:
    published(record_type="order", trigger=trigger, trigger_condition=condition)
    order_id = order(amount="5")

    def count() -> int:
        with transaction(actor=world.rui.actor):
            query = select(WorkflowInstance).where(WorkflowInstance.record_id == order_id)
            return len(session().scalars(query).all())

    assert count() == starts[0]
    with transaction(actor=world.rui.actor):
        records.update_record(order_id, {"amount": "500"}, version=1)
    assert count() == starts[1]


def test_changes_by_the_engine_start_nothing(
    world: People, published: Publish, order: Order
) -> None:
    published(code="watcher", record_type="order", trigger="on_write", allow_parallel=True)
    content = body(record_type="order")
    set_note = {"action": "update_field", "field": "note", "value": "x"}
    content["transitions"][0]["actions"] = [set_note]
    instance = begin(world, published(**content), order())
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    with transaction(actor=world.rui.actor):
        codes = session().scalars(select(WorkflowInstance.definition_code))
        assert list(codes) == ["order_check"]
        assert session().scalars(select(HistoryEntry.kind)).all().count("system") == 0
