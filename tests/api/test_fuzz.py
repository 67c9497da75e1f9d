"""Requests made from the document itself, and texts that break things: never an answer 500."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.api.conftest import Program, program_of, token_for
from tests.api.test_every_operation import CODES
from tests.api.world import World, make_world, order_data
from tests.conftest import make_company
from tests.people import make_people
from wfweb.kernel.api import operations

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "text"
EXAMPLES = 14  # for each operation, fitting and unfitting: about a minute in all
# Of all operations; so that both cores share them.
PARTS = 4
ACCIDENT = 500
# Those that would take the tests' own token or account away.
LEFT_OUT = {"deactivate_user"}


@pytest.fixture
def world(committed_app: Flask) -> World:
    made = make_world(make_people(make_company()))
    made.parameters.update(
        {
            "ref": made.record_key,
            "user_id": str(made.people.rui.id),
            "instance_id": str(made.instance_id),
            "attachment_id": str(made.attachment_id),
            "assignment_id": str(made.assignment_id),
            "number": "1",
        }
    )
    return made


def real_parameters(path: str, world: World) -> dict[str, str]:
    """Return parameters of an address that name something, so that verbs are reached."""
    known = dict(world.parameters)
    if "/approvals/" in path:
        known["ref"] = world.request_key
    for prefix, code in CODES.items():
        if prefix in path:
            known["code"] = code
    return known


class Bombardment:
    """Sends generated requests to one operation after another and keeps what went wrong."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.headers = {"Authorization": f"Bearer {token_for(world.people.alma)}"}
        self.accidents: list[str] = []
        self.calls = 0

    def run(self, operation: Any, mode: GenerationMode) -> None:
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def send(case: Any, real: bool) -> None:
            self.send(case, real=real)

        send()

    def send(self, case: Any, *, real: bool) -> None:
        if real and isinstance(case.path_parameters, dict):
            known = real_parameters(case.path, self.world)
            case.path_parameters = {n: known.get(n, v) for n, v in case.path_parameters.items()}
        answer = case.call(headers=self.headers)
        self.calls += 1
        if answer.status_code >= ACCIDENT:
            self.accidents.append(f"{case.as_curl_command()} -> {answer.text[:300]}")


@pytest.mark.slow
@pytest.mark.committed
@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", range(PARTS))
def test_generated_requests_never_end_in_an_accident(committed_app: Flask, world: World, part: int):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", committed_app)
    listed = [found.ok() for found in schema.get_all_operations()]
    listed = [one for one in listed if one.definition.raw["operationId"] not in LEFT_OUT]
    assert len(listed) == len(operations()) - len(LEFT_OUT)
    bombardment = Bombardment(world)
    chosen = listed[part::PARTS]
    for operation in chosen:
        for mode in GenerationMode:
            bombardment.run(operation, mode)
    assert bombardment.accidents == []
    assert bombardment.calls > len(chosen) * 4


def naughty() -> list[str]:
    if not DATA.exists():
        pytest.skip("the shared text data is not there")
    lines = json.loads((DATA / "blns.json").read_text())
    with gzip.open(DATA / "xss_payloads.json.gz") as file:
        payloads = json.load(file)
    found = payloads if isinstance(payloads, list) else next(iter(payloads.values()))
    return [*lines, *[one if isinstance(one, str) else str(one) for one in found[:150]]]


@pytest.fixture
def api(app: Flask, rollback: None) -> Callable[..., Program]:
    return lambda person, *scopes: program_of(app, person, *scopes)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_naughty_texts_come_back_as_they_went_in_or_are_refused(
    app: Flask, people: Any, api: Callable[..., Program]
):
    world = make_world(people)
    rui = api(world.people.rui)
    kept = 0
    for text in naughty()[::3]:
        made = rui.post("/record-types/order/records", {"data": order_data(subject=text)})
        assert made.status_code in {201, 422}, (text, made.text)
        if made.status_code == 201:
            kept += 1
            assert made.get_json()["data"]["subject"].strip() == text.strip()
            said = rui.post(f"/records/{made.get_json()['key']}/comments", {"body": text})
            assert said.status_code in {201, 422}, (text, said.text)
    assert kept > 100


@pytest.mark.timeout(240)
def test_naughty_texts_as_parameters_are_answered(
    app: Flask, people: Any, api: Callable[..., Program]
):
    alma = api(make_world(people).people.alma)
    for text in naughty()[::9]:
        for path in ("/record-types/order/records", "/users", "/approvals"):
            answer = alma.get(path, query_string={"q": text[:100], "limit": "1"})
            assert answer.status_code in {200, 422}, (path, text, answer.text)
        for path in ("/records/", "/workflows/", "/matrices/", "/approvals/", "/record-types/"):
            answer = alma.get("/api/v1" + path + text.replace("/", "%2F").replace("?", "%3F"))
            assert answer.status_code in {200, 404, 405, 422, 308}, (path, text, answer.text)
            assert answer.status_code < ACCIDENT
        filtered = {f"filter[{text[:50]}]": text[:100]}
        answer = alma.get("/record-types/order/records", query_string=filtered)
        assert answer.status_code in {200, 422}
        key = {"Idempotency-Key": text[:60].encode().decode("latin-1").replace("\n", "")}
        sent = alma.post("/conditions/validate", {"condition": {}, "type": text}, headers=key)
        assert sent.status_code < ACCIDENT, (text, sent.text)
