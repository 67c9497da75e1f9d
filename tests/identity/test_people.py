"""Accounts: fields, managers, deactivation, and what people above one's own may not suffer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from tests.people import People


def test_the_cast_has_its_roles(people: People) -> None:
    assert people.ada.actor.has_role("approver")
    assert people.otto.actor.may("operations.retry")
    assert not people.rui.actor.may("users.manage")
    assert people.eve.company_id != people.ada.company_id
