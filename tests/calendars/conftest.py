"""Calendars of the tests: office hours in Berlin, and what people do to them."""

from typing import Any

import pytest

from tests.api.conftest import api  # noqa: F401 - the programs of the API's tests
from tests.people import People
from wfweb.calendars import service
from wfweb.kernel.db import transaction

OFFICE: dict[str, Any] = {
    "tz": "Europe/Berlin",
    "weekly": {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": [{"date": "2026-12-25", "name": "Christmas Day"}],
}


def office(**changes: Any) -> dict[str, Any]:
    """The office hours with some parts changed."""
    return {**OFFICE, **changes}


def published(people: People, code: str = "office", **changes: Any) -> None:
    """A calendar in force, made by Alma."""
    with transaction(actor=people.alma.actor):
        service.save_calendar(code, office(**changes), name=code.capitalize())
        service.publish(code)


@pytest.fixture
def office_hours(people: People) -> str:
    published(people)
    return "office"
