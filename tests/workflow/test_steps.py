"""Steps of an instance: who may take which, what they write, what they refuse."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.people import People
from wfweb.audit.models import AuditEvent
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from wfweb.kernel.journal import journal
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.workflow import service
from wfweb.workflow.errors import AlreadyRunning, StepNotPossible
from wfweb.workflow.models import HistoryEntry, WorkflowInstance

Publish = Callable[..., str]
Order = Callable[..., UUID]


def begin(people: People, code: str, record_id: UUID | None = None) -> UUID:
    with transaction(actor=people.rui.actor):
        return service.start(code, record_id).id


def row(people: People, instance_id: UUID) -> WorkflowInstance:
    with transaction(actor=people.rui.actor):
        found = session().get_one(WorkflowInstance, instance_id, populate_existing=True)
        session().expunge(found)
        return found


def history(people: People, instance_id: UUID) -> list[HistoryEntry]:
    with transaction(actor=people.rui.actor):
        query = select(HistoryEntry).where(HistoryEntry.instance_id == instance_id)
        found = list(session().scalars(query.order_by(HistoryEntry.seq)))
        session().expunge_all()
        return found


def test_a_step_writes_state_history_record_and_one_audit_entry(
    world: People, published: Publish, order: Order
) -> None:
    order_id = order()
    instance = begin(world, published(), order_id)
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check", comment="Looks right")
    found = row(world, instance)
    assert (found.state, found.status, found.version, found.steps) == ("checked", "active", 2, 2)
    rows = history(world, instance)
    assert [(h.seq, h.from_state, h.to_state, h.kind) for h in rows] == [
        (1, None, "new", "transition"),
        (2, "new", "checked", "transition"),
    ]
    assert rows[1].actor_id == world.rui.id
    assert rows[1].comment == "Looks right"
    assert rows[1].seconds_in_state is not None
    with transaction(actor=world.rui.actor):
        assert session().get_one(Record, order_id).state == "checked"
        entries = (
            session()
            .scalars(
                select(AuditEvent).where(
                    AuditEvent.instance_id == instance, AuditEvent.name == "workflow.moved"
                )
            )
            .all()
        )
        assert [(e.old_values, e.new_values) for e in entries] == [
            ({"state": "new"}, {"state": "checked"})
        ]
        assert entries[0].target_id == order_id


def test_a_step_is_found_by_its_event_name(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with transaction(actor=world.rui.actor):
        assert service.fire(instance, "Check").state == "checked"


def test_a_step_of_another_role_is_refused_and_changes_nothing(
    world: People, published: Publish
) -> None:
    instance = begin(world, published())
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    with pytest.raises(Forbidden, match="role approver"), transaction(actor=world.rui.actor):
        service.fire(instance, "finish")
    assert row(world, instance).state == "checked"
    with transaction(actor=world.ada.actor):
        assert service.fire(instance, "finish").status == "completed"
    assert row(world, instance).ended_at is not None


def test_the_system_does_not_take_steps_of_a_persons_role(
    world: People, published: Publish
) -> None:
    instance = begin(world, published())
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    with pytest.raises(Forbidden), transaction(company_id=world.rui.company_id):
        service.fire(instance, "finish")


def test_a_step_of_the_system_is_refused_to_people(world: People, published: Publish) -> None:
    ways = [{"code": "tick", "from": "new", "to": "done", "role": "system"}]
    states = [
        {"code": "new", "name": "New", "type": "start"},
        {"code": "done", "name": "Done", "type": "end"},
    ]
    instance = begin(world, published(states=states, transitions=ways))
    with pytest.raises(Forbidden, match="by the system"), transaction(actor=world.rui.actor):
        service.fire(instance, "tick")
    with transaction(company_id=world.rui.company_id):
        assert service.fire(instance, "tick").status == "completed"


def test_a_step_from_another_state_is_refused(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with (
        pytest.raises(StepNotPossible, match="not possible in “New”") as refused,
        transaction(actor=world.ada.actor),
    ):
        service.fire(instance, "finish")
    assert refused.value.status == 409
    assert len(history(world, instance)) == 1


def test_an_unknown_step_is_not_found(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with (
        pytest.raises(NotFound, match="no step called “fly”"),
        transaction(actor=world.ada.actor),
    ):
        service.fire(instance, "fly")


def test_nothing_follows_an_end(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with transaction(actor=world.ada.actor):
        service.fire(instance, "check")
        service.fire(instance, "finish")
    with pytest.raises(StepNotPossible, match="has ended"), transaction(actor=world.ada.actor):
        service.fire(instance, "check")


def test_a_comment_that_is_required_names_its_place(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check")
    for empty in (None, "", "   "):
        with pytest.raises(ValidationFailed) as refused, transaction(actor=world.rui.actor):
            service.fire(instance, "back", comment=empty)
        assert refused.value.errors[0].pointer == "/comment"
    with transaction(actor=world.rui.actor):
        assert service.fire(instance, "back", comment="Wrong price").state == "new"


def test_a_stale_version_is_a_conflict(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with transaction(actor=world.rui.actor):
        service.fire(instance, "check", expected_version=1)
    with pytest.raises(Conflict) as refused, transaction(actor=world.ada.actor):
        service.fire(instance, "finish", expected_version=1)
    assert (refused.value.current_version, refused.value.your_version) == (2, 1)


def test_a_condition_that_does_not_hold_explains_itself(
    world: People, published: Publish, order: Order
) -> None:
    limit = {"field": "amount", "operator": "<", "value": 100}
    ways = [
        {"code": "check", "from": "new", "to": "checked", "condition": limit},
        {"code": "finish", "from": "checked", "to": "done"},
    ]
    code = published(record_type="order", transitions=ways)
    dear, cheap = begin(world, code, order(amount="250")), begin(world, code, order(amount="50"))
    with pytest.raises(StepNotPossible) as refused, transaction(actor=world.rui.actor):
        service.fire(dear, "check")
    assert refused.value.extra["reason"] == "condition"
    assert refused.value.extra["explanation"]["result"] is False
    with transaction(actor=world.rui.actor):
        assert service.fire(cheap, "check").state == "checked"


def test_a_second_instance_is_refused_unless_allowed(
    world: People, published: Publish, order: Order
) -> None:
    one, order_id = published(), order()
    begin(world, one, order_id)
    with pytest.raises(AlreadyRunning):
        begin(world, one, order_id)
    many = published(code="many", allow_parallel=True)
    assert begin(world, many, order_id) != begin(world, many, order_id)


def test_the_database_refuses_a_second_instance_as_well(
    world: People, published: Publish, order: Order
) -> None:
    order_id = order()
    instance = begin(world, published(), order_id)
    first = row(world, instance)
    with pytest.raises(AlreadyRunning), transaction(actor=world.rui.actor):
        journal().insert(
            WorkflowInstance.__table__,
            {
                "company_id": first.company_id,
                "definition_id": first.definition_id,
                "version_id": first.version_id,
                "definition_code": first.definition_code,
                "record_id": order_id,
                "state": "new",
            },
        )


def test_a_finished_instance_makes_room_for_another(
    world: People, published: Publish, order: Order
) -> None:
    code, order_id = published(), order()
    instance = begin(world, code, order_id)
    with transaction(actor=world.ada.actor):
        service.fire(instance, "check")
        service.fire(instance, "finish")
    assert begin(world, code, order_id) != instance


def test_history_is_append_only(world: People, published: Publish) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    instance = begin(world, published())
    for statement in ("update workflow_history set comment = 'x'", "delete from workflow_history"):
        with pytest.raises(DBAPIError), transaction(actor=world.alma.actor):
            session().execute(text(statement))
    assert history(world, instance)[0].comment is None


def test_strangers_do_not_see_instances(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with pytest.raises(NotFound), transaction(actor=world.eve.actor):
        service.fire(instance, "check")


def test_available_steps_depend_on_the_person(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with transaction(actor=world.rui.actor):
        loaded = service.fire(instance, "check")
        assert [way.code for way, _blocked in service.available(loaded)] == ["back"]
    with transaction(actor=world.ada.actor):
        assert [w.code for w, _blocked in service.available(loaded)] == ["back", "finish"]


def test_cancelling_needs_a_reason_and_the_right_person(world: People, published: Publish) -> None:
    instance = begin(world, published())
    with pytest.raises(ValidationFailed), transaction(actor=world.rui.actor):
        service.cancel(instance, " ")
    with pytest.raises(Forbidden), transaction(actor=world.ada.actor):
        service.cancel(instance, "Not mine")
    with transaction(actor=world.rui.actor):
        service.cancel(instance, "Ordered twice")
    assert row(world, instance).status == "cancelled"
    assert history(world, instance)[-1].comment == "Ordered twice"


def test_the_audit_trail_knows_what_was_cancelled(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    states = [
        {"code": "new", "name": "New", "type": "start"},
        {"code": "done", "name": "Done", "type": "end"},
    ]
    fails = {"action": "update_field", "field": "amount", "value": "{{record.subject}}"}
    fails["on_error"] = "error_state"
    ways = [{"code": "go", "from": "new", "to": "done", "actions": [fails]}]
    code = published(record_type="order", states=states, transitions=ways)
    instance = begin(world, code, order())
    with transaction(actor=world.rui.actor):
        assert service.fire(instance, "go").status == "error"
    with transaction(actor=world.rui.actor):
        service.cancel(instance, "Not worth repairing")
    with transaction(actor=world.rui.actor):
        query = select(AuditEvent).where(AuditEvent.name == "workflow.cancelled")
        (entry,) = session().scalars(query)
        assert (entry.old_values, entry.new_values) == (
            {"status": "error"},
            {"status": "cancelled"},
        )


def test_nothing_begins_for_what_was_archived(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    record_id, code = order(), published(record_type="order")
    with transaction(actor=world.rui.actor):
        records.archive_record(record_id, version=1)
    with pytest.raises(ValidationFailed, match="archived"), transaction(actor=world.rui.actor):
        service.start(code, record_id)
    with transaction(actor=world.rui.actor):
        records.restore_record(record_id, version=1)
        service.start(code, record_id)


def record_state(people: People, record_id: UUID) -> str | None:
    with transaction(actor=people.rui.actor):
        return session().scalar(select(Record.state).where(Record.id == record_id))


def test_cancelling_takes_the_state_off_the_record(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    record_id, code = order(), published(record_type="order")
    with transaction(actor=world.rui.actor):
        first = service.start(code, record_id).id
        service.fire(first, "check")
    assert record_state(world, record_id) == "checked"
    with transaction(actor=world.rui.actor):
        service.cancel(first, "Ordered twice")
    assert record_state(world, record_id) is None


def test_cancelling_one_of_two_leaves_the_state_of_the_other(
    world: People, published: Publish, order: Callable[..., UUID]
) -> None:
    record_id, code = order(), published(record_type="order", allow_parallel=True)
    with transaction(actor=world.rui.actor):
        first, second = service.start(code, record_id).id, service.start(code, record_id).id
        service.fire(second, "check")
        service.cancel(second, "Ordered twice")
    assert record_state(world, record_id) == "new"
    with transaction(actor=world.rui.actor):
        service.cancel(first, "Not needed at all")
    assert record_state(world, record_id) is None
