"""Clocks on requests and on each of their levels, by what approvers do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.approvals.conftest import ORDER_TYPE, Case, level
from tests.approvals.conftest import World as Approvals
from tests.people import People
from wfweb.approvals import service as approval_service
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.records import types
from wfweb.sla import definitions
from wfweb.sla.models import SlaClock, SlaSegment

REQUEST: dict[str, Any] = {
    "code": "decide_request",
    "name": "Decide a request",
    "subject_type": "request",
    "unit": "hours",
    "target": 8,
    "stop": {
        "when": {"field": "instance.status", "operator": "in", "value": ["approved", "rejected"]}
    },
    "cancel": {"field": "instance.status", "operator": "=", "value": "cancelled"},
}
LEVEL: dict[str, Any] = {
    **REQUEST,
    "code": "answer_level",
    "name": "Answer a level",
    "subject_type": "level",
    "metric": "response_time",
    "target": 4,
    "start": {"field": "instance.started_at"},
    "applies_when": {"field": "instance.started_at", "operator": "is set"},
}


START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)


@pytest.fixture
def approvals(people: People) -> Approvals:
    with transaction(actor=people.alma.actor):
        types.create_type(ORDER_TYPE)
        for content in (REQUEST, LEVEL):
            definitions.save_definition(content)
    return Approvals(people)


def ask(world: Approvals, hours: float = 0) -> Case:
    with clock.at(START + timedelta(hours=hours)):
        return world.ask(
            level({"role": "approver"}, name="First"), level({"role": "committee"}, name="Second")
        )


def clocks(world: Approvals, code: str) -> list[tuple[Any, ...]]:
    with transaction(actor=world.people.alma.actor):
        query = select(
            SlaClock.title,
            SlaClock.status,
            SlaClock.owner_id,
            SlaClock.started_at,
            SlaClock.elapsed_seconds,
        ).where(SlaClock.definition_code == code)
        return [tuple(row) for row in session().execute(query.order_by(SlaClock.id))]


def test_a_request_has_a_clock_and_each_level_one_from_when_it_is_asked(approvals: Approvals):
    people = approvals.people
    case = ask(approvals)
    ((title, status, owner, started, _spent),) = clocks(approvals, "decide_request")
    assert title.endswith("Steel")
    assert (status, owner, started) == ("active", people.ada.id, START)
    with clock.at(START + timedelta(hours=3)):
        approvals.decide(people.ada, case)
    levels = clocks(approvals, "answer_level")
    assert [(row[1], row[2], row[3]) for row in levels] == [
        ("met", people.ada.id, START),
        ("active", people.cleo.id, START + timedelta(hours=3)),
    ]
    with clock.at(START + timedelta(hours=5)):
        approvals.decide(people.cleo, approvals.now(case))
    assert [row[1] for row in clocks(approvals, "answer_level")] == ["met", "met"]
    ((*_rest, status, _owner, _started, spent),) = clocks(approvals, "decide_request")
    assert (status, spent) == ("met", 5 * 3600)


def turns(world: Approvals) -> list[tuple[UUID | None, int]]:
    with transaction(actor=world.people.alma.actor):
        query = (
            select(SlaSegment.owner_id, SlaSegment.business_seconds)
            .join(SlaClock, SlaClock.id == SlaSegment.clock_id)
            .where(SlaClock.definition_code == "decide_request")
            .order_by(SlaSegment.seq)
        )
        return [tuple(row) for row in session().execute(query)]


def test_the_time_of_each_approver_is_kept(approvals: Approvals):
    case = ask(approvals)
    with clock.at(START + timedelta(hours=2)):
        approvals.decide(approvals.people.ada, case)
    with clock.at(START + timedelta(hours=9)):
        approvals.decide(approvals.people.cleo, approvals.now(case))
    people = approvals.people
    assert turns(approvals) == [(people.ada.id, 2 * 3600), (people.cleo.id, 7 * 3600)]
    assert [row[1] for row in clocks(approvals, "decide_request")] == ["breached"]


def test_a_rejection_ends_the_promise_and_a_withdrawal_cancels_it(approvals: Approvals):
    rejected = ask(approvals)
    with clock.at(START + timedelta(hours=1)):
        approvals.decide(approvals.people.ada, rejected, "reject")
    withdrawn = approvals.submit()
    with transaction(actor=approvals.people.rui.actor):
        approval_service.withdraw(withdrawn.request.id)
    assert [row[1] for row in clocks(approvals, "decide_request")] == ["met", "cancelled"]


def test_a_level_that_asks_one_role_is_work_of_that_team(approvals: Approvals):
    approvals.ask(
        level({"role": "approver"}, name="One role"),
    )
    approvals.publish_levels(level({"role": "approver"}, "mia", name="A role and a person"))
    approvals.submit(subject="Copper")
    with transaction(actor=approvals.people.alma.actor):
        found = select(SlaClock.title, SlaClock.team).where(
            SlaClock.definition_code == "answer_level"
        )
        teams = {title.rpartition(": ")[2]: team for title, team in session().execute(found)}
    assert teams == {"One role": "approver", "A role and a person": None}
