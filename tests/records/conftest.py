"""Record types that the tests of this folder use: an order with lines, a customer, a note."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.people import People
from wfweb.kernel.actor import acting_as
from wfweb.kernel.db import transaction
from wfweb.records.models import Record, RecordType
from wfweb.records.service import create_record
from wfweb.records.types import create_type

CUSTOMER: dict[str, Any] = {
    "code": "customer",
    "name": "Customer",
    "key_prefix": "CUS",
    "title_template": "{name}",
    "searchable": ["name", "city"],
    "fields": [
        {"code": "name", "label": "Name", "type": "text", "required": True},
        {"code": "city", "label": "City", "type": "text"},
        {"code": "contact", "label": "Contact", "type": "email"},
    ],
}
ORDER: dict[str, Any] = {
    "code": "order",
    "name": "Order",
    "plural": "Orders",
    "key_prefix": "ORD",
    "title_template": "{customer} {amount}",
    "list_columns": ["key", "title", "amount", "priority", "buyer", "state", "updated_at"],
    "searchable": ["reason"],
    "material_fields": ["amount", "lines"],
    "totals": [{"field": "amount", "sum": "lines.quantity * lines.unit_price"}],
    "fields": [
        {
            "code": "customer",
            "label": "Customer",
            "type": "reference",
            "reference": "customer",
            "required": True,
        },
        {"code": "buyer", "label": "Buyer", "type": "person"},
        {
            "code": "priority",
            "label": "Priority",
            "type": "choice",
            "choices": ["low", "high"],
            "default": "low",
        },
        {"code": "wanted_on", "label": "Wanted on", "type": "date"},
        {"code": "amount", "label": "Amount", "type": "money", "currency": "EUR"},
        {"code": "reason", "label": "Reason", "type": "longtext", "help": "Why it is needed"},
        {
            "code": "lines",
            "label": "Lines",
            "type": "lines",
            "required": True,
            "fields": [
                {"code": "product", "label": "Product", "type": "text", "required": True},
                {
                    "code": "quantity",
                    "label": "Quantity",
                    "type": "number",
                    "required": True,
                    "minimum": "0.001",
                },
                {
                    "code": "unit_price",
                    "label": "Unit price",
                    "type": "money",
                    "currency": "EUR",
                    "required": True,
                    "scale": 4,
                },
            ],
        },
        {"code": "quote", "label": "Quote", "type": "file"},
        {"code": "score", "label": "Score", "type": "integer", "read_only": True},
    ],
}


def line(product: str = "Cheese", quantity: object = "2", price: str = "10.50") -> dict[str, Any]:
    """Return a line of an order."""
    return {
        "product": product,
        "quantity": quantity,
        "unit_price": {"amount": price, "currency": "EUR"},
    }


def definition_of_order(**changes: object) -> dict[str, Any]:
    """Return the definition of an order with other parts."""
    return {**deepcopy(ORDER), **changes}


@pytest.fixture
def order_type(people: People) -> RecordType:
    """Orders and customers, in the company of the cast."""
    with transaction(actor=people.alma.actor):
        create_type(CUSTOMER)
        return create_type(ORDER)


@pytest.fixture
def customer(people: People, order_type: RecordType) -> Record:
    """A customer that orders refer to."""
    with transaction(actor=people.rui.actor):
        return create_record("customer", {"name": "Blue Hill Bakery", "city": "Delft"})


@pytest.fixture
def new_order(people: People, customer: Record) -> Callable[..., Record]:
    """Return a function that creates an order as Rui."""

    def make(**data: object) -> Record:
        with acting_as(people.rui.actor), transaction():
            return create_record("order", {"customer": str(customer.id), "lines": [line()], **data})

    return make


@pytest.fixture
def order(new_order: Callable[..., Record]) -> Record:
    """An order of Rui: two cheeses, 21 euro."""
    return new_order()
