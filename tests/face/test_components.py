"""The macros: what they promise to forms, to screen readers and against hostile text."""

import re
from html.parser import HTMLParser

import pytest

from tests.face.environment import FRAME, NOON, ROOT, draw, environment

HOSTILE = "\"><script>alert(1)</script>' {{ 7 * 7 }}"


class Page(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def ids(self) -> list[str]:
        return [attrs["id"] or "" for _, attrs in self.elements if "id" in attrs]


def styleguide() -> Page:
    return Page(environment().get_template("styleguide/index.html").render(**FRAME))


def test_styleguide_has_one_heading_and_unique_ids() -> None:
    page = styleguide()
    ids = page.ids()
    assert len(page.all("h1")) == 1
    assert sorted({each for each in ids if ids.count(each) > 1}) == []


def test_styleguide_points_only_at_what_exists() -> None:
    page = styleguide()
    ids = set(page.ids())
    for tag, attrs in page.elements:
        for name in ("for", "aria-describedby", "aria-labelledby", "data-open", "list"):
            wanted = (attrs.get(name) or "").split()
            assert [each for each in wanted if each not in ids and each != "dialog-h"] == [], (
                tag,
                attrs,
            )


def test_styleguide_shows_every_macro() -> None:
    shown = "".join(path.read_text() for path in (ROOT / "templates/styleguide").glob("*.html"))
    plumbing = {
        "csrf_field",
        "form_attrs",
        "form_notice",
        "poll_attrs",
        "partial",
        "hue",
        "shape",
        "nav_count",
        "diff_row",
        "error_summary",
        "field_error",
        "field_id",
        "SLA_WORDS",
        "STEP_WORDS",
        "BANNER_ICONS",
        "fields",
    }
    module = environment().get_template("components/ui.html").module
    macros = {name for name in vars(module) if not name.startswith("_")} - plumbing
    assert {name for name in macros if f"ui.{name}(" not in shown} == set()


def test_readme_lists_every_macro() -> None:
    readme = (ROOT / "templates/components/README.md").read_text()
    source = (ROOT / "templates/components/ui.html").read_text()
    macros = set(re.findall(r"\{% macro ([a-z]\w*)\(", source)) - {"hue", "shape"}
    assert {name for name in macros if f"`{name}(" not in readme} == set()


@pytest.mark.parametrize(
    "source",
    [
        "{{ ui.user_text(text) }}",
        "{{ ui.btn(text, text, name=text, value=text, attrs={'title': text}) }}",
        "{{ ui.link_btn(text, text) }}",
        "{{ ui.tag(text, text) }}",
        "{{ ui.who(text) }}",
        "{{ ui.facts([(text, text)]) }}",
        "{{ ui.diff_table([{'label': text, 'old': text, 'new': text}], text, text) }}",
        "{{ ui.timeline_item(text, text, body=text) }}",
        "{{ ui.field(text, text, value=text, hint=text, error=text) }}",
        "{{ ui.field('a', text, 'textarea', text) }}",
        "{{ ui.field('a', text, 'select', text, options=[(text, text)]) }}",
        "{{ ui.field('a', text, 'radio', text, options=[(text, text)]) }}",
        "{{ ui.field('a', text, 'money', text, currency=text) }}",
        "{{ ui.reason_chips(text, text, [{'code': text, 'label': text}]) }}",
        "{{ ui.error_summary([{'pointer': text, 'message': text}]) }}",
        "{{ ui.empty_state(text, text) }}",
        "{{ ui.tabs([{'label': text, 'href': '/', 'count': text}], text) }}",
    ],
)
def test_hostile_text_stays_text(source: str) -> None:
    drawn = draw(source, text=HOSTILE)
    assert "<script" not in drawn
    assert "49" not in drawn
    assert [
        name for _, attrs in Page(drawn).elements for name in attrs if name.startswith("on")
    ] == []


def test_text_of_people_switches_htmx_off() -> None:
    drawn = draw("{{ ui.user_text(text) }}", text='<a hx-get="/x">one</a>\ntwo')
    page = Page(drawn)
    assert [tag for tag, _ in page.elements] == ["div"]
    assert "hx-ignore" in page.elements[0][1]
    assert "\n" in drawn


def test_a_field_says_what_is_wrong_and_what_is_wanted() -> None:
    page = Page(
        draw(
            "{{ ui.field('lines.0.quantity', 'Quantity', 'number', 3, 'Too many', 'At most', 1) }}"
        )
    )
    control = page.all("input")[0]
    assert control["id"] == "f-lines-0-quantity"
    assert control["aria-invalid"] == "true"
    assert (control["aria-describedby"] or "").split() == [
        "f-lines-0-quantity-hint",
        "f-lines-0-quantity-error",
    ]
    assert set((control["aria-describedby"] or "").split()) <= set(page.ids())
    assert "required" in control
    assert page.all("label")[0]["for"] == control["id"]


def test_an_error_pointer_leads_to_its_field() -> None:
    summary = Page(
        draw("{{ ui.error_summary([{'pointer': '/lines/0/quantity', 'message': 'Too many'}]) }}")
    )
    field = Page(draw("{{ ui.field('lines.0.quantity', 'Quantity') }}"))
    assert (summary.all("a")[0]["href"] or "").lstrip("#") in field.ids()
    assert "data-focus" in summary.all("div")[0]


@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "textarea",
        "number",
        "integer",
        "money",
        "date",
        "datetime",
        "select",
        "multiselect",
        "person",
        "reference",
        "password",
        "file",
        "email",
    ],
)
def test_every_kind_of_field_has_one_label_and_one_name(kind: str) -> None:
    page = Page(draw("{{ ui.field('what', 'What', kind, currency='EUR') }}", kind=kind))
    names = [
        attrs["name"]
        for tag, attrs in page.elements
        if tag in {"input", "select", "textarea"} and attrs.get("type") != "hidden"
    ]
    assert names == ["what.amount" if kind == "money" else "what"]
    assert [label["for"] for label in page.all("label")] == ["f-what"]
    assert "f-what" in page.ids()


