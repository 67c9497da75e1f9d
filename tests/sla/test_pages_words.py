"""What pages of deadlines say to somebody who sees them for the first time."""

from collections.abc import Callable

from flask.testing import FlaskClient

from tests.people import People, Person, post
from tests.sla.conftest import MONDAY, OFFICE, World, hours
from wfweb.calendars import service as calendars
from wfweb.kernel import clock
from wfweb.kernel.db import transaction

Open = Callable[[Person | None], FlaskClient]


def test_somebody_who_never_saw_a_receipt_is_told_how_to_read_it(
    world: World, people: People, client_of: Open
) -> None:
    world.define(target=2, unit="days")
    order = world.order()
    with clock.at(MONDAY + hours(1)):
        text = client_of(people.rui).get(f"/sla/{world.clock(order).id}").text
        board = client_of(people.rui).get("/sla").text
    assert "16 h of working time (2 working days) by the calendar “Office”" in text
    assert "Only working time counts" in text
    assert "The columns say how much of its time a deadline has used" in board


def test_a_pause_of_both_goes_over_to_the_definition_and_the_page_says_so(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    order = world.order(phase="waiting")
    made, client = world.clock(order), client_of(people.otto)
    hold = f"/sla/{made.id}/hold"
    with clock.at(MONDAY + hours(1)):
        pause = {"act": "pause", "reason": "Strike", "version": made.version, "back": "/sla"}
        assert post(client, hold, pause, form=hold).status_code == 303
        resume = {"act": "resume", "version": world.clock(order).version, "back": "/sla"}
        assert post(client, hold, resume, form=hold).status_code == 303
        assert (
            "Now only its definition pauses it: Waiting for the customer."
            in client.get("/sla").text
        )
        again = {**resume, "version": world.clock(order).version}
        assert post(client, hold, again, form=hold).status_code == 409
    assert world.clock(order).status == "paused"


def test_a_holiday_added_today_counts_when_somebody_says_so(
    world: World, people: People, client_of: Open
) -> None:
    world.define()
    with clock.at(MONDAY + hours(4)):
        order = world.order(MONDAY + hours(4))
    made, client = world.clock(order), client_of(people.alma)
    page, button = f"/sla/{made.id}", "Count by the calendar in force"
    with clock.at(MONDAY + hours(5)):
        assert button not in client.get(page).text
        with transaction(actor=people.alma.actor):
            feast = {"date": "2026-11-17", "name": "Day of the bakers"}
            calendars.save_calendar("office", {**OFFICE, "holidays": [feast]})
            calendars.publish("office")
        assert world.clock(order).due_at == made.due_at == MONDAY + hours(28)
        assert button in client.get(page).text
        sent = post(client, f"{page}/version", {"version": made.version}, form=page)
        assert sent.status_code == 303
        text = client.get(page).text
    assert button not in text
    assert "Day of the bakers (holiday)" in text
    assert world.clock(order).due_at == MONDAY + hours(52)
