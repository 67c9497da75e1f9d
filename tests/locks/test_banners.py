"""The banner of a record's locks on every page that is about the record."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.approvals.counting import statements
from tests.people import add_person, sign_in
from tests.support.estate import Estate
from wfweb.alerts.models import Alert
from wfweb.approvals.models import ApprovalRequest
from wfweb.identity.service import create_role
from wfweb.kernel import slots
from wfweb.kernel.db import session, transaction
from wfweb.sla import definitions
from wfweb.sla.models import SlaClock
from wfweb.tasks import service as tasks
from wfweb.tasks.models import Task
from wfweb.workflow import service as workflows

PROMISE = {
    "code": "look_after",
    "name": "Look after a property",
    "record_type": "property",
    "unit": "hours",
    "target": 8,
    "stop": {"when": {"field": "city", "operator": "=", "value": "Delft"}},
}
BLOCKED = "Sell is blocked on <bdi>Alder Street 14</bdi>"


@dataclass
class Subject:
    """A property with work of every kind about it, and somebody who may read all of it."""

    client: FlaskClient
    estate: Estate
    record: UUID
    key: str
    pages: dict[str, str]

    def block(self) -> None:
        self.estate.measure(self.key, "occupancy", "60")


PAGES = (
    "request",
    "reading pane",
    "explanation",
    "instance",
    "step",
    "task",
    "clock",
    "pause",
    "alert",
    "alert beside the list",
    "story of the record",
    "story of the request",
    "story of the instance",
    "story of the task",
    "story of the alert",
    "story of the clock",
)


@pytest.fixture
def subject(app: Flask, portfolio: Estate) -> Subject:
    root = add_person(
        portfolio.company, "root@kestrel.example", "Rita Root", "administrator", "asset_manager"
    )
    with transaction(actor=root.actor):
        definitions.save_definition(PROMISE)
    record, key = portfolio.property()
    # A warning locks nothing; it is the alert whose pages are looked at.
    portfolio.measure(key, "dscr", "1.28")
    with transaction(actor=root.actor):
        task = tasks.create_task("Call the lender", assignee_id=root.id, record_id=record).id
        open_one = workflows.start("refinance", record).id
        waiting = workflows.start("dispose", record).id
        workflows.fire(waiting, "dispose")
    with transaction(actor=root.actor):
        request = one(ApprovalRequest, record)
        alert, clock = one(Alert, record), one(SlaClock, record)
        keys = f"/requests/{request.key}", f"/alerts/{alert.key}"
        task_key = session().get_one(Task, task).key
        ids = request.id, alert.id, clock.id
    pages = [
        keys[0],
        f"{keys[0]}/pane",
        f"{keys[0]}/explanation",
        f"/workflows/instances/{open_one}",
        f"/workflows/instances/{open_one}/steps/give_up",
        f"/tasks/{task_key}",
        f"/sla/{ids[2]}",
        f"/sla/{ids[2]}/hold",
        keys[1],
        f"{keys[1]}/pane",
        f"/audit/record/{record}",
        f"/audit/approval_request/{ids[0]}",
        f"/audit/workflow_instance/{waiting}",
        f"/audit/task/{task}",
        f"/audit/alert/{ids[1]}",
        f"/audit/sla_clock/{ids[2]}",
    ]
    client = sign_in(app.test_client(), root)
    return Subject(client, portfolio, record, key, dict(zip(PAGES, pages, strict=True)))


def one(model: Any, record: UUID) -> Any:
    return session().scalars(select(model).where(model.record_id == record)).first()


@pytest.mark.parametrize("page", PAGES)
def test_the_banner_stands_on_every_page_about_the_record(subject: Subject, page: str):
    address = subject.pages[page]
    poll = f"/locks/of/{subject.record}/banner?elsewhere=1"
    free = subject.client.get(address)
    assert free.status_code == 200
    assert "blocked on" not in free.text
    assert poll in free.text, "a lock that comes later is shown by a poll"
    subject.block()
    locked = subject.client.get(address).text
    assert locked.count(BLOCKED) == 1
    assert locked.count(poll) == 1


@pytest.mark.parametrize("page", PAGES)
def test_without_locks_the_banner_costs_one_statement(
    subject: Subject, page: str, monkeypatch: pytest.MonkeyPatch
):
    address = subject.pages[page]
    subject.client.get(address)
    with statements() as found:
        subject.client.get(address)
    for name in ("about.banner", "story.banner"):
        monkeypatch.setitem(slots._fragments, name, [])
    with statements() as without:
        assert "/locks/of/" not in subject.client.get(address).text
    assert len(found) <= len(without) + 1


def test_who_may_not_see_the_record_is_not_told_of_its_locks(app: Flask, subject: Subject):
    """A task is given to somebody who may see nothing of what it is about."""
    with transaction(company_id=subject.estate.company):
        create_role("driver", "Driver")
    driver = add_person(subject.estate.company, "driver@kestrel.example", "Dov", "driver")
    with transaction(company_id=subject.estate.company):
        task = tasks.create_task("Bring keys", assignee_id=driver.id, record_id=subject.record).key
    subject.block()
    page = sign_in(app.test_client(), driver).get(f"/tasks/{task}")
    assert page.status_code == 200
    assert "Bring keys" in page.text
    assert "blocked" not in page.text
    assert "/locks/of/" not in page.text


def test_a_task_about_no_record_has_no_banner(app: Flask, subject: Subject):
    with transaction(actor=subject.estate.dana.actor):
        task = tasks.create_task("Water the plants", assignee_id=subject.estate.dana.id).key
    page = sign_in(app.test_client(), subject.estate.dana).get(f"/tasks/{task}").text
    assert "/locks/of/" not in page


def test_a_poll_elsewhere_brings_the_lock_and_takes_it_away(subject: Subject):
    poll = f"/locks/of/{subject.record}/banner?elsewhere=1"
    assert subject.client.get(f"{poll}&ver=none").status_code == 204
    subject.block()
    assert BLOCKED in subject.client.get(f"{poll}&ver=none").text
