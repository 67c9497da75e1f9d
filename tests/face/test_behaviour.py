"""What the scripts promise, in a real browser under the strict CSP (reference: the contract of
focus, keys, guard and failure). Everything here also fails when htmx changes its ways."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.face.environment import ROOT
from tests.face.stage import Stage

pytestmark = pytest.mark.browser
Show = Callable[..., Page]
GUARD_MS = 700
WIDE = {"width": 1440, "height": 900}


def inbox(show: Show) -> Page:
    page = show("/inbox", viewport=WIDE)
    page.wait_for_timeout(GUARD_MS)
    return page


def current(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('[data-row]')?.dataset.id ?? ''"))


def poll(page: Page) -> None:
    with page.expect_response("**/rows?ver=1"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('wf:poll'))")
    page.wait_for_timeout(100)


def talk(page: Page, how: str) -> None:
    page.wait_for_timeout(GUARD_MS)
    page.fill("#f-body", "my words")
    page.evaluate("how => { document.getElementById('how').value = how }", how)
    with page.expect_response("**/talk"):
        page.click("#talk .primary")


def test_keys_move_through_the_list_and_the_pane_follows(show: Show) -> None:
    page = inbox(show)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert current(page) == "APR-3"
    expect(page.locator("#shown")).to_have_text("APR-3")
    assert current(page) == "APR-3", "the preview must not take the focus"
    page.keyboard.press("k")
    expect(page.locator("#shown")).to_have_text("APR-2")


def test_a_letter_decides_only_from_inside_the_list_and_once(show: Show, stage: Stage) -> None:
    page = inbox(show)
    page.keyboard.press("a")
    page.focus("#q")
    page.keyboard.press("a")
    assert stage.posts == []
    assert page.input_value("#q") == "a"
    page.focus("#pane .primary")
    page.keyboard.down("a")
    page.keyboard.down("a")
    page.keyboard.up("a")
    page.wait_for_timeout(500)
    assert [path for path, _ in stage.posts] == ["/decide/APR-1"]
    assert stage.posts[0][1] == {"csrf_token": "token", "decision": "approve"}


def test_letters_can_be_switched_off(show: Show, stage: Stage) -> None:
    page = inbox(show)
    page.evaluate("document.body.dataset.keys = 'off'")
    page.focus("#pane .primary")
    for key in ("a", "j", "?", "/"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert stage.posts == []
    assert page.evaluate("document.querySelector('dialog[open]')") is None


@pytest.mark.parametrize("gap", [80, 400])
def test_a_double_click_decides_once(show: Show, stage: Stage, gap: int) -> None:
    page = inbox(show)
    box = page.locator("#pane .primary").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 20, box["y"] + 10)
    page.wait_for_timeout(gap)
    page.mouse.click(box["x"] + 20, box["y"] + 10)
    page.wait_for_timeout(600)
    assert len(stage.posts) == 1


def test_a_press_meant_for_the_row_before_does_nothing(show: Show, stage: Stage) -> None:
    page = inbox(show)
    page.evaluate(
        "document.addEventListener('htmx:after:swap',"
        " () => document.querySelector('#pane .primary').click(), { once: true })"
    )
    page.click("[data-id=APR-2] a")
    expect(page.locator("#shown")).to_have_text("APR-2")
    expect(page.locator("#live")).to_contain_text("just changed")
    assert stage.posts == []
    page.wait_for_timeout(GUARD_MS)
    page.click("#pane .primary")
    page.wait_for_timeout(100)
    assert [path for path, _ in stage.posts] == ["/decide/APR-2"]


def test_selection_by_key_and_range_is_counted_and_cleared(show: Show) -> None:
    page = inbox(show)
    assert not page.locator("#selbar").is_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    assert page.locator(".check:checked").count() == 3
    expect(page.locator("[data-selected-count]")).to_have_text("3")
    expect(page.locator("#live")).to_have_text("3 selected")
    page.keyboard.press("Escape")
    assert page.locator(".check:checked").count() == 0


def test_polls_keep_focus_ticks_and_a_failed_one_changes_nothing(show: Show) -> None:
    page = inbox(show)
    page.keyboard.press("j")
    page.keyboard.press("x")
    poll(page)
    assert page.locator("[data-row]").count() == 4
    poll(page)
    expect(page.locator("[data-row]")).to_have_count(5)
    assert current(page) == "APR-1"
    assert page.locator(".check:checked").count() == 1
    poll(page)
    assert page.locator("[data-row]").count() == 5


def test_numbers_in_the_menus_follow_the_poll(show: Show) -> None:
    page = inbox(show)
    expect(page.locator("#nav-count-inbox")).to_have_text("9 open")
    with page.expect_response("**/counts?ver=9"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('wf:poll'))")
    expect(page.locator("#nav-count-inbox")).to_have_text("8 open")
    expect(page.locator("#tab-count-inbox")).to_have_text("8 open")
    with page.expect_response("**/counts?ver=8"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('wf:poll'))")


def test_wrong_input_brings_the_form_back_with_its_words(show: Show) -> None:
    page = inbox(show)
    talk(page, "422")
    expect(page.locator("[data-errors]")).to_be_focused()
    assert page.input_value("#f-body") == "my words"
    page.click("[data-errors] a")
    expect(page.locator("#f-body")).to_be_focused()
    expect(page.locator("#said")).to_have_text("nothing")


def test_a_refusal_stays_beside_what_was_typed(show: Show, stage: Stage) -> None:
    page = inbox(show)
    for status in ("403", "409", "413", "0422", "429", "500"):
        talk(page, status)
        expect(page.locator("#talk-notice [data-refusal]"), status).to_be_focused()
        assert page.input_value("#f-body") == "my words", status
        expect(page.locator("#talk .primary"), status).to_be_enabled()
        assert page.locator("h1").count() == 1, status
    assert set(stage.tokens) == {"token"}


def test_signed_out_asks_to_sign_in_and_keeps_the_page(show: Show) -> None:
    page = inbox(show)
    talk(page, "401")
    expect(page.locator("#session")).to_be_visible()
    assert page.input_value("#f-body") == "my words"
    page.click("[data-session-check]")
    expect(page.locator("#session")).to_be_hidden()


def test_what_worked_is_said_and_the_next_focus_is_named(show: Show, stage: Stage) -> None:
    page = inbox(show)
    talk(page, "")
    expect(page.locator("#said")).to_have_text("new")
    expect(page.locator("#live")).to_have_text("Comment added")
    expect(page.locator("#f-body")).to_be_focused()
    assert len(stage.posts) == 1


def test_offline_sends_nothing_and_says_so(show: Show, stage: Stage) -> None:
    page = inbox(show)
    page.context.set_offline(True)
    page.focus("#pane .primary")
    page.keyboard.press("a")
    expect(page.locator("#conn")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#conn")).to_be_hidden()
    page.wait_for_timeout(300)
    assert stage.posts == []
    page.click("#pane .primary")
    page.wait_for_timeout(100)
    assert len(stage.posts) == 1


def test_dialogs_take_the_focus_and_give_it_back(show: Show) -> None:
    page = show("/styleguide")
    page.click("text=Open a dialog")
    expect(page.locator("#sg-dialog-h")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-open=sg-dialog]")).to_be_focused()


def test_theme_is_kept_in_a_cookie(show: Show) -> None:
    page = show("/styleguide", color_scheme="light")
    page.click(".topbar [data-theme-toggle]")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert "wfweb_theme=dark" in str(page.evaluate("document.cookie"))


def test_without_script_the_same_form_posts_and_the_menu_opens(show: Show, stage: Stage) -> None:
    page = show("/inbox", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.click(".tabbar a[href='#side']")
    assert page.locator("#side .nav").first.is_visible()
    page = show("/inbox", java_script_enabled=False, viewport=WIDE)
    page.click("#pane .primary")
    assert [path for path, _ in stage.posts] == ["/decide/APR-1"]


@pytest.mark.parametrize(
    ("width", "scheme", "direction"),
    [(390, "light", "rtl"), (390, "dark", "ltr"), (1440, "light", "ltr"), (1440, "dark", "rtl")],
)
def test_styleguide_is_accessible_and_never_scrolls_sideways(
    show: Show, width: int, scheme: str, direction: str
) -> None:
    page = show("/styleguide", color_scheme=scheme, viewport={"width": width, "height": 900})
    page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.evaluate((ROOT / "tests/vendor/axe-4.14.1.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(
        "async () => (await axe.run()).violations"
        ".map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)"
    )
    assert found == []
