"""The pages of the inbox: what the list shows, filters, polls, the selection."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from tests.approvals.conftest import World, level
from tests.people import Person
from wfweb.approvals.rows import Case
from wfweb.audit.models import AuditEvent
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction

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
        f"/requests/{key}/explanation",
        "/my-requests",
        "/my-requests?part=sent_back",
        "/my-requests?part=decided",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path


def ids_in(page: str) -> list[str]:
    """Return what the check boxes of a list stand for."""
    return re.findall(r'name="id" value="([0-9a-f-]{36})" form="inbox-form"', page)


def token_of(text: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert found
    return found[1]


def several(world: World, *subjects: str) -> list[Case]:
    world.publish_levels(level("ada", due_hours=4), on_edit="affected")
    return [world.submit(subject=subject) for subject in subjects]


def review(client: FlaskClient, **more: Any) -> tuple[dict[str, Any], str]:
    """Tick everything and look at it together; return the form as it would be posted."""
    seen = client.get("/inbox").text
    data = {"csrf_token": token_of(seen), "id": ids_in(seen), **more}
    text = client.post("/inbox/selection", data=data).text
    fields: dict[str, Any] = dict(re.findall(r'name="(digest\.[^"]+)" value="([^"]*)"', text))
    fields |= {"csrf_token": data["csrf_token"], "id": data["id"], "on_error": "keep"}
    return fields, text


def test_selecting_shows_total_and_what_follows(world: World, client_of: ClientOf) -> None:
    several(world, "Steel", "Copper", "Zinc")
    _fields, text = review(client_of(world.people.ada))
    assert "3 selected, €3,600.00" in text
    assert "Approve 3 requests, €3,600.00" in text


def test_deciding_several_at_once_lists_each(world: World, client_of: ClientOf) -> None:
    cases = several(world, "Steel", "Copper")
    client = client_of(world.people.ada)
    fields, _text = review(client)
    answer = client.post("/inbox/decisions", data={**fields, "decision": "approve"})
    assert answer.status_code == 200
    assert "2 requests approved, €2,400.00" in answer.text
    assert [world.state(case)[0] for case in cases] == ["approved", "approved"]


def test_one_that_changed_is_kept_out_or_takes_all_back(world: World, client_of: ClientOf) -> None:
    first, second = several(world, "Steel", "Copper")
    client = client_of(world.people.ada)
    fields, _text = review(client)
    world.edit(second, amount={"amount": "9.00", "currency": "EUR"})
    all_back = {**fields, "decision": "approve", "on_error": "rollback"}
    stopped = client.post("/inbox/decisions", data=all_back)
    assert "Nothing was decided" in stopped.text
    assert world.state(first)[0] == "pending"
    kept = client.post("/inbox/decisions", data={**fields, "decision": "approve"})
    assert "1 request approved" in kept.text
    assert "changed since you looked" in kept.text
    assert [world.state(case)[0] for case in (first, second)] == ["approved", "pending"]


def test_a_seat_of_somebody_else_takes_all_back_and_is_audited(
    world: World, client_of: ClientOf
) -> None:
    (case,) = several(world, "Steel")
    fields, _text = review(client_of(world.people.ada))
    mia = client_of(world.people.mia)
    fields |= {"csrf_token": token_of(mia.get("/inbox").text), "decision": "approve"}
    answer = mia.post("/inbox/decisions", data={**fields, "on_error": "rollback"})
    assert "Nothing was decided" in answer.text
    assert world.state(case)[0] == "pending"
    with transaction(actor=world.people.alma.actor):
        query = select(AuditEvent).where(AuditEvent.name == "permission.denied")
        (entry,) = session().scalars(query)
        assert (entry.actor_id, entry.risk) == (world.people.mia.id, "MEDIUM")


def test_rejecting_several_needs_words_and_keeps_the_selection(
    world: World, client_of: ClientOf
) -> None:
    several(world, "Steel", "Copper")
    client = client_of(world.people.ada)
    fields, _text = review(client)
    answer = client.post("/inbox/decisions", data={**fields, "decision": "reject"})
    assert answer.status_code == 422
    assert "Write why you reject them" in answer.text
    assert "2 selected" in answer.text


def test_select_all_means_the_filtered_list(world: World, client_of: ClientOf) -> None:
    several(world, "Steel", "Copper")
    client = client_of(world.people.ada)
    data = {"csrf_token": token_of(client.get("/inbox").text), "all": "1", "back": "q=copper"}
    text = client.post("/inbox/selection", data=data).text
    assert "1 selected" in text
    assert "Copper" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=steel", ["Steel"]),
        ("min=1,000.00", ["Steel"]),
        ("max=999", ["Copper"]),
        ("type=order", ["Steel", "Copper"]),
        ("type=nothing", []),
        ("due=overdue", []),
        ("due=today", ["Steel", "Copper"]),
        ("requester=mia", ["Copper"]),
        ("sort=amount", ["Steel", "Copper"]),
        ("sort=newest", ["Copper", "Steel"]),
        ("q=%00", ["Steel", "Copper"]),
    ],
)
def test_filters_are_in_the_address(
    world: World, client_of: ClientOf, query: str, found: list[str]
) -> None:
    world.publish_levels(level("ada", due_hours=4))
    world.submit(subject="Steel")
    world.submit(
        by=world.people.mia, subject="Copper", amount={"amount": "500.00", "currency": "EUR"}
    )
    text = client_of(world.people.ada).get(f"/inbox?{query}").text
    assert re.findall(r'id="title-[^>]+><bdi>(\w+)</bdi>', text) == found
    if not found:
        assert "No request matches" in text


@pytest.mark.parametrize(
    "query", ["min=abc", "min=1e9", "view=x", "due=x", "sort=x", "after=zzz", "min=" + "9" * 60]
)
def test_an_address_that_makes_no_sense_is_told(
    world: World, client_of: ClientOf, query: str
) -> None:
    assert client_of(world.people.ada).get(f"/inbox?{query}").status_code == 422


def poll_url(text: str) -> str:
    found = re.search(r'hx-get="(/inbox/rows[^"]+)"', text)
    assert found
    return html.unescape(found[1])


def test_a_poll_without_news_is_204(world: World, client_of: ClientOf) -> None:
    several(world, "Steel")
    client = client_of(world.people.ada)
    url = poll_url(client.get("/inbox").text)
    answer = client.get(url)
    assert (answer.status_code, answer.data) == (204, b"")


def test_news_wait_behind_a_pill_and_answered_rows_turn_grey(
    world: World, client_of: ClientOf
) -> None:
    world.publish_levels(level("ada", "mia", due_hours=4))
    first = world.submit(subject="Steel")
    client = client_of(world.people.ada)
    with clock.at(clock.now() - timedelta(minutes=5)):
        url = poll_url(client.get("/inbox").text)
    world.decide(world.people.mia, first)
    second = world.submit(subject="Copper")
    text = client.get(url).text
    assert "Mia Manages approved this" in text
    assert "1 new, show" in text
    assert f"row-{second.request.key}" not in text
    assert client.get(poll_url(text)).status_code == 204


def count_queries(client: FlaskClient, path: str) -> int:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len([one for one in seen if not one.upper().startswith(("SAVEPOINT", "RELEASE"))])


def test_the_inbox_asks_as_much_for_fifty_rows_as_for_one(
    world: World, client_of: ClientOf
) -> None:
    several(world, "Steel")
    client = client_of(world.people.ada)
    one = count_queries(client, "/inbox")
    for number in range(49):
        world.submit(subject=f"Copper {number}")
    assert count_queries(client, "/inbox") == one
    assert one <= 7


def test_the_record_page_says_that_it_waits(world: World, client_of: ClientOf) -> None:
    (case,) = several(world, "Steel")
    text = client_of(world.people.rui).get(f"/records/order/{world.record(case).key}").text
    assert "This waits for approval" in text
    assert "It waits for Ada Approves" in text


def test_the_box_at_the_top_finds_requests_by_their_key_and_their_record(
    world: World, client_of: ClientOf
) -> None:
    world.publish_levels(level("ada"))
    steel, copper = world.submit(subject="Steel"), world.submit(subject="Copper")
    ada = client_of(world.people.ada)
    answer = ada.get(f"/search?q={steel.request.key.lower()}")
    assert (answer.status_code, answer.location) == (303, f"/requests/{steel.request.key}")
    found = ada.get("/search?q=copper").text
    assert f'href="/requests/{copper.request.key}"' in found
    assert "Order, asked" in found, "the record says its type and its state in words"
    assert steel.request.key not in found
    world.decide(world.people.ada, copper)
    assert copper.request.key not in ada.get("/search?q=copper").text, "it was decided"
