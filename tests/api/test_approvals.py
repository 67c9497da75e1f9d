"""Requests and decisions through the API."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.api.conftest import Program
from tests.api.test_layer_requests import is_problem
from tests.api.world import MATRIX, World, make_world, order_data
from tests.people import People, add_person
from wfweb.approvals.models import ApprovalDecision
from wfweb.kernel.db import session, transaction

Api = Callable[..., Program]


@pytest.fixture
def world(people: People) -> World:
    return make_world(people)


def asked(api: Api, world: World, number: int = 1) -> list[dict]:
    """Ask for the approval of some more orders; return them as Ada's inbox lists them."""
    rui = api(world.people.rui)
    for _count in range(number):
        key = rui.post("/record-types/order/records", {"data": order_data()}).get_json()["key"]
        started = rui.post("/instances", {"workflow": "order_approval", "record": key})
        step = {"transition": "submit"}
        answer = rui.post(f"{started.headers['Location']}/transitions", step)
        assert answer.status_code == 200, answer.text
    return api(world.people.ada).get("/approvals?limit=100").get_json()["items"]


def test_the_inbox_says_what_is_asked_of_whom(api: Api, world: World):
    ada, rui = api(world.people.ada), api(world.people.rui)
    (item,) = ada.get("/approvals").get_json()["items"]
    assert item["key"] == world.request_key
    assert item["amount"] == {"amount": "1200.00", "currency": "EUR"}
    assert item["assignment_id"] == str(world.assignment_id)
    assert item["requester_name"] == "Rui Requests"
    assert ada.get("/approvals/counts").get_json()["needs_me"] == 1
    assert rui.get("/approvals").get_json()["items"] == []
    assert [one["key"] for one in rui.get("/approvals?tab=requested").get_json()["items"]] == [
        world.request_key
    ]
    assert [one["key"] for one in rui.get("/approvals?tab=waiting").get_json()["items"]] == [
        world.request_key
    ]
    for query in ("q=cheese", "minimum=1200", "maximum=1200.00", "type=order", "due=week"):
        found = ada.get(f"/approvals?{query}").get_json()["items"]
        assert len(found) == (0 if query == "due=week" else 1), query
    for amount in ("1e999", "-1e999", "NaN", "Infinity", "1" * 40, "1e-40", "much", ""):
        for end in ("minimum", "maximum"):
            refused = is_problem(ada.get(f"/approvals?{end}={amount}"), 422, "validation_failed")
            assert refused["errors"][0]["pointer"].strip("/") == end
    assert rui.get("/approvals?tab=at_risk").status_code == 403
    assert ada.get("/approvals?tab=nothing").status_code == 422


def test_a_request_shows_its_chain_and_explains_itself(api: Api, world: World):
    ada = api(world.people.ada)
    request = ada.get(f"/approvals/{world.request_key}").get_json()
    assert request == ada.get(f"/approvals/{request['id']}").get_json()
    assert request == ada.get(f"/approvals/{world.assignment_id}").get_json()
    assert request["actions"][0:1] == ["ask"]
    assert "decide" in request["actions"]
    (level,) = request["levels"]
    assert (level["name"], level["status"]) == ("Finance", "open")
    assert [seat["user_name"] for seat in level["seats"]] == ["Ada Approves"]
    assert request["reject_reasons"] == [
        {"code": "budget", "label": "No budget", "comment_required": False}
    ]
    why = ada.get(f"/approvals/{world.request_key}/explanation").get_json()
    assert why["barred"][0]["name"] == "Rui Requests"
    assert api(world.people.otto).get(f"/approvals/{world.request_key}").status_code == 200
    assert is_problem(ada.get("/approvals/APR-9999"), 404, "not_found")
    assert is_problem(ada.get(f"/approvals/{world.request_key}?round=2"), 404, "not_found")


def test_a_decision_moves_the_work_and_tells_what_it_led_to(api: Api, world: World):
    ada = api(world.people.ada)
    answer = ada.post(
        f"/approvals/{world.assignment_id}/decisions",
        {"decision": "approve", "digest": world.digest, "comment": "Good price"},
        headers={"Idempotency-Key": "decision-1"},
    )
    assert answer.status_code == 201, answer.text
    outcome = answer.get_json()
    assert (outcome["request_status"], outcome["request_key"]) == ("approved", world.request_key)
    assert ada.get(f"/instances/{world.instance_id}").get_json()["state"] == "ordered"
    assert ada.get(f"/records/{world.record_key}").get_json()["state"] == "ordered"
    decided = ada.get("/approvals?tab=decided").get_json()["items"]
    assert [one["decision"] for one in decided] == ["approve"]
    made = ada.get(f"/approvals/{world.request_key}").get_json()["decisions"]
    assert [(one["channel"], one["comment"]) for one in made] == [("api", "Good price")]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"decision": "maybe"}, 422, "validation_failed"),
        ({"decision": "reject"}, 422, "validation_failed"),
        ({"decision": "send_back"}, 422, "validation_failed"),
        ({"decision": "reject", "reason_code": "colour"}, 422, "validation_failed"),
        ({"digest": "0" * 64}, 409, "stale"),
        ({"digest": ""}, 409, "stale"),
        ({"comment": "x" * 4001}, 422, "validation_failed"),
        ({"colour": "red"}, 422, "validation_failed"),
    ],
)
def test_a_doubtful_decision_decides_nothing(
    api: Api, world: World, *, change: dict, status: int, code: str
):
    body = {"decision": "approve", "digest": world.digest, **change}
    answer = api(world.people.ada).post(f"/approvals/{world.request_key}/decisions", body)
    problem = is_problem(answer, status, code)
    if code == "stale":
        assert problem["current_digest"] == world.digest
    with transaction(actor=world.people.ada.actor):
        assert session().scalar(select(func.count()).select_from(ApprovalDecision)) == 0


