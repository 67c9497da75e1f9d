"""Verbs of records: create, update, conflicts, what nobody can set, and the company's wall."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from tests.people import People
from tests.records.conftest import line
from wfweb.audit.models import AuditEvent
from wfweb.events import subscribe_now
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from wfweb.kernel.ports import ports
from wfweb.records import service
from wfweb.records.events import RecordChanged, RecordCreated
from wfweb.records.many import create_many
from wfweb.records.models import Record, RecordType, RecordVersion
from wfweb.records.queries import record_by_id, record_by_key
from wfweb.records.service import create_record, set_fields, update_record


def pointers(refusal: ValidationFailed) -> list[str]:
    return [error.pointer for error in refusal.errors]


def test_a_new_record_has_a_key_a_title_a_total_and_a_first_version(
    order: Record, people: People
) -> None:
    with transaction(actor=people.rui.actor):
        assert order.key == "ORD-1001"
        assert order.title == "Blue Hill Bakery EUR 21.00"
        assert order.data["amount"] == {"amount": "21.00", "currency": "EUR"}
        assert order.data["priority"] == "low", "the default"
        assert (order.version, order.owner_id) == (1, people.rui.id)
        versions = session().scalars(
            select(RecordVersion).where(RecordVersion.record_id == order.id)
        )
        [first] = versions
        assert (first.version, first.data, first.by_name) == (1, order.data, "Rui Requests")


def test_creating_is_in_the_audit_trail(order: Record, people: People) -> None:
    with transaction(actor=people.rui.actor):
        entry = session().scalar(select(AuditEvent).where(AuditEvent.target_id == order.id))
        assert entry is not None
        assert (entry.type, entry.name) == ("CREATED", "record.created")
        assert entry.new_values is not None
        assert entry.new_values["amount"]["amount"] == "21.00"


def test_an_update_keeps_both_versions_and_says_what_changed(
    order: Record, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[RecordChanged] = []
    subscribe_now(RecordChanged, heard.append)
    with transaction(actor=people.mia.actor):
        update_record(order.id, {"reason": "Low stock", "priority": "high"}, version=1)
    with transaction(actor=people.mia.actor):
        assert order.version == 2
        rows = session().scalars(
            select(RecordVersion)
            .where(RecordVersion.record_id == order.id)
            .order_by(RecordVersion.version)
        )
        assert [row.changed_fields for row in rows][1] == ["priority", "reason"]
    assert heard[-1].changed_fields == ["priority", "reason"]
    assert not heard[-1].material_changed
    assert heard[-1].before == {"priority": "low", "reason": None}


def test_a_change_of_the_lines_changes_the_amount_and_is_material(
    order: Record, people: People
) -> None:
    heard: list[RecordChanged] = []
    subscribe_now(RecordChanged, heard.append)
    with transaction(actor=people.rui.actor):
        update_record(order.id, {"lines": [line(quantity="3", price="0.3333")]}, version=1)
        assert order.data["amount"] == {"amount": "1.00", "currency": "EUR"}
    assert heard[-1].material_changed
    assert heard[-1].changed_fields == ["amount", "lines"]


def test_saving_what_is_there_already_makes_no_version(order: Record, people: People) -> None:
    with transaction(actor=people.rui.actor):
        update_record(order.id, dict(order.data), version=1)
        assert order.version == 1


def test_a_stale_version_is_refused_with_the_difference_field_by_field(
    order: Record, people: People
) -> None:
    with transaction(actor=people.mia.actor):
        update_record(order.id, {"reason": "Mia's", "priority": "high"}, version=1)
    with transaction(actor=people.rui.actor), pytest.raises(Conflict) as caught:
        update_record(order.id, {"reason": "Rui's", "wanted_on": "2027-01-02"}, version=1)
    refusal = caught.value
    assert (refusal.code, refusal.status) == ("CONCURRENCY_ERROR", 409)
    assert (refusal.current_version, refusal.your_version) == (2, 1)
    found = {one["field"]: one for one in refusal.extra["difference"]}
    assert set(found) == {"reason", "priority", "wanted_on"}
    assert found["reason"]["contested"]
    assert (found["reason"]["theirs"], found["reason"]["yours"]) == ("Mia's", "Rui's")
    assert not found["priority"]["contested"]
    assert found["wanted_on"]["yours"] == "2027-01-02"
    with transaction(actor=people.rui.actor):
        assert order.data["reason"] == "Mia's"


@pytest.mark.parametrize(
    "name", ["id", "key", "version", "state", "created_at", "created_by_id", "type", "owner_id"]
)
def test_what_wfweb_sets_can_never_be_set_from_outside(
    order: Record, people: People, name: str
) -> None:
    with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed) as caught:
        update_record(order.id, {name: "x"}, version=1)
    assert pointers(caught.value) == [f"/{name}"]
    assert caught.value.errors[0].code == "protected"


def test_unknown_fields_are_refused_with_their_place(order: Record, people: People) -> None:
    bad = [{**line(), "colour": "red"}]
    with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed) as caught:
        update_record(order.id, {"colour": "red", "lines": bad}, version=1)
    assert set(pointers(caught.value)) == {"/colour", "/lines/0/colour"}


def test_a_computed_amount_and_a_read_only_field_cannot_be_set(
    order: Record, people: People
) -> None:
    with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed) as caught:
        update_record(order.id, {"amount": {"amount": "1.00", "currency": "EUR"}}, version=1)
    assert caught.value.errors[0].code == "computed"
    with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed) as caught:
        update_record(order.id, {"score": 3}, version=1)
    assert caught.value.errors[0].code == "read_only"
    with transaction(company_id=people.rui.company_id):
        set_fields(order.id, {"score": 3})
        assert order.data["score"] == 3


def test_a_person_must_be_active_and_of_the_company(order: Record, people: People) -> None:
    for somebody in (people.eve.id, uuid4()):
        with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed) as caught:
            update_record(order.id, {"buyer": str(somebody)}, version=1)
        assert pointers(caught.value) == ["/buyer"]
    with transaction(actor=people.rui.actor):
        update_record(order.id, {"buyer": str(people.ada.id)}, version=1)


def test_a_person_who_left_does_not_stop_other_changes(order: Record, people: People) -> None:
    from wfweb.identity.queries import user_by_id

    with transaction(actor=people.rui.actor):
        update_record(order.id, {"buyer": str(people.ada.id)}, version=1)
    with transaction(company_id=people.rui.company_id):
        user_by_id(people.ada.id).active = False
    with transaction(actor=people.rui.actor):
        update_record(order.id, {"reason": "still needed"}, version=2)
        assert order.version == 3


def test_a_reference_must_be_a_record_of_the_named_type(
    order: Record, customer: Record, people: People
) -> None:
    with transaction(actor=people.rui.actor):
        targets = [order.id, uuid4()]
    for target in targets:
        with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed) as caught:
            update_record(order.id, {"customer": str(target)}, version=1)
        assert pointers(caught.value) == ["/customer"]


def test_the_edit_guard_is_asked_and_its_refusal_stands(
    order: Record, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def guard(_record: object, changed: list[str]) -> None:
        asked.append(list(changed))
        raise Conflict("An approval is pending")

    monkeypatch.setattr(ports, "edit_guard", guard)
    with pytest.raises(Conflict), transaction(actor=people.rui.actor):
        update_record(order.id, {"reason": "quietly"}, version=1)
    assert asked == [["reason"]]
    with transaction(actor=people.rui.actor):
        assert order.data.get("reason") is None
        assert order.version == 1


def test_without_the_permission_nothing_is_created_or_changed(
    order: Record, people: People
) -> None:
    watcher = people.ada.actor.through("api")
    from dataclasses import replace

    reader = replace(watcher, permissions=frozenset({"records.view"}), roles=frozenset())
    with transaction(actor=reader):
        with pytest.raises(Forbidden):
            update_record(order.id, {"reason": "x"}, version=1)
        with pytest.raises(Forbidden):
            create_record("customer", {"name": "x"})


def test_another_company_neither_sees_nor_changes_it(order: Record, people: People) -> None:
    with transaction(actor=people.rui.actor):
        order_id, key = order.id, order.key
    with transaction(actor=people.eve.actor):
        with pytest.raises(NotFound):
            record_by_id(order_id)
        with pytest.raises(NotFound):
            record_by_key(key)
        with pytest.raises(NotFound):
            update_record(order_id, {"reason": "x"}, version=1)
        with pytest.raises(NotFound):
            create_record("order", {})
        session().expunge_all()
        assert session().scalars(select(Record)).all() == [], "row-level security"
        assert session().scalars(select(RecordVersion)).all() == []


def test_archiving_takes_it_out_of_lists_and_stops_changes(order: Record, people: People) -> None:
    with transaction(actor=people.rui.actor):
        service.archive_record(order.id, version=1)
        assert order.archived_at is not None
    with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed):
        update_record(order.id, {"reason": "x"}, version=1)
    with transaction(actor=people.rui.actor):
        service.restore_record(order.id, version=1)
        update_record(order.id, {"reason": "x"}, version=1)


def test_versions_cannot_be_rewritten(order: Record, people: People) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    with pytest.raises(DBAPIError), transaction(actor=people.rui.actor):
        session().execute(text("update record_versions set title = 'x'"))


def test_many_records_of_one_act_read_their_type_once(
    people: People, order_type: RecordType
) -> None:
    from sqlalchemy import event

    from wfweb.kernel.db import db

    seen: list[str] = []

    def listener(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        with transaction(actor=people.rui.actor):
            for number in range(50):
                create_record("customer", {"name": f"C {number}"})
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    assert sum("FROM record_types" in statement for statement in seen) <= 1
    versions = [s for s in seen if "record_versions" in s]
    assert versions == [], "versions go with the journal, in one batch"


def test_records_made_together_each_have_their_story(people: People, order_type: RecordType):
    with transaction(actor=people.rui.actor):
        ids = create_many("customer", [{"name": "Blue Hill Bakery"}, {"name": "Mill Lane Mill"}])
    with transaction(actor=people.rui.actor):
        stories = {
            entry.target_id: (entry.name, entry.target_label, entry.new_values)
            for entry in session().scalars(select(AuditEvent).where(AuditEvent.target_id.in_(ids)))
        }
    assert stories == {
        ids[0]: ("record.created", "CUS-1001 Blue Hill Bakery", {"name": "Blue Hill Bakery"}),
        ids[1]: ("record.created", "CUS-1002 Mill Lane Mill", {"name": "Mill Lane Mill"}),
    }


def test_records_made_together_are_told_of_one_by_one(
    people: People, order_type: RecordType
) -> None:
    heard: list[RecordCreated] = []
    subscribe_now(RecordCreated, heard.append)
    with transaction(actor=people.rui.actor):
        ids = create_many("customer", [{"name": "Blue Hill Bakery"}, {"name": "Mill Lane Mill"}])
        assert [event.target_id for event in heard] == ids
        assert [record_by_id(one).key for one in ids] == ["CUS-1001", "CUS-1002"]


def test_a_wrong_one_among_many_is_named_and_none_is_made(
    people: People, order_type: RecordType
) -> None:
    with transaction(actor=people.rui.actor):
        with pytest.raises(ValidationFailed) as refused:
            create_many("customer", [{"name": "Blue Hill Bakery"}, {"city": "Delft"}])
        assert pointers(refused.value) == ["/1/name"]
        with pytest.raises(ValidationFailed, match="one by one"):
            create_many("order", [{"lines": [line()]}])
        assert session().scalars(select(Record)).all() == []
