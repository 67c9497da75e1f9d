"""The pages of matrices: read in words, edit as a form or JSON, publish, try."""

from collections.abc import Callable

from flask.testing import FlaskClient

from tests.approvals.conftest import World
from tests.people import Person, post
from wfweb.approvals import service as approvals
from wfweb.kernel.db import transaction

ClientOf = Callable[[Person | None], FlaskClient]

BODY = {
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

    form = matrix_forms.form_of(BODY)
    posted: MultiDict[str, str] = MultiDict({"hit_policy": "first"})
    for n, row in enumerate(form["rows"]):
        for name in ("id", "name", "when", "auto"):
            posted[f"rows.{n}.{name}"] = row[name]
        for part in ("tests", "levels"):
            for k, one in enumerate(row[part]):
                for name, value in one.items():
                    posted[f"rows.{n}.{part}.{k}.{name}"] = value
    again = matrix_forms.to_body(
        matrix_forms.read_form(posted), FieldTypes({"amount": FieldType("money")})
    )
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
