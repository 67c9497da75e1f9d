"""The pages of workflows: reading, importing, publishing, stepping, repairing."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.people import People, Person
from tests.workflow.conftest import body
from tests.workflow.test_steps import row
from wfweb.kernel.db import transaction
from wfweb.workflow import exchange, service
from wfweb.workflow.definitions import read_body

Client = Callable[[Person | None], FlaskClient]


def text_of(content: dict[str, Any]) -> str:
    return exchange.export_yaml(read_body(content))


def send(client: FlaskClient, path: str, data: dict[str, Any] | None = None) -> TestResponse:
    """Post a form with the token every page carries, and follow where the answer leads."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/workflows").text)
    assert found
    answer = client.post(path, data={**(data or {}), "csrf_token": found[1]})
    return client.get(answer.location) if answer.status_code == 303 else answer


def begin(people: People, code: str, record_id: UUID | None = None) -> UUID:
    with transaction(actor=people.rui.actor):
        return service.start(code, record_id).id


@pytest.mark.parametrize(
    "path",
    [
        "/workflows",
        "/workflows/order_check",
        "/workflows/order_check/versions",
        "/workflows/order_check/versions/1",
        "/workflows/order_check/running",
        "/workflows/order_check/edit",
        "/workflows/order_check/publish",
        "/workflows/import",
        "/operations/stuck",
    ],
)
def test_every_page_answers_an_administrator(
    world: People, published: Callable[..., str], client_of: Client, path: str
) -> None:
    published()
    begin(world, "order_check")
    answer = client_of(world.alma).get(path)
    assert answer.status_code == 200
    assert "<h1" in answer.text


def test_a_definition_shows_each_state_with_a_sentence(
    world: People, published: Callable[..., str], client_of: Client
) -> None:
    published()
    page = client_of(world.rui).get("/workflows/order_check").text
    assert "State New, the start, 1 way out: Check leads to Checked" in page
    assert 'href="#state-checked"' in page
    assert 'id="state-checked"' in page


def test_members_see_but_do_not_change(
    world: People, published: Callable[..., str], client_of: Client
) -> None:
    published()
    client = client_of(world.rui)
    assert client.get("/workflows/order_check").status_code == 200
    for path in ("/workflows/import", "/workflows/order_check/edit", "/operations/stuck"):
        assert client.get(path).status_code == 403
    assert send(client, "/workflows/order_check/retire").status_code == 403
    assert client_of(world.eve).get("/workflows/order_check").status_code == 404


def test_importing_a_file_makes_a_draft_and_publishing_makes_it_live(
    world: People, client_of: Client
) -> None:
    client = client_of(world.alma)
    upload = {"file": (BytesIO(text_of(body()).encode()), "check.yaml")}
    answer = send(client, "/workflows/import", upload)
    assert "is saved as draft 1" in answer.text
    refused = send(client, "/workflows/order_check/publish", {"comment": " "})
    assert refused.status_code == 422
    assert "Write what changed" in refused.text
    done = send(client, "/workflows/order_check/publish", {"comment": "First"})
    assert "version 1 is live" in done.text


def test_a_broken_import_keeps_the_text_and_names_the_places(
    world: People, client_of: Client
) -> None:
    client = client_of(world.alma)
    text = "code: Order Check\nname: x\nstates: [{code: a, name: A, type: finish}]\n"
    answer = send(client, "/workflows/import", {"content": text})
    assert answer.status_code == 422
    assert "/states/0/type" in answer.text
    assert "/code" in answer.text
    assert "code: Order Check" in answer.text
    worse = send(client, "/workflows/import", {"content": "a: &x 1\nb: *x\n"})
    assert worse.status_code == 422
    assert "line 1: anchors" in worse.text


def test_a_draft_with_problems_is_kept_but_not_published(world: People, client_of: Client) -> None:
    client = client_of(world.alma)
    content = body()
    content["transitions"] = content["transitions"][:1]
    send(client, "/workflows/import", {"content": text_of(content)})
    page = client.get("/workflows/order_check/publish").text
    assert "no end can be reached" in page
    assert "Solve the problems above first" in page
    answer = send(client, "/workflows/order_check/publish", {"comment": "x"})
    assert answer.status_code == 422


def test_a_stale_draft_keeps_what_was_typed(world: People, client_of: Client) -> None:
    client = client_of(world.alma)
    send(client, "/workflows/import", {"content": text_of(body())})
    mine, theirs = text_of(body(name="Mine")), text_of(body(name="Theirs"))
    send(client, "/workflows/order_check/edit", {"content": theirs, "version": "1"})
    answer = send(client, "/workflows/order_check/edit", {"content": mine, "version": "1"})
    assert answer.status_code == 409
    assert "name: Mine" in answer.text
    assert "Somebody saved the draft" in answer.text


def test_a_version_of_five_thousand_digits_is_no_error_of_ours(
    world: People, client_of: Client
) -> None:
    client = client_of(world.alma)
    send(client, "/workflows/import", {"content": text_of(body())})
    content = text_of(body(name="Order check, again"))
    posted = {"content": content, "version": "9" * 5000}
    assert send(client, "/workflows/order_check/edit", posted).status_code == 200


