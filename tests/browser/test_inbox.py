"""The inbox in a real browser: by keyboard alone, on a phone, without script, for everybody."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from tests.approvals.conftest import ORDER_TYPE, World, level
from tests.browser.conftest import Complaints, Site
from tests.people import Person
from wfweb.approvals.models import ApprovalDecision
from wfweb.approvals.rows import Case
from wfweb.kernel.db import session, transaction
from wfweb.records import types

AXE = (Path(__file__).parent.parent / "vendor" / "axe-4.14.1.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
REASONS = [
    {"code": "price", "label": "Too expensive", "comment_required": True},
    {"code": "twice", "label": "Ordered twice"},
]
SETTLED = 1000  # milliseconds: the pane has come and presses count again
SignIn = Callable[[Page, Person], Page]


@pytest.fixture
def work(site: Site) -> World:
    """The cast with an order type and its approval by Ada."""
    with transaction(actor=site.people.alma.actor):
        types.create_type(ORDER_TYPE)
    world = World(site.people)
    world.publish_levels(level("ada", due_hours=2), reject_reasons=REASONS, on_edit="affected")
    return world


def orders(work: World, count: int) -> list[Case]:
    return [work.submit(subject=f"Steel {number}") for number in range(1, count + 1)]


def decisions(work: World) -> int:
    with transaction(actor=work.people.alma.actor):
        return session().scalar(select(func.count()).select_from(ApprovalDecision)) or 0


def check_with_axe(page: Page) -> None:
    """Fail with what axe finds against WCAG 2.2 AA on the page."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "async tags => (await axe.run(document, {runOnly: {type: 'tag', values: tags}}))"
        ".violations.map(v => ({id: v.id, nodes: v.nodes.map(n => n.html.slice(0, 160))}))",
        TAGS,
    )
    assert found == [], f"{page.url}: {found}"


def shown(page: Page, key: str) -> None:
    """Wait until the reading pane shows a request and presses count again."""
    page.wait_for_selector(f'#decision[data-for="{key}"]')
    page.wait_for_timeout(SETTLED)


def test_five_requests_by_keyboard_alone(
    new_page: Callable[..., Page], work: World, sign_in: SignIn
) -> None:
    cases = orders(work, 5)
    page = sign_in(new_page(viewport=WIDE), work.people.ada)
    page.goto("/inbox")
    shown(page, cases[0].request.key)
    page.keyboard.press("j")
    page.keyboard.press("k")
    for number, case in enumerate(cases):
        shown(page, case.request.key)
        page.keyboard.press("a")
        left = 4 - number
        words = f"{left} left" if left else "That was the last one"
        expect(page.locator(".toast").last).to_contain_text(words)
    expect(page.locator("#inbox-list")).to_contain_text("Nothing needs you")
    assert [work.state(case)[0] for case in cases] == ["approved"] * 5


def test_a_double_click_decides_one_request_only(
    new_page: Callable[..., Page], work: World, sign_in: SignIn
) -> None:
    cases = orders(work, 3)
    page = sign_in(new_page(viewport=WIDE), work.people.ada)
    page.goto(f"/requests/{cases[0].request.key}")
    page.wait_for_timeout(SETTLED)
    place = page.locator('#decision [data-key="a"]').bounding_box()
    assert place
    page.mouse.dblclick(place["x"] + 20, place["y"] + 10, delay=40)
    expect(page.locator("h1")).to_contain_text("Steel 2")
    page.wait_for_timeout(300)
    assert decisions(work) == 1


def test_rejecting_without_a_reason_keeps_what_was_typed(
    new_page: Callable[..., Page], work: World, sign_in: SignIn, complaints: Complaints
) -> None:
    complaints.expected.append("the server responded with a status of 422")
    (case,) = orders(work, 1)
    page = sign_in(new_page(viewport=WIDE), work.people.ada)
    page.goto("/inbox")
    shown(page, case.request.key)
    page.keyboard.press("j")
    shown(page, case.request.key)
    page.keyboard.press("r")
    page.wait_for_selector(".panel textarea")
    page.wait_for_timeout(SETTLED)
    page.fill(".panel textarea", "Ask the other yard first")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-errors]")
    expect(page.locator("[data-errors]")).to_be_focused()
    assert page.input_value(".panel textarea") == "Ask the other yard first"
    page.wait_for_timeout(SETTLED)
    page.get_by_text("Too expensive", exact=False).click()
    page.click(".btn.danger.solid")
    page.wait_for_url(lambda url: "/requests/" not in url)
    assert work.state(case)[0] == "rejected"


def test_changes_and_delegation_begin_with_a_letter(
    new_page: Callable[..., Page], work: World, sign_in: SignIn
) -> None:
    (case,) = orders(work, 1)
    page = sign_in(new_page(viewport=WIDE), work.people.ada)
    for letter, focused in (("c", ".panel textarea"), ("d", ".panel h2")):
        page.goto("/inbox")
        shown(page, case.request.key)
        page.keyboard.press("j")
        shown(page, case.request.key)
        page.keyboard.press(letter)
        expect(page.locator(focused)).to_be_focused()
    page.wait_for_timeout(SETTLED)
    page.get_by_label("Person").select_option(str(work.people.mia.id))
    page.get_by_role("button", name="Hand it over").click()
    expect(page.locator("#inbox-list")).to_contain_text("Nothing needs you")
    assert work.asked(case) == ["Mia"]


