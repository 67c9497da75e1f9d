"""Alerts and metrics through the API, as programs use them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.alerts.conftest import Works, low
from tests.api.conftest import Program, program_of
from tests.people import Person


@pytest.fixture
def api(app: Flask, works: Works) -> Callable[..., Program]:
    def make(person: Person | None = None, *scopes: str) -> Program:
        return program_of(app, person or works.people.otto, *scopes)

    return make


def batch(*values: Any, **more: Any) -> dict[str, Any]:
    items = [{"record": "TNK-1001", "metric": "level", "value": value} for value in values]
    return {"readings": items, **more}


def test_from_a_reading_to_a_resolved_alert(works: Works, api: Callable[..., Program]):
    works.rule()
    works.tank()
    program = api()
    sent = program.post("/records/TNK-1001/metrics", {"metric": "level", "value": "12.5"})
    assert (sent.status_code, sent.json["raised"]) == (200, 1)
    (alert,) = program.get("/alerts?status=open").json["items"]
    assert (alert["key"], alert["context"]["value"]) == ("ALT-1001", "12.5")
    taken = program.post("/alerts/ALT-1001/acknowledge", {"version": 1, "note": "Mine"})
    assert (taken.status_code, taken.json["status"]) == (200, "acknowledged")
    late = program.post("/alerts/ALT-1001/acknowledge", {"version": 1})
    assert (late.status_code, late.json["code"]) == (409, "CONCURRENCY_ERROR")
    assert "Otto Operates took ALT-1001" in late.json["detail"]
    why = program.post("/alerts/ALT-1001/resolve", {})
    assert (why.status_code, why.json["errors"][0]["pointer"]) == (422, "/notes")
    done = program.post("/alerts/ALT-1001/resolve", {"notes": "Refilled"})
    assert (done.status_code, done.json["status"]) == (200, "resolved")
    gone = program.post("/alerts/ALT-1001/acknowledge", {})
    assert (gone.status_code, gone.json["code"]) == (409, "alert_not_open")
    notes = program.get("/alerts/ALT-1001/notes").json["items"]
    assert [one["kind"] for one in notes] == ["acknowledged", "resolved"]


@pytest.mark.parametrize("number", [b"NaN", b"1e400", b"Infinity", b'"much"', b"true", b"null"])
def test_what_is_no_number_is_refused_with_its_place(
    works: Works, api: Callable[..., Program], number: bytes
):
    works.tank()
    body = b'{"readings": [{"record": "TNK-1001", "metric": "level", "value": ' + number + b"}]}"
    answer = api().post("/metrics/readings", body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/readings/0/value"


def test_partial_keeps_the_good_and_names_the_others(works: Works, api: Callable[..., Program]):
    works.tank()
    answer = api().post("/metrics/readings", batch(5, "much", 7, partial=True))
    assert (answer.status_code, answer.json["stored"]) == (200, 2)
    assert [one["pointer"] for one in answer.json["errors"]] == ["/readings/1/value"]


def test_ten_thousand_readings_in_one_call(works: Works, api: Callable[..., Program]):
    works.rule()
    works.tank()
    answer = api().post("/metrics/readings", batch(*[50 + n % 40 for n in range(10_000)]))
    assert (answer.status_code, answer.json["stored"]) == (200, 10_000)
    too_many = api().post("/metrics/readings", batch(*[5] * 10_001))
    assert too_many.status_code == 422


def test_history_and_newest_values(works: Works, api: Callable[..., Program]):
    works.tank()
    now = datetime.now(UTC)
    for hours, value in ((3, 30), (2, 20), (1, 10)):
        at = (now - timedelta(hours=hours)).isoformat()
        api().post("/records/TNK-1001/metrics", {"metric": "level", "value": value, "at": at})
    newest = api().get("/records/TNK-1001/metrics").json["items"]
    assert [(one["metric"], one["value"]) for one in newest] == [("level", "10")]
    page = api().get("/records/TNK-1001/metrics/level?limit=2").json
    assert [one["value"] for one in page["items"]] == ["10", "20"]
    rest = api().get(f"/records/TNK-1001/metrics/level?limit=2&after={page['next']}").json
    assert [one["value"] for one in rest["items"]] == ["30"]
    since = (now - timedelta(minutes=90)).isoformat().replace("+", "%2B")
    recent = api().get(f"/records/TNK-1001/metrics/level?since={since}").json["items"]
    assert [one["value"] for one in recent] == ["10"]


def test_rules_through_the_api(works: Works, api: Callable[..., Program]):
    works.tank()
    works.measure(works.tank("Other"), 5)
    admin = api(works.people.alma)
    looked = admin.post("/alert-rules/preview", {"rule": low()})
    assert (looked.json["looked_at"], looked.json["fires"]) == (1, 1)
    made = admin.post("/alert-rules", low())
    assert (made.status_code, made.json["body"]["raise_at"]) == (201, "20")
    again = admin.post("/alert-rules", low())
    assert (again.status_code, again.json["errors"][0]["pointer"]) == (422, "/code")
    changed = admin.put("/alert-rules/low", {**made.json["body"], "raise_at": "25", "version": 1})
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    stale = admin.put("/alert-rules/low", {**made.json["body"], "version": 1})
    assert stale.status_code == 409
    off = admin.post("/alert-rules/low/switch", {"active": False, "version": 2})
    assert off.json["active"] is False
    assert api().post("/alert-rules", low(code="mine")).status_code == 403


def test_a_silence_through_the_api(works: Works, api: Callable[..., Program]):
    works.rule()
    tank = works.tank()
    works.measure(tank, 5)
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    body = {"until": until, "reason": "Repairs"}
    made = api().post("/alerts/ALT-1001/silence", body)
    assert (made.status_code, made.json["record_id"]) == (201, str(tank))
    assert len(api().get("/alert-silences").json["items"]) == 1
    ended = api().post(f"/alert-silences/{made.json['id']}/end")
    assert ended.json["ended_at"] is not None
    assert api().get("/alert-silences").json["items"] == []


def test_alerts_of_records_one_may_not_see_are_not_there(works: Works, api: Callable[..., Program]):
    works.rule()
    works.measure(works.tank(), 5)
    eve = api(works.people.eve)
    assert eve.get("/alerts").json["items"] == []
    assert eve.get("/alerts/ALT-1001").status_code == 404


TABLE = "record;date;Fill level;remark\nTNK-1001;2026-09-30;12.5;x\nTNK-9;2026-09-30;1e400;y\n"


def test_a_table_is_looked_at_before_it_is_taken_in(works: Works, api: Callable[..., Program]):
    works.rule()
    tank = works.tank()
    looked = api().post("/metrics/import", {"content": TABLE, "dry_run": True})
    assert looked.status_code == 200
    assert [one["holds"] for one in looked.json["columns"]] == ["record", "at", "level", ""]
    assert (looked.json["rows"], looked.json["readings"], looked.json["good"]) == (2, 2, 1)
    assert [one["pointer"] for one in looked.json["errors"]] == ["/rows/1/record"]
    assert looked.json["taken"] is None
    assert works.alerts(tank) == []
    refused = api().post("/metrics/import", {"content": TABLE})
    assert (refused.status_code, works.alerts(tank)) == (422, [])
    assert [one["pointer"] for one in refused.json["errors"]] == ["/rows/1/record"]
    taken = api().post("/metrics/import", {"content": TABLE, "partial": True})
    assert (taken.json["taken"]["stored"], taken.json["taken"]["raised"]) == (1, 1)
    assert [one["pointer"] for one in taken.json["taken"]["errors"]] == ["/rows/1/record"]
    assert works.alert(tank).context["value"] == "12.5"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"content": ""}, "/content"),
        ({"content": "record,level\nTNK-1,2,3"}, "/content"),
        ({"content": "what,ever\n1,2"}, "/columns"),
        ({"content": "record,level\nTNK-1,2", "columns": ["record"]}, "/columns"),
        ({"content": "record,level\nTNK-1,2", "columns": ["record", "nonsense"]}, "/columns"),
        ({"content": "record,level\n" + "TNK-1,2\n" * 10_001}, "/content"),
    ],
)
def test_a_table_that_cannot_be_used_names_its_place(
    works: Works, api: Callable[..., Program], body: dict[str, Any], pointer: str
):
    answer = api().post("/metrics/import", body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_importing_needs_the_permission(works: Works, api: Callable[..., Program]):
    answer = api(works.people.ada).post("/metrics/import", {"content": TABLE, "dry_run": True})
    assert answer.status_code == 403
