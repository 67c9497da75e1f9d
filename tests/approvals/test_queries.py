"""Lists, counts and the page of a request."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.approvals.conftest import World, level
from tests.approvals.counting import statements
from tests.people import Person
from wfweb.approvals import queries
from wfweb.approvals import service as approvals
from wfweb.approvals.queries import Filters
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import NotFound, ValidationFailed


def inbox(who: Person, **filters: Any) -> list[str]:
    with transaction(actor=who.actor):
        return [row.key for row in queries.waiting_for(who.id, Filters(**filters)).rows]


def test_the_inbox_is_who_can_act_now(world: World) -> None:
    case = world.ask(level("ada"), level("mia"))
    assert inbox(world.people.ada) == [case.request.key]
    assert inbox(world.people.mia) == []
    world.decide(world.people.ada, case)
    assert inbox(world.people.ada) == []
    assert inbox(world.people.mia) == [case.request.key]
    world.decide(world.people.mia, case)
    assert inbox(world.people.mia) == []


def test_a_later_turn_of_a_sequence_is_not_in_the_inbox(world: World) -> None:
    world.ask(level("ada", "mia", quorum="all", ordering="sequential"))
    assert inbox(world.people.mia) == []


def test_every_row_says_why_and_how_far(world: World) -> None:
    world.ask(level({"role": "approver"}, name="Finance", due_hours=24), level("mia"))
    with transaction(actor=world.people.ada.actor):
        (row,) = queries.waiting_for(world.people.ada.id).rows
    assert (row.why, row.level, row.levels) == ("in the role Approver", 1, 2)
    assert (row.level_name, row.rule_text) == ("Finance", "Any one of: role approver")
    assert (row.requester_name, row.amount, row.currency) == ("Rui Requests", 1200, "EUR")
    assert row.due_at is not None


def test_soonest_due_first_and_without_due_date_last(world: World) -> None:
    keys = {}
    for hours in (None, 48, 2):
        world.publish_levels(level("ada", due_hours=hours))
        keys[hours] = world.submit().request.key
    assert inbox(world.people.ada) == [keys[2], keys[48], keys[None]]


def test_filters_narrow_the_inbox(world: World) -> None:
    world.publish_levels(level("ada", due_hours=30))
    cheap = world.submit(subject="Bolts", amount={"amount": "10.00", "currency": "EUR"})
    dear = world.submit(subject="100% steel", amount={"amount": "9000.00", "currency": "EUR"})
    cheap_key, dear_key = cheap.request.key, dear.request.key
    ada = world.people.ada
    assert inbox(ada, text="bolt") == [cheap_key]
    assert inbox(ada, text="100%") == [dear_key]
    assert inbox(ada, text="rui") == [cheap_key, dear_key]
    assert inbox(ada, text="_") == []
    assert inbox(ada, minimum=Decimal(9000)) == [dear_key]
    assert inbox(ada, maximum=Decimal(10)) == [cheap_key]
    assert inbox(ada, type_code="invoice") == []
    assert inbox(ada, due="today") == []
    assert inbox(ada, due="week") == [cheap_key, dear_key]
    with clock.at(clock.now() + timedelta(hours=31)):
        assert inbox(ada, due="overdue") == [cheap_key, dear_key]


def test_what_is_decided_for_others_is_told_apart(world: World) -> None:
    world.publish_levels(level("ada"))
    mine, other = world.submit(), world.submit()
    seat = next(iter(other.seats()))
    with transaction(actor=world.people.ada.actor):
        approvals.delegate(seat.id, world.people.otto.id)
    world.publish_levels(level("otto"))
    own = world.submit()
    otto = world.people.otto
    assert inbox(otto, whose="for_others") == [other.request.key]
    assert inbox(otto, whose="mine") == [own.request.key]
    assert inbox(world.people.ada) == [mine.request.key]
    with transaction(actor=otto.actor):
        counted = queries.counts(otto.id)
        rows = queries.waiting_for(otto.id).rows
    assert (counted.needs_me, counted.for_others) == (2, 1)
    assert {row.for_name for row in rows} == {None, "Ada Approves"}


def test_pages_have_no_gaps_and_no_repeats_while_things_are_decided(world: World) -> None:
    world.publish_levels(level("ada"))
    cases = [world.submit() for _ in range(7)]
    ada = world.people.ada
    with transaction(actor=ada.actor):
        first = queries.waiting_for(ada.id, limit=3)
    world.decide(ada, cases[0])
    with transaction(actor=ada.actor):
        second = queries.waiting_for(ada.id, after=first.after, limit=3)
        third = queries.waiting_for(ada.id, after=second.after, limit=3)
    seen = [row.key for page in (first, second, third) for row in page.rows]
    assert seen == [case.request.key for case in cases]
    assert third.after is None


def test_a_made_up_cursor_is_refused(world: World) -> None:
    with pytest.raises(ValidationFailed), transaction(actor=world.people.ada.actor):
        queries.waiting_for(world.people.ada.id, after="bm90IGEgY3Vyc29y")


def test_my_requests_waiting_and_decided(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"))
    rui, ada = world.people.rui, world.people.ada
    world.decide(ada, case)
    with transaction(actor=rui.actor):
        assert [row.key for row in queries.my_requests(rui.id).rows] == [case.request.key]
        assert queries.counts(rui.id).requested == 1
    with transaction(actor=ada.actor):
        assert [row.key for row in queries.waiting_on_others(ada.id).rows] == [case.request.key]
        (row,) = queries.decided_by(ada.id).rows
        assert (row.key, row.decision) == (case.request.key, "approve")
        assert queries.counts(ada.id).waiting == 1
    world.decide(world.people.mia, case)
    with transaction(actor=ada.actor):
        assert queries.waiting_on_others(ada.id).rows == []
    with transaction(actor=rui.actor):
        assert queries.my_requests(rui.id, part="open").rows == []


def test_counts_by_type(world: World) -> None:
    world.publish_levels(level("ada"))
    world.submit()
    world.submit()
    with transaction(actor=world.people.ada.actor):
        assert queries.counts_by_type(world.people.ada.id) == {"order": 2}


def test_requests_at_risk_are_listed(world: World) -> None:
    case = world.ask(level({"field": "record.buyer"}))
    with transaction(actor=world.people.alma.actor):
        (row,) = queries.at_risk().rows
        assert queries.counts(world.people.alma.id).at_risk == 1
    assert row.key == case.request.key
    assert "names nobody" in (row.at_risk_reason or "")


def test_the_version_changes_with_the_lists(world: World) -> None:
    people = world.people

    def version(who: Person) -> int:
        with transaction(actor=who.actor):
            return queries.version_for(who.id)

    before = version(people.ada)
    assert version(people.ada) == before
    case = world.ask(level("ada"), level("mia"))
    asked, nobody = version(people.ada), version(people.mia)
    assert asked != before
    world.decide(people.ada, case)
    assert version(people.ada) != asked
    assert version(people.mia) != nobody


def test_other_companies_see_nothing(world: World) -> None:
    case = world.ask(level("ada"))
    with transaction(actor=world.people.eve.actor):
        assert queries.waiting_for(world.people.ada.id).rows == []
        assert queries.my_requests(world.people.rui.id).rows == []
        with pytest.raises(NotFound):
            queries.request_page(case.request.key)
        with pytest.raises(NotFound):
            queries.explanation(case.request.id)


def test_the_page_of_a_request(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"), level("cleo"))
    world.decide(world.people.ada, case)
    with transaction(actor=world.people.mia.actor):
        page = queries.request_page(case.request.key)
        assert page.my_seat is not None
        assert page.actions == {"decide", "delegate", "ask"}
        answers = [[view.seat.status for view in one.seats] for one in page.levels]
        assert answers == [["approved", "pending"], []]
        assert page.requester is not None
        assert page.requester.name == "Rui Requests"
    with transaction(actor=world.people.rui.actor):
        page = queries.request_page(case.request.key)
        assert page.my_seat is None
        assert page.actions == {"withdraw", "ask"}


def test_the_page_of_an_older_round_says_what_changed_since(world: World) -> None:
    case = world.ask(level("ada"), on_edit="restart")
    world.edit(case, subject="Gold")
    with transaction(actor=world.people.ada.actor):
        now, old = (
            queries.request_page(case.request.key),
            queries.request_page(case.request.key, 1),
        )
        assert (now.is_latest, old.is_latest) == (True, False)
        assert [c["now"] for c in now.since_last_round] == ["Gold"]
        assert old.actions == frozenset()


def test_lists_and_pages_cost_few_statements(world: World) -> None:
    world.publish_levels(level("ada", "mia", "otto", "cleo", quorum="all"))
    for _ in range(12):
        case = world.submit()
    ada = world.people.ada
    with statements() as seen, transaction(actor=ada.actor):
        queries.waiting_for(ada.id)
        queries.counts(ada.id)
        queries.version_for(ada.id)
    assert len(seen) <= 6  # a savepoint and its end are of the test
    with statements() as seen, transaction(actor=ada.actor):
        queries.request_page(case.request.key)
    assert len(seen) <= 14


def test_who_is_asked_may_see_the_record(world: World) -> None:
    case = world.ask(level("ada"))
    with transaction(actor=world.people.ada.actor):
        assert queries.may_see_record(case.request.record_id)
    with transaction(actor=world.people.cleo.actor):
        assert not queries.may_see_record(case.request.record_id)