def test_a_second_tab_that_is_out_of_date_is_told(
    new_page: Callable[..., Page], work: World, sign_in: SignIn, complaints: Complaints
) -> None:
    complaints.expected.append("the server responded with a status of 409")
    (case,) = orders(work, 1)
    page = sign_in(new_page(viewport=WIDE), work.people.ada)
    page.goto(f"/requests/{case.request.key}")
    work.edit(case, amount={"amount": "1900.00", "currency": "EUR"})
    page.wait_for_timeout(SETTLED)
    page.click('#decision [data-key="a"]')
    expect(page.locator(".panel")).to_contain_text("changed since you looked")
    expect(page.locator(".panel")).to_contain_text("€1,900.00")
    page.fill(".panel textarea", "Still right")
    page.wait_for_timeout(SETTLED)
    page.click("text=Approve €1,900.00 all the same")
    page.wait_for_url(lambda url: "/requests/" not in url)
    assert work.state(case)[0] == "approved"


def test_selecting_reviews_and_decides_together(
    new_page: Callable[..., Page], work: World, sign_in: SignIn
) -> None:
    cases = orders(work, 3)
    page = sign_in(new_page(viewport=WIDE), work.people.ada)
    page.goto("/inbox")
    page.click(f"#pick-{cases[0].request.key}")
    page.click(f"#pick-{cases[2].request.key}")
    expect(page.locator("#review")).to_contain_text("2 selected, €2,400.00")
    page.wait_for_timeout(SETTLED)
    page.click("text=Approve 2 requests, €2,400.00")
    expect(page.locator("h1")).to_contain_text("2 requests approved")
    assert [work.state(case)[0] for case in cases] == ["approved", "pending", "approved"]


def test_a_tick_and_the_focus_outlive_a_poll_with_news(
    new_page: Callable[..., Page], work: World, sign_in: SignIn
) -> None:
    first, second = orders(work, 2)
    page = sign_in(new_page(viewport=WIDE), work.people.ada)
    page.goto("/inbox")
    shown(page, first.request.key)
    page.click(f"#pick-{second.request.key}")
    page.wait_for_selector("#review")
    work.edit(first, subject="Steel, new")
    third = work.submit(subject="Copper")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('wf:poll'))")
    expect(page.locator(".newpill")).to_contain_text("1 new, show")
    assert page.is_checked(f"#pick-{second.request.key}")
    expect(page.locator(f"#pick-{second.request.key}")).to_be_focused()
    assert page.locator(f"#row-{third.request.key}").count() == 0
    page.click(".newpill a")
    expect(page.locator(f"#row-{third.request.key}")).to_be_visible()


def test_on_a_phone(new_page: Callable[..., Page], work: World, sign_in: SignIn) -> None:
    (case,) = orders(work, 1)
    page = sign_in(new_page(viewport=PHONE, has_touch=True, is_mobile=True), work.people.ada)
    page.goto("/inbox")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.tap(f"#title-{case.request.key}")
    page.wait_for_url(lambda url: f"/requests/{case.request.key}" in url)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.wait_for_timeout(SETTLED)
    page.tap('#decision [data-key="a"]')
    page.wait_for_url(lambda url: "/inbox" in url)
    assert work.state(case)[0] == "approved"


def test_without_script(new_page: Callable[..., Page], work: World, sign_in: SignIn) -> None:
    first, second = orders(work, 2)
    page = sign_in(new_page(viewport=WIDE, java_script_enabled=False), work.people.ada)
    page.goto("/inbox")
    page.click("summary:has-text('Amount')")
    page.fill("#filter-max", "5000")
    page.click("details[open] button:has-text('Show')")
    page.click(f"#title-{first.request.key}")
    page.click("#decision a:has-text('Reject')")
    page.check("text=Ordered twice")
    page.click("button:has-text('Reject €1,200.00')")
    assert work.state(first)[0] == "rejected"
    page.goto("/inbox")
    page.check(f"#pick-{second.request.key}")
    page.click("button:has-text('Review and decide')")
    page.click("button:has-text('Approve 1 request')")
    assert work.state(second)[0] == "approved"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(
    new_page: Callable[..., Page], work: World, sign_in: SignIn, scheme: str
) -> None:
    cases = orders(work, 2)
    work.edit(cases[0], amount={"amount": "1900.00", "currency": "EUR"})
    key = cases[0].request.key
    for size in (WIDE, PHONE):
        page = sign_in(new_page(color_scheme=scheme, viewport=size), work.people.ada)
        page.goto("/inbox")
        if size is WIDE:
            shown(page, key)
            page.click(f"#pick-{key}")
            page.wait_for_selector("#review")
        check_with_axe(page)
        for path in (f"/requests/{key}", f"/requests/{key}?panel=reject", "/my-requests"):
            page.goto(path)
            check_with_axe(page)
        page.goto(f"/requests/{key}/explanation")
        check_with_axe(page)
