"""The form of an alert rule in a browser: rows come and go, the preview follows, script or not."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site
from tests.browser.test_governance import SETTLED, NewPage, check, enter, house
from tests.people import Person
from tests.support.estate import Estate
from wfweb.alerts import rules_admin
from wfweb.kernel.db import transaction

__all__ = ["enter", "house"]  # fixtures of the house
WIDE = {"width": 1440, "height": 900}
NOT_OFFICES = {"not": {"field": "kind", "operator": "=", "value": "office"}}
ROWS = {
    "any": [
        NOT_OFFICES,
        {"field": "kind", "operator": "in", "value": ["retail", "mixed"]},
        {"field": "value", "operator": "between", "value": [100000, 900000]},
    ]
}


def measured(house: Estate) -> None:
    for name, figure in (("Alder Street 14", "1.3"), ("Mill Lane 88", "1.4")):
        _id, key = house.property(name)
        house.measure(key, "dscr", figure)


def test_rows_come_and_go_and_the_preview_follows(
    new_page: NewPage, house: Estate, enter: Callable[[Page, Person], Page], complaints: Complaints
) -> None:
    measured(house)
    page = enter(new_page(viewport=WIDE), house.saskia)
    page.goto("/alert-rules/new?type=threshold")
    preview, rows = page.locator("#preview"), page.locator("#f-condition .testline")
    expect(preview).to_contain_text("Nothing can be told yet")
    page.fill("[name=name]", "Coverage watch")
    page.fill("[name=code]", "coverage_watch")
    page.select_option("[name=record_type]", "property")
    page.select_option("[name=metric]", "dscr")
    page.select_option("[name=operator]", "<")
    page.fill("[name=raise_at]", "1.5")
    expect(preview).to_contain_text("Would fire for these 2 now")

    page.click("text=Add a condition")
    field = page.locator("#f-condition-0-field")
    expect(field).to_be_focused()
    field.select_option("kind")
    expect(page.locator("#f-condition-0-list option")).to_have_count(4)
    page.locator("#f-condition-0-operator").select_option("in")
    page.fill("#f-condition-0-value", "Offices, Warehouse")
    expect(preview).to_contain_text("It would fire for nothing now")

    page.click("text=Add a condition")
    expect(rows).to_have_count(2)
    expect(page.locator("#f-condition-0-value")).to_have_value("Offices, Warehouse")
    page.locator("#f-condition-1-field").select_option("title")
    page.locator("#f-condition-1-operator").select_option("contains")
    page.fill("#f-condition-1-value", "mill")
    page.locator("[name='condition.match']").select_option("any")
    expect(preview).to_contain_text("Would fire for this one now")
    page.click("[aria-label='Remove condition 1']")
    expect(rows).to_have_count(1)
    expect(page.locator("#f-condition-add")).to_be_focused()
    expect(page.locator("#f-condition-0-value")).to_have_value("mill")

    value, until = page.locator("#f-condition-0-value"), page.locator("#f-condition-0-until")
    operator = page.locator("#f-condition-0-operator")
    for code, shown in (("between", (True, True)), ("is set", (False, False))):
        operator.select_option(code)
        assert (value.is_visible(), until.is_visible()) == shown
    operator.select_option("contains")
    page.select_option("[name=roles]", "asset_manager")
    page.wait_for_timeout(SETTLED)
    page.fill("[name=raise_at]", "1.6")
    expect(preview).to_contain_text("1.6")
    # A preview that has just come holds up nobody who saves.
    page.click("main >> text=Save the rule >> visible=true >> nth=-1")
    expect(page.locator("main")).to_contain_text("Only where Title contains mill")


def test_rows_work_without_script_and_by_keyboard(
    new_page: NewPage, house: Estate, enter: Callable[[Page, Person], Page], complaints: Complaints
) -> None:
    measured(house)
    page = enter(new_page(java_script_enabled=False, viewport=WIDE), house.saskia)
    page.goto("/alert-rules/dscr_below_minimum/edit")
    page.fill("[name=message]", "Typed before")
    page.press("#f-condition-add", "Enter")
    expect(page.locator("#f-condition-0-field")).to_be_focused()
    page.select_option("#f-condition-0-field", "kind")
    page.keyboard.press("Tab")
    page.select_option("#f-condition-0-operator", "=")
    page.fill("#f-condition-0-value", "Shops")
    page.click("text=See what it would do now")
    expect(page.locator("#preview")).to_contain_text("It would fire for nothing now")
    page.click("text=Write one as text")
    page.fill(
        "[name='condition.1.text']", '{"not": {"field": "kind", "operator": "=", "value": "x"}}'
    )
    complaints.expected.append("422")
    page.press("#f-condition-0-value", "Enter")
    expect(page.locator("#f-condition-1-text-error")).to_be_visible()
    expect(page.locator("[name=message]")).to_have_value("Typed before")
    page.click("[aria-label='Remove condition 2']")
    page.press("#f-condition-0-value", "Enter")
    expect(page.locator("main")).to_contain_text("Only where Kind is Shops")


def test_the_form_looks_right_everywhere(
    new_page: NewPage, house: Estate, enter: Callable[[Page, Person], Page], complaints: Complaints
) -> None:
    measured(house)
    with transaction(actor=house.saskia.actor):
        rule = rules_admin.rule_by_code("dscr_near_minimum")
        rules_admin.save_rule({**rule.body, "condition": ROWS}, version=rule.version)
    page = enter(new_page(viewport=WIDE), house.saskia)
    page.goto("/alert-rules/dscr_near_minimum/edit")
    check(page, "rule-rows")
    complaints.expected.append("422")
    page.fill("#f-condition-2-value", "much")
    page.click("main >> text=Save the rule >> visible=true >> nth=-1")
    expect(page.locator("#f-condition-2-value-error")).to_be_visible()
    check(page, "rule-rows-wrong")
    page.evaluate("document.documentElement.dir = 'rtl'")
    check(page, "rule-rows-rtl")


def test_the_rows_of_a_matrix_are_the_same_component(
    new_page: NewPage,
    site: Site,
    house: Estate,
    enter: Callable[[Page, Person], Page],
    complaints: Complaints,
) -> None:
    page = enter(new_page(viewport=WIDE), site.people.alma)
    page.goto("/matrices/new")
    page.select_option("[name=record_type_code]", "property")
    page.click("text=Add a condition")
    page.select_option("[name='rows.0.when.0.field']", "value")
    page.select_option("[name='rows.0.when.0.operator']", "between")
    page.fill("[name='rows.0.when.0.until']", "5,000")
    page.wait_for_timeout(SETTLED)
    page.click("text=Add a condition")
    expect(page.locator("[name='rows.0.when.2.field']")).to_be_focused()
    expect(page.locator("[name='rows.0.when.0.until']")).to_have_value("5,000")
    check(page, "matrix-rows")
