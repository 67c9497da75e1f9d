"""Calendars for programs: kept, published, deleted, and asked about working time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Program
from tests.api.test_layer_requests import is_problem
from tests.calendars.conftest import office, published
from tests.people import People
from wfweb.calendars import queries, receipts, usage
from wfweb.kernel.db import transaction

Api = Callable[..., Program]
START = "2026-12-24T16:00:00Z"


def ask(program: Program, **question: Any) -> dict[str, Any]:
    answer = program.post("/calendars/evaluate", {"start": START, **question})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def first_place(answer: TestResponse) -> str:
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    pointer: str = answer.get_json()["errors"][0]["pointer"]
    return pointer


def test_a_program_makes_and_publishes_a_calendar(api: Api, people: People):
    program = api(people.alma)
    made = program.put("/calendars/office", {"name": "Office hours", "body": office()})
    assert made.status_code == 200, made.text
    assert made.get_json()["draft"]["tz"] == "Europe/Berlin"
    assert made.get_json()["body"] is None
    done = program.post("/calendars/office/publish", {"effective_from": "2026-11-23"})
    assert (done.get_json()["number"], done.get_json()["effective_from"]) == (1, "2026-11-23")
    kept = program.get("/calendars/office").get_json()
    assert kept["body"] == office()
    assert kept["draft"] is None
    assert kept["current_number"] == 1
    versions = program.get("/calendars/office/versions").get_json()["items"]
    assert [one["number"] for one in versions] == [1]
    assert [one["code"] for one in program.get("/calendars").get_json()["items"]] == ["office"]


def test_a_wrong_body_is_answered_with_its_places(api: Api, people: People):
    body = office(tz="Mars/Olympus", weekly={"mon": [["18:00", "18:00"]]})
    answer = api(people.alma).put("/calendars/office", {"body": body})
    errors = is_problem(answer, 422, "validation_failed")["errors"]
    assert {one["pointer"] for one in errors} == {"/body/tz", "/body/weekly/mon/0"}


def test_the_version_that_was_seen_counts(api: Api, people: People):
    published(people)
    program = api(people.alma)
    seen = program.get("/calendars/office").get_json()["version"]
    again = {"body": office(), "version": seen}
    assert program.put("/calendars/office", again).status_code == 200
    answer = program.put("/calendars/office", again)
    assert is_problem(answer, 409, "CONCURRENCY_ERROR")["current_version"] == seen + 1
    headers = {"If-Match": f'"{seen}"'}
    answer = program.post("/calendars/office/publish", {}, headers=headers)
    is_problem(answer, 412, "precondition_failed")


def test_deleting_what_is_used_says_who_uses_it(
    api: Api,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
):
    published(people)
    program = api(people.alma)
    monkeypatch.setitem(usage._counters, "running clocks", lambda _code: 2)
    problem = is_problem(program.delete("/calendars/office"), 409, "in_use")
    assert problem["users"] == [{"what": "running clocks", "count": 2}]
    monkeypatch.setitem(usage._counters, "running clocks", lambda _code: 0)
    assert program.delete("/calendars/office").status_code == 204
    is_problem(program.get("/calendars/office"), 404, "not_found")


def test_holidays_of_a_country_are_copied_and_keep_their_switch(api: Api, people: People):
    switched = [{"date": "2026-12-25", "name": "We work", "off": True}]
    published(people, holidays=switched)
    answer = api(people.alma).post(
        "/calendars/office/holidays", {"country": "DE", "subdivision": "BE", "years": [2026]}
    )
    draft = answer.get_json()["draft"]
    days = {one["date"]: one for one in draft["holidays"]}
    assert days["2026-12-25"] == switched[0]
    assert "2026-03-08" in days  # Women's Day, only in Berlin
    assert "2026-10-03" in days
    assert list(days) == sorted(days)
    assert draft["holiday_data"]["country"] == "DE"


def test_a_country_that_is_not_known_is_refused(api: Api, people: People):
    published(people)
    answer = api(people.alma).post("/calendars/office/holidays", {"country": "XX", "years": [2026]})
    assert first_place(answer) == "/country"


def test_the_default_is_chosen_and_given_up(api: Api, people: People):
    published(people)
    program = api(people.alma)
    assert program.post("/calendars/office/default", {"is_default": True}).get_json()["is_default"]
    with transaction(actor=people.rui.actor):
        assert queries.current().code == "office"
    program.post("/calendars/office/default", {"is_default": False})
    with transaction(actor=people.rui.actor):
        assert queries.current() is queries.ALWAYS


def test_adding_comes_with_a_receipt_that_adds_up(api: Api, people: People):
    published(people)
    found = ask(api(people.rui), op="add", calendar="office", seconds=7200)
    assert found["at"] == "2026-12-28T08:00:00Z"
    assert found["local"] == "2026-12-28T09:00:00+01:00"
    assert "Christmas Day" in found["text"]
    assert found["calendar"]["number"] == found["receipt"]["calendar"]["version"] == 1
    assert receipts.recompute(found["receipt"]) == datetime.fromisoformat(found["at"])


@pytest.mark.parametrize(
    ("question", "member", "value"),
    [
        ({"op": "subtract", "seconds": 3600}, "at", "2026-12-24T15:00:00Z"),
        ({"op": "between", "end": "2026-12-28T08:00:00Z"}, "seconds", 7200),
        ({"op": "next_open"}, "at", START),
        ({"op": "previous_open", "start": "2026-12-27T12:00:00Z"}, "at", "2026-12-24T17:00:00Z"),
        ({"op": "is_open"}, "open", True),
        ({"op": "is_open", "start": "2026-12-24T17:00:00Z"}, "open", False),
    ],
)
def test_every_question_is_answered_for_a_calendar_written_out(
    api: Api,
    people: People,
    question: dict[str, Any],
    member: str,
    value: Any,
):
    found = ask(api(people.rui), calendar=office(), **question)
    assert found[member] == value
    others = {"at", "seconds", "open"} - {member}
    assert all(found[other] is None for other in others)


def test_a_version_can_be_asked_by_its_id(api: Api, people: People):
    published(people)
    with transaction(actor=people.rui.actor):
        version_id = str(queries.current("office").version_id)
    assert ask(api(people.rui), op="is_open", calendar=version_id)["calendar"]["code"] == "office"


def test_without_a_calendar_the_default_answers(api: Api, people: People):
    assert ask(api(people.rui), op="add", seconds=60)["at"] == "2026-12-24T16:01:00Z"


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ({"op": "add"}, "/seconds"),
        ({"op": "add", "seconds": -1}, "/seconds"),
        ({"op": "add", "seconds": 10**10}, "/seconds"),
        ({"op": "add", "seconds": 10**30}, "/seconds"),
        ({"op": "between"}, "/end"),
        ({"op": "between", "end": "2026-12-24T15:00:00Z"}, "/end"),
        ({"op": "between", "end": "2390-12-24T15:00:00Z"}, "/end"),
        ({"op": "between", "end": "2026-12-25T15:00:00"}, "/end"),
        ({"op": "is_open", "start": "2026-12-24T16:00:00"}, "/start"),
        ({"op": "next_open", "start": "0001-01-01T00:00:00Z"}, "/start"),
        ({"op": "next_open", "start": "9999-12-31T23:59:59Z"}, "/start"),
        ({"op": "next_open", "start": "0001-01-01T00:00:00+14:00"}, "/start"),
        ({"op": "explode"}, "/op"),
        ({"op": "is_open", "calendar": "nowhere"}, "/calendar"),
        ({"op": "is_open", "calendar": office(tz="Mars/Olympus")}, "/calendar/tz"),
        ({"op": "is_open", "calendar": office(weekly={})}, "/calendar/weekly"),
        (
            {"op": "is_open", "calendar": office(weekly={"mon": [["8", "9"]]})},
            "/calendar/weekly/mon/0/0",
        ),
    ],
)
def test_a_question_without_an_answer_is_refused_at_its_place(
    api: Api,
    people: People,
    question: dict[str, Any],
    pointer: str,
):
    answer = api(people.rui).post("/calendars/evaluate", {"start": START, **question})
    assert first_place(answer) == pointer


def test_those_who_only_work_by_calendars_do_not_change_them(api: Api, people: People):
    answer = api(people.rui).put("/calendars/own", {"body": office()})
    assert people.alma.name in is_problem(answer, 403, "not_allowed")["who_can"]
