"""Every event leaves one entry, in its transaction, masked, and nobody can change it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import text

from wfweb import audit
from wfweb.audit import queries
from wfweb.audit.redaction import MASK, redact
from wfweb.events import Event, emit
from wfweb.kernel.actor import Actor
from wfweb.kernel.context import RequestInfo, bind
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Forbidden
from wfweb.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingChanged(Event):
    name: ClassVar[str] = "thing.changed"


def change(target: UUID, **values: object) -> None:
    emit(ThingChanged(target_type="thing", target_id=target, target_label="A thing", **values))


def test_an_event_leaves_who_what_when_from_where(company: UUID):
    ada = Actor(kind="user", id=new_id(), name="Ada", company_id=company)
    info = RequestInfo(ip="192.0.2.7", user_agent="Browser")
    with bind(info=info) as correlation, transaction(actor=ada):
        change(target := new_id(), before={"amount": "1.00"}, after={"amount": "2.00"})
    with transaction(company_id=company):
        (entry,) = queries.story(target)
    assert (entry.actor_name, entry.actor_id, entry.channel) == ("Ada", ada.id, "page")
    assert (str(entry.ip), entry.user_agent) == ("192.0.2.7", "Browser")
    assert entry.correlation_id == correlation
    assert entry.changed_fields == ["amount"]
    assert (entry.old_values, entry.new_values) == ({"amount": "1.00"}, {"amount": "2.00"})


def test_an_undone_act_leaves_no_entry(company: UUID):
    target = new_id()
    with pytest.raises(ZeroDivisionError), transaction(company_id=company):
        change(target)
        raise ZeroDivisionError
    with transaction(company_id=company):
        assert queries.story(target) == []


def test_personal_data_is_masked_at_any_depth(company: UUID):
    values = {
        "Email": "ada@example.org",
        "lines": [{"phone": "1", "ok": 2}],
        "nested": {"iban": "X"},
        "salary": 5,
        "ssn": None,
    }
    assert redact(values, ["salary"]) == {
        "Email": MASK,
        "lines": [{"phone": MASK, "ok": 2}],
        "nested": {"iban": MASK},
        "salary": MASK,
        "ssn": None,
    }


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_events set actor_name = 'Eve'",
        "delete from audit_events",
        "truncate audit_events",
        "drop table audit_events",
        "alter table audit_events disable trigger all",
        "insert into audit_events_default select * from audit_events",
    ],
)
def test_the_application_cannot_touch_an_entry(company: UUID, statement: str):
    with transaction(company_id=company):
        change(new_id())
    with (
        pytest.raises(Exception, match=r"permission denied|must be owner"),
        transaction(company_id=company),
    ):
        session().execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_events set name = 'x'",
        "delete from audit_events",
        "truncate audit_events",
        "truncate audit_events_default",
        "truncate {month}",
        "truncate {made}",
    ],
)
def test_the_owner_cannot_either(company: UUID, statement: str):
    with transaction(company_id=company):
        change(new_id())
    with pytest.raises(Exception, match="append-only"), transaction(company_id=company):
        session().execute(text("select audit_ensure_partitions(5)"))
        session().execute(text("reset role"))
        of_row = "select tableoid::regclass::text from audit_events"
        newest = (
            "select max(inhrelid::regclass::text) from pg_inherits"
            " where inhparent = 'audit_events'::regclass and inhrelid <> 'audit_events_default'"
            "::regclass"
        )
        names = {"month": of_row, "made": newest}
        found = {name: session().scalar(text(query)) for name, query in names.items()}
        session().execute(text(statement.format(**found)))


def test_a_refused_permission_is_written_with_its_risk(company: UUID):
    eve = Actor(kind="user", id=new_id(), name="Eve", company_id=company)
    refusal = Forbidden("No", permission="users.manage", risk="HIGH")
    with transaction(actor=eve):
        audit.record_refusal(refusal, action="POST", target="/admin/users")
    with transaction(company_id=company):
        entry = (
            session()
            .execute(text("select actor_name, risk, details, type from audit_events"))
            .one()
        )
    assert entry[:2] == ("Eve", "HIGH")
    assert entry[2]["permission"] == "users.manage"
    assert entry[3] == "PERMISSION_DENIED"


def test_partitions_are_made_ahead(company: UUID):
    with transaction(system=True):
        assert session().execute(text("select audit_ensure_partitions(3)")).scalar() == 0
        assert session().execute(text("select audit_ensure_partitions(5)")).scalar() == 2
