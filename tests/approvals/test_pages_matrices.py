"""The pages of matrices: read in words, edit as a form or JSON, publish, try."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask.testing import FlaskClient

from tests.approvals.conftest import World
from tests.people import Person, post
from wfweb.approvals import service as approvals
from wfweb.kernel.db import transaction

ClientOf = Callable[[Person | None], FlaskClient]

BODY: dict[str, Any] = {
    "rows": [
        {
            "name": "Small",
            "when": {"field": "amount", "operator": "<", "value": 100},
            "auto_approve": True,
        },
        {
            "name": "Large",
            "when": {"field": "amount", "operator": ">=", "value": 500},
            "levels": [
                {"name": "Finance", "approvers": [{"role": "approver"}], "due_hours": 24},
                {
                    "name": "Committee",
                    "approvers": [{"role": "committee"}],
                    "quorum": "majority",
                    "remind_hours": [4],
                },
            ],
        },
    ]
}


def kept(world: World) -> None:
    with transaction(actor=world.people.alma.actor):
        approvals.save_matrix("orders", BODY, name="Order matrix", record_type_code="order")


def test_a_matrix_reads_in_words_with_its_gap(world: World, client_of: ClientOf) -> None:
    kept(world)
    text = client_of(world.people.alma).get("/matrices/orders").text
    assert "Amount is under 100" in text
    assert "Finance" in text
    assert "role committee" in text
    assert "no row matches" in text


def test_the_form_brings_back_what_it_was_given(world: World, client_of: ClientOf) -> None:
    from werkzeug.datastructures import MultiDict

    from wfweb.approvals import matrix_forms
    from wfweb.conditions import FieldType, FieldTypes

    types = FieldTypes({"amount": FieldType("money")})
    form = matrix_forms.form_of(BODY, types)
    posted: MultiDict[str, str] = MultiDict({"hit_policy": "first"})
    for n, row in enumerate(form["rows"]):
        for name in ("id", "name", "auto"):
            posted[f"rows.{n}.{name}"] = row[name]
        parts = {f"when.{k}": asdict(one) for k, one in enumerate(row["when"].rows)}
        parts |= {f"levels.{k}": one for k, one in enumerate(row["levels"])}
        for part, values in parts.items():
            for name, value in values.items():
                if value is not None:
                    posted[f"rows.{n}.{part}.{name}"] = value
    again = matrix_forms.to_body(matrix_forms.read_form(posted), types)
    assert again["rows"][0]["when"] == BODY["rows"][0]["when"]
    assert again["rows"][0]["auto_approve"] is True
    assert again["rows"][1]["levels"][1]["remind_hours"] == [4]
    assert again["rows"][1]["levels"][0]["approvers"] == [{"role": "approver"}]
    assert again["rows"][1]["levels"][0]["due_hours"] == 24


def test_editing_publishing_and_trying(world: World, client_of: ClientOf) -> None:
    kept(world)
    client = client_of(world.people.alma)
    assert client.get("/matrices").status_code == 200
    assert client.get("/matrices/orders/edit").status_code == 200
    assert client.get("/matrices/orders/edit?as=json").status_code == 200
    assert client.get("/matrices/new").status_code == 200
    answer = post(client, "/matrices/orders/publish", {"version": "1"}, form="/matrices/orders")
    assert answer.status_code == 303
    text = client.get("/matrices/orders?try.amount=7,300.00").text
    assert "Committee" in text
    assert "matched" in text
    assert client.get("/matrices/orders?try.amount=seven").status_code == 200
    assert client_of(world.people.ada).get("/matrices/orders").status_code == 200
    assert client_of(world.people.ada).get("/matrices").status_code == 403


def test_a_faulty_draft_is_not_put_in_force(world: World, client_of: ClientOf) -> None:
    row = {"name": "Both", "when": {}, "auto_approve": True, "levels": BODY["rows"][1]["levels"]}
    with transaction(actor=world.people.alma.actor):
        approvals.save_matrix("orders", {"rows": [row]}, record_type_code="order")
    client = client_of(world.people.alma)
    answer = post(client, "/matrices/orders/publish", {"version": "1"}, form="/matrices/orders")
    assert answer.status_code == 422
    assert "choose one" in answer.text
    assert "Nothing in force" in client.get("/matrices").text


def test_a_draft_is_made_and_changed_in_the_form(world: World, client_of: ClientOf) -> None:
    client = client_of(world.people.alma)
    fields: dict[str, object] = {
        "code": "orders",
        "name": "Order matrix",
        "record_type_code": "order",
        "hit_policy": "first",
        "rows.0.name": "Large",
        "rows.0.when.0.field": "amount",
        "rows.0.when.0.operator": ">=",
        "rows.0.when.0.value": "7,300.00",
        "rows.0.levels.0.name": "Finance",
        "rows.0.levels.0.approvers": "role:approver, ada@kestrel.example",
        "rows.0.levels.0.due_hours": "24",
    }
    again = post(client, "/matrices/new", {**fields, "_act": "add-row"}, form="/matrices/new")
    assert again.status_code == 200
    assert "Row 2" in again.text
    wrong = {**fields, "rows.0.levels.0.approvers": "everybody"}
    refused = post(client, "/matrices/new", wrong, form="/matrices/new")
    assert refused.status_code == 422
    assert "as role:code" in refused.text
    more = {**fields, "_act": "rows.0.when.add"}
    assert (
        'name="rows.0.when.1.field"'
        in post(client, "/matrices/new", more, form="/matrices/new").text
    )
    much = {**fields, "rows.0.when.0.value": "much"}
    refused = post(client, "/matrices/new", much, form="/matrices/new")
    assert 'id="f-rows-0-when-0-value-error"' in refused.text
    made = post(client, "/matrices/new", fields, form="/matrices/new")
    assert made.location == "/matrices/orders?version=1"
    text = client.get(made.location).text
    assert "Amount is at least 7,300.00" in text
    stale = {**fields, "version": "7"}
    conflict = post(client, "/matrices/orders/edit", stale, form="/matrices/orders/edit")
    assert conflict.status_code == 409
    assert "What you typed is still here" in conflict.text


def test_json_that_cannot_be_read_is_told(world: World, client_of: ClientOf) -> None:
    kept(world)
    client = client_of(world.people.alma)
    fields: dict[str, object] = {"as": "json", "body": "{", "version": "1"}
    answer = post(client, "/matrices/orders/edit", fields, form="/matrices/orders/edit?as=json")
    assert answer.status_code == 422
    assert "This is no JSON" in answer.text
