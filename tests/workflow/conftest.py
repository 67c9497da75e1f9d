"""Definitions that the engine's tests run."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.people import People
from wfweb.kernel.db import transaction
from wfweb.records import service as records
from wfweb.records import types
from wfweb.workflow import definitions

ORDER_TYPE: dict[str, Any] = {
    "code": "order",
    "name": "Order",
    "plural": "Orders",
    "key_prefix": "ORD",
    "title_template": "{subject}",
    "fields": [
        {"code": "subject", "label": "Subject", "type": "text", "required": True},
        {"code": "amount", "label": "Amount", "type": "number"},
        {"code": "note", "label": "Note", "type": "text"},
        {"code": "buyer", "label": "Buyer", "type": "person"},
    ],
}


def body(**changes: Any) -> dict[str, Any]:
    """A small process: new -> checked -> done, with a way back."""
    return {
        "code": "order_check",
        "name": "Order check",
        "states": [
            {"code": "new", "name": "New", "type": "start"},
            {"code": "checked", "name": "Checked"},
            {"code": "done", "name": "Done", "type": "end"},
        ],
        "transitions": [
            {"code": "check", "from": "new", "to": "checked", "event": "Check"},
            {"code": "back", "from": "checked", "to": "new", "require_comment": True},
            {"code": "finish", "from": "checked", "to": "done", "role": "approver"},
        ],
        **changes,
    }


@pytest.fixture
def world(people: People) -> People:
    """The cast, with a record type for orders."""
    with transaction(actor=people.alma.actor):
        types.create_type(ORDER_TYPE)
    return people


@pytest.fixture
def published(world: People) -> Callable[..., str]:
    """Return a function that publishes a body and returns its code."""

    def publish(**changes: Any) -> str:
        content = body(**changes)
        with transaction(actor=world.alma.actor):
            definitions.save_draft(content)
            definitions.publish(content["code"], comment="For the test")
        return str(content["code"])

    return publish


@pytest.fixture
def order(world: People) -> Callable[..., UUID]:
    """Return a function that makes an order by Rui and returns its id."""

    def make(**data: Any) -> UUID:
        with transaction(actor=world.rui.actor):
            return records.create_record("order", {"subject": "Steel", **data}).id

    return make
