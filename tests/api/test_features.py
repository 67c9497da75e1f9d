"""The features behind the layer: an order from its creation to its story, through the API only."""

from collections.abc import Callable
from io import BytesIO

import pytest

from tests.api.conftest import Program
from tests.api.test_layer_requests import is_problem
from tests.api.world import ORDER, World, make_world, order_data
from tests.people import People

Api = Callable[..., Program]


@pytest.fixture
def world(people: People) -> World:
    return make_world(people)


def test_me_tells_who_the_token_acts_as(api: Api, people: People):
    me = api(people.rui, "read").get("/me").get_json()
    assert (me["email"], me["company"]["name"], me["scopes"]) == (
        people.rui.email,
        "Kestrel Dairy",
        ["read"],
    )
    assert "records.create" in me["permissions"]
    assert "roles.manage" not in me["permissions"]


def test_a_record_is_made_found_and_changed(api: Api, world: World):
    rui = api(world.people.rui)
    made = rui.post("/record-types/order/records", {"data": order_data(subject="Butter")})
    assert made.status_code == 201, made.text
    body = made.get_json()
    assert (body["title"], body["version"], body["type"]) == ("Butter", 1, "order")
    assert body["amount"] == {"amount": "1200.00", "currency": "EUR"}
    assert body["created_at"].endswith("Z")
    by_key = rui.get(made.headers["Location"])
    assert by_key.get_json() == rui.get(f"/records/{body['id']}").get_json() == body
    changed = rui.patch(
        f"/records/{body['key']}",
        {"data": {"subject": "Salted butter"}},
        headers={"If-Match": by_key.headers["ETag"]},
    )
    assert changed.get_json()["version"] == 2
    stale = rui.patch(f"/records/{body['key']}", {"data": {"subject": "Ghee"}, "version": 1})
    problem = is_problem(stale, 409, "CONCURRENCY_ERROR")
    assert [one["field"] for one in problem["difference"] if "field" in one] or problem[
        "difference"
    ]


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"colour": "red"}, "/data/colour"),
        ({"amount": {"amount": "9" * 40, "currency": "EUR"}}, "/data/amount"),
        ({"amount": {"amount": "1", "currency": "XXQ"}}, "/data/amount"),
        ({"lines": [{"product": "x", "quantity": "many"}]}, "/data/lines/0/quantity"),
        ({"priority": "extreme"}, "/data/priority"),
        ({"subject": None}, "/data/subject"),
    ],
)
def test_wrong_data_is_refused_where_it_is(api: Api, world: World, data: dict, pointer: str):
    answer = api(world.people.rui).post("/record-types/order/records", {"data": order_data(**data)})
    body = is_problem(answer, 422, "validation_failed")
    assert any(error["pointer"].startswith(pointer) for error in body["errors"]), body["errors"]


