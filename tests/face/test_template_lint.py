"""What no template may hold: the strict CSP and escaping stand on it."""

import re
from collections.abc import Iterator

import jinja2
import pytest

from tests.face.environment import STATIC, TEMPLATES, environment

MAIL = ("layouts/email.html", "email/", "mail/")
ALL = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
FORBIDDEN = {
    "inline style": r"\sstyle\s*=|<style\b",
    "inline script": r"<script(?![^>]*\ssrc=)|\son[a-z]+\s*=",
    "unescaped output": r"\|\s*safe\b|autoescape\s+false",
    "hx-on runs strings": r"hx-on\b",
    "js: runs strings": r"[\"']\s*(?:js|javascript):",
    "trigger filters run strings": r"hx-trigger\s*=\s*\"(?:[^\"]*,)?\s*[\w:.-]+\[",
    "htmx inheritance hides where a request goes": r"hx-[\w:-]+:(?:inherited|append)",
    "words we do not use": r">[^<{]*\b(?:please|sorry|oops|forbidden)\b",
}


def without_jinja(source: str) -> str:
    """Return the markup: comments and statements gone, each expression a plain word."""
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%.*?%\}", "", source, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", "x", source, flags=re.DOTALL)


def problems(source: str, *, mail: bool = False) -> Iterator[str]:
    """Yield what is wrong with a template's text."""
    visible = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    for reason, pattern in FORBIDDEN.items():
        if mail and reason == "inline style":
            continue
        if found := re.search(pattern, visible, re.IGNORECASE):
            yield f"{reason}: {found.group(0)!r}"
    markup = without_jinja(source)
    for tag in re.findall(r"<[a-z][^<>]*>", markup):
        bare = re.sub(r"\"[^\"]*\"|'[^']*'", '""', tag)
        if found := re.search(r"[\w:-]+=(?!\")\S", bare):
            yield f"unquoted attribute {found.group(0)!r} in {tag!r}"
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", source, re.DOTALL):
        if "csrf" not in form and "{% block" not in form:
            yield f"form without proof of where it comes from: {form[:80]!r}"


@pytest.mark.parametrize("name", ALL)
def test_template_holds_nothing_that_is_not_allowed(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    assert list(problems(source, mail=name.startswith(MAIL))) == []


@pytest.mark.parametrize("name", ALL)
def test_template_is_valid_jinja(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    assert isinstance(environment().parse(source, name), jinja2.nodes.Template)


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color:red">x</p>',
        "<script>alert(1)</script>",
        '<a href="/" onclick="x()">x</a>',
        "<p>{{ text|safe }}</p>",
        '<a href="/" hx-on:click="x()">x</a>',
        '<div hx-vals="js:{a: 1}"></div>',
        "<p class={{ kind }}>x</p>",
        '<div hx-get="/a" hx-trigger="click[ctrlKey]"></div>',
        '<div hx-target:inherited="#a"></div>',
        '<form method="post" action="/a"><button>Save</button></form>',
        "<p>Please wait</p>",
    ],
)
def test_the_lint_sees_each_thing_it_is_for(source: str) -> None:
    assert list(problems(source))


def test_the_lint_lets_ordinary_markup_pass() -> None:
    form = '<form method="post" {{ ui.form_attrs("a", url) }}>{{ ui.csrf_field() }}'
    fine = form + '<b title="a=b">x</b></form>'
    assert list(problems(fine)) == []


def test_every_icon_that_templates_name_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "vendor/icons.svg").read_text()))
    used: dict[str, str] = {}
    for name in ALL:
        source = (TEMPLATES / name).read_text(encoding="utf-8")
        for icon in re.findall(r"\bicon\(\s*'([\w-]+)'", source):
            used[icon] = name
        for icon in re.findall(r"icon_name\s*=\s*'([\w-]+)'", source):
            used[icon] = name
        for icon in re.findall(r"icon_btn\([^,()]+,\s*'([\w-]+)'", source):
            used[icon] = name
    assert {icon: where for icon, where in used.items() if icon not in drawn} == {}
