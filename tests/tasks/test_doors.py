"""Pages and API of tasks: what was seen before, nonsense, strangers."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.api.conftest import Program, program_of
from tests.people import People, post
from tests.tasks.test_tasks import made, task
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound
from wfweb.kernel.ids import new_id
from wfweb.tasks import queries, service


@pytest.fixture
def api(app: Flask, rollback: None) -> Callable[..., Program]:
    """Return ``api(people.ada)``: a program with a token of that person."""
    return partial(program_of, app)


ACTS: dict[str, Callable[[UUID, People], object]] = {
    "take": lambda task_id, _people: service.take(task_id),
    "give": lambda task_id, people: service.give(task_id, people.mia.id),
    "complete": lambda task_id, _people: service.complete(task_id),
    "cancel": lambda task_id, _people: service.cancel(task_id, outcome="No"),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_a_task_of_another_company_does_not_exist(people: People, act: str):
    task_id = made(people)
    with transaction(actor=people.eve.actor):
        with pytest.raises(NotFound):
            ACTS[act](task_id, people)
        with pytest.raises(NotFound):
            queries.by_key(service.KEY_PREFIX + "-1001")
    assert task(people, task_id).version == 1


@pytest.mark.parametrize("act", list(ACTS))
def test_who_may_not_see_it_learns_nothing_of_how_it_stands(people: People, act: str):
    task_id = made(people)
    with transaction(actor=people.ada.actor):
        service.complete(task_id)
    with transaction(actor=people.mia.actor), pytest.raises(Forbidden):
        ACTS[act](task_id, people)


@pytest.mark.parametrize("act", list(ACTS))
def test_what_is_closed_stays_as_it_is(people: People, act: str):
    task_id = made(people)
    with transaction(actor=people.rui.actor):
        service.cancel(task_id, outcome="Not needed")
    with transaction(actor=people.alma.actor), pytest.raises(Conflict):
        ACTS[act](task_id, people)
    closed = task(people, task_id)
    assert (closed.status, closed.outcome, closed.version) == ("cancelled", "Not needed", 2)


def test_who_takes_what_somebody_has_is_told_that_it_is_taken(people: People):
    task_id = made(people, role_code="approver")
    with transaction(actor=people.alma.actor), pytest.raises(Conflict, match="taken already"):
        service.take(task_id)
    with transaction(actor=people.ada.actor):
        assert service.take(task_id).version == 1  # it is hers


def test_somebody_of_another_company_is_given_nothing(people: People, api):
    task_id = made(people)
    answer = api(people.ada).post(f"/tasks/{task_id}/give", {"assignee_id": str(people.eve.id)})
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/assignee_id")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("give", {"assignee_id": "ada"}),
        ("give", {}),
        ("give", {"assignee_id": str(new_id())}),
        ("close", {"status": "open"}),
        ("close", {"status": "done", "outcome": "x" * 4001}),
        ("close", {"status": "cancelled"}),
        ("close", {"status": "cancelled", "outcome": " \n"}),
        ("close", {"status": "done", "colour": "blue"}),
        ("close", {"version": "first"}),
    ],
)
def test_nonsense_changes_nothing(people: People, api, path, body):
    task_id = made(people)
    assert api(people.alma).post(f"/tasks/{task_id}/{path}", body).status_code == 422
    assert task(people, task_id).version == 1


@pytest.mark.parametrize("path", ["give", "close"])
def test_the_api_refuses_what_was_seen_before_the_last_change(people: People, api, path):
    task_id = made(people)
    body = {"give": {"assignee_id": str(people.rui.id)}, "close": {"outcome": "Done"}}[path]
    with transaction(actor=people.ada.actor):
        service.give(task_id, people.mia.id)
    alma = api(people.alma)
    stale = alma.post(f"/tasks/{task_id}/{path}", body | {"version": 1})
    assert (stale.status_code, stale.get_json()["current_version"]) == (409, 2)
    header = alma.post(f"/tasks/{task_id}/{path}", body, headers={"If-Match": '"1"'})
    assert header.status_code == 412
    assert task(people, task_id).assignee_id == people.mia.id
    assert alma.post(f"/tasks/{task_id}/{path}", body | {"version": 2}).status_code == 200


def test_a_page_seen_before_the_last_change_is_drawn_anew_with_what_was_typed(
    people: People, client_of: Callable[..., FlaskClient]
):
    task_id = made(people)
    alma, page = client_of(people.alma), f"/tasks/{task(people, task_id).key}"
    assert 'name="version" value="1"' in alma.get(page).text
    with transaction(actor=people.ada.actor):
        service.give(task_id, people.mia.id)
    typed = {"act": "complete", "outcome": "They said yes", "version": "1"}
    answer = post(alma, f"/tasks/{task_id}/close", typed, form=page)
    assert answer.status_code == 409
    assert "They said yes" in answer.text
    assert people.mia.name in answer.text
    assert 'name="version" value="2"' in answer.text
    assert task(people, task_id).status == "open"
    again = post(alma, f"/tasks/{task_id}/close", typed | {"version": "2"}, form=page)
    assert again.status_code == 303


def test_what_was_typed_for_a_task_that_is_closed_is_still_on_the_page(
    people: People, client_of: Callable[..., FlaskClient]
):
    task_id = made(people)
    ada, page = client_of(people.ada), f"/tasks/{task(people, task_id).key}"
    ada.get(page)
    form = {"act": "complete", "outcome": "They said yes", "version": "1"}
    with transaction(actor=people.rui.actor):
        service.cancel(task_id, outcome="Not needed")
    answer = post(ada, f"/tasks/{task_id}/close", form, form="/account")
    assert answer.status_code == 409
    assert "is cancelled already" in answer.text
    assert "They said yes" in answer.text
