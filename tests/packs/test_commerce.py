"""The commerce pack installs by its files alone, again without change, and its demo acts."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from wfweb.approvals.models import ApprovalMatrixVersion, ApprovalRequest
from wfweb.calendars import queries, rules, service
from wfweb.events.models import OutboxMessage
from wfweb.identity.service.companies import create_company
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.packs import available, demo, install, read_pack
from wfweb.records.models import Record
from wfweb.workflow.models import WorkflowVersion

PACK = read_pack("commerce")


def new_company():
    company = new_id()
    with transaction(company_id=company, system=True):
        create_company(company, "Kestrel Dairy")
    return company


def test_every_pack_on_disk_can_be_read():
    assert "commerce" in available()
    for code in available():
        assert read_pack(code).code == code


def test_it_installs_and_the_second_time_changes_nothing(rollback):
    company = new_company()
    with transaction(company_id=company):
        first = install(PACK)
    assert (first.record_types, first.matrices, first.workflows, first.roles) == (6, 3, 3, 5)
    with transaction(company_id=company):
        second = install(PACK)
        versions = session().scalar(select(func.count()).select_from(WorkflowVersion))
        matrices = session().scalar(select(func.count()).select_from(ApprovalMatrixVersion))
    assert (second.record_types, second.matrices, second.workflows, second.roles) == (0, 0, 0, 0)
    assert (versions, matrices) == (3, 3)


def test_its_office_hours_are_the_default_and_then_the_companys_own(rollback):
    company = new_company()
    thursday = datetime(
        2026, 4, 2, 15, 0, tzinfo=UTC
    )  # the Thursday before Easter, 17:00 in Berlin
    with transaction(company_id=company):
        assert install(PACK).calendars == 1
        found = queries.current()
        due = rules.add(found.calendar, thursday, 2 * 3600)
        assert due == datetime(2026, 4, 7, 7, 0, tzinfo=UTC)
        body = queries.find_version(queries.find_calendar("office_hours"), 1).body
        service.save_calendar("office_hours", {**body, "holidays": []})
        service.publish("office_hours", comment="We work on holidays")
        assert install(PACK).calendars == 0
        assert queries.current().number == 2


@pytest.mark.slow
@pytest.mark.committed
def test_the_demo_shows_orders_in_all_states(committed_app: Flask):
    company = new_company()
    with transaction(company_id=company):
        install(PACK)
        sign_ins = demo.add_people(PACK)
    assert len(sign_ins) >= 6
    keys = list(demo.act_out(PACK, company))
    assert len(keys) == len(set(keys)) == sum(1 for _ in PACK.demo_records())
    with transaction(company_id=company):
        rows = session().execute(
            select(Record.state, func.count())
            .where(Record.type_code.in_(("sales_order", "purchase_order")))
            .group_by(Record.state)
        )
        orders = Counter(dict(rows.all()))
        waiting = (
            select(func.count())
            .select_from(ApprovalRequest)
            .where(ApprovalRequest.status == "pending")
        )
        assert session().scalar(waiting) >= 30
        old = (
            select(func.count())
            .select_from(OutboxMessage)
            .where(
                OutboxMessage.state == "pending",
                OutboxMessage.created_at < func.now() - demo.TOLD_LONG_AGO,
            )
        )
        assert session().scalar(old) == 0
    assert orders.total() == 200
    states = {"draft", "waiting_for_approval", "approved", "rejected", "cancelled", "delivered"}
    assert states | {"received"} <= set(orders)
