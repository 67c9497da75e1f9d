"""Definitions to read and write: words, faults with their place, preview, trying on a record."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from tests.people import People, Person, post
from tests.sla.conftest import MONDAY, World, hours
from tests.support.pages import read
from wfweb.kernel import clock

Open = Callable[[Person | None], FlaskClient]
NEW = "/sla/definitions/new"
GOOD = """\
code: first_answer
name: First answer
record_type: order
target: 4
unit: hours
calendar: office
pause: [{reason: Waiting for the customer, when: {field: phase, operator: "=", value: waiting}}]
stop: {when: {field: phase, operator: "=", value: decided}}
"""


def test_a_definition_is_told_in_words(world: World, people: People, client_of: Open) -> None:
    world.define()
    client = client_of(people.rui)
    assert "Decide an order" in client.get("/sla/definitions").text
    text = client.get("/sla/definitions/decide_order").text
    assert "Resolution time of 8 hours, counted by “Office”" in text
    assert "Waiting for the customer: while" in text
    assert "yellow from 60 %, orange from 80 %, red from 95 %" in text
    assert "Change or try it" not in text


def test_saving_makes_a_version_that_new_clocks_follow(
    world: World, people: People, client_of: Open
) -> None:
    client = client_of(people.alma)
    made = post(client, NEW, {"content": GOOD, "comment": "We promised it"}, form=NEW)
    assert made.location == "/sla/definitions/first_answer"
    page = client.get(made.location).text
    assert "We promised it" in page
    assert "Alma Administers" in page
    order = world.order()
    edit = "/sla/definitions/first_answer/edit"
    version = next(
        n.get("value") for n in read(client.get(edit).text).nodes if n.get("name") == "version"
    )
    changed = GOOD.replace("target: 4", "target: 6")
    assert post(client, edit, {"content": changed, "version": version}).status_code == 303
    assert world.clock(order).target_seconds == 4 * 3600
    assert world.clock(world.order()).target_seconds == 6 * 3600
    old = client.get("/sla/definitions/first_answer?version=1").text
    assert "This is an earlier version" in old
    assert "Resolution time of 4 hours" in old


def test_what_is_wrong_is_named_with_its_place_and_nothing_is_lost(
    world: World, people: People, client_of: Open
) -> None:
    client = client_of(people.alma)
    wrong = GOOD.replace("office", "moon").replace("phase, operator", "fase, operator", 1)
    answer = post(client, NEW, {"content": wrong, "comment": "because"}, form=NEW)
    assert answer.status_code == 422
    assert "/calendar" in answer.text
    assert "/pause/0/when" in answer.text
    assert "moon" in answer.text
    assert 'value="because"' in answer.text
    for content in ("", "code: [", "just words", "x" * 100_001, "a: &a 1\nb: *a"):
        assert post(client, NEW, {"content": content}, form=NEW).status_code == 422


def test_a_code_is_taken_once_and_stays(world: World, people: People, client_of: Open) -> None:
    client = client_of(people.alma)
    assert post(client, NEW, {"content": GOOD}, form=NEW).status_code == 303
    assert "has this code" in post(client, NEW, {"content": GOOD}, form=NEW).text
    edit = "/sla/definitions/first_answer/edit"
    other = GOOD.replace("first_answer", "second_answer")
    assert "The code stays" in post(client, edit, {"content": other, "version": 1}).text


def test_two_editors_do_not_overwrite_each_other(
    world: World, people: People, client_of: Open
) -> None:
    client = client_of(people.alma)
    post(client, NEW, {"content": GOOD}, form=NEW)
    edit = "/sla/definitions/first_answer/edit"
    seen = {"version": 1}
    first = GOOD.replace("target: 4", "target: 5")
    assert post(client, edit, {"content": first, **seen}).status_code == 303
    second = GOOD.replace("target: 4", "target: 9")
    refused = post(client, edit, {"content": second, **seen})
    assert refused.status_code == 409
    assert "Somebody saved it while you worked" in refused.text
    assert "target: 9" in refused.text


def test_the_preview_counts_from_any_moment_and_saves_nothing(
    world: World, people: People, client_of: Open
) -> None:
    client = client_of(people.alma)
    start = {"content": GOOD, "start": "2026-11-20T15:00"}  # a Friday, 16:00 in Berlin
    seen = post(client, "/sla/definitions/preview", start, form=NEW).text
    assert "Mon 23 Nov 2026, 11:00 UTC" in seen
    assert "09:00 to 12:00" in seen
    assert "2 days off" in seen
    bad = post(client, "/sla/definitions/preview", {"content": "code: 1"}, form=NEW)
    assert bad.status_code == 200
    assert "problems" in bad.text
    assert client.get("/sla/definitions/first_answer").status_code == 404


def test_without_script_the_same_preview_comes_with_the_page(
    world: World, people: People, client_of: Open
) -> None:
    client = client_of(people.alma)
    form = {"content": GOOD, "start": "2026-11-20T15:00", "_act": "preview"}
    page = post(client, NEW, form, form=NEW)
    assert page.status_code == 200
    assert "Mon 23 Nov 2026, 11:00 UTC" in page.text
    assert "First answer" in page.text


def test_trying_it_on_a_record_says_what_would_happen_and_why(
    world: World, people: People, client_of: Open
) -> None:
    order = world.order(phase="waiting")
    client = client_of(people.alma)
    key = client.get("/records/order").text.split("/records/order/ORD-")[1].split('"')[0]
    with clock.at(MONDAY + hours(2)):
        form = {"content": GOOD, "record": f"ORD-{key}"}
        waiting = post(client, "/sla/definitions/preview", form, form=NEW).text
    assert "A clock would run on it now." in waiting
    assert "Waiting for the customer" in waiting
    world.edit(order, MONDAY + hours(3), phase="decided")
    with clock.at(MONDAY + hours(4)):
        done = post(client, "/sla/definitions/preview", form, form=NEW).text
    assert "No clock would run on it now." in done
    assert "holds" in done
    with clock.at(MONDAY + hours(4)):
        form["record"] = "ORD-999999"
        gone = post(client, "/sla/definitions/preview", form, form=NEW).text
    assert "There is no record ORD-999999" in gone


def test_switched_off_it_starts_nothing_more(world: World, people: People, client_of: Open) -> None:
    world.define()
    client = client_of(people.alma)
    page = "/sla/definitions/decide_order"
    assert post(client, f"{page}/active", {"active": "false"}, form=page).status_code == 303
    assert world.clocks(world.order()) == []
    post(client, f"{page}/active", {"active": "true"}, form=page)
    assert len(world.clocks(world.order())) == 1


def test_only_those_who_may_change_deadlines_change_them(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    client = client_of(people.rui)
    for path in (NEW, "/sla/definitions/decide_order/edit"):
        assert client.get(path).status_code == 403
        assert post(client, path, {"content": GOOD}, form="/sla").status_code == 403
    assert client_of(people.eve).get("/sla/definitions/decide_order").status_code == 404


def test_the_file_is_what_can_be_saved_again(world: World, people: People, client_of: Open) -> None:
    world.define()
    client = client_of(people.alma)
    file = client.get("/sla/definitions/decide_order/file")
    assert file.headers["Content-Disposition"].endswith('"decide_order.yaml"')
    edit = "/sla/definitions/decide_order/edit"
    assert post(client, edit, {"content": file.text, "version": 1}).status_code == 303
    assert "version 1" in client.get("/sla/definitions/decide_order").text


def test_a_start_in_another_century_is_answered_in_words(
    world: World, people: People, client_of: Open
) -> None:
    client = client_of(people.alma)
    for start in ("0001-01-01T00:00", "9999-12-31T23:59", "yesterday", "2026-02-30T10:00"):
        form = {"content": GOOD, "start": start}
        assert post(client, "/sla/definitions/preview", form, form=NEW).status_code == 200
    now = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=9)
    with clock.at(now):
        form = {"content": GOOD.replace("hours", "days").replace("target: 4", "target: 900")}
        far = post(client, "/sla/definitions/preview", form, form=NEW)
    assert "May 2030" in far.text
