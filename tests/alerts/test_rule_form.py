"""The form of a rule: rows of its condition, what it keeps, its preview; without script too."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.people import post
from tests.support.estate import Estate
from tests.support.pages import read
from wfweb.alerts import rules_admin
from wfweb.alerts.models import AlertRule
from wfweb.kernel.db import session, transaction

Client = Callable[[str], FlaskClient]
NEW = "/alert-rules/new?type=threshold"
RULE: dict[str, Any] = {
    "type": "threshold", "code": "coverage_watch", "name": "Coverage watch",
    "record_type": "property", "metric": "dscr", "operator": "<", "raise_at": "1.5",
    "severity": "info", "channels": "in_app", "roles": "asset_manager",
}  # fmt: skip
NOT_OFFICES = {"not": {"field": "kind", "operator": "=", "value": "office"}}


def rows(*triples: tuple[str, ...], match: str = "all") -> dict[str, str]:
    """Return the fields that a browser posts of rows, given as field, operator and values."""
    posted = {"condition.match": match}
    for number, triple in enumerate(triples):
        names = ("field", "operator", "value", "until")
        given = zip(names, [*triple, "", ""], strict=False)
        posted |= {f"condition.{number}.{name}": value for name, value in given}
    return posted


def body_of(portfolio: Estate, code: str) -> dict[str, Any]:
    with transaction(company_id=portfolio.company):
        return session().scalars(select(AlertRule.body).where(AlertRule.code == code)).one()


def saved(portfolio: Estate, **more: Any) -> str:
    """Save a rule as a program would; return the address of its form."""
    body = {
        "code": "watch", "name": "Watch", "type": "threshold", "record_type": "property",
        "metric": "dscr", "operator": "<", "raise_at": "1.5",
        "recipients": [{"role": "asset_manager"}], **more,
    }  # fmt: skip
    with transaction(actor=portfolio.saskia.actor):
        rules_admin.save_rule(body)
    return "/alert-rules/watch/edit"


def ask(client: FlaskClient, path: str, data: dict[str, Any]) -> str:
    """Post as htmx does; return the fragment."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get(NEW).text)
    assert token
    answer = client.post(
        path, data={**data, "csrf_token": token[1]}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return answer.text


def held(page: str, name: str) -> str:
    """Return what a field of a page holds."""
    (node,) = (n for n in read(page).nodes if n.get("name") == name)
    if node.name == "select":
        chosen = [o for o in node.walk() if o.name == "option" and "selected" in o.attributes]
        return chosen[0].get("value") if chosen else ""
    return node.text() if node.name == "textarea" else node.get("value")


def test_rows_become_the_condition_of_the_rule(portfolio: Estate, portfolio_client: Client):
    saskia = portfolio_client("saskia")
    typed = rows(("kind", "in", "Shops, Offices"), ("value", ">", "1,000,000"), match="any")
    assert post(saskia, "/alert-rules/new", {**RULE, **typed}, form=NEW).status_code == 303
    assert body_of(portfolio, "coverage_watch")["condition"] == {
        "any": [
            {"field": "kind", "operator": "in", "value": ["retail", "office"]},
            {"field": "value", "operator": ">", "value": 1_000_000},
        ]
    }
    page = saskia.get("/alert-rules/coverage_watch/edit").text
    assert held(page, "condition.match") == "any"
    assert held(page, "condition.0.value") == "Shops, Offices"
    assert held(page, "condition.1.field") == "value"


def test_without_script_buttons_draw_the_form_anew_with_nothing_lost(
    portfolio: Estate, portfolio_client: Client
):
    saskia = portfolio_client("saskia")
    typed = {**RULE, "message": "Look at it", **rows(("city", "=", "Leiden"), ("kind", "is set"))}
    more = post(saskia, "/alert-rules/new", {**typed, "_act": "condition.add"}, form=NEW)
    assert more.status_code == 200
    for name in ("name", "message", "raise_at", "condition.0.value", "condition.1.operator"):
        assert held(more.text, name) == typed[name]
    (added,) = (n for n in read(more.text).nodes if n.get("name") == "condition.2.field")
    assert "autofocus" in added.attributes
    less = post(saskia, "/alert-rules/new", {**typed, "_act": "condition.remove.0"}, form=NEW).text
    assert held(less, "condition.0.field") == "kind"
    assert "condition.1.field" not in less
    assert held(less, "message") == "Look at it"
    with transaction(company_id=portfolio.company):
        codes = session().scalars(select(AlertRule.code)).all()
    assert "coverage_watch" not in codes, "a button of the rows saves nothing"


def test_with_script_only_the_rows_and_the_preview_are_drawn(
    portfolio: Estate, portfolio_client: Client
):
    _id, key = portfolio.property()
    portfolio.measure(key, "dscr", "1.3")
    saskia = portfolio_client("saskia")
    typed = {**RULE, **rows(("city", "=", "Leiden"), ("city", "=", "Delft"))}
    before = ask(saskia, "/alert-rules/preview", typed)
    assert "It would fire for nothing now." in before
    part = ask(saskia, "/alert-rules/rows", {**typed, "_act": "condition.remove.1"})
    assert "<html" not in part
    assert held(part, "condition.0.value") == "Leiden"
    assert "condition.1.field" not in part
    assert "Would fire for this one now" in part
    assert 'hx-target="#preview-answer"' in part


def test_the_preview_asks_for_nothing_it_does_not_need(portfolio: Estate, portfolio_client: Client):
    _id, key = portfolio.property()
    portfolio.measure(key, "dscr", "1.3")
    saskia = portfolio_client("saskia")
    bare = {name: RULE[name] for name in ("type", "record_type", "metric", "operator", "raise_at")}
    assert "Would fire for this one now" in ask(saskia, "/alert-rules/preview", bare)
    lacking = ask(saskia, "/alert-rules/preview", {**bare, **rows(("value", ">", "much"))})
    assert "Nothing can be told yet." in lacking
    assert "Write an amount of money" in lacking


def test_the_fields_follow_the_records_that_are_chosen(portfolio: Estate, portfolio_client: Client):
    saskia = portfolio_client("saskia")
    typed = {**RULE, **rows(("", "=", "")), "_act": "condition.redraw"}
    assert 'value="portfolio"' in ask(saskia, "/alert-rules/rows", typed)
    other = ask(saskia, "/alert-rules/rows", {**typed, "record_type": "lease"})
    assert 'value="portfolio"' not in other
    assert 'value="ends_on"' in other
    event = {**typed, "type": "event", "record_type": "", "event": "record.created"}
    assert 'value="event.' in ask(saskia, "/alert-rules/rows", event)


def test_a_fault_stands_at_its_row(portfolio: Estate, portfolio_client: Client):
    saskia = portfolio_client("saskia")
    typed = rows(("", "=", ""), ("value", ">", "much"), ("gone", "=", "x"), ("", "=", "lost"))
    wrong = post(saskia, "/alert-rules/new", {**RULE, **typed}, form=NEW)
    assert wrong.status_code == 422
    assert 'id="f-condition-3-field-error"' in wrong.text
    typed.pop("condition.3.value")
    wrong = post(saskia, "/alert-rules/new", {**RULE, **typed}, form=NEW)
    assert wrong.status_code == 422
    nodes = {n.get("id"): n for n in read(wrong.text).nodes if n.get("id")}
    for part, words in (("1-value", "Write an amount"), ("2-field", "There is no field")):
        assert words in nodes[f"f-condition-{part}-error"].text()
        assert nodes[f"f-condition-{part}"].get("aria-invalid") == "true"
        assert f'href="#f-condition-{part}"' in wrong.text
    assert held(wrong.text, "condition.1.value") == "much"
    assert held(wrong.text, "condition.2.field") == "gone"


def test_what_no_row_can_hold_is_said_in_words_and_survives(
    portfolio: Estate, portfolio_client: Client
):
    condition = {"all": [NOT_OFFICES, {"field": "city", "operator": "=", "value": "Leiden"}]}
    address = saved(portfolio, condition=condition)
    saskia = portfolio_client("saskia")
    page = saskia.get(address).text
    assert "Not (Kind is Offices)" in page
    typed = {
        **RULE, "code": "watch", "version": held(page, "version"), "of": "watch",
        "condition.match": "all", "condition.0.text": held(page, "condition.0.text"),
        "condition.1.field": "city", "condition.1.operator": "=", "condition.1.value": "Delft",
    }  # fmt: skip
    wrong = post(saskia, address, {**typed, "condition.0.text": "{oops"}, form=address)
    assert wrong.status_code == 422
    assert held(wrong.text, "condition.0.text").strip() == "{oops"
    assert 'id="f-condition-0-text-error"' in wrong.text
    assert post(saskia, address, typed, form=address).status_code == 303
    kept = body_of(portfolio, "watch")["condition"]
    assert kept == {"all": [NOT_OFFICES, {"field": "city", "operator": "=", "value": "Delft"}]}


def test_what_the_form_does_not_show_stays(portfolio: Estate, portfolio_client: Client):
    """Further steps and who else they tell, categories, and rules that stay open."""
    told = [{"role": "asset_manager"}, {"user": "dana@kestrel.example"}]
    hidden = {
        "auto_resolve": False, "category": ["a"], "category_field": "city",
        "escalation": [{"after_minutes": n, "recipients": told} for n in (10, 20, 30)],
    }  # fmt: skip
    address = saved(portfolio, **hidden)
    before = body_of(portfolio, "watch")
    saskia = portfolio_client("saskia")
    page = saskia.get(address).text
    form = {
        **RULE, "code": "watch", "name": "Renamed", "of": "watch", "severity": "warning",
        **{name: held(page, name) for name in (
            "version", "category", "step0.after", "step0.role", "step1.after", "step1.role",
            "cooldown_minutes", "daily_cap", "title", "condition.match",
        )},
        "channels": ["in_app", "email"], "manual": "true",
    }  # fmt: skip
    assert "checked" in next(n for n in read(page).nodes if n.get("name") == "manual").attributes
    assert post(saskia, address, form, form=address).status_code == 303
    assert body_of(portfolio, "watch") == {**before, "name": "Renamed"}
    form |= {
        "version": held(saskia.get(address).text, "version"),
        "step1.role": "governance_officer",
    }
    assert post(saskia, address, form, form=address).status_code == 303
    steps = body_of(portfolio, "watch")["escalation"]
    assert steps[1]["recipients"] == [{"role": "governance_officer"}, told[1]]
    assert steps[2] == before["escalation"][2]


def test_a_service_level_stays_when_its_rule_is_changed(
    portfolio: Estate, portfolio_client: Client
):
    body = {"type": "sla", "metric": None, "operator": None, "raise_at": None}
    address = saved(portfolio, **body, levels=["RED"], service_level="answer", auto_resolve=False)
    saskia = portfolio_client("saskia")
    page = saskia.get(address).text
    form = {**RULE, "type": "sla", "levels": "RED", "version": held(page, "version"), "of": "watch"}
    for name in ("code", "metric", "operator", "raise_at"):
        form.pop(name)
    assert post(saskia, address, form, form=address).status_code == 303
    kept = body_of(portfolio, "watch")
    assert (kept["service_level"], kept["auto_resolve"]) == ("answer", False)


@pytest.mark.parametrize("path", ["/alert-rules/rows", "/alert-rules/preview"])
def test_drafts_are_for_those_who_change_rules(
    portfolio: Estate, portfolio_client: Client, path: str
):
    assert post(portfolio_client("dana"), path, RULE, form="/alert-rules").status_code == 403
    saskia = portfolio_client("saskia")
    assert post(saskia, path, {**RULE, "of": "nobody"}, form=NEW).status_code == 404


@pytest.mark.parametrize("value", ["\x00", "x" * 20_000, "{{", "9" * 5000, "[1]", '{"all": [1]}'])
def test_no_row_is_an_accident(portfolio: Estate, portfolio_client: Client, value: str):
    saskia = portfolio_client("saskia")
    token = re.search(r'name="csrf-token" content="([^"]+)"', saskia.get(NEW).text)
    assert token
    for part in ("match", "0.field", "0.operator", "0.value", "0.text", "99.field", value[:30]):
        typed = {**RULE, **rows(("city", "=", "x")), f"condition.{part}": value}
        for act, path in (("", "new"), ("preview", "new"), (f"condition.{part}", "rows")):
            data = {**typed, "_act": act, "csrf_token": token[1]}
            answer = saskia.post(f"/alert-rules/{path}", data=data)
            assert answer.status_code < 500, f"{part} {value[:20]!r} {path}"
