"""The same request sent many times at once, with real threads and real commits."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.api.conftest import Program, program_of
from tests.api.world import World, make_world, order_data
from tests.conftest import make_company
from tests.people import People, make_people
from wfweb.approvals.models import ApprovalDecision
from wfweb.kernel.api import idempotency
from wfweb.kernel.api.models import IdempotencyKey
from wfweb.kernel.db import session, transaction
from wfweb.records.models import Record

pytestmark = pytest.mark.committed
AT_ONCE = 16
RECORDS = "/record-types/order/records"


@pytest.fixture
def people(committed_app: Flask) -> People:
    return make_people(make_company())


@pytest.fixture
def world(people: People) -> World:
    return make_world(people)


@pytest.fixture
def api(committed_app: Flask) -> Callable[..., Program]:
    return lambda person, *scopes: program_of(committed_app, person, *scopes)


def together(app: Flask, act: Callable[[int], Any], count: int = AT_ONCE) -> list[Any]:
    """Run an act in many threads that begin at one moment; return their results."""
    barrier = threading.Barrier(count)

    def run(number: int) -> Any:
        with app.app_context():
            barrier.wait(timeout=30)
            return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def count_of(people: People, table: Any) -> int:
    with transaction(actor=people.alma.actor):
        return session().scalar(select(func.count()).select_from(table)) or 0


def test_one_key_is_one_effect(committed_app: Flask, world: World, api: Callable[..., Program]):
    rui, key = api(world.people.rui), {"Idempotency-Key": "order-1"}
    before = count_of(world.people, Record)
    body = {"data": order_data()}
    answers = together(committed_app, lambda _n: rui.post(RECORDS, body, headers=key))
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.data for answer in done}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in done) == 1
    assert count_of(world.people, Record) == before + 1
    again = rui.post(RECORDS, body, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.data == done[0].data


def test_different_keys_are_different_requests(
    committed_app: Flask, world: World, api: Callable[..., Program]
):
    rui, before = api(world.people.rui), count_of(world.people, Record)
    body = {"data": order_data()}
    answers = together(
        committed_app,
        lambda n: rui.post(RECORDS, body, headers={"Idempotency-Key": f"order-{n}"}),
    )
    assert [answer.status_code for answer in answers] == [201] * AT_ONCE
    assert len({answer.get_json()["key"] for answer in answers}) == AT_ONCE
    assert count_of(world.people, Record) == before + AT_ONCE


def test_one_key_with_different_bodies_does_one_of_them(
    committed_app: Flask, world: World, api: Callable[..., Program]
):
    rui, key = api(world.people.rui), {"Idempotency-Key": "order-1"}
    before = count_of(world.people, Record)
    answers = together(
        committed_app,
        lambda n: rui.post(RECORDS, {"data": order_data(subject=f"No {n}")}, headers=key),
    )
    codes = [answer.status_code for answer in answers]
    assert codes.count(201) == 1
    assert set(codes) <= {201, 409, 422}
    assert count_of(world.people, Record) == before + 1


def test_a_refused_first_does_not_stand_in_the_way(
    committed_app: Flask, world: World, api: Callable[..., Program]
):
    """The first request rolls back while others wait for its key: one of them is carried out."""
    rui, path = api(world.people.rui), f"/records/{world.record_key}/comments"
    key = {"Idempotency-Key": "comment-1"}
    answers = together(committed_app, lambda _n: rui.post(path, {"body": " "}, headers=key), 6)
    assert {answer.status_code for answer in answers} <= {422, 409}
    fine = rui.post(path, {"body": "Said once"}, headers=key)
    assert fine.status_code == 201
    assert count_of(world.people, IdempotencyKey) == 1


def test_a_slow_first_request_is_told_about(
    committed_app: Flask, world: World, api: Callable[..., Program]
):
    rui, body = api(world.people.rui), {"data": order_data()}
    with transaction(actor=world.people.rui.actor):
        assert idempotency.begin(world.people.rui.id, "slow", b"x") is None
        session().flush()
        with ThreadPoolExecutor(1) as pool:
            started = time.monotonic()

            def send() -> Any:
                with committed_app.app_context():
                    return rui.post(RECORDS, body, headers={"Idempotency-Key": "slow"})

            answer = pool.submit(send).result(timeout=30)
        waited = time.monotonic() - started
        idempotency.finish(world.people.rui.id, "slow", idempotency.StoredAnswer(200, {}, b"{}"))
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "request_in_flight"
    assert answer.headers["Retry-After"] == "2"
    assert 1.5 < waited < 10


def test_one_decision_however_often_it_is_sent(
    committed_app: Flask, world: World, api: Callable[..., Program]
):
    ada = api(world.people.ada)
    body = {"decision": "approve", "digest": world.digest}
    path = f"/approvals/{world.assignment_id}/decisions"
    answers = together(committed_app, lambda _n: ada.post(path, body))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({a.get_json()["decision_id"] for a in answers if a.status_code == 201}) == 1
    assert count_of(world.people, ApprovalDecision) == 1


def test_of_two_edits_of_one_version_one_wins(
    committed_app: Flask, world: World, api: Callable[..., Program]
):
    rui = api(world.people.rui)
    path = rui.post(RECORDS, {"data": order_data()}).headers["Location"]
    answers = together(
        committed_app,
        lambda n: rui.patch(path, {"data": {"subject": f"No {n}"}}, headers={"If-Match": '"1"'}),
        8,
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] + [412] * 7
    assert rui.get(path).get_json()["version"] == 2
