"""Deadlines in the API: definitions, clocks with receipts, and trying a story."""

from collections.abc import Callable

import pytest

from tests.api.conftest import Program
from tests.sla.conftest import MONDAY, OFFICE, World, hours, promise
from wfweb.calendars.receipts import recompute


def story() -> list[dict]:
    return [
        {"at": MONDAY.isoformat(), "what": "start"},
        {"at": (MONDAY + hours(2)).isoformat(), "what": "pause", "reason": "Waiting"},
        {"at": (MONDAY + hours(24)).isoformat(), "what": "resume"},
    ]


def test_trying_a_story_gives_due_time_levels_and_receipt(
    world: World,
    api: Callable[..., Program],
):
    at = [(MONDAY + hours(h)).isoformat() for h in (1, 3, 24 + 3, 24 + 6)]
    body = {"definition": promise(target="8"), "events": story(), "at": at, "calendar": OFFICE}
    answer = api(world.people.ada).post("/sla/evaluate", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert found["target_seconds"] == 8 * 3600
    assert [one["level"] for one in found["readings"]] == ["GREEN", "GREEN", "YELLOW", "BREACHED"]
    assert [one["status"] for one in found["readings"]] == [
        "active",
        "paused",
        "active",
        "breached",
    ]
    assert recompute(found["receipt"]) == MONDAY + hours(30)
    assert world.clocks(world.people.ada.id) == []


def test_wrong_places_of_a_definition_are_named(world: World, api: Callable[..., Program]):
    body = promise(
        target="0",
        calendar="nowhere",
        levels={"YELLOW": "90%"},
        stop={"when": {"field": "colour", "operator": "=", "value": "red"}},
        team="nobody",
        time_zone={"from": "fixed", "zone": "Mars/Base"},
    )
    answer = api(world.people.alma, "admin").put(
        "/sla/definitions/x", json={"body": body | {"code": "x"}}
    )
    assert answer.status_code == 422
    assert {one["pointer"] for one in answer.json["errors"]} == {
        "/body/calendar",
        "/body/target",
        "/body/levels",
        "/body/stop/when/field",
        "/body/team",
        "/body/time_zone/zone",
    }


def test_a_clock_is_read_paused_resumed_and_moved(world: World, api: Callable[..., Program]):
    world.define()
    row = world.clock(world.order())
    admin = api(world.people.alma, "read", "write", "admin")
    listed = admin.get("/sla/clocks?definition=decide_order").json["items"]
    assert [one["id"] for one in listed] == [str(row.id)]
    receipt = admin.get(f"/sla/clocks/{row.id}/receipt").json
    assert recompute(receipt["receipt"]) == row.due_at
    assert [one["kind"] for one in receipt["ledger"]] == ["run"]
    paused = admin.post(f"/sla/clocks/{row.id}/pause", json={"reason": "Strike"})
    assert paused.json["status"] == "paused"
    stale = admin.post(f"/sla/clocks/{row.id}/resume", json={"version": row.version})
    assert stale.status_code == 409
    fresh = {"version": paused.json["version"]}
    assert admin.post(f"/sla/clocks/{row.id}/resume", json=fresh).status_code == 200
    world.define(target=80)
    moved = admin.post(f"/sla/clocks/{row.id}/move", json={"number": 2})
    assert moved.json["target_seconds"] == 80 * 3600
    assert admin.get("/sla/counts").json["open"] == 1


@pytest.mark.parametrize("name", ["pause", "cancel"])
def test_a_reason_is_needed(world: World, api: Callable[..., Program], name: str):
    world.define()
    row = world.clock(world.order())
    answer = api(world.people.alma).post(f"/sla/clocks/{row.id}/{name}", json={"reason": " "})
    assert answer.status_code == 422
