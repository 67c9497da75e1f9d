"""Tasks: who may do what, once each, told to who can act."""

from uuid import UUID

import pytest
from sqlalchemy import select

from tests.people import People, post
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, ValidationFailed
from wfweb.notifications.models import Delivery, Notification
from wfweb.tasks import jobs, queries, service
from wfweb.tasks.models import Task


def made(people: People, **values: object) -> UUID:
    given = {"title": "Call the supplier", "assignee_id": people.ada.id, **values}
    with transaction(actor=people.rui.actor):
        return service.create_task(**given).id  # type: ignore[arg-type]


def task(people: People, task_id: UUID) -> Task:
    with transaction(company_id=people.ada.company_id):
        found = queries.by_id(task_id)
        session().refresh(found)
        return found


def test_who_has_it_reports_it_done(people: People):
    task_id = made(people)
    with transaction(actor=people.ada.actor):
        service.complete(task_id, outcome=" They deliver on Monday ")
    done = task(people, task_id)
    assert (done.status, done.outcome, done.closed_by_id) == (
        "done",
        "They deliver on Monday",
        people.ada.id,
    )
    with transaction(actor=people.ada.actor), pytest.raises(Conflict, match="done already"):
        service.complete(task_id)


@pytest.mark.parametrize(
    ("act", "who", "allowed"),
    [
        ("complete", "ada", True),
        ("complete", "rui", False),
        ("complete", "mia", False),
        ("complete", "alma", True),
        ("cancel", "rui", True),
        ("cancel", "ada", False),
        ("give", "ada", True),
        ("give", "mia", False),
        ("take", "mia", False),
    ],
)
def test_the_table_of_who_may_do_what(people: People, act, who, allowed):
    task_id = made(people)
    person = getattr(people, who)
    acts = {
        "complete": lambda: service.complete(task_id),
        "cancel": lambda: service.cancel(task_id, outcome="Not needed"),
        "give": lambda: service.give(task_id, people.mia.id),
        "take": lambda: service.take(task_id),
    }
    with transaction(actor=person.actor):
        if allowed:
            acts[act]()
        else:
            with pytest.raises(Forbidden):
                acts[act]()


def test_one_of_the_role_takes_it_and_the_others_no_longer_can(people: People):
    task_id = made(people, assignee_id=None, role_code="approver")
    with transaction(actor=people.ada.actor):
        assert [one.id for one in queries.listed("roles", limit=9)] == [task_id]
        service.take(task_id)
        assert queries.listed("roles", limit=9) == []
        assert [one.id for one in queries.listed("mine", limit=9)] == [task_id]
    with transaction(actor=people.mia.actor), pytest.raises(Forbidden):
        service.complete(task_id)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"title": "  "}, "/title"),
        ({"title": "x" * 201}, "/title"),
        ({"description": "x" * 4001}, "/description"),
        ({"priority": "panic"}, "/priority"),
        ({"assignee_id": None}, "/assignee_id"),
        ({"assignee_id": UUID(int=7)}, "/assignee_id"),
        ({"role_code": "nobody"}, "/role_code"),
    ],
)
def test_nonsense_is_refused_at_its_field(people: People, values, pointer):
    with pytest.raises(ValidationFailed) as refused:
        made(people, **values)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_one_cause_makes_one_task(people: People):
    assert made(people, cause="step 1") == made(people, cause="step 1")


def test_who_has_something_to_do_is_told_once_and_nobody_when_it_is_closed(people: People):
    task_id = made(people)
    payload = {"target_id": str(task_id), "told_ids": [str(people.ada.id)], "message_id": "m1"}
    with transaction(company_id=people.ada.company_id):
        jobs.tell_task(payload)
        jobs.tell_task(payload)
        assert len(session().scalars(select(Delivery)).all()) == 1
        assert len(session().scalars(select(Notification)).all()) == 1
        assert jobs.still_wanted(task_id, people.ada.id)
    with transaction(actor=people.ada.actor):
        service.complete(task_id)
    with transaction(company_id=people.ada.company_id):
        jobs.tell_task(payload | {"message_id": "m2"})
        assert len(session().scalars(select(Delivery)).all()) == 1
        assert not jobs.still_wanted(task_id, people.ada.id)


def test_pages_from_the_list_to_done(people: People, client_of):
    task_id = made(people, due_at=clock.now())
    ada = client_of(people.ada)
    assert "Call the supplier" in ada.get("/tasks").text
    key = task(people, task_id).key
    assert "Report it done" in ada.get(f"/tasks/{key}").text
    answer = post(ada, f"/tasks/{task_id}/close", {"outcome": "Done"}, form=f"/tasks/{key}")
    assert answer.status_code == 303
    assert "Call the supplier" in ada.get("/tasks?view=done").text
    assert client_of(people.mia).get(f"/tasks/{key}").status_code == 403


def test_nothing_typed_is_lost(people: People, client_of):
    task_id = made(people)
    key = task(people, task_id).key
    ada, rui = client_of(people.ada), client_of(people.rui)
    wrong = {"email": "nobody@kestrel.example"}
    answer = post(ada, f"/tasks/{task_id}/give", wrong, form=f"/tasks/{key}")
    assert (answer.status_code, "nobody@kestrel.example" in answer.text) == (422, True)
    empty = {"act": "cancel", "outcome": ""}
    assert post(rui, f"/tasks/{task_id}/close", empty, form=f"/tasks/{key}").status_code == 422
    right = {"email": people.mia.email}
    assert post(ada, f"/tasks/{task_id}/give", right, form=f"/tasks/{key}").status_code == 303
    assert task(people, task_id).assignee_id == people.mia.id
