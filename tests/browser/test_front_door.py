"""Signing in with a real browser: the first page works without a complaint."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.conftest import Complaints, Site
from tests.people import Person


def test_the_front_page_leads_to_signing_in(page: Page, site: Site) -> None:
    page.goto("/")
    assert "/sign-in" in page.url
    assert page.locator("h1").count() == 1


def test_a_wrong_password_is_answered_in_place(
    page: Page, site: Site, complaints: Complaints
) -> None:
    complaints.expected.append("the server responded with a status of 4")
    page.goto("/sign-in")
    page.fill('input[type="email"]', site.people.ada.email)
    page.fill('input[type="password"]', "not-the-password")
    page.press('input[type="password"]', "Enter")
    page.wait_for_selector("[data-errors]")
    assert page.input_value('input[type="email"]') == site.people.ada.email
    assert page.input_value('input[type="password"]') == ""


def test_another_host_is_never_asked(page: Page, site: Site, complaints: Complaints) -> None:
    complaints.expected += ["asked for http://elsewhere.example", "Failed to load", "ERR_FAILED"]
    complaints.expected.append("Content Security Policy")
    page.goto("/sign-in")
    page.evaluate("""() => { const i = new Image(); i.src = 'http://elsewhere.example/x.png' }""")
    page.wait_for_timeout(200)
    assert any("Content Security Policy" in text for text in complaints.found)


def test_everybody_gets_in_with_their_password(
    page: Page, site: Site, sign_in: Callable[[Page, Person], Page]
) -> None:
    page.goto(site.url)
    sign_in(page, site.people.ada)
    page.goto("/styleguide")
    assert site.people.ada.name in page.inner_text("#side")
