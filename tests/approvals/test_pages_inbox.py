"""The pages of the inbox: what the list shows, filters, polls, the selection."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.approvals.conftest import World, level
from tests.people import Person

ClientOf = Callable[[Person | None], FlaskClient]


def test_the_inbox_shows_what_waits(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada", due_hours=2, name="Finance"))
    answer = client_of(world.people.ada).get("/inbox")
    assert answer.status_code == 200
    assert case.request.key in answer.text
    assert "Late or due within 4 hours" in answer.text
    assert "€1,200.00" in answer.text


@pytest.mark.parametrize("view", ["mine", "for-others", "waiting", "decided"])
def test_every_view_answers(world: World, client_of: ClientOf, view: str) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case)
    assert client_of(world.people.ada).get(f"/inbox?view={view}").status_code == 200


def test_pages_of_a_request(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada", "mia", due_hours=30), level("otto"))
    client = client_of(world.people.ada)
    key = case.request.key
    for path in (
        f"/requests/{key}",
        f"/requests/{key}?panel=reject",
        f"/requests/{key}?panel=changes",
        f"/requests/{key}?panel=delegate",
        f"/requests/{key}?panel=approve",
        f"/requests/{key}/pane",
        f"/requests/{key}/decision?panel=reject",
        f"/requests/{key}/explanation",
        "/my-requests",
        "/my-requests?part=sent_back",
        "/my-requests?part=decided",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
