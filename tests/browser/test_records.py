"""Records in a real browser: lines added by script, conflicts, search as you type, axe."""

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site
from tests.people import Person
from tests.records.conftest import CUSTOMER, ORDER, line
from tests.support.looks import TOO_WIDE, axe
from wfweb.kernel.db import transaction
from wfweb.records import talk
from wfweb.records.service import create_record, update_record
from wfweb.records.types import create_type

SHOTS = os.environ.get("WFWEB_SHOTS")
SignIn = Callable[[Page, Person], Page]


@pytest.fixture
def filled(site: Site) -> Site:
    """A company with orders, a customer and something said."""
    with transaction(actor=site.people.alma.actor):
        create_type(CUSTOMER)
        create_type(ORDER)
    with transaction(actor=site.people.rui.actor):
        customer = create_record("customer", {"name": "Blue Hill Bakery", "city": "Delft"})
        for number in range(1, 4):
            order = create_record(
                "order",
                {
                    "customer": str(customer.id),
                    "buyer": str(site.people.ada.id),
                    "lines": [line(), line("Bread", "3", str(number * 1000))],
                    "reason": "Stock is low\nbefore the holidays",
                },
            )
        talk.comment("record", order.id, "Look at this, @ada")
        update_record(order.id, {"priority": "high"}, version=1)
    return site


def check(page: Page, name: str) -> None:
    """Fail on what axe finds, in light and dark; keep a picture when asked for."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert axe(page) == [], f"{name} {scheme}"
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    assert not page.evaluate(TOO_WIDE), f"{name} scrolls sideways"


def test_an_order_is_made_with_lines_added_by_script(
    page: Page, filled: Site, sign_in: SignIn, complaints: Complaints
) -> None:
    complaints.expected.append("422")
    sign_in(page, filled.people.rui)
    page.goto("/records/order/new")
    check(page, "new")
    page.select_option("[name=customer]", label="CUS-1001 Blue Hill Bakery")
    page.fill("[name='lines.0.product']", "Cheese")
    page.fill("[name='lines.0.quantity']", "2")
    page.fill("[name='lines.0.unit_price.amount']", "10.50")
    page.click("text=Add a line")
    page.fill("[name='lines.1.product']", "Bread")
    page.fill("[name='lines.1.quantity']", "1,5")
    page.fill("[name='lines.1.unit_price.amount']", "3")
    page.click("text=Create order")
    expect(page.locator("[data-errors]")).to_be_focused()
    check(page, "new-refused")
    page.click("[data-errors] a")
    expect(page.locator("[name='lines.1.quantity']")).to_be_focused()
    page.fill("[name='lines.1.quantity']", "1.5")
    page.click("text=Create order")
    expect(page.locator("h1")).to_contain_text("25.50")


def test_pages_pass_axe_in_two_sizes(
    new_page: Callable[..., Page], filled: Site, sign_in: SignIn
) -> None:
    paths = {
        "types": "/records",
        "list": "/records/order",
        "filtered": "/records/order?f.priority=high&q=blue&sort=-amount",
        "empty": "/records/order?q=nothing",
        "show": "/records/order/ORD-1003",
        "edit": "/records/order/ORD-1003/edit",
        "record-types": "/record-types",
        "type-form": "/record-types/order",
        "type-json": "/record-types/order/json",
    }
    for size, width in (("wide", 1440), ("phone", 390)):
        page = new_page(viewport={"width": width, "height": 900})
        sign_in(page, filled.people.alma)
        for name, path in paths.items():
            page.goto(path)
            check(page, f"{name}-{size}")


def test_a_conflict_is_settled_field_by_field(
    page: Page, filled: Site, sign_in: SignIn, complaints: Complaints
) -> None:
    complaints.expected.append("409")
    sign_in(page, filled.people.rui)
    page.goto("/records/order/ORD-1003/edit")
    page.fill("[name=reason]", "Mine")
    page.fill("[name=wanted_on]", "2027-03-01")
    with transaction(actor=filled.people.mia.actor):
        from wfweb.records.queries import record_by_key

        update_record(record_by_key("ORD-1003").id, {"reason": "Theirs"}, version=2)
    page.click("text=Save ORD-1003")
    expect(page.locator("h1")).to_contain_text("Compare")
    check(page, "conflict")
    page.check("[name='keep.reason'][value=theirs]")
    page.wait_for_timeout(700)
    page.click("text=Save these choices")
    expect(page.locator("h1")).to_contain_text("Blue Hill")
    expect(page.locator("main")).to_contain_text("Theirs")
    expect(page.locator("main")).to_contain_text("1 Mar 2027")


def test_search_as_you_type_and_comment_in_place(page: Page, filled: Site, sign_in: SignIn) -> None:
    sign_in(page, filled.people.rui)
    page.goto("/records/order")
    field = page.locator("#list-q")
    field.press_sequentially("ord-1002")
    expect(page.locator("#records-list tbody tr")).to_have_count(1)
    expect(field).to_be_focused()
    assert "q=ord-1002" in page.url
    page.goto("/records/order/ORD-1003")
    page.fill("[name=body]", "Said in place <b>")
    page.click("text=Add comment")
    expect(page.locator(".timeline")).to_contain_text("Said in place <b>")
    expect(page.locator("[name=body]")).to_have_value("")