def test_only_who_is_asked_decides(api: Api, world: World):
    body = {"decision": "approve", "digest": world.digest}
    path = f"/approvals/{world.request_key}/decisions"
    own = is_problem(api(world.people.rui).post(path, body), 403, "not_allowed")
    assert own["reason"] == "segregation_of_duties"
    for person in (world.people.mia, world.people.alma):
        answer = api(person).post(path, body)
        assert is_problem(answer, 403, "not_allowed")["who_can"] == ["Ada Approves"]
    is_problem(api(world.people.eve).post(path, body), 404, "not_found")
    assert api(world.people.ada).post(path, body).status_code == 201
    late = api(world.people.ada).post(path, {**body, "decision": "reject", "reason_code": "budget"})
    assert late.status_code == 409


def test_many_are_decided_at_once_each_by_its_own_right(api: Api, world: World):
    items = asked(api, world, 4)
    ada = api(world.people.ada)
    shown = [{"id": one["assignment_id"], "digest": one["digest"]} for one in items]
    shown[0]["digest"] = "0" * 64
    shown[1]["id"] = "0199c1de-7a10-7c3e-9d1b-2f1f0f3a5b77"
    answer = ada.post("/approvals/decisions", {"decision": "approve", "items": shown})
    body = answer.get_json()
    assert answer.status_code == 200, answer.text
    assert (body["done"], body["refused"]) == (3, 2)
    assert [one["id"] for one in body["items"]] == [one["id"] for one in shown]
    assert [one["problem"]["code"] for one in body["items"] if one["problem"]] == [
        "stale",
        "not_found",
    ]
    all_or_none = {"decision": "approve", "items": shown[:2], "rollback_on_error": True}
    refused = ada.post("/approvals/decisions", all_or_none)
    assert refused.status_code in {404, 409}
    assert ada.get("/approvals/counts").get_json()["needs_me"] == 2


def test_a_bulk_has_limits(api: Api, world: World):
    ada, one = api(world.people.ada), {"id": str(world.assignment_id), "digest": world.digest}
    for items in ([], [one, one], [one] * 1001, [{"id": "x", "digest": ""}], "all"):
        answer = ada.post("/approvals/decisions", {"decision": "approve", "items": items})
        is_problem(answer, 422, "validation_failed")


def test_questions_withdrawal_and_another_round(api: Api, world: World):
    ada, rui = api(world.people.ada), api(world.people.rui)
    path = f"/approvals/{world.request_key}"
    asked_back = ada.post(f"{path}/comments", {"body": "With transport?"})
    assert asked_back.status_code == 201, asked_back.text
    said = rui.get(f"{path}/comments").get_json()["items"]
    assert [one["body"] for one in said] == ["The quote is attached", "With transport?"]
    is_problem(ada.post(f"{path}/withdraw", {"comment": ""}), 403, "not_allowed")
    gone = rui.post(f"{path}/withdraw", {"comment": "Not now"})
    assert gone.get_json()["status"] == "cancelled", gone.text
    again = rui.post(f"{path}/resubmit")
    assert again.status_code == 201, again.text
    assert (again.get_json()["round"], again.get_json()["status"]) == (2, "pending")
    first = rui.get(f"{path}?round=1").get_json()
    assert (first["status"], len(first["rounds"])) == ("cancelled", 2)
    back = ada.post(
        f"{path}/decisions",
        {"decision": "send_back", "digest": again.get_json()["digest"], "comment": "Add transport"},
    )
    assert back.status_code == 201, back.text
    assert rui.get(f"/instances/{world.instance_id}").get_json()["state"] == "new"


