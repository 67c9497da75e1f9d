"""Rules of every operation, generated from the registry: a new one is covered at once."""

import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Program
from tests.api.test_layer_requests import is_problem
from tests.api.world import World, make_world
from tests.api.world_alerts import alert_parameters
from tests.api.world_locks import lock_parameters
from tests.api.world_work import work_parameters
from tests.conftest import make_company
from tests.people import People, add_person, make_people
from tests.support.stage import Stage, shared
from wfweb.app import api_blueprints
from wfweb.identity.queries import role_by_id, roles_by_code
from wfweb.identity.service import create_role
from wfweb.kernel.api import Operation, operations
from wfweb.kernel.db import transaction

api_blueprints()
ALL = operations()
SAFE = [op for op in ALL if op.safe]
UNSAFE = [op for op in ALL if not op.safe]
WITH_OBJECT = [op for op in ALL if op.path_parameters]

# Writing under a code that the own company does not use makes something of one's own there.
MAKES_OWN = {
    "save_workflow_draft",
    "save_matrix_draft",
    "save_metric",
    "save_calendar_draft",
    "save_sla_definition",
    "save_lock_type",
}


def by_name(op: Operation) -> str:
    return op.name


def make_scene() -> World:
    people = make_people(make_company())
    made = make_world(people)
    with transaction(actor=people.alma.actor):
        create_role("nobody", "Nobody")
        role_id = roles_by_code(["member"])["member"].id
        assert role_by_id(role_id)
    made.parameters.update(
        {
            "ref": made.record_key,
            "user_id": str(people.rui.id),
            "role_id": str(role_id),
            "instance_id": str(made.instance_id),
            "attachment_id": str(made.attachment_id),
            "assignment_id": str(made.assignment_id),
            **alert_parameters(people, made.record_id),
            **lock_parameters(people, made.record_id),
            **work_parameters(people, made.record_id),
        }
    )
    return made


stage, rollback, world = shared(make_scene)


@pytest.fixture
def people(world: World) -> People:
    return world.people


CODES = {
    "/record-types/": "order",
    "/workflows/": "order_approval",
    "/matrices/": "order_matrix",
    "/alert-rules/": "level_low",
    "/lock-types/": "review_hold",
    "/calendars/": "office",
    "/sla/definitions/": "decide_order",
}


def address(op: Operation, world: World) -> str:
    """Return an address of an operation with objects that exist in the world."""
    path = op.path
    for prefix, code in CODES.items():
        if prefix in path:
            path = path.replace("{code}", code)
    path = path.replace("{number}", "1")
    if "/approvals/" in path:
        path = path.replace("{ref}", world.request_key)
    for name, value in world.parameters.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, f"give the tests a value for {path}"
    return path + required_query(op, world)


def required_query(op: Operation, world: World) -> str:
    if op.query is None:
        return ""
    needed = [name for name, f in op.query.model_fields.items() if f.is_required()]
    values = {"target_id": str(world.record_id), "action": "refinance"}
    return "?" + "&".join(f"{name}={values[name]}" for name in needed) if needed else ""


def body_of(op: Operation) -> dict[str, Any]:
    """Return the options that send an operation its own example."""
    if op.upload:
        return {"data": {"file": (BytesIO(b"%PDF-1.7 x"), "a.pdf")}}
    if op.request is None:
        return {}
    return {"json": example_of(op)}


def example_of(op: Operation) -> dict[str, Any]:
    extra = op.request.model_config.get("json_schema_extra") if op.request else None
    assert isinstance(extra, dict), f"{op.request} shows no example"
    return extra["examples"][0]


def test_there_are_operations_for_everything():
    features = {op.blueprint.tag for op in ALL}
    assert features >= {"identity", "record_types", "records", "workflows", "instances"}
    assert features >= {"conditions", "audit", "approvals", "matrices"}


@pytest.mark.parametrize("op", ALL, ids=by_name)
def test_it_is_described(op: Operation):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", op.name)
    assert op.summary[0].isupper()
    assert not op.summary.endswith(".")
    assert op.response or op.download or op.status == 204
    if op.request:
        op.request.model_validate(example_of(op))
    if op.versioned:
        assert op.request is not None
        assert "version" in op.request.model_fields


