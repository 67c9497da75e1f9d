"""Calendars in a real browser: axe, a phone, the live preview, and no script at all."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site
from tests.calendars.conftest import office, published
from tests.people import Person
from tests.support.looks import faults
from wfweb.calendars import service
from wfweb.kernel.db import transaction

SignIn = Callable[[Page, Person], Page]
WEEK: dict[str, Any] = {
    "mon": [["08:00", "12:00"], ["13:00", "18:00"]],
    "tue": [["08:00", "12:00"], ["13:00", "18:00"]],
    "fri": [["22:00", "06:00"]],
}


@pytest.fixture
def kept(site: Site) -> Site:
    """A calendar in force and a draft of its next version with something in every table."""
    published(site.people, weekly=WEEK)
    with transaction(actor=site.people.alma.actor):
        service.save_calendar(
            "office",
            office(
                weekly=WEEK,
                overrides={"2026-12-24": {"windows": [["08:00", "12:00"]], "name": "Half day"}},
                breaks={"2026-11-26": [["10:00", "10:30"]]},
                yearly_holidays=[{"date": "12-26", "name": "Second day"}],
                holidays=[{"date": "2026-12-25", "name": "Christmas Day", "off": True}],
            ),
        )
    return site


def test_axe_finds_nothing_on_the_pages_of_calendars(
    new_page: Callable[..., Page], kept: Site, sign_in: SignIn
) -> None:
    """Light and dark, on a desk and on a phone; nothing scrolls sideways, at 320 px neither."""
    page = sign_in(new_page(reduced_motion="reduce"), kept.people.alma)
    wrong = []
    for path in (
        "/calendars",
        "/calendars/office",
        "/calendars/office?version=draft",
        "/calendars/office/edit",
        "/calendars/new",
    ):
        page.goto(path)
        wrong += faults(page, path)
    assert wrong == []


def test_the_preview_follows_the_keyboard(page: Page, kept: Site, sign_in: SignIn) -> None:
    sign_in(page, kept.people.alma)
    page.goto("/calendars/office/edit")
    answer = page.locator("#preview-answer")
    page.get_by_label("From", exact=True).fill("2026-11-30T11:00")
    page.get_by_label("Plus hours").fill("2")
    expect(answer).to_contain_text("Mon 30 Nov 2026, 14:00 CET")
    monday = page.get_by_label("Monday")
    monday.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("10-11:30, 15-18")
    expect(answer).to_contain_text("Mon 30 Nov 2026, 16:30 CET")
    page.keyboard.type(", soon")
    expect(answer).to_contain_text("Write hours as")
    expect(monday).to_be_focused()
    expect(monday).to_have_value("10-11:30, 15-18, soon")


def test_a_calendar_is_made_and_published_without_script(
    new_page: Callable[..., Page], site: Site, sign_in: SignIn, complaints: Complaints
) -> None:
    complaints.expected += ["422"]
    page = sign_in(new_page(java_script_enabled=False), site.people.alma)
    page.goto("/calendars/new")
    page.locator("#f-code").fill("plant")
    page.get_by_label("Name", exact=True).fill("Plant")
    page.get_by_label("Monday").fill("6-14, 13-22")
    page.get_by_role("button", name="Save the draft").last.click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.get_by_label("Monday").fill("6-14, 14:30-22")
    page.get_by_role("button", name="Copy Monday to Friday").click()
    expect(page.get_by_label("Friday")).to_have_value("6-14, 14:30-22")
    page.get_by_label("Country").select_option("NL")
    page.get_by_label("Years").fill("2027")
    page.get_by_role("button", name="Add its holidays").click()
    expect(page.locator("[name='holidays.0.date']")).to_have_value("2027-01-01")
    page.get_by_role("button", name="Save the draft").last.click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Version 1 is published")).to_be_visible()
    expect(page.get_by_role("cell", name="06:00 to 14:00, 14:30 to 22:00").first).to_be_visible()