def test_a_seat_is_handed_over_and_reassigned(api: Api, world: World):
    people = world.people
    zoe = add_person(
        people.ada.company_id,
        "zoe@kestrel.example",
        "Zoe",
        "member",
        "approver",
        manager_id=people.alma.id,
    )
    ada, seat = api(people.ada), world.assignment_id
    wrong = ada.post(f"/assignments/{seat}/delegate", {"to": str(people.rui.id)})
    assert is_problem(wrong, 422, "validation_failed")["errors"][0]["pointer"] == "/to"
    given = ada.post(f"/assignments/{seat}/delegate", {"to": str(people.mia.id)})
    assert given.status_code == 200, given.text
    mine = api(people.mia).get("/approvals").get_json()["items"]
    assert [one["for_name"] for one in mine] == ["Ada Approves"]
    otto, new = api(people.otto), mine[0]["assignment_id"]
    moved = otto.post(f"/assignments/{new}/reassign", {"to": str(zoe.id), "comment": "Away"})
    assert moved.status_code == 200, moved.text
    assert api(zoe).get("/approvals/counts").get_json()["needs_me"] == 1
    path = f"/approvals/{world.request_key}"
    more = otto.post(f"{path}/approvers", {"to": str(people.cleo.id)})
    assert more.status_code == 201, more.text
    assert api(people.cleo).get("/approvals/counts").get_json()["needs_me"] == 1
    assert otto.post(f"{path}/resolve").status_code == 200
    assert api(people.ada).post(f"{path}/escalate", {"comment": "Quick"}).status_code == 403
    is_problem(otto.post(f"{path}/escalate", {}), 422, "validation_failed")
    is_problem(otto.post(f"{path}/escalate", {"comment": " "}), 422, "validation_failed")
    up = otto.post(f"{path}/escalate", {"comment": "The supplier waits"})
    assert up.status_code == 200, up.text
    assert up.get_json()["status"] == "escalated"
    assert api(people.alma).get("/approvals/counts").get_json()["needs_me"] == 1
    assert api(zoe).get("/approvals/counts").get_json()["needs_me"] == 0


def test_a_matrix_is_drafted_reported_published_and_asked(api: Api, world: World):
    alma = api(world.people.alma)
    rows = [
        *MATRIX["rows"][:1],
        {
            "name": "Mid",
            "when": {"field": "amount", "operator": "between", "value": ["600.00", "900.00"]},
            "levels": [{"approvers": [{"role": "approver"}]}],
        },
    ]
    gaps = alma.post("/matrices/validate", {"record_type": "order", "body": {"rows": rows}})
    kinds = {one["kind"] for one in gaps.get_json()["findings"]}
    assert "gap" in kinds, gaps.text
    body = {"record_type": "order", "name": "Purchase", "body": MATRIX}
    draft = alma.put("/matrices/purchase/draft", body)
    assert (draft.status_code, draft.get_json()["number"]) == (200, 1), draft.text
    is_problem(
        alma.put("/matrices/purchase/draft", {**body, "version": 9}), 409, "CONCURRENCY_ERROR"
    )
    published = alma.post("/matrices/purchase/publish", {"version": 1})
    assert published.get_json()["status"] == "published", published.text
    large = alma.post("/matrices/purchase/evaluate", {"record": world.record_key}).get_json()
    assert (large["auto_approved"], len(large["levels"])) == (False, 1)
    data = order_data(amount={"amount": "20.00", "currency": "EUR"})
    small = alma.post("/matrices/purchase/evaluate", {"type": "order", "data": data}).get_json()
    assert small["auto_approved"] is True
    assert alma.get("/matrices/purchase/report").get_json()["valid"] is True
    assert alma.post("/matrices/purchase/retire").status_code == 200
    none = alma.post("/matrices/purchase/evaluate", {"record": world.record_key}).get_json()
    assert none["problem"]
    refused = api(world.people.rui).put("/matrices/purchase/draft", body)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("code", "change", "pointer"),
    [
        ("Upper", {}, "/code"),
        ("fine", {"record_type": "nothing"}, "/record_type"),
        ("fine", {"body": {"rows": []}}, "/body/rows"),
        ("fine", {"body": {"rows": [{"levels": 5}]}}, "/body/rows/0/levels"),
        ("fine", {"body": {"rows": [{"levels": [{"colour": 1}]}]}}, "/body/rows/0/levels/0/colour"),
        ("fine", {"body": {"rows": [{}]}}, "/body/rows/0/levels"),
        ("fine", {"body": {"hit_policy": "last", "rows": [{}]}}, "/body/hit_policy"),
        (
            "fine",
            {"body": {"rows": [{"auto_approve": True, "when": {"field": "x", "operator": "="}}]}},
            "/body/rows/0/when/value",
        ),
        ("fine", {"body": {"rows": [{"levels": [{"approvers": [{"role": "a"}]}] * 11}]}}, "/body"),
    ],
)
def test_a_faulty_matrix_is_refused_where_it_is(
    api: Api, world: World, *, code: str, change: dict, pointer: str
):
    body = {"record_type": "order", "body": MATRIX, **change}
    answer = api(world.people.alma).put(f"/matrices/{code}/draft", body)
    errors = is_problem(answer, 422, "validation_failed")["errors"]
    assert any(error["pointer"].startswith(pointer) for error in errors), errors