def test_lists_filter_sort_and_page(api: Api, world: World):
    rui = api(world.people.rui)
    for number, priority in enumerate(("low", "high", "high", "low", "high")):
        amount = {"amount": f"{number * 1000}.00", "currency": "EUR"}
        data = order_data(subject=f"Order {number}", priority=priority, amount=amount)
        assert rui.post("/record-types/order/records", {"data": data}).status_code == 201
    path = "/record-types/order/records"
    high = rui.get(f"{path}?filter[priority]=high&sort=amount").get_json()["items"]
    assert [one["title"] for one in high] == ["Order 1", "Order 2", "Order 4"]
    some = rui.get(f"{path}?filter[amount.min]=1500&filter[amount.max]=3500&sort=-amount")
    assert [one["title"] for one in some.get_json()["items"]] == ["Order 3", "Order 2"]
    found = rui.get(f"{path}?q=cheese&fields=key,data.subject").get_json()["items"]
    assert found == [{"key": world.record_key, "data": {"subject": "Cheese for the fair"}}]
    for sort in ("-created", "amount", "-updated", "title", "state"):
        seen, after = [], ""
        while True:
            page = rui.get(f"{path}?limit=2&sort={sort}{after}").get_json()
            seen += [one["key"] for one in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        whole = rui.get(f"{path}?limit=100&sort={sort}").get_json()["items"]
        assert seen == [one["key"] for one in whole]
        assert len(set(seen)) == 6
    for query in ("filter[colour]=red", "filter[amount]=many", "filter[lines]=1", "sort=colour"):
        is_problem(rui.get(f"{path}?{query}"), 422, "validation_failed")


def test_a_cursor_of_another_list_is_refused(api: Api, world: World):
    rui = api(world.people.alma)
    by_title = rui.get("/users?limit=1").get_json()["next"]
    for path in ("/record-types/order/records", "/instances", "/roles", "/workflows", "/users"):
        for cursor in (by_title, "W1sicyIsImEiXSxbInMiLCJiIl1d", "W1sicyIsImEiXV0"):
            answer = rui.get(f"{path}?after={cursor}")
            assert answer.status_code in {200, 422}, (path, answer.text)


def test_comments_files_and_the_timeline(api: Api, world: World):
    rui = api(world.people.rui)
    made = rui.post("/record-types/order/records", {"data": order_data()})
    path = made.headers["Location"]
    said = rui.post(f"{path}/comments", {"body": "Wanted by Friday, @ada"})
    assert said.status_code == 201, said.text
    assert said.get_json()["by_name"] == "Rui Requests"
    listed = rui.get(f"{path}/comments").get_json()
    assert listed["items"] == [said.get_json()]
    upload = {"data": {"file": (BytesIO(b"%PDF-1.7 more"), "plan.pdf")}}
    key = {"Idempotency-Key": "upload-1"}
    added = rui.call("POST", f"{path}/attachments", headers=key, **upload)
    assert added.status_code == 201, added.text
    upload = {"data": {"file": (BytesIO(b"%PDF-1.7 more"), "plan.pdf")}}
    again = rui.call("POST", f"{path}/attachments", headers=key, **upload)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.data == added.data
    files = rui.get(f"{path}/attachments").get_json()["items"]
    assert [one["file_name"] for one in files] == ["plan.pdf"]
    content = rui.get(added.headers["Location"])
    assert (content.data, content.mimetype) == (b"%PDF-1.7 more", "application/pdf")
    assert "attachment" in content.headers["Content-Disposition"]
    gone = rui.delete(added.headers["Location"])
    assert gone.status_code == 204, gone.text
    assert rui.get(added.headers["Location"]).status_code == 404
    page = rui.get(f"{path}/timeline?limit=2").get_json()
    assert len(page["items"]) >= 2
    assert page["next"]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"file": (BytesIO(b""), "a.pdf")}, 422),
        ({"file": (BytesIO(b"MZ\x90"), "a.exe")}, 422),
        ({"file": (BytesIO(b"%PDF-1.7"), "a.pdf"), "more": "x"}, 422),
        ({"other": (BytesIO(b"%PDF-1.7"), "a.pdf")}, 422),
    ],
)
def test_a_doubtful_upload_is_refused(api: Api, world: World, form: dict, status: int):
    data = dict(form) or {"nothing": "x"}
    answer = api(world.people.rui).call(
        "POST",
        f"/records/{world.record_key}/attachments",
        data=data,
        content_type="multipart/form-data",
    )
    assert answer.status_code == status, answer.text


def test_a_part_without_a_name_is_refused(api: Api, world: World):
    part = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7\r\n'
    )
    answer = api(world.people.rui).call(
        "POST",
        f"/records/{world.record_key}/attachments",
        data=part + b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        content_type="multipart/form-data; boundary=b",
    )
    is_problem(answer, 422, "validation_failed")


def test_a_too_large_upload_is_refused(api: Api, world: World):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7'
    answer = api(world.people.rui).call(
        "POST",
        f"/records/{world.record_key}/attachments",
        data=head + b"x" * 11_000_000 + b"\r\n--b--\r\n",
        content_type="multipart/form-data; boundary=b",
    )
    is_problem(answer, 413, "too_large")