def test_a_password_is_never_drawn_back() -> None:
    assert "hunter2" not in draw("{{ ui.field('p', 'Password', 'password', 'hunter2') }}")


def test_choices_keep_what_was_chosen() -> None:
    options = [(1, "One"), (2, "Two")]
    page = Page(draw("{{ ui.field('a', 'A', 'select', '2', options=options) }}", options=options))
    assert [o["value"] for o in page.all("option") if "selected" in o] == ["2"]
    page = Page(
        draw("{{ ui.field('a', 'A', 'multiselect', [1, '2'], options=options) }}", options=options)
    )
    assert [o["value"] for o in page.all("option") if "selected" in o] == ["1", "2"]
    page = Page(
        draw("{{ ui.field('a', 'A', 'checkboxes', ['1'], options=options) }}", options=options)
    )
    assert [o["value"] for o in page.all("input") if "checked" in o] == ["1"]


def test_answers_that_refuse_never_replace_the_form_with_something_else() -> None:
    form = Page(draw("<form {{ ui.form_attrs('comment', '/comments') }}></form>")).all("form")[0]
    for status in ("409", "412", "422"):
        assert form[f"hx-status:{status}"] == "target:#comment swap:outerHTML"
    for status in ("403", "429", "5xx"):
        assert form[f"hx-status:{status}"] == "target:#comment-notice swap:innerHTML"
    assert form["action"] == form["hx-post"] == "/comments"


def test_a_failed_poll_leaves_the_page_alone() -> None:
    region = Page(draw("<ol {{ ui.poll_attrs('/inbox/rows?view=mine', 'v=1') }}></ol>")).all("ol")[
        0
    ]
    assert region["hx-get"] == "/inbox/rows?view=mine&ver=v%3D1"
    assert region["hx-status:5xx"] == region["hx-status:4xx"] == "swap:none"


def test_a_switched_off_button_can_be_reached_and_says_why() -> None:
    button = Page(draw("{{ ui.btn('Approve', disabled_by='why') }}")).all("button")[0]
    assert button["aria-disabled"] == "true"
    assert button["aria-describedby"] == "why"
    assert "disabled" not in button


def test_time_chips_say_their_level_in_words() -> None:
    drawn = draw("{{ ui.sla_chip('orange', '2 h left', due, 91, live=True) }}", due=NOON)
    assert "Orange, 91 % used" in drawn
    assert Page(drawn).all("time")[0]["data-deadline"] == NOON.isoformat()


def test_conflict_keeps_everything_that_was_typed() -> None:
    drawn = (
        environment()
        .get_template("components/_conflict_panel.html")
        .render(
            title="Not saved",
            action="/orders/1",
            version=4,
            kept=[{"name": "comment", "value": "Go ahead"}],
            fields=[
                {"code": "amount", "label": "Amount", "base": "1", "theirs": "2", "yours": "3"}
            ],
        )
    )
    inputs = {(each["name"], each["value"]): each for each in Page(drawn).all("input")}
    assert ("comment", "Go ahead") in inputs
    assert ("version", "4") in inputs
    assert "checked" in inputs["keep.amount", "yours"]
    assert "checked" not in inputs["keep.amount", "theirs"]


def test_refusal_is_a_page_for_a_browser_and_a_notice_for_htmx() -> None:
    template = environment().get_template("components/_refusal.html")
    context = {
        "status": 403,
        "title": "You cannot decide this one",
        "detail": "You asked for it.",
        "who_can": ["Ada Lind"],
        "reference": "7f3a",
    }
    page = Page(template.render(**context))
    assert len(page.all("h1")) == 1
    notice = Page(template.render(**context, is_htmx=lambda: True))
    assert notice.all("h1") == []
    assert "data-refusal" in notice.all("div")[0]
    assert notice.all("div")[0]["role"] == "alert"


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_theme_comes_from_the_server(theme: str) -> None:
    html = Page(
        environment().get_template("styleguide/index.html").render(**{**FRAME, "theme": theme})
    )
    assert html.all("html")[0].get("data-theme") == (None if theme == "auto" else theme)


def test_frame_for_nobody_signed_in_offers_no_menu() -> None:
    page = Page(
        environment()
        .get_template("errors/error.html")
        .render(status=404, title="Nothing here", detail="", reference="1")
    )
    assert page.all("nav") == []
    assert len(page.all("h1")) == 1
