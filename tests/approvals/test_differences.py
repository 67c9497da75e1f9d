"""What changed since somebody looked: drawn in words, whatever changed and whoever looks."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.approvals.conftest import World, level
from tests.approvals.test_pages_deciding import decide
from tests.people import People, Person
from wfweb.approvals import service as approvals
from wfweb.approvals.rows import Case
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import AlreadyDecided, Gone, Stale
from wfweb.packs import install, read_pack
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.workflow import service as workflow
from wfweb.workflow.models import WorkflowInstance

ClientOf = Callable[[Person | None], FlaskClient]

MILK = {"description": "Milk", "quantity": "100", "unit_price": {"amount": "9", "currency": "EUR"}}
BRIE = {"description": "Brie", "quantity": "90", "unit_price": {"amount": "25", "currency": "EUR"}}
PRODUCT = {
    "name": "Fresh milk",
    "category": "milk",
    "unit": "litre",
    "price": {"amount": "9", "currency": "EUR"},
}
LINES: dict[str, Callable[[dict[str, Any]], list[dict[str, Any]]]] = {
    "added": lambda kept: [kept, BRIE],
    "removed": lambda _kept: [BRIE],
    "changed": lambda kept: [{**kept, "quantity": "120"}],
    "replaced": lambda _kept: [{**MILK, "description": "Cream"}],
}
SHOWN = {
    "added": ("Order lines, line 2", "Brie"),
    "removed": ("Order lines, line 1", "Milk"),
    "changed": ("Order lines, line 1, Quantity", "120"),
    "replaced": ("Order lines, line 1", "Cream"),
}


@pytest.fixture
def shop(people: People) -> World:
    """A company with the orders of the commerce pack."""
    with transaction(actor=people.alma.actor):
        install(read_pack("commerce"))
    return World(people)


def ordered(shop: World) -> Case:
    """Ask for a sales order of one line; Mia, who manages Rui, decides it."""
    with transaction(actor=shop.people.rui.actor):
        customer = records.create_record("customer", {"name": "Corner shop", "segment": "retail"})
        milk = records.create_record("product", PRODUCT)
        order = records.create_record(
            "sales_order",
            {
                "customer": str(customer.id),
                "department": "fresh",
                "delivery_date": "2030-01-01",
                "lines": [{**MILK, "product": str(milk.id)}],
            },
        ).id
    with transaction(actor=shop.people.rui.actor):
        instance = session().scalars(
            select(WorkflowInstance.id).where(WorkflowInstance.record_id == order)
        )
        instance_id = instance.one()
        workflow.fire(instance_id, "submit")
    return shop.case_of(instance_id)


def change_lines(shop: World, case: Case, how: str) -> None:
    with transaction(actor=shop.people.alma.actor):
        kept = session().get_one(Record, case.request.record_id).data["lines"][0]
    shop.edit(case, lines=LINES[how](kept))


def send_back(shop: World, case: Case) -> None:
    shop.decide(shop.people.mia, case, "send_back", comment="Other lines")


def resubmit(shop: World, case: Case) -> None:
    with transaction(actor=shop.people.rui.actor):
        approvals.resubmit(case.request.id)


@pytest.mark.parametrize("how", LINES)
def test_a_round_asked_again_shows_the_lines_that_changed(
    shop: World, client_of: ClientOf, how: str
) -> None:
    case = ordered(shop)
    send_back(shop, case)
    change_lines(shop, case, how)
    resubmit(shop, case)
    answer = client_of(shop.people.mia).get(f"/requests/{case.request.key}")
    assert answer.status_code == 200
    assert "Changed since round 1, which was sent back" in answer.text
    for words in SHOWN[how]:
        assert words in answer.text


@pytest.mark.parametrize("how", LINES)
def test_an_edit_while_it_waits_shows_on_the_page_and_in_the_stale_panel(
    shop: World, client_of: ClientOf, how: str
) -> None:
    case = ordered(shop)
    mia = client_of(shop.people.mia)
    seen = mia.get(f"/requests/{case.request.key}").text
    change_lines(shop, case, how)
    page = mia.get(f"/requests/{case.request.key}")
    panel = decide(mia, case.request.key, "approve", seen, comment="Good price")
    assert (page.status_code, panel.status_code) == (200, 409)
    for words in SHOWN[how]:
        assert words in page.text
        assert words in panel.text
    assert "Good price" in panel.text
    assert decide(mia, case.request.key, "approve", panel.text).status_code == 303
    assert shop.state(shop.case_of(case.request.instance_id))[0] == "approved"


def test_a_product_of_a_line_that_went_is_still_named(shop: World, client_of: ClientOf) -> None:
    case = ordered(shop)
    send_back(shop, case)
    change_lines(shop, case, "removed")
    resubmit(shop, case)
    page = client_of(shop.people.mia).get(f"/requests/{case.request.key}").text
    assert "Fresh milk" in page
    assert "no longer there" not in page
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}[^\"]*, Milk", page)


def changes_of(refusal: Stale) -> dict[str, tuple[Any, Any]]:
    return {one["label"]: (one["was"], one["now"]) for one in refusal.difference}


def seat_of(case: Case, who: Person) -> UUID:
    return next(seat.id for seat in case.seats() if seat.user_id == who.id)


@pytest.mark.parametrize("mode", ["restart", "affected"])
def test_an_old_digest_is_told_exactly_what_changed(world: World, mode: str) -> None:
    case = world.ask(level("mia"), on_edit=mode)
    world.edit(case, subject="Copper")
    now = world.case_of(case.request.instance_id)
    with pytest.raises(Stale) as caught:
        world.decide(world.people.mia, now, digest=case.request.digest)
    assert changes_of(caught.value) == {"Subject": ("Steel", "Copper")}
    assert caught.value.current_digest == now.request.digest


def test_what_was_shown_two_rounds_ago_is_still_known(world: World) -> None:
    case = world.ask(level("mia"), on_edit="restart")
    world.edit(case, subject="Copper")
    world.edit(case, subject="Brass")
    now = world.case_of(case.request.instance_id)
    assert now.request.round == 3
    with pytest.raises(Stale) as caught:
        world.decide(world.people.mia, now, digest=case.request.digest)
    assert changes_of(caught.value) == {"Subject": ("Steel", "Brass")}


def test_the_seat_of_a_round_that_was_edited_leads_to_the_new_question(world: World) -> None:
    case = world.ask(level("mia"), on_edit="restart")
    old = seat_of(case, world.people.mia)
    world.edit(case, subject="Copper")
    now = world.case_of(case.request.instance_id)
    for target in (old, case.request.id):
        with pytest.raises(Stale) as caught:
            world.decide(world.people.mia, case, target=target)
        assert changes_of(caught.value) == {"Subject": ("Steel", "Copper")}
        assert caught.value.current_digest == now.request.digest
    assert world.state(now)[0] == "pending"
    seat = seat_of(now, world.people.mia)
    assert world.decide(world.people.mia, now, target=seat, digest=now.request.digest)
    assert world.state(now)[0] == "approved"


def test_an_edited_round_leads_only_those_on_who_are_asked_again(world: World) -> None:
    world.publish_levels(level({"field": "buyer"}), on_edit="restart")
    case = world.submit(buyer=str(world.people.ada.id))
    world.edit(case, subject="Copper", buyer=str(world.people.mia.id))
    assert world.asked(world.case_of(case.request.instance_id)) == ["Mia"]
    with pytest.raises(AlreadyDecided, match="it was changed and asked again"):
        world.decide(world.people.ada, case)


def test_a_digest_that_nobody_was_shown_is_called_so(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("mia"))
    with pytest.raises(Stale, match="This is not what was shown") as caught:
        world.decide(world.people.mia, case, digest="x")
    assert caught.value.difference == []
    assert caught.value.current_digest == case.request.digest
    answer = decide(client_of(world.people.mia), case.request.key, "approve", digest="x")
    assert answer.status_code == 409
    assert "Read it as it is now, then decide" in answer.text
    assert "changed since you looked" not in answer.text
    assert world.state(case)[0] == "pending"


def test_an_edit_there_and_back_asks_again_without_a_difference(world: World) -> None:
    case = world.ask(level("mia"), on_edit="restart")
    world.edit(case, subject="Copper")
    world.edit(case, subject="Steel")
    with pytest.raises(Stale, match="was asked again since you looked") as caught:
        world.decide(world.people.mia, case)
    assert caught.value.difference == []
    assert caught.value.current_digest == case.request.digest


def ended_by_withdrawal(world: World, case: Case) -> None:
    with transaction(actor=world.people.rui.actor):
        approvals.withdraw(case.request.id)


def ended_by_moving_on(world: World, case: Case) -> None:
    with transaction(actor=world.people.rui.actor):
        workflow.fire(case.request.instance_id, "drop")


def ended_by_an_edit(world: World, case: Case) -> None:
    world.edit(case, subject="Copper")
    ended_by_withdrawal(world, world.case_of(case.request.instance_id))


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (ended_by_withdrawal, "it was withdrawn"),
        (ended_by_moving_on, "it was closed, because the work moved on"),
        (ended_by_an_edit, "it was changed and asked again"),
    ],
)
def test_how_it_ended_is_said_in_words(
    world: World, end: Callable[[World, Case], None], words: str
) -> None:
    case = world.ask(level("mia"), on_edit="restart")
    end(world, case)
    with pytest.raises(AlreadyDecided, match=words):
        world.decide(world.people.mia, case)


def test_an_act_on_a_request_that_ended_says_how_in_words(world: World) -> None:
    case = world.ask(level("mia"))
    world.decide(world.people.mia, case, "send_back", comment="Cheaper")
    with pytest.raises(Gone, match="it was sent back for changes"):
        ended_by_withdrawal(world, case)