def test_a_type_is_described_changed_and_guarded(api: Api, world: World):
    alma, rui = api(world.people.alma), api(world.people.rui)
    found = rui.get("/record-types/order").get_json()
    assert found["json_schema"]["properties"]["subject"]
    note = {"code": "note", "name": "Note", "key_prefix": "NOT", "fields": ORDER["fields"][:1]}
    made = alma.post("/record-types", note)
    assert made.status_code == 201, made.text
    change = {"name": "Memo", "fields": ORDER["fields"][:1], "version": 1}
    changed = alma.put("/record-types/note", change)
    assert (changed.get_json()["name"], changed.get_json()["version"]) == ("Memo", 2)
    is_problem(alma.put("/record-types/note", change), 409, "CONCURRENCY_ERROR")
    refused = rui.post("/record-types", note)
    assert refused.status_code == 403
    wrong = alma.post("/record-types", {**note, "code": "other", "fields": [{"type": "colour"}]})
    assert is_problem(wrong, 422, "validation_failed")["errors"][0]["pointer"].startswith(
        "/fields/0"
    )


def test_a_workflow_is_drafted_checked_published_and_exported(api: Api, world: World):
    alma = api(world.people.alma)
    version = alma.get("/workflows/order_approval/versions/1").get_json()
    body = {**version["body"], "name": "Orders"}
    check = alma.post("/workflows/validate", {"body": body}).get_json()
    assert check["valid"], check
    draft = alma.put("/workflows/order_approval/draft", {"body": body})
    assert (draft.status_code, draft.get_json()["number"]) == (200, 2), draft.text
    broken = {**body, "transitions": []}
    assert not alma.post("/workflows/validate", {"body": broken}).get_json()["valid"]
    stale = alma.put("/workflows/order_approval/draft", {"body": body, "version": 7})
    is_problem(stale, 409, "CONCURRENCY_ERROR")
    comment = {"comment": "Shorter name"}
    published = alma.post("/workflows/order_approval/publish", comment)
    assert published.get_json()["status"] == "published", published.text
    exported = alma.get("/workflows/order_approval/versions/2/export")
    assert exported.mimetype == "application/yaml"
    again = alma.post("/workflows/import", {"content": exported.text})
    assert again.get_json()["digest"] == published.get_json()["digest"]
    listed = alma.get("/workflows/order_approval/versions").get_json()["items"]
    assert [one["status"] for one in listed] == ["draft", "published", "retired"]
    assert alma.delete("/workflows/order_approval/draft").status_code == 204
    shown = alma.get("/workflows/order_approval").get_json()
    assert (shown["live_number"], shown["draft_number"]) == (2, None)
    unknown = alma.put("/workflows/order_approval/draft", {"body": {**body, "colour": 1}})
    pointers = [e["pointer"] for e in is_problem(unknown, 422, "validation_failed")["errors"]]
    assert "/body/colour" in pointers


def test_an_instance_is_started_moved_and_told(api: Api, world: World):
    rui = api(world.people.rui)
    key = rui.post("/record-types/order/records", {"data": order_data()}).get_json()["key"]
    started = rui.post("/instances", {"workflow": "order_approval", "record": key})
    assert started.status_code == 201, started.text
    instance = started.get_json()
    assert (instance["state"], instance["status"]) == ("new", "active")
    twice = rui.post("/instances", {"workflow": "order_approval", "record": key})
    is_problem(twice, 409, "already_running")
    address = started.headers["Location"]
    ways = rui.get(f"{address}/transitions").get_json()["items"]
    assert [(way["code"], way["possible"]) for way in ways] == [("submit", True)]
    step = rui.post(f"{address}/transitions", {"transition": "submit", "comment": "Soon, please"})
    assert step.get_json()["state"] == "asked", step.text
    is_problem(
        rui.post(f"{address}/transitions", {"transition": "submit"}), 409, "step_not_possible"
    )
    is_problem(rui.post(f"{address}/transitions", {"transition": "fly"}), 404, "not_found")
    old = rui.post(f"{address}/transitions", {"transition": "submit"}, headers={"If-Match": '"1"'})
    is_problem(old, 412, "precondition_failed")
    history = rui.get(f"{address}/history").get_json()["items"]
    assert [one["to_state"] for one in history] == ["new", "asked"]
    assert history[1]["comment"] == "Soon, please"
    mine = rui.get(f"/instances?record={instance['record_id']}").get_json()["items"]
    assert [one["id"] for one in mine] == [instance["id"]]
    ended = rui.post(f"{address}/cancel", {"reason": "Entered twice"})
    assert ended.get_json()["status"] == "cancelled", ended.text


