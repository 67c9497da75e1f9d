"""Orders with deadlines: the cast, a record type with a small workflow, and definitions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.api.conftest import api
from tests.people import People
from wfweb.calendars import service as calendars
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.records import service as records
from wfweb.records import types
from wfweb.records.models import Record
from wfweb.sla import definitions, sweeping
from wfweb.sla.models import SlaClock, SlaCrossing, SlaSegment

__all__ = ["api"]

ORDER_TYPE: dict[str, Any] = {
    "code": "order",
    "name": "Order",
    "plural": "Orders",
    "key_prefix": "ORD",
    "title_template": "{subject}",
    "fields": [
        {"code": "subject", "label": "Subject", "type": "text", "required": True},
        {"code": "phase", "label": "Phase", "type": "text"},
        {"code": "priority", "label": "Priority", "type": "integer"},
        {"code": "asked_on", "label": "Asked on", "type": "datetime"},
        {"code": "zone", "label": "Zone", "type": "text"},
    ],
}
OFFICE = {
    "tz": "Europe/Berlin",
    "weekly": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}
MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
"""Monday at 9 o'clock in Berlin: the office opens."""


def phase(name: str) -> dict[str, Any]:
    """The condition that an order is in a phase."""
    return {"field": "phase", "operator": "=", "value": name}


def promise(**changes: Any) -> dict[str, Any]:
    """Decide an order within eight working hours; waiting for the customer does not count."""
    return {
        "code": "decide_order",
        "name": "Decide an order",
        "record_type": "order",
        "unit": "hours",
        "target": 8,
        "calendar": "office",
        "pause": [{"reason": "Waiting for the customer", "when": phase("waiting")}],
        "stop": {"when": phase("decided")},
        "cancel": phase("dropped"),
        **changes,
    }


class World:
    """Orders and their clocks, with hands to move the time."""

    def __init__(self, people: People) -> None:
        self.people = people

    def define(self, **changes: Any) -> str:
        content = promise(**changes)
        with transaction(actor=self.people.alma.actor):
            definitions.save_definition(content)
        return str(content["code"])

    def order(self, at: datetime = MONDAY, **data: Any) -> UUID:
        with clock.at(at), transaction(actor=self.people.rui.actor):
            return records.create_record("order", {"subject": "Steel", **data}).id

    def edit(self, order_id: UUID, at: datetime, **data: Any) -> None:
        with clock.at(at), transaction(actor=self.people.rui.actor):
            version = session().get_one(Record, order_id).version
            records.update_record(order_id, data, version=version)

    def sweep(self, at: datetime) -> int:
        with clock.at(at):
            return sweeping.sweep()

    def clocks(self, order_id: UUID) -> list[Any]:
        with transaction(actor=self.people.alma.actor):
            query = select(SlaClock).where(SlaClock.subject_id == order_id).order_by(SlaClock.id)
            return self._apart(query)

    def clock(self, order_id: UUID) -> Any:
        (found,) = self.clocks(order_id)
        return found

    def segments(self, row: Any) -> list[Any]:
        with transaction(actor=self.people.alma.actor):
            query = select(SlaSegment).where(SlaSegment.clock_id == row.id)
            return self._apart(query.order_by(SlaSegment.round, SlaSegment.seq))

    def crossings(self, row: Any) -> list[Any]:
        with transaction(actor=self.people.alma.actor):
            query = select(SlaCrossing).where(SlaCrossing.clock_id == row.id)
            return self._apart(query.order_by(SlaCrossing.round, SlaCrossing.at))

    @staticmethod
    def _apart(query: Any) -> list[Any]:
        """Rows as they are now, which stay so whatever happens next."""
        found = session().scalars(query.execution_options(populate_existing=True))
        return [
            SimpleNamespace(**{c.key: getattr(row, c.key) for c in row.__table__.columns})
            for row in found
        ]


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def furnish(people: People) -> World:
    """Give a company orders and office hours."""
    with transaction(actor=people.alma.actor):
        types.create_type(ORDER_TYPE)
    with clock.at(datetime(2026, 1, 5, tzinfo=UTC)), transaction(actor=people.alma.actor):
        calendars.save_calendar("office", OFFICE, name="Office")
        calendars.publish("office", comment="For the tests")
    return World(people)


@pytest.fixture
def world(people: People) -> World:
    return furnish(people)


@pytest.fixture
def defined(world: World) -> Callable[..., World]:
    """Return a function that saves a definition and returns the world."""

    def define(**changes: Any) -> World:
        world.define(**changes)
        return world

    return define
