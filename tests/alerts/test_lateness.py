"""Alerts about service levels end with what was late, and outlive nothing else."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.alerts.conftest import Works, deliver, make_works
from tests.people import People
from tests.sla.conftest import MONDAY, World, furnish, hours, phase
from wfweb import wiring
from wfweb.alerts import rules_admin
from wfweb.alerts.models import Alert
from wfweb.events import delivery
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.sla import by_hand


@pytest.fixture
def late(people: People) -> World:
    """Orders with eight working hours, and a rule over those that are late."""
    made = furnish(people)
    make_works(people)
    made.define()
    with transaction(actor=people.alma.actor):
        rules_admin.save_rule(
            {
                "code": "late",
                "name": "Order is late",
                "type": "sla",
                "severity": "critical",
                "levels": ["RED", "BREACHED"],
                "recipients": [{"role": "operator"}],
            }
        )
    return made


def alerts(world: World, record: UUID) -> list[Any]:
    with transaction(company_id=world.people.ada.company_id):
        query = select(Alert).where(Alert.record_id == record).order_by(Alert.id)
        found = session().scalars(query.execution_options(populate_existing=True)).all()
        return [(one.status, one.holds, one.resolution_notes) for one in found]


def happen(world: World, *, newest_first: bool = False) -> None:
    works = Works(world.people)
    if not newest_first:
        deliver(works, "alerts.event_happened")
        return
    with works.system:
        query = select(OutboxMessage.id).where(OutboxMessage.kind == "alerts.event_happened")
        ids = list(session().scalars(query.order_by(OutboxMessage.id.desc())))
    for one in ids:
        assert delivery.deliver([one], wiring.handlers()) == 1


def test_an_alert_ends_when_its_clock_stops(late: World):
    order = late.order()
    late.sweep(MONDAY + hours(8.5))
    happen(late)
    assert [status for status, _holds, _notes in alerts(late, order)] == ["active"]
    late.edit(order, MONDAY + hours(8.6), phase="decided")
    happen(late)
    words = "No clock stands at such a level any more."
    assert alerts(late, order) == [("resolved", False, words)]


def test_an_alert_ends_when_its_clock_is_cancelled(late: World):
    order = late.order()
    late.sweep(MONDAY + hours(8.5))
    happen(late)
    late.edit(order, MONDAY + hours(8.6), phase="dropped")
    happen(late)
    assert [status for status, _holds, _notes in alerts(late, order)] == ["resolved"]


def test_one_of_two_late_clocks_that_stops_clears_nothing(late: World):
    late.define(code="deliver_order", name="Deliver", stop={"when": phase("delivered")})
    order = late.order()
    late.sweep(MONDAY + hours(8.5))
    happen(late)
    late.edit(order, MONDAY + hours(8.6), phase="decided")
    happen(late)
    assert [status for status, _holds, _notes in alerts(late, order)] == ["active"]
    late.edit(order, MONDAY + hours(8.7), phase="delivered")
    happen(late)
    assert [status for status, _holds, _notes in alerts(late, order)] == ["resolved"]


def test_an_alert_ends_when_its_clock_is_given_more_time(late: World):
    order = late.order()
    late.sweep(MONDAY + hours(7.8))
    happen(late)
    assert [status for status, _holds, _notes in alerts(late, order)] == ["active"]
    late.define(target=40)
    with clock.at(MONDAY + hours(7.9)), transaction(actor=late.people.alma.actor):
        by_hand.move(late_clock(late, order), 2)
    happen(late)
    assert [status for status, _holds, _notes in alerts(late, order)] == ["resolved"]


def test_news_of_a_clock_that_has_ended_meanwhile_raises_nothing(late: World):
    order = late.order()
    late.sweep(MONDAY + hours(8.5))
    late.edit(order, MONDAY + hours(8.6), phase="decided")
    happen(late, newest_first=True)
    assert alerts(late, order) == []


def late_clock(world: World, order: UUID) -> UUID:
    return UUID(str(world.clock(order).id))
