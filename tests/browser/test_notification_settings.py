"""What you are told, in a real browser: axe, a phone, and choosing without any script."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site
from tests.people import Person
from tests.support.looks import faults

SignIn = Callable[[Page, Person], Page]
PATH = "/settings/notifications"


def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    new_page: Callable[..., Page], site: Site, sign_in: SignIn
) -> None:
    page = sign_in(new_page(reduced_motion="reduce"), site.people.ada)
    page.goto(PATH)
    assert faults(page, PATH) == []


def test_choices_are_made_without_script(
    new_page: Callable[..., Page], site: Site, sign_in: SignIn, complaints: Complaints
) -> None:
    complaints.expected += ["422"]
    page = sign_in(new_page(java_script_enabled=False), site.people.ada)
    page.goto("/account")
    page.get_by_role("link", name="What you are told").click()
    mentions = page.get_by_label("By mail: Mentions")
    mentions.select_option("In the digest")
    page.get_by_label("No mails in quiet hours").check()
    page.get_by_label("Until").fill("")
    page.get_by_role("button", name="Save your choices").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(mentions).to_have_value("digest")
    page.get_by_label("Until").fill("06:30")
    page.get_by_role("button", name="Save your choices").click()
    expect(page.get_by_text("Your choices are saved")).to_be_visible()
    expect(page.get_by_label("Until")).to_have_value("06:30")
    expect(mentions).to_have_value("digest")
