"""Several people and one task at the same moment: one of them has it, one of them closes it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import make_company
from tests.people import People, Person, add_person, make_people
from wfweb.audit.models import AuditEvent
from wfweb.events.models import OutboxMessage
from wfweb.kernel.db import attempt, session, transaction
from wfweb.tasks import queries, service
from wfweb.tasks.models import Task

pytestmark = [pytest.mark.committed, pytest.mark.slow]
AT_ONCE = 6


@dataclass
class Office:
    """A company with several approvers, all of whom may take what waits for their role."""

    app: Flask
    people: People
    approvers: Sequence[Person]

    def make(self, **values: Any) -> UUID:
        given = {"title": "Call the supplier", **values}
        with transaction(actor=self.people.rui.actor):
            return service.create_task(**given).id

    def task(self, task_id: UUID) -> Task:
        with transaction(company_id=self.people.ada.company_id):
            found = queries.by_id(task_id)
            session().refresh(found)
            return found

    def together(self, *acts: tuple[Person, Callable[[], Any]]) -> Counter[str]:
        """Let people act at one moment; count what became of it."""
        gate, came = threading.Barrier(len(acts)), Counter[str]()

        def one(person: Person, act: Callable[[], Any]) -> None:
            def once() -> None:
                with transaction(actor=person.actor):
                    act()

            with self.app.app_context():
                gate.wait(20)
                try:
                    attempt(once)
                except Exception as refusal:  # noqa: BLE001 - the outcome is what is asked for
                    came[type(refusal).__name__] += 1
                else:
                    came["done"] += 1

        threads = [threading.Thread(target=one, args=act) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "stuck"
        return came

    def told(self, task_id: UUID) -> Counter[str]:
        """Count what the audit trail says of a task, by event."""
        with transaction(company_id=self.people.ada.company_id):
            rows = select(AuditEvent.name).where(AuditEvent.target_id == task_id)
            return Counter(session().scalars(rows))


@pytest.fixture
def office(committed_app: Flask) -> Iterator[Office]:
    with committed_app.app_context():
        people = make_people(make_company())
        company_id = people.ada.company_id
        more = [
            add_person(company_id, f"a{n}@kestrel.example", f"Approver {n}", "member", "approver")
            for n in range(AT_ONCE - 1)
        ]
        yield Office(committed_app, people, [people.ada, *more])


def test_one_of_many_takes_it_and_the_others_are_told_so(office: Office):
    for _trial in range(3):
        task_id = office.make(role_code="approver")
        take = [(one, partial(service.take, task_id)) for one in office.approvers]
        assert office.together(*take) == {"done": 1, "Conflict": AT_ONCE - 1}
        task = office.task(task_id)
        assert task.assignee_id in {one.id for one in office.approvers}
        assert (task.version, office.told(task_id)["task.given"]) == (2, 1)


def test_a_double_click_takes_it_once(office: Office):
    task_id = office.make(role_code="approver")
    twice = [(office.people.ada, lambda: service.take(task_id))] * 3
    assert office.together(*twice) == {"done": 3}
    assert (office.task(task_id).version, office.told(task_id)["task.given"]) == (2, 1)


def test_it_is_reported_done_once(office: Office):
    task_id = office.make(role_code="approver")
    done = [(one, lambda: service.complete(task_id)) for one in office.approvers]
    assert office.together(*done) == {"done": 1, "Conflict": AT_ONCE - 1}
    assert (office.task(task_id).status, office.told(task_id)["task.closed"]) == ("done", 1)


def test_done_cancelled_and_given_away_at_once(office: Office):
    """One end; whoever is late hears that it is closed, or that it is somebody else's."""
    people = office.people
    for _trial in range(6):
        task_id = office.make(assignee_id=people.ada.id)
        came = office.together(
            (people.ada, partial(service.complete, task_id)),
            (people.rui, partial(service.cancel, task_id, outcome="Not needed")),
            (people.alma, partial(service.give, task_id, people.mia.id)),
        )
        assert set(came) <= {"done", "Conflict", "Forbidden"}
        task, told = office.task(task_id), office.told(task_id)
        assert task.status in {"done", "cancelled"}
        assert told["task.closed"] == 1
        assert task.version == 1 + told["task.given"] + told["task.closed"] == 1 + came["done"]


def test_of_two_who_saw_the_same_one_gives_it(office: Office):
    people = office.people
    task_id = office.make(assignee_id=people.ada.id)
    came = office.together(
        (people.ada, lambda: service.give(task_id, people.mia.id, version=1)),
        (people.alma, lambda: service.give(task_id, people.otto.id, version=1)),
    )
    assert came["done"] == 1
    assert came["Conflict"] + came["Forbidden"] == 1
    assert office.task(task_id).version == 2


def test_one_cause_makes_one_task_however_many_ask(office: Office):
    """And the numbers have no gap."""
    same = [(office.people.alma, lambda: office_task("the same step"))] * AT_ONCE
    assert office.together(*same) == {"done": AT_ONCE}
    with transaction(company_id=office.people.ada.company_id):
        assert session().scalar(select(func.count()).select_from(Task)) == 1
        told = select(func.count()).where(OutboxMessage.kind == "tasks.tell_task")
        assert session().scalar(told) == 1
    assert office.task(office.make(role_code="approver")).key == "TSK-1002"


def office_task(cause: str) -> Task:
    return service.create_task("Look", role_code="approver", cause=cause)
