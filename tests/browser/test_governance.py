"""From a figure to a refused refinancing, the committee's vote and the allowed one, by browser."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site
from tests.browser.test_inbox import check_with_axe
from tests.people import Person
from tests.support.estate import Estate
from wfweb.identity import access
from wfweb.identity.queries import user_by_id
from wfweb.identity.service.sign_in import begin_session
from wfweb.kernel.db import transaction
from wfweb.locks import service as locks
from wfweb.packs import demo, install, read_pack
from wfweb.tasks import service as tasks
from wfweb.workflow import service as workflows

SHOTS = os.environ.get("WFWEB_SHOTS")
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SETTLED = 1000
NewPage = Callable[..., Page]


@pytest.fixture
def house(site: Site) -> Estate:
    """The cast's company with the property pack; Cleo of the cast chairs its committee."""
    company, pack = site.people.cleo.company_id, read_pack("property_governance")
    with transaction(company_id=company, system=True):
        install(pack)
        demo.add_people(pack)
    return Estate(company)


@pytest.fixture
def enter(site: Site) -> Callable[[Page, Person], Page]:
    """Give a window the session of a person."""

    def act(page: Page, person: Person) -> Page:
        with transaction(actor=person.actor):
            begun = begin_session(user_by_id(person.id))
        cookie = {"name": access.cookie_name(), "value": begun.token, "url": site.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        return page

    return act


def check(page: Page, name: str) -> None:
    """Fail on what axe finds and on sideways scrolling, light and dark, wide and on a phone."""
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            check_with_axe(page)
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{size['width']}-{scheme}.png")
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{name} scrolls sideways at {size['width']}"
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")


def approve(page: Page, key: str) -> None:
    """Vote for a request on its own page."""
    page.goto(f"/requests/{key}")
    page.wait_for_timeout(SETTLED)
    page.click("#decision button[value=approve]")
    expect(page.locator("#toasts")).to_contain_text(f"Approved {key}")


def test_a_bad_figure_blocks_refinancing_until_the_committee_agrees(
    new_page: NewPage, house: Estate, enter: Callable[[Page, Person], Page], complaints: Complaints
) -> None:
    _record_id, key = house.property()
    dana = enter(new_page(viewport=WIDE), house.dana)
    dana.goto("/alerts/import")
    check(dana, "import")
    dana.fill("textarea[name=content]", f"record,date,dscr\n{key},2026-10-31,1.08\n")
    dana.click("text=Look at the columns")
    expect(dana.locator("#found")).to_contain_text("1 of 1 readings can be taken")
    check(dana, "import-columns")
    dana.click("text=Take in 1 reading")

    expect(dana.locator("#alerts-list")).to_contain_text("Debt-service coverage below minimum")
    dana.wait_for_timeout(SETTLED)
    dana.click("#alerts-list .ti a >> nth=0")
    expect(dana.locator("#beside")).to_contain_text("Waiting for an owner")
    check(dana, "alerts")
    dana.click("text=Open property")
    expect(dana.locator("#locks")).to_contain_text("Refinance is blocked")
    check(dana, "property-locked")

    dana.click("a.btn.off:has-text('Refinance')")
    dialog = dana.locator("#dialog")
    expect(dialog.locator("h2")).to_be_focused()
    expect(dialog).to_contain_text("You cannot refinance Alder Street 14 yet")
    expect(dialog).to_contain_text("1.08")
    check(dana, "blocked-dialog")
    dana.wait_for_timeout(SETTLED)
    dialog.locator("text=Ask the committee to unlock").click()
    dana.wait_for_url("**/requests/*")
    request = dana.url.rpartition("/")[2]

    dana.goto(f"/records/property/{key}")
    expect(dana.locator("#locks")).to_contain_text("0 of 3 agreed")
    for name in ("cleo", "hugo", "priya"):
        approve(enter(new_page(viewport=WIDE), getattr(house, name)), request)

    dana.evaluate("document.body.dispatchEvent(new CustomEvent('wf:poll'))")
    expect(dana.locator("#locks section")).to_have_count(0)
    expect(dana.locator("#alert")).to_contain_text("Nothing is blocked any more")
    dana.wait_for_timeout(SETTLED)
    dana.click("text=Start Refinance")
    dana.wait_for_timeout(SETTLED)
    dana.click("text=Ask the committee to refinance")
    expect(dana.locator("main")).to_contain_text("Committee decides about refinancing")


def test_without_script_the_reason_is_a_page_and_the_acts_are_forms(
    new_page: NewPage, house: Estate, enter: Callable[[Page, Person], Page], complaints: Complaints
) -> None:
    key, _lock = house.locked()
    page = enter(new_page(java_script_enabled=False), house.dana)
    page.goto(f"/records/property/{key}")
    page.click("a.btn.off:has-text('Refinance')")
    expect(page.locator("h1")).to_have_text("You cannot refinance Alder Street 14 yet")
    page.goto("/alerts")
    page.click("text=Acknowledge >> nth=-1")
    expect(page.locator("main")).to_contain_text("You look after")
    page.goto("/alerts?state=acknowledged")
    expect(page.locator("#alerts-list")).to_contain_text("Alder Street 14")


def test_governance_pages_pass_axe(
    new_page: NewPage, house: Estate, enter: Callable[[Page, Person], Page], complaints: Complaints
) -> None:
    _key, lock = house.locked()
    house.locked("Quay West 2", "0.97")
    _id, other = house.property("Mill Lane 88")
    house.measure(other, "occupancy", "95", "91", "80")
    house.measure(other, "ltv", "60", "71", "79")
    page = enter(new_page(viewport=WIDE), house.saskia)
    for name, path in {
        "locks": "/locks",
        "lock": f"/locks/{lock.id}",
        "property-two-locks": f"/records/property/{other}",
        "blocked-page": f"/locks/of/{lock.record_id}/blocked/refinance",
        "alerts-empty": "/alerts?state=resolved",
        "rules": "/alert-rules",
        "rule": "/alert-rules/dscr_below_minimum",
        "rule-form": "/alert-rules/dscr_below_minimum/edit",
        "rule-new": "/alert-rules/new?type=inventory",
    }.items():
        page.goto(path)
        check(page, name)
    page.goto("/alerts")
    page.click("#alerts-list .ti a >> nth=0")
    page.wait_for_timeout(SETTLED)
    page.goto(page.locator("#beside a:has-text('Full page')").get_attribute("href") or "/")
    check(page, "alert")


def test_pages_of_kinds_of_locks_pass_axe(
    new_page: NewPage,
    site: Site,
    house: Estate,
    enter: Callable[[Page, Person], Page],
    complaints: Complaints,
) -> None:
    page = enter(new_page(viewport=WIDE), site.people.alma)
    for name, path in {
        "lock-kinds": "/lock-types",
        "lock-kind": "/lock-types/sale_hold/edit",
        "lock-kind-new": "/lock-types/new",
    }.items():
        page.goto(path)
        check(page, name)
    complaints.expected.append("422")
    page.fill("#f-name", "Rents on hold")
    page.fill("#f-code", "Rents")
    page.fill("#f-blocked_actions", "sell")
    page.click("text=Save the kind")
    expect(page.locator("#f-code")).to_have_attribute("aria-invalid", "true")
    check(page, "lock-kind-wrong")
    page.fill("#f-code", "rent_hold")
    page.fill("#f-causes", "noi")
    page.click("text=Save the kind")
    expect(page.locator("main")).to_contain_text("Rents on hold is saved")


# The page's own timers, quicker: it asks for the banner every 20 seconds, counts down every 30.
QUICKER = """for (const name of ['setTimeout', 'setInterval']) {
    const real = window[name];
    window[name] = (act, wait, ...more) => real(act, wait >= 20000 ? 400 : wait, ...more);
}"""


def test_locks_come_and_go_on_pages_that_are_open(
    new_page: NewPage, house: Estate, enter: Callable[[Page, Person], Page], complaints: Complaints
) -> None:
    """On the page of the record and in the inbox' reading pane, by the pages' own timer."""
    record_id, key = house.property()
    with transaction(actor=house.dana.actor):
        workflows.fire(workflows.start("dispose", record_id).id, "dispose")
    record, inbox = enter(new_page(viewport=WIDE), house.dana), new_page(viewport=WIDE)
    enter(inbox, house.cleo)
    for page in (record, inbox):
        page.add_init_script(QUICKER)
    record.goto(f"/records/property/{key}")
    inbox.goto("/inbox")
    expect(inbox.locator("#pane h2").first).to_contain_text("Alder Street 14")
    for page in (record, inbox):
        expect(page.locator("#locks")).to_have_count(1)
        expect(page.locator("#locks section")).to_have_count(0)
        page.evaluate("window.same = true")

    house.measure(key, "dscr", "1.08")
    for page in (record, inbox):
        expect(page.locator("#locks section")).to_contain_text("Refinance is blocked")
        expect(page.locator("#alert")).to_contain_text("The locks have changed")
        expect(page.locator("#locks time[data-deadline]")).to_have_text("89 d 23 h left")
    expect(record.locator("a.btn.off")).to_contain_text("Refinance")
    check(inbox, "inbox-pane-locked")
    check(record, "record-lock-came")

    (lock,) = house.locks_of(record_id)
    with transaction(actor=house.saskia.actor):
        locks.override(lock.id, "The bank agreed to wait until spring.")
    for page in (record, inbox):
        expect(page.locator("#locks section")).to_have_count(0)
        expect(page.locator("#alert")).to_contain_text("Nothing is blocked any more")
        assert page.evaluate("window.same"), "the page was never loaded anew"
    expect(record.locator("a.btn.off")).to_have_count(0)
    expect(record.locator("#record-steps")).to_contain_text("Start Refinance")


def test_the_countdown_goes_on_while_the_page_is_open(
    new_page: NewPage, house: Estate, enter: Callable[[Page, Person], Page], complaints: Complaints
) -> None:
    key, _lock = house.locked()
    page = enter(new_page(viewport=WIDE), house.dana)
    page.add_init_script(QUICKER)
    page.goto(f"/records/property/{key}")
    left = page.locator("#locks time[data-deadline]")
    expect(left).to_have_text("89 d 23 h left")
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=2))
    expect(left).to_have_text("89 d 21 h left")


def test_pages_about_a_locked_record_pass_axe(
    new_page: NewPage,
    site: Site,
    house: Estate,
    enter: Callable[[Page, Person], Page],
    complaints: Complaints,
) -> None:
    _key, lock = house.locked()
    alma = site.people.alma
    with transaction(actor=alma.actor):
        begun = workflows.start("dispose", lock.record_id).id
        task = tasks.create_task("Call", assignee_id=alma.id, record_id=lock.record_id).key
    page = enter(new_page(viewport=WIDE), alma)
    for name, path in {
        "locked-instance": f"/workflows/instances/{begun}",
        "locked-step": f"/workflows/instances/{begun}/steps/give_up",
        "locked-task": f"/tasks/{task}",
        "locked-story": f"/audit/record/{lock.record_id}",
    }.items():
        page.goto(path)
        expect(page.locator("#locks")).to_contain_text("Refinance is blocked on Alder Street 14")
        check(page, name)
    page.goto("/alerts")
    page.click("#alerts-list .ti a >> nth=0")
    expect(page.locator("#beside #locks")).to_contain_text("Refinance is blocked")
    check(page, "locked-alert-beside")