def test_a_version_is_exported_as_it_was_imported(
    world: People, published: Callable[..., str], client_of: Client
) -> None:
    published()
    client = client_of(world.alma)
    answer = client.get("/workflows/order_check/versions/1/file")
    assert answer.text == text_of(body())
    assert "attachment" in answer.headers["Content-Disposition"]
    assert client.get("/workflows/order_check/versions/1/file?form=json").json["code"] == (
        "order_check"
    )
    assert client.get("/workflows/order_check/versions/7").status_code == 404


def test_a_record_shows_its_steps_and_takes_one(
    world: People,
    published: Callable[..., str],
    order: Callable[..., UUID],
    client_of: Client,
) -> None:
    published(record_type="order")
    order_id = order()
    client = client_of(world.rui)
    page = client.get("/records/order/ORD-1001").text
    assert "Start Order check" in page
    started = send(client, "/workflows/order_check/starts", {"record": str(order_id)})
    assert "has begun in “New”" in started.text
    with transaction(actor=world.rui.actor):
        from wfweb.workflow.queries import instances_for

        instance = instances_for(order_id)[0]
        address = f"/workflows/instances/{instance.id}"
    taken = send(client, f"{address}/steps", {"step": "check", "version": "1"})
    assert "is in “Checked” now" in taken.text
    assert client.get(address).status_code == 200
    stale = send(client, f"{address}/steps", {"step": "back", "version": "1"})
    assert stale.status_code == 409


def test_a_missing_comment_asks_for_it_and_keeps_the_step(
    world: People, published: Callable[..., str], client_of: Client
) -> None:
    instance = begin(world, published())
    client = client_of(world.alma)
    address = f"/workflows/instances/{instance}/steps"
    send(client, address, {"step": "check"})
    answer = send(client, address, {"step": "back"})
    assert answer.status_code == 422
    assert "Write why you choose" in answer.text
    done = send(client, address, {"step": "back", "comment": "<script>alert(1)</script>"})
    assert "<script>alert" not in done.text
    assert "is in “New” now" in done.text


def test_a_comment_that_cannot_be_stored_is_a_problem_of_the_form(
    world: People, published: Callable[..., str], client_of: Client
) -> None:
    instance = begin(world, published())
    client = client_of(world.alma)
    address = f"/workflows/instances/{instance}"
    for path, words in (
        ("steps", {"step": "check", "comment": "Kept\x00 words"}),
        ("cancel", {"reason": "Kept\x00 words"}),
    ):
        answer = send(client, f"{address}/{path}", words)
        assert answer.status_code == 422, path
        assert "zero byte" in answer.text
        assert "words" in answer.text
    assert row(world, instance).state == "new"


def test_a_step_that_is_not_the_persons_is_refused(
    world: People, published: Callable[..., str], client_of: Client
) -> None:
    instance = begin(world, published())
    client = client_of(world.rui)
    address = f"/workflows/instances/{instance}/steps"
    send(client, address, {"step": "check"})
    assert send(client, address, {"step": "finish"}).status_code == 403
    assert send(client, address, {"step": "nothing"}).status_code == 404
    stranger = client_of(world.eve)
    assert send(stranger, address, {"step": "check"}).status_code == 404
    assert client_of(None).post(address, data={"step": "check"}).status_code in {303, 400, 401, 403}


def test_an_operator_finds_what_is_stuck_and_tries_again(
    world: People, published: Callable[..., str], client_of: Client
) -> None:
    from wfweb.workflow import writing
    from wfweb.workflow.loading import load

    instance = begin(world, published())
    with transaction(actor=world.rui.actor):
        loaded = load(instance)
        writing.fail(loaded, "The printer is <on fire>", loaded.definition.transitions["check"])
    otto = client_of(world.otto)
    listed = otto.get("/operations/stuck").text
    assert "The printer is &lt;on fire&gt;" in listed
    assert "1" in client_of(world.alma).get("/workflows").text
    address = f"/workflows/instances/{instance}"
    assert send(client_of(world.rui), f"{address}/retry").status_code == 403
    assert "goes on" in send(otto, f"{address}/retry").text
    assert "not stuck" in send(otto, f"{address}/retry").text


def test_cancelling_from_the_page_needs_a_reason(
    world: People, published: Callable[..., str], client_of: Client
) -> None:
    instance = begin(world, published())
    client = client_of(world.rui)
    address = f"/workflows/instances/{instance}/cancel"
    assert send(client, address, {"reason": " "}).status_code == 422
    assert "is cancelled" in send(client, address, {"reason": "Ordered twice"}).text


@pytest.mark.parametrize(
    "path", ["/workflows/x%00y", "/workflows/instances/nothing", "/workflows/ORDER"]
)
def test_addresses_of_nothing_answer_404(world: People, client_of: Client, path: str) -> None:
    assert client_of(world.alma).get(path).status_code == 404


@pytest.mark.parametrize("before", ["nothing", "", "%00"])
def test_a_broken_cursor_is_no_error_of_ours(world: People, client_of: Client, before: str) -> None:
    answer = client_of(world.otto).get(f"/operations/stuck?before={before}")
    assert answer.status_code in {200, 404}
