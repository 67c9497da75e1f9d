"""The receipt page of a clock, pausing and resuming by hand, the chip on records and requests."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.approvals.counting import statements
from tests.people import People, Person, post
from tests.sla.board_world import define, running
from tests.sla.conftest import MONDAY, World, hours
from tests.support.pages import read
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.sla.models import SlaClock

Open = Callable[[Person | None], FlaskClient]


def rows_of(html: str, caption: str) -> list[list[str]]:
    """Return the cells of the table with a caption."""
    for table in read(html).all("table"):
        nodes = list(table.walk())
        if any(n.name == "caption" and n.text() == caption for n in nodes):
            rows = [n for n in nodes if n.name == "tr"]
            return [[c.text() for c in row.walk() if c.name in {"th", "td"}] for row in rows][1:]
    raise AssertionError(caption)


def receipt_page(world: World, client_of: Open, person: Person, order_id: object) -> str:
    made = world.clock(order_id)  # type: ignore[arg-type]
    return client_of(person).get(f"/sla/{made.id}").text


def test_a_receipt_counts_day_by_day_and_names_what_it_skipped(
    world: World, people: People, client_of: Open
) -> None:
    world.define(target=20)
    order = world.order(MONDAY + hours(28))  # Tuesday 13:00 in Berlin
    with clock.at(MONDAY + hours(30)):
        text = receipt_page(world, client_of, people.rui, order)
    assert rows_of(text, "Days that counted and days that did not") == [
        ["Tue 17 Nov 2026", "13:00 to 17:00", "4 h", "4 h", ""],
        ["Wed 18 Nov 2026", "09:00 to 17:00", "8 h", "12 h", ""],
        ["Thu 19 Nov 2026", "09:00 to 17:00", "8 h", "20 h", ""],
    ]
    assert "Recomputed from this receipt alone: the same instant" in text
    assert "Europe/Berlin" in text
    assert "“Office”, version 1" in text


def test_weekends_and_pauses_are_rows_with_their_reason(
    world: World, people: People, client_of: Open
) -> None:
    world.define(target=12)
    friday = MONDAY + timedelta(days=4)
    order = world.order(friday)
    world.edit(order, friday + hours(2), phase="waiting")
    world.edit(order, friday + hours(4), phase="open")
    with clock.at(friday + hours(5)):
        text = receipt_page(world, client_of, people.rui, order)
    days = rows_of(text, "Days that counted and days that did not")
    assert days[0] == [
        "Fri 20 Nov 2026", "09:00 to 11:00, 13:00 to 17:00", "6 h", "6 h",
        "paused: Waiting for the customer",
    ]  # fmt: skip
    assert days[1] == ["Sat 21 Nov 2026 to Sun 22 Nov 2026", "nothing", "", "6 h", "2 days off"]
    assert days[2][:3] == ["Mon 23 Nov 2026", "09:00 to 15:00", "6 h"]
    pauses = rows_of(text, "Pauses")
    assert pauses[0][0] == "Waiting for the customer"
    assert pauses[0][3] == "2 h"
    assert rows_of(text, "How long each person had it")[0][1:] == ["3 h", "5 h"]


def test_the_story_tells_crossings_pauses_and_the_end(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    order = world.order()
    world.sweep(MONDAY + hours(5))
    world.sweep(MONDAY + timedelta(days=1))
    world.edit(order, MONDAY + timedelta(days=1, hours=1), phase="decided")
    with clock.at(MONDAY + timedelta(days=2)):
        text = receipt_page(world, client_of, people.rui, order)
    told = next(n for n in read(text).nodes if n.get("id") == "story").text()
    wanted = ["began to count", "Turned yellow", "Turned orange", "Turned red", "Breached"]
    places = [told.index(words) for words in (*wanted, "Done, too late")]
    assert places == sorted(places)
    assert "Too late" in text


def test_a_receipt_that_was_tampered_with_is_called_so(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    order = world.order()
    made = world.clock(order)
    with transaction(actor=people.alma.actor):
        row = session().get_one(SlaClock, made.id)
        row.receipt = {**(row.receipt or {}), "due": "2026-11-16T17:00:00Z"}
    with clock.at(MONDAY + hours(1)):
        text = receipt_page(world, client_of, people.rui, order)
    assert "The receipt does not give this due time" in text
    assert "the same instant" not in text


def test_a_pause_needs_a_reason_and_is_seen_on_the_board(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    order = world.order()
    made = world.clock(order)
    client = client_of(people.otto)
    hold = f"/sla/{made.id}/hold"
    with clock.at(MONDAY + hours(1)):
        version = {"version": made.version, "act": "pause", "back": "/sla?scope=everyone"}
        refused = post(client, hold, {**version, "reason": "  "}, form=hold)
        assert refused.status_code == 422
        assert "Write why" in refused.text
        assert world.clock(order).status == "active"
        paused = post(client, hold, {**version, "reason": "The vendor is on holiday"}, form=hold)
        assert paused.status_code == 303
        assert paused.location == f"/sla?scope=everyone&at={made.id}"
        board = client.get(paused.location).text
    assert "The vendor is on holiday" in board
    assert "Resume the clock for" in board
    assert world.clock(order).due_at is None
    with clock.at(MONDAY + hours(3)):
        again = {"version": world.clock(order).version, "act": "resume", "back": "/sla"}
        assert post(client, hold, again, form=hold).status_code == 303
    assert world.clock(order).due_at == MONDAY + timedelta(days=1, hours=2)


def test_a_clock_that_somebody_else_paused_meanwhile_is_not_paused_again(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    made = world.clock(world.order())
    client = client_of(people.otto)
    hold = f"/sla/{made.id}/hold"
    form = {"version": made.version, "act": "pause", "back": "/sla"}
    with clock.at(MONDAY + hours(1)):
        assert post(client, hold, {**form, "reason": "first"}, form=hold).status_code == 303
        second = post(client, hold, {**form, "reason": "second"}, form=hold)
    assert second.status_code == 409


def test_pausing_needs_the_permission_and_says_who_can(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    made = world.clock(world.order())
    client = client_of(people.rui)
    with clock.at(MONDAY + hours(1)):
        assert "Pause the clock" not in client.get("/sla?scope=everyone").text
        refused = client.get(f"/sla/{made.id}/hold")
        sent = post(client, f"/sla/{made.id}/hold", {"reason": "mine"}, form="/sla")
    assert refused.status_code == sent.status_code == 403
    assert "Otto Operates" in refused.text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/inbox", "/sla/../inbox"]
)
def test_going_back_never_leaves_the_pages_of_deadlines(
    world: World, people: People, client_of: Open, back: str
) -> None:
    world.define()
    made = world.clock(world.order())
    hold = f"/sla/{made.id}/hold"
    with clock.at(MONDAY + hours(1)):
        form = {"version": made.version, "act": "pause", "reason": "why", "back": back}
        answer = post(client_of(people.otto), hold, form, form=hold)
    assert answer.location.split("?")[0] == "/sla"


def test_a_record_shows_its_deadlines(world: World, people: People, client_of: Open) -> None:
    world.define()
    order = world.order()
    made = world.clock(order)
    client = client_of(people.rui)
    with clock.at(MONDAY + hours(1)):
        page = client.get(made.url or "").text
    assert (made.url or "").startswith("/records/order/ORD-")
    assert "Decide an order" in page
    assert f"/sla/{made.id}" in page
    world.edit(order, MONDAY + hours(2), phase="decided")
    with clock.at(MONDAY + hours(3)):
        assert "in time" in client.get(made.url).text


def test_a_clock_costs_as_many_questions_with_one_stretch_as_with_fifty(
    world: World, people: People, client_of: Open
) -> None:
    world.define(target=800)
    order = world.order()
    client = client_of(people.rui)
    made = world.clock(order)
    client.get(f"/sla/{made.id}")
    with clock.at(MONDAY + hours(1)), statements() as few:
        client.get(f"/sla/{made.id}")
    for number in range(25):
        at = MONDAY + timedelta(hours=2, minutes=2 * number)
        world.edit(order, at, phase="waiting")
        world.edit(order, at + timedelta(minutes=1), phase="open")
    with clock.at(MONDAY + hours(4)), statements() as many:
        client.get(f"/sla/{made.id}")
    assert len(many) == len(few)


def test_a_due_time_years_away_is_told_by_month(
    world: World, people: People, client_of: Open
) -> None:
    world.define(target=1000)
    order = world.order()
    with clock.at(MONDAY + hours(1)):
        days = rows_of(
            receipt_page(world, client_of, people.rui, order),
            "Days that counted and days that did not",
        )
    assert days[0][0] == "Nov 2026"
    assert days[-1][3] == "1000 h"
    assert len(days) == 7


def test_hostile_words_stay_words(people: People, client_of: Open) -> None:
    made = define(people.alma, name="<b>Bold</b>")
    now = clock.now()
    mine = running(
        people.alma, made, used=10, title="<img src=x onerror=alert(1)>", owner_id=people.ada.id,
        now=now, subject_type="request",
    )  # fmt: skip
    client = client_of(people.ada)
    for path in ("/sla", "/sla?view=table", f"/sla/{mine}", "/sla/definitions"):
        text = client.get(path).text
        assert "<img src=x" not in text
        assert "<b>Bold" not in text


def test_a_clock_is_moved_to_the_live_version_only_by_hand(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    order = world.order()
    before = world.clock(order)
    world.define(target=4)
    client = client_of(people.alma)
    page = f"/sla/{before.id}"
    with clock.at(MONDAY + hours(1)):
        assert world.clock(order).due_at == before.due_at
        assert "Follow version 2" in client.get(page).text
        sent = post(client, f"{page}/version", {"version": before.version}, form=page)
        assert sent.status_code == 303
        assert world.clock(order).due_at == MONDAY + hours(4)
        text = client.get(page).text
        assert "Follow version" not in text
        assert "the same instant" in text
        assert client_of(people.rui).get(page).text.count("Change this clock") == 0
        refused = post(client_of(people.rui), f"{page}/version", {}, form=page)
    assert refused.status_code == 403


def test_cancelling_needs_a_reason_and_takes_it_off_the_board(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    order = world.order()
    made = world.clock(order)
    client = client_of(people.alma)
    page = f"/sla/{made.id}"
    with clock.at(MONDAY + hours(1)):
        empty = post(client, f"{page}/cancellation", {"version": made.version}, form=page)
        assert empty.status_code == 422
        assert "Write why" in empty.text
        form = {"version": made.version, "reason": "Ordered twice"}
        assert post(client, f"{page}/cancellation", form, form=page).status_code == 303
        text = client.get(page).text
        assert "Cancelled: Ordered twice" in text
        assert "Steel" not in client.get("/sla?scope=everyone").text
        again = post(client, f"{page}/cancellation", form, form=page)
    assert again.status_code == 409


def test_cancelling_what_is_late_says_that_it_stays_late(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    order = world.order()
    made = world.clock(order)
    with clock.at(MONDAY + timedelta(days=2)):
        page, client = f"/sla/{made.id}", client_of(people.alma)
        form = {"reason": "Ordered twice"}
        answer = post(client, f"{page}/cancellation", form, form=page)
        assert answer.status_code == 303
        text = client.get(page).text
    assert "the report goes on saying so" in text
    assert "Breached, then cancelled" in text
    assert "Cancelled after it had breached: Ordered twice" in text


def test_a_clock_that_begins_later_is_paused_and_resumed_before_it_begins(
    world: World, people: People, client_of: Open
) -> None:
    world.define(start={"field": "asked_on"}, pause=[])
    order = world.order(asked_on=(MONDAY + timedelta(days=2)).isoformat())
    made = world.clock(order)
    page, client = f"/sla/{made.id}", client_of(people.otto)
    for hour, act in enumerate(("pause", "resume", "pause", "resume")):
        with clock.at(MONDAY + hours(hour)):
            form = {"act": act, "reason": "Strike", "back": page}
            assert post(client, f"{page}/hold", form, form=f"{page}/hold").status_code == 303
            for path in (page, f"{page}/hold", "/sla?scope=everyone", "/sla/forecast"):
                assert client.get(path).status_code == 200
    found = world.clock(order)
    assert (found.status, found.due_at) == ("active", made.due_at)
    assert world.segments(found) == []
