"""Versions, pages, chosen fields, and requests that are sent twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.api.conftest import Program
from tests.api.probe import KNOWN, NUMBERS
from tests.api.test_layer_requests import effects, is_problem
from tests.people import People
from wfweb.kernel import clock
from wfweb.kernel.api import idempotency
from wfweb.kernel.api.models import IdempotencyKey
from wfweb.kernel.db import session, transaction

Probe = Callable[..., Program]
THING = f"/things/{KNOWN}"


def test_pages_together_are_the_whole_list(probe: Probe, people: People):
    program, seen, path = probe(people.rui), [], "/api/v1/numbers?limit=10"
    for _page in range(10):
        answer = program.get(path)
        body = answer.get_json()
        seen += [item["number"] for item in body["items"]]
        if body["next"] is None:
            assert "Link" not in answer.headers
            break
        address, relation = answer.headers["Link"].split("; ")
        assert relation == 'rel="next"'
        path = address.strip("<>")
        assert "limit=10" in path
    assert seen == list(NUMBERS)


def test_filters_stay_in_the_link(probe: Probe, people: People):
    answer = probe(people.rui).get("/numbers?limit=2&filter[at_least]=40")
    assert [item["number"] for item in answer.get_json()["items"]] == [40, 41]
    assert "filter%5Bat_least%5D=40" in answer.headers["Link"]


def test_only_the_fields_that_were_asked_for(probe: Probe, people: People):
    program = probe(people.rui)
    body = program.get("/numbers?limit=1&fields=number,words.nl").get_json()
    assert body["items"] == [{"number": 1, "words": {"nl": "nr 1"}}]
    assert body["next"]
    assert program.get(f"{THING}?fields=name").get_json() == {"name": "Lamp"}
    worth = program.get(f"{THING}?fields=worth.currency").get_json()
    assert worth == {"worth": {"currency": "EUR"}}


def test_names_below_a_field_are_known_or_refused(probe: Probe, people: People):
    program = probe(people.rui)
    assert program.get(f"{THING}?fields=worth.colour").status_code == 422
    # What a mapping holds differs from item to item, so a name it lacks is not wrong.
    assert program.get("/numbers?limit=1&fields=words.fr").get_json()["items"] == [{"words": {}}]


def test_what_is_known_is_not_sent_again(probe: Probe, people: People):
    program = probe(people.rui)
    tag = program.get(THING).headers["ETag"]
    again = program.get(THING, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    weak = program.get(THING, headers={"If-None-Match": f'"x", W/{tag}'})
    assert weak.status_code == 304, "If-None-Match compares weakly"
    assert program.get(THING, headers={"If-None-Match": '"6-00000000"'}).status_code == 200


@pytest.mark.parametrize("tag", ['"7"', '"7-1f3a90c2"'])
def test_a_change_on_the_version_that_is_there(probe: Probe, people: People, tag: str):
    answer = probe(people.rui).patch(THING, {"name": "Desk"}, headers={"If-Match": tag})
    assert answer.status_code == 200
    assert effects(people) == 1


def test_a_stale_version_in_the_header_is_412_and_in_the_body_409(probe: Probe, people: People):
    program = probe(people.rui)
    answer = program.patch(THING, {"name": "Desk"}, headers={"If-Match": '"6"'})
    assert is_problem(answer, 412, "precondition_failed")["current_version"] == 7
    body = is_problem(
        program.patch(THING, {"name": "Desk", "version": 6}), 409, "CONCURRENCY_ERROR"
    )
    assert (body["current_version"], body["your_version"]) == (7, 6)
    assert effects(people) == 0


@pytest.mark.parametrize("tag", ['W/"7"', 'W/"7-1f3a90c2"', 'W/"6"'])
def test_a_weak_tag_never_matches(probe: Probe, people: People, tag: str):
    answer = probe(people.rui).patch(THING, {"name": "Desk"}, headers={"If-Match": tag})
    assert "weak" in is_problem(answer, 412, "precondition_failed")["detail"]
    assert effects(people) == 0


def test_a_change_has_to_name_its_version(probe: Probe, people: People):
    program = probe(people.rui)
    is_problem(program.patch(THING, {"name": "Desk"}), 428, "precondition_required")
    any_version = program.patch(THING, {"name": "Desk"}, headers={"If-Match": "*"})
    is_problem(any_version, 428, "precondition_required")
    for tag in ("7", '"x"', '"7", "8"', ""):
        odd = program.patch(THING, {"name": "Desk"}, headers={"If-Match": tag})
        is_problem(odd, 400, "bad_request")
    two = program.patch(THING, {"name": "Desk", "version": 7}, headers={"If-Match": '"6"'})
    is_problem(two, 422, "validation_failed")


def test_the_same_request_twice_is_done_once(probe: Probe, people: People):
    program = probe(people.rui)
    send = [
        program.post("/things", {"name": "Lamp"}, headers={"Idempotency-Key": '"key 1"'})
        for _ in range(3)
    ]
    assert [answer.status_code for answer in send] == [201] * 3
    assert len({answer.data for answer in send}) == 1
    assert "Idempotency-Replayed" not in send[0].headers
    for answer in send[1:]:
        assert answer.headers["Idempotency-Replayed"] == "true"
        for name in ("ETag", "Location", "Content-Type"):
            assert answer.headers[name] == send[0].headers[name]
    assert effects(people) == 1


def test_a_reordered_body_is_the_same_request(probe: Probe, people: People):
    program, key = probe(people.rui), {"Idempotency-Key": "k"}
    program.post("/things", b'{"name": "a", "count": 2}', headers=key)
    again = program.post("/things", b'{ "count": 2, "name": "a" }', headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_key_with_another_request_is_refused(probe: Probe, people: People):
    program, key = probe(people.rui), {"Idempotency-Key": "k"}
    program.post("/things", {"name": "Lamp"}, headers=key)
    is_problem(
        program.post("/things", {"name": "Desk"}, headers=key), 422, "idempotency_key_reused"
    )
    other = program.patch(THING, {"name": "Lamp", "version": 7}, headers=key)
    is_problem(other, 422, "idempotency_key_reused")
    assert effects(people) == 1


def test_keys_belong_to_who_sends_them(probe: Probe, people: People):
    key = {"Idempotency-Key": "k"}
    for person in (people.rui, people.ada, people.eve):
        answer = probe(person).post("/things", {"name": "Lamp"}, headers=key)
        assert "Idempotency-Replayed" not in answer.headers
    assert effects(people) == 2  # Eve's is in her company


def test_a_refusal_is_not_remembered(probe: Probe, people: People):
    program, key = probe(people.rui), {"Idempotency-Key": "k"}
    is_problem(program.post("/things", {"name": 1}, headers=key), 422, "validation_failed")
    stale = program.patch(THING, {"name": "a", "version": 1}, headers={"Idempotency-Key": "k"})
    assert stale.status_code == 409
    fine = program.patch(THING, {"name": "a", "version": 7}, headers={"Idempotency-Key": "k"})
    assert fine.status_code == 200
    assert "Idempotency-Replayed" not in fine.headers


def test_an_answer_without_body_is_remembered(probe: Probe, people: People):
    program, key = probe(people.rui), {"Idempotency-Key": "k"}
    answers = [program.delete(THING, headers=key) for _ in range(2)]
    assert [(a.status_code, a.data) for a in answers] == [(204, b"")] * 2
    assert effects(people) == 1


@pytest.mark.parametrize("key", ["", "a b", '"', '"a', "é", "x" * 256, '""', 'a"b'])
def test_a_key_has_a_form(probe: Probe, people: People, key: str):
    header = {"Idempotency-Key": key.encode().decode("latin-1")}
    answer = probe(people.rui).post("/things", {"name": "a"}, headers=header)
    is_problem(answer, 400, "bad_request")


def test_keys_are_kept_for_two_days(probe: Probe, people: People, company):
    program, key = probe(people.rui), {"Idempotency-Key": "k"}
    start = clock.now()
    program.post("/things", {"name": "a"}, headers=key)
    with clock.at(start + timedelta(hours=47)):
        assert idempotency.purge() == 0
        again = program.post("/things", {"name": "a"}, headers=key)
        assert again.headers["Idempotency-Replayed"] == "true"
    with clock.at(start + timedelta(hours=49)):
        fresh = program.post("/things", {"name": "b"}, headers=key)
        assert fresh.status_code == 201
        assert "Idempotency-Replayed" not in fresh.headers
    with clock.at(start + timedelta(hours=98)):
        assert idempotency.purge() == 1
    with transaction(company_id=company):
        assert session().scalar(select(func.count()).select_from(IdempotencyKey)) == 0


def test_keys_of_another_company_are_invisible(probe: Probe, people: People):
    probe(people.rui).post("/things", {"name": "a"}, headers={"Idempotency-Key": "k"})
    with transaction(actor=people.eve.actor):
        assert session().scalars(select(IdempotencyKey)).all() == []