@pytest.mark.parametrize("op", ALL, ids=by_name)
def test_it_wants_a_token(op: Operation, api: Callable[..., Program], people: People):
    path = re.sub(r"\{[^}]*_id\}", str(people.rui.id), op.path)
    answer = api().call(op.method, re.sub(r"\{[^}]*\}", "1", path), **body_of(op))
    is_problem(answer, 401, "sign_in_required")


@pytest.mark.parametrize("op", [op for op in ALL if op.scope != "read"], ids=by_name)
def test_it_wants_its_scope(op: Operation, api: Callable[..., Program], people: People):
    lesser = {"write": ("read",), "admin": ("read", "write")}[op.scope]
    path = re.sub(r"\{[^}]*_id\}", str(people.rui.id), op.path)
    program = api(people.alma, *lesser)
    answer = program.call(op.method, re.sub(r"\{[^}]*\}", "1", path), **body_of(op))
    assert is_problem(answer, 403, "scope_missing")["scope"] == op.scope


@pytest.mark.parametrize("op", [op for op in ALL if op.permission], ids=by_name)
def test_it_wants_its_permission(op: Operation, api: Callable[..., Program], people: People):
    nobody = add_person(people.rui.company_id, "nobody@kestrel.example", "Nobody", "nobody")
    path = re.sub(r"\{[^}]*_id\}", str(people.rui.id), op.path)
    answer = api(nobody).call(op.method, re.sub(r"\{[^}]*\}", "1", path), **body_of(op))
    is_problem(answer, 403, "not_allowed")


@pytest.mark.parametrize("op", WITH_OBJECT, ids=by_name)
def test_objects_of_another_company_do_not_exist(
    op: Operation, api: Callable[..., Program], world: World
):
    answer = api(world.people.eve).call(op.method, address(op, world), **body_of(op))
    if op.name in MAKES_OWN:
        assert answer.status_code in {200, 422}, answer.text
    else:
        is_problem(answer, 404, "not_found")
    assert not names_of(world) & words(answer)


@pytest.mark.parametrize("op", [op for op in SAFE if not op.path_parameters], ids=by_name)
def test_lists_show_nothing_of_another_company(
    op: Operation, api: Callable[..., Program], world: World
):
    answer = api(world.people.eve).call(op.method, address(op, world))
    assert answer.status_code in {200, 404}, answer.text
    assert not names_of(world) & words(answer)


@pytest.mark.parametrize("op", SAFE, ids=by_name)
def test_who_may_reads_it(op: Operation, api: Callable[..., Program], world: World):
    """The same addresses answer where the objects are, so that the refusals prove something."""
    reader = world.people.ada if op.name == "list_approvals" else world.people.alma
    answer = api(reader).call(op.method, address(op, world))
    assert answer.status_code == 200, answer.text
    if not op.download:
        assert answer.mimetype == "application/json"
        assert set(op.response.model_fields) == set(answer.get_json())  # type: ignore[union-attr]
    if op.response and {"items", "next"} <= set(op.response.model_fields):
        assert answer.get_json()["items"], f"{op.name} was tried on an empty list"


@pytest.mark.parametrize("op", [op for op in UNSAFE if op.versioned is True], ids=by_name)
def test_it_wants_the_version(op: Operation, api: Callable[..., Program], world: World):
    body = {name: value for name, value in example_of(op).items() if name != "version"}
    program = api(world.people.alma)
    answer = program.call(op.method, address(op, world), json=body)
    is_problem(answer, 428, "precondition_required")


def names_of(world: World) -> set[str]:
    """Return what would betray the other company."""
    return {
        world.record_key,
        str(world.record_id),
        str(world.instance_id),
        world.people.rui.email,
        str(world.people.rui.id),
        "Kestrel",
        world.request_key,
        str(world.assignment_id),
    }


def words(answer: TestResponse) -> set[str]:
    return set(every_word(answer.get_json(silent=True)))


def every_word(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value and its words; the answer may repeat the address."""
    if isinstance(value, dict):
        for one in value.values():
            yield from every_word(one)
    elif isinstance(value, list):
        for one in value:
            yield from every_word(one)
    elif isinstance(value, str):
        yield value
        yield from value.split()


def test_examples_are_json():
    for op in ALL:
        if op.request:
            assert json.dumps(example_of(op))


def test_what_one_test_does_no_other_sees(stage: Stage[World]):
    for _twice in range(2):
        with stage.undone() as scene, transaction(actor=scene.people.alma.actor):
            assert not roles_by_code(["passing"])
            create_role("passing", "Passing")
            assert roles_by_code(["passing"])
