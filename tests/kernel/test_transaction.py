"""One act, one transaction, one company."""

from uuid import UUID

import pytest
from sqlalchemy import select, text

from tests.conftest import make_company
from tests.people import People
from wfweb.events.models import OutboxMessage
from wfweb.events.outbox import enqueue
from wfweb.kernel import clock
from wfweb.kernel.db import remembered, session, transaction
from wfweb.kernel.ids import new_id, next_key
from wfweb.kernel.journal import journal
from wfweb.kernel.tenancy import Company


def test_ids_never_go_backwards():
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert {i.version for i in ids} == {7}


def test_keys_count_up_per_company(company: UUID):
    with transaction(company_id=company):
        assert [next_key("ORD"), next_key("ORD"), next_key("APR")] == [
            "ORD-1001",
            "ORD-1002",
            "APR-1001",
        ]
    with transaction(company_id=make_company("Other")):
        assert next_key("ORD") == "ORD-1001"


def test_application_role_owns_nothing(company: UUID):
    with transaction(company_id=company):
        assert session().execute(text("select current_user")).scalar() == "wfweb_app"
        with pytest.raises(Exception, match="permission denied"), session().begin_nested():
            session().execute(text("delete from audit_events"))


def test_rows_of_another_company_are_invisible(company: UUID):
    other = make_company("Other")
    with transaction(company_id=other):
        enqueue("a.kind", {"secret": "of other"})
    with transaction(company_id=company):
        assert session().scalars(select(OutboxMessage)).all() == []
        assert session().scalars(select(Company)).one().id == company
    with transaction(company_id=other):
        assert session().scalars(select(OutboxMessage)).one().kind == "a.kind"


def test_nobody_sees_nothing(company: UUID):
    with transaction():
        assert session().scalars(select(Company)).all() == []


def test_a_row_cannot_be_written_for_another_company(company: UUID):
    other = make_company("Other")
    with pytest.raises(Exception, match="row-level security"), transaction(company_id=company):
        session().add(
            OutboxMessage(company_id=other, kind="x", payload={}, correlation_id=new_id())
        )
        session().flush()


def test_a_failed_act_leaves_nothing(company: UUID):
    with pytest.raises(ZeroDivisionError), transaction(company_id=company):
        enqueue("a.kind", {})
        raise ZeroDivisionError
    with transaction(company_id=company):
        assert session().scalars(select(OutboxMessage)).all() == []


def test_the_clock_is_the_databases(company: UUID):
    with transaction(company_id=company):
        difference = session().execute(text("select clock_timestamp()")).scalar() - clock.now()
        assert 0 <= difference.total_seconds() < 5


def test_what_is_remembered_lasts_until_something_is_written_or_the_act_ends(
    rollback: None, people: People
) -> None:
    reads = iter(range(9))

    def read() -> int:
        return remembered("number", lambda: next(reads))

    with transaction(actor=people.ada.actor):
        assert (read(), read()) == (0, 0)
        journal().call("select 1", ())
        journal().flush()
        assert (read(), read()) == (1, 1)
        session().add(Company(name="Another"))
        assert read() == 1
        session().expunge_all()
    with transaction(actor=people.ada.actor):
        assert read() == 2
