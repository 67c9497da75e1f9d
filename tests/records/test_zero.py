"""Nought is a limit like any other: it is kept with the type and holds for every record."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.records.conftest import definition_of_order
from wfweb.identity import access
from wfweb.identity.models import User
from wfweb.identity.service.companies import create_company
from wfweb.kernel.actor import Actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.packs import demo, install, read_pack
from wfweb.records.check import check_record
from wfweb.records.definition import read_definition
from wfweb.records.field_reading import read_fields
from wfweb.records.service import create_record
from wfweb.records.shape import compile_shape


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        ({"minimum": 0}, "number"),
        ({"minimum": 0}, "integer"),
        ({"minimum": 0}, "money"),
        ({"maximum": 0}, "number"),
        ({"maximum": 0, "minimum": -5}, "integer"),
        ({"maximum": 0, "minimum": -5}, "money"),
        ({"scale": 0}, "number"),
        ({"scale": 0}, "money"),
    ],
)
def test_a_limit_of_nought_survives_being_stored(option: dict[str, Any], kind: str) -> None:
    (once,) = read_fields([{"code": "x", "type": kind, **option}])
    (again,) = read_fields([once.as_dict()])
    assert again == once
    assert all(getattr(again, name) == Decimal(value) for name, value in option.items())


def test_a_stored_type_with_lines_keeps_its_noughts() -> None:
    definition = definition_of_order()
    (lines,) = (one for one in definition["fields"] if one["code"] == "lines")
    lines["fields"][1]["minimum"] = 0
    stored = read_definition(definition).as_dict()
    (kept,) = (one for one in read_definition(stored).fields if one.code == "lines")
    assert kept.fields[1].minimum == 0


def test_what_is_usual_is_not_stored() -> None:
    (field,) = read_fields([{"code": "x", "type": "text", "required": False, "help": ""}])
    assert field.as_dict() == {"code": "x", "label": "x", "type": "text"}


@pytest.fixture
def rui(rollback: None) -> Actor:
    """Rui, in a company with the commerce pack."""
    company, pack = new_id(), read_pack("commerce")
    with transaction(company_id=company, system=True):
        create_company(company, "Kestrel Dairy")
        install(pack)
        demo.add_people(pack)
    with transaction(company_id=company):
        found = session().scalars(select(User.id).where(User.email == "rui@kestrel.example")).one()
    return access.actor_for(found)


@pytest.mark.parametrize(
    ("quantity", "price", "place"),
    [
        ("-1", "10.00", "/lines/0/quantity"),
        ("1", "-10.00", "/lines/0/unit_price/amount"),
        # Two wrongs make a right total.
        ("-1", "-10.00", "/lines/0/quantity"),
    ],
)
def test_a_sales_order_takes_nothing_below_nought(
    rui: Actor, quantity: str, price: str, place: str
) -> None:
    with transaction(actor=rui), pytest.raises(ValidationFailed) as caught:
        customer = create_record("customer", {"name": "Elm Bakery", "segment": "retail"})
        line = {
            "description": "Cream",
            "quantity": quantity,
            "unit_price": {"amount": price, "currency": "EUR"},
        }
        data = {"customer": str(customer.id), "department": "fresh", "delivery_date": "2026-12-24"}
        create_record("sales_order", {**data, "lines": [line]})
    assert place in {error.pointer for error in caught.value.errors}
    assert all("must be 0 or more" in error.message for error in caught.value.errors)


def test_a_total_below_nought_leads_to_the_line_that_brings_it_there() -> None:
    line_fields = [
        {"code": "quantity", "label": "Quantity", "type": "number"},
        {"code": "price", "label": "Price", "type": "money", "currency": "EUR"},
    ]
    shape = compile_shape(
        "Order",
        [
            {"code": "amount", "label": "Amount", "type": "money", "currency": "EUR"},
            {"code": "lines", "label": "Lines", "type": "lines", "fields": line_fields},
        ],
        [{"field": "amount", "sum": "lines.quantity * lines.price"}],
    )
    price = {"amount": "10.00", "currency": "EUR"}
    data = {"lines": [{"quantity": "1", "price": price}, {"quantity": "-2", "price": price}]}
    with pytest.raises(ValidationFailed) as caught:
        check_record(shape, data)
    place, message = "/lines/1/quantity", "Amount must be 0 or more"
    assert list(caught.value.errors) == [FieldError(place, message, "minimum")]