def test_a_condition_is_checked_and_explained(api: Api, world: World):
    rui = api(world.people.rui)
    large = {"field": "amount", "operator": ">", "value": "1000"}
    ask = {"condition": {"all": [large]}, "record": world.record_key}
    answer = rui.post("/conditions/evaluate", ask).get_json()
    assert answer["result"] is True
    assert answer["explanation"]["children"][0]["result"] is True
    data = {"subject": "x", "amount": {"amount": "10.00", "currency": "EUR"}}
    small = rui.post("/conditions/evaluate", {"condition": large, "type": "order", "data": data})
    assert small.get_json()["result"] is False
    bad = {"any": [large, {"field": "colour", "operator": "=", "value": "red"}]}
    check = rui.post("/conditions/validate", {"condition": bad, "type": "order"}).get_json()
    assert check["valid"] is False
    assert check["problems"][0]["path"] == "any[1].field"
    refused = rui.post("/conditions/evaluate", {"condition": bad, "record": world.record_key})
    problem = is_problem(refused, 422, "validation_failed")
    assert problem["errors"][0]["pointer"] == "/condition/any/1/field"


def test_people_and_roles_are_administered(api: Api, people: People):
    alma = api(people.alma)
    made = alma.post("/users", {"email": "noor@kestrel.example", "name": "Noor", "roles": []})
    assert made.status_code == 201, made.text
    noor = made.get_json()
    change = {"roles": ["member", "approver"], "title": "Buyer", "version": noor["version"]}
    changed = alma.patch(f"/users/{noor['id']}", change).get_json()
    assert (sorted(changed["roles"]), changed["title"]) == (["approver", "member"], "Buyer")
    assert changed["name"] == "Noor"
    null = alma.patch(f"/users/{noor['id']}", {"name": None, "version": changed["version"]})
    is_problem(null, 422, "validation_failed")
    closed = alma.post(f"/users/{noor['id']}/deactivate", {"version": changed["version"]})
    assert closed.get_json()["active"] is False, closed.text
    role = alma.post("/roles", {"code": "buyer", "name": "Buyer", "permissions": ["records.view"]})
    assert role.status_code == 201, role.text
    new = {"name": "Buyers", "permissions": [], "version": 1}
    assert alma.put(role.headers["Location"], new).get_json()["permissions"] == []
    names = [one["name"] for one in alma.get("/users?q=a").get_json()["items"]]
    assert names == sorted(names)
    assert "Noor" not in names


def test_the_story_of_a_record(api: Api, world: World):
    alma = api(world.people.alma)
    whole = alma.get(f"/audit?target_id={world.record_id}&limit=100").get_json()
    assert {one["name"] for one in whole["items"]} >= {"record.created", "file.attached"}
    moments = [one["id"] for one in whole["items"]]
    assert moments == sorted(moments, reverse=True)
    first = alma.get(f"/audit?target_id={world.record_id}&limit=1").get_json()
    second = alma.get(f"/audit?target_id={world.record_id}&limit=1&after={first['next']}")
    assert [first["items"][0], second.get_json()["items"][0]] == whole["items"][:2]
    assert api(world.people.rui).get(f"/audit?target_id={world.record_id}").status_code == 403
