"""Calendars whose working time runs out, and targets beyond reach: words instead of failures."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import Program
from tests.people import Person
from tests.sla.conftest import MONDAY, OFFICE, World, hours, promise
from wfweb.calendars import service as calendars
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.sla import board, cards

Open = Callable[[Person | None], FlaskClient]
LAST_DAY = datetime(2026, 11, 16, tzinfo=UTC)


@pytest.fixture
def fair(world: World) -> UUID:
    """An order that counts by a fair of one day, on whose evening ten hours are still to come."""
    body = {"tz": "UTC", "weekly": {}, "overrides": {"2026-11-16": [["08:00", "16:00"]]}}
    with clock.at(LAST_DAY), transaction(actor=world.people.alma.actor):
        calendars.save_calendar("fair", body, name="Fair")
        calendars.publish("fair")
    world.define(calendar="fair", target=10)
    return world.order()


def test_a_clock_that_never_gets_there_is_on_the_board_and_has_a_page(
    world: World, fair: UUID, client_of: Open
):
    made = world.clock(fair)
    assert made.due_at is None
    client = client_of(world.people.otto)
    with clock.at(MONDAY + hours(2)):
        assert "No working time to come" in client.get("/sla?scope=everyone").text
    with clock.at(MONDAY + hours(50)):
        for path in ("/sla?scope=everyone", "/sla?scope=everyone&view=table", "/sla/forecast"):
            assert client.get(path).status_code == 200, path
        told = client.get("/sla?scope=everyone").text
        page = client.get(f"/sla/{made.id}")
        record = client.get(f"{made.url}")
    assert "its calendar has no working time to come" in told
    assert "2.0 h of work time left" in told
    assert page.status_code == record.status_code == 200
    text = page.text
    assert "Never" in text
    assert "its calendar has too little working time to come" in text
    assert "Open while paused" not in text


def test_its_levels_are_crossed_as_far_as_there_is_time(world: World, fair: UUID):
    assert world.sweep(MONDAY + timedelta(days=30)) == 1
    row = world.clock(fair)
    assert [one.level for one in world.crossings(row)] == ["YELLOW", "ORANGE"]
    assert (row.next_check_at, world.sweep(MONDAY + timedelta(days=60))) == (None, 0)


def test_a_target_of_centuries_is_answered_in_words(world: World, client_of: Open):
    with clock.at(LAST_DAY), transaction(actor=world.people.alma.actor):
        weekly = {"tz": "UTC", "weekly": {"mon": [["08:00", "09:00"]]}}
        calendars.save_calendar("mondays", weekly, name="Mondays")
        calendars.publish("mondays")
    world.define(calendar="mondays", target=80_000)
    made = world.clock(world.order())
    with clock.at(MONDAY + hours(1)):
        assert client_of(world.people.otto).get(f"/sla/{made.id}").status_code == 200


def test_a_trial_reads_the_hours_in_the_zone_that_is_fixed(
    world: World, api: Callable[..., Program]
):
    tokyo = {"from": "fixed", "zone": "Asia/Tokyo"}
    story = [{"at": MONDAY.isoformat(), "what": "start"}]
    program = api(world.people.ada)
    world.define(time_zone=tokyo)
    real = world.clock(world.order()).due_at
    for given in (
        {"definition": promise(time_zone=tokyo)},
        {"definition": promise(time_zone=tokyo), "calendar": OFFICE},
        {"code": "decide_order"},
    ):
        answer = program.post("/sla/evaluate", json={**given, "events": story})
        assert answer.status_code == 200, answer.text
        assert datetime.fromisoformat(answer.json["receipt"]["due"]) == real, given
    assert real == datetime(2026, 11, 17, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"calendar": {"tz": "UTC", "weekly": {}}}, 422),
        ({"calendar": {"tz": "Mars/Base", "weekly": {"mon": [["09:00", "17:00"]]}}}, 422),
        ({"calendar": {"tz": "UTC", "weekly": {"mon": [["09:00", "09:00"], ["10:00"]]}}}, 422),
        ({"events": [{"at": "0001-01-01T00:00:00+14:00", "what": "start"}]}, 422),
        ({"events": [{"at": "9999-12-31T23:59:59-14:00", "what": "start"}]}, 422),
        ({"events": [], "at": ["0001-01-01T00:00:00+14:00"]}, 200),
        ({"at": ["9999-12-31T23:59:59-14:00"]}, 422),
        ({"events": [{"at": "2026-11-16T08:00:00Z", "what": "explode"}]}, 422),
        ({"events": [{"at": "2026-11-16T08:00:00", "what": "start"}]}, 422),
        (
            {
                "events": [
                    {"at": "2026-11-16T12:00:00Z", "what": "start"},
                    {"at": "2026-11-16T08:00:00Z", "what": "stop"},
                ]
            },
            200,
        ),
        ({"definition": "nonsense"}, 422),
        ({"definition": None}, 422),
        ({"definition": None, "code": "nowhere"}, 404),
        ({"definition": promise(target="1e9")}, 422),
    ],
)
def test_nonsense_is_refused_and_never_an_accident(
    world: World, api: Callable[..., Program], changes: dict, status: int
):
    body = {
        "definition": promise(),
        "calendar": OFFICE,
        "events": [{"at": MONDAY.isoformat(), "what": "start"}],
    }
    answer = api(world.people.ada).post("/sla/evaluate", json={**body, **changes})
    assert answer.status_code == status, answer.text


def test_a_clock_that_begins_later_has_all_its_time(world: World, client_of: Open):
    world.define(start={"field": "asked_on"})
    order = world.order(asked_on=(MONDAY + hours(48)).isoformat())
    with clock.at(MONDAY + hours(1)):
        client = client_of(world.people.otto)
        told = client.get("/sla?scope=everyone").text
        assert client.get(f"/sla/{world.clock(order).id}").status_code == 200
        with transaction(actor=world.people.otto.actor):
            found = board.one_card(world.clock(order).id)
            assert found is not None
            drawn = cards.card(found, cards.Hours(clock.now(), cards.calendar_of), {})
    assert (drawn.left, drawn.percent) == (8 * 3600, 0)
    assert "8 h left" in told


@pytest.mark.parametrize(
    "zone", ["localtime", "posixrules", "right/Europe/Berlin", "", "Mars/Base"]
)
def test_a_zone_that_only_a_machine_knows_does_not_stop_an_order(world: World, zone: str):
    world.define(time_zone={"from": "record", "field": "zone"})
    row = world.clock(world.order(zone=zone))
    assert (row.time_zone, row.due_at) == (None, MONDAY + hours(8))
