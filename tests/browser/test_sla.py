"""The SLA board in a real browser: levels, countdowns, pausing by keyboard, phone, axe."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site
from tests.people import Person
from tests.sla.board_world import HOUR, define, ended, running
from tests.support.looks import faults
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.sla.models import SlaClock

SETTLED = 700  # milliseconds: a press sooner was meant for what stood there before
SignIn = Callable[[Page, Person], Page]
TITLES = {
    140: "Payoff wire, loan 88-1043",
    112: "Elevator out, Larkspur",
    97: "Emergency boiler repair",
    91: "Replace chiller, Building C",
    84: "Refinance 1420 Alder Street",
    76: "Vendor change to Blue Ridge",
    66: "Leak, 77 Quarry Road",
    42: "Write off balance, Unit 4B",
    10: "Documents of the association",
}


@pytest.fixture
def busy(site: Site) -> Site:
    """A company with a clock at every level, one of them paused, and half a year of past ones."""
    people = site.people
    answer = define(people.alma, name="Answer a request")
    repair = define(people.alma, "repair", name="Finish a repair")
    owners = (people.otto, people.ada, people.mia)
    for number, (used, title) in enumerate(TITLES.items()):
        running(
            people.alma,
            answer if number % 2 else repair,
            used=used,
            title=title,
            paused=used == 84,
            target=(100 if used < 60 else 8) * HOUR,
            owner_id=owners[number % 3].id,
            team="operator",
        )
    for number in range(60):
        at = clock.now() - timedelta(days=3 * number, hours=2)
        took = (3 + number % 7) * HOUR if number % 6 else 9 * HOUR
        ended(people.alma, answer, took=took, at=at, target=8 * HOUR, team="operator")
    return site


def test_axe_finds_nothing_on_the_pages_of_deadlines(
    new_page: Callable[..., Page], busy: Site, sign_in: SignIn
) -> None:
    """Light and dark, on a desk and on a phone; nothing scrolls sideways, at 320 px neither."""
    with transaction(actor=busy.people.alma.actor):
        some = session().query(SlaClock).filter(SlaClock.completed_at.is_(None)).first()
        assert some is not None
        clock_page = f"/sla/{some.id}"
    paths = [
        "/sla", "/sla?view=table", "/sla?level=YELLOW", "/sla/report", "/sla/forecast",
        "/sla/definitions", "/sla/definitions/answer", "/sla/definitions/new", clock_page,
        f"{clock_page}/hold",
    ]  # fmt: skip
    page = sign_in(new_page(reduced_motion="reduce"), busy.people.alma)
    wrong = []
    for path in paths:
        page.goto(path)
        wrong += faults(page, path)
    assert wrong == []


def test_a_clock_is_paused_and_resumed_with_the_keyboard_alone(
    page: Page, busy: Site, sign_in: SignIn
) -> None:
    sign_in(page, busy.people.otto)
    page.goto("/sla?scope=everyone")
    page.locator("#level-red .ti a").focus()
    page.keyboard.press("l")
    expect(page.locator("#level-orange .ti a").first).to_be_focused()
    page.keyboard.press("h")
    expect(page.get_by_role("link", name=TITLES[97], exact=True)).to_be_focused()
    page.keyboard.press("p")
    reason = page.get_by_label("Why does it have to wait?")
    expect(reason).to_be_focused()
    page.keyboard.type("Waiting for the vendor")
    page.wait_for_timeout(SETTLED)
    page.keyboard.press("Enter")
    card = page.locator(".sc", has_text=TITLES[97])
    expect(card).to_contain_text("Paused at 97 %, Waiting for the vendor")
    resume = card.get_by_role("link", name="Resume the clock")
    expect(resume).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Resume the clock")).to_be_focused()
    page.keyboard.press("Tab")
    page.wait_for_timeout(SETTLED)
    page.get_by_role("button", name="Resume the clock").press("Enter")
    expect(page.locator(".sc", has_text=TITLES[97])).to_contain_text("left")


def test_the_countdown_counts_and_stands_still_outside_the_hours(
    page: Page, busy: Site, sign_in: SignIn
) -> None:
    sign_in(page, busy.people.ada)
    page.goto("/sla?scope=everyone")
    shown = page.locator("#level-red .cd time")
    before = int(shown.get_attribute("data-left") or 0)
    expect(shown).not_to_have_text("", timeout=3_000)
    page.evaluate("document.querySelector('[data-sla-at]').dataset.slaAt -= 600")
    page.evaluate("document.querySelector('[data-sla-at]').dataset.hours = '0-9999999999'")
    page.wait_for_timeout(1_100)
    minutes = (before - 600) // 60
    assert shown.inner_text().split(" ")[0] in {str(minutes), str(minutes - 1)}
    page.evaluate("document.querySelector('[data-sla-at]').dataset.hours = ''")
    page.wait_for_timeout(1_100)
    still = shown.inner_text()
    page.wait_for_timeout(1_500)
    assert shown.inner_text() == still


def test_the_board_works_without_script(
    new_page: Callable[..., Page], busy: Site, sign_in: SignIn
) -> None:
    page = sign_in(new_page(java_script_enabled=False), busy.people.otto)
    page.goto("/sla?scope=everyone")
    card = page.locator(".sc", has_text=TITLES[91])
    assert "left" in card.locator(".cd").inner_text()
    card.get_by_role("link", name="Pause the clock").click()
    page.get_by_label("Why does it have to wait?").fill("Parts are ordered")
    page.get_by_role("button", name="Pause the clock").click()
    assert "Parts are ordered" in page.locator(".sc", has_text=TITLES[91]).inner_text()


def test_on_a_phone_the_levels_are_a_bar_that_leads_to_each(
    new_page: Callable[..., Page], busy: Site, sign_in: SignIn
) -> None:
    page = sign_in(new_page(viewport={"width": 390, "height": 844}), busy.people.otto)
    page.goto("/sla?scope=everyone")
    bar = page.get_by_role("navigation", name="Jump to level")
    assert [link.inner_text().split()[0] for link in bar.get_by_role("link").all()] == list("21222")
    bar.get_by_role("link", name="Yellow").click()
    expect(page.locator("#level-yellow h2")).to_be_in_viewport()


def test_a_poll_brings_what_changed_and_leaves_the_focus(
    page: Page, busy: Site, sign_in: SignIn, complaints: Complaints
) -> None:
    sign_in(page, busy.people.otto)
    page.goto("/sla?scope=everyone")
    link = page.get_by_role("link", name=TITLES[66], exact=True)
    link.focus()
    with transaction(actor=busy.people.alma.actor):
        row = session().query(SlaClock).filter(SlaClock.title == TITLES[76]).one()
        row.level, row.version = "ORANGE", row.version + 1
    page.evaluate("document.body.dispatchEvent(new CustomEvent('wf:poll'))")
    expect(page.locator("#level-orange")).to_contain_text(TITLES[76])
    expect(link).to_be_focused()
