"""Pages of alerts: the centre, one alert and what is done with it, rules with preview, imports."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.approvals.counting import statements
from tests.people import add_person, post, sign_in
from tests.support.estate import Estate
from tests.support.pages import read
from wfweb.alerts.models import Alert, AlertRule, AlertSilence, MetricReading
from wfweb.identity.service.companies import create_company
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id

Client = Callable[[str], FlaskClient]


def alert_key(portfolio: Estate, title: str = "Debt-service coverage below") -> str:
    with transaction(company_id=portfolio.company):
        found = select(Alert.key).where(Alert.title.startswith(title))
        return session().scalars(found).one()


def status_of(portfolio: Estate, key: str) -> str:
    with transaction(company_id=portfolio.company):
        query = select(Alert.status).where(Alert.key == key)
        return session().scalars(query).one()


@pytest.fixture
def raised(portfolio: Estate) -> str:
    """The key of a critical alert about the coverage of a property."""
    portfolio.locked()
    return alert_key(portfolio)


def test_without_alerts_the_centre_says_what_is_watched(
    portfolio: Estate, portfolio_client: Client
):
    page = portfolio_client("dana").get("/alerts").text
    assert "No open alert" in page
    assert "7 rules watch your records." in page


def test_the_centre_lists_the_gravest_first_with_value_and_limit(
    portfolio: Estate, portfolio_client: Client
):
    _id, key = portfolio.property()
    portfolio.measure(key, "occupancy", "89")
    portfolio.measure(key, "dscr", "1.08")
    page = portfolio_client("dana").get("/alerts").text
    titles = ("<bdi>Debt-service coverage below", "<bdi>Occupancy falling")
    order = [page.index(words) for words in titles]
    assert order == sorted(order)
    assert "Coverage is 1.08, the minimum is 1.25." in page
    assert "Critical" in page
    assert "Warning" in page
    assert "Open property" in page


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("severity=critical", True),
        ("severity=info", False),
        ("rule=dscr_below_minimum", True),
        ("rule=occupancy_too_low", False),
        ("type=threshold", True),
        ("type=event", False),
        ("owner=nobody", True),
        ("owner=mine", False),
        ("q=alder", True),
        ("q=quay", False),
        ("state=resolved", False),
        ("record_type=property", True),
        ("record_type=lease", False),
    ],
)
def test_filters_narrow_the_list(
    portfolio: Estate, portfolio_client: Client, raised: str, query: str, there: bool
):
    page = portfolio_client("dana").get(f"/alerts?{query}").text
    assert (f'id="alert-{raised}"' in page) is there


def test_acknowledging_moves_it_to_the_next_tab(
    portfolio: Estate, portfolio_client: Client, raised: str
):
    dana = portfolio_client("dana")
    answer = post(dana, f"/alerts/{raised}/acknowledge", {"back": ""}, form="/alerts")
    assert answer.status_code == 303
    assert f'id="alert-{raised}"' not in dana.get("/alerts").text
    shown = dana.get("/alerts?state=acknowledged").text
    assert f'id="alert-{raised}"' in shown
    assert "You" in shown


def test_acknowledging_in_place_answers_with_the_row(
    portfolio: Estate, portfolio_client: Client, raised: str
):
    dana = portfolio_client("dana")
    token = re.search(r'name="csrf-token" content="([^"]+)"', dana.get("/alerts").text)
    assert token
    answer = dana.post(
        f"/alerts/{raised}/acknowledge",
        data={"csrf_token": token[1], "back": ""},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 200
    assert f'id="alert-{raised}"' in answer.text
    assert f"Acknowledged {raised}" in answer.headers["HX-Trigger"]


def test_the_second_to_acknowledge_hears_who_was_first(
    portfolio: Estate, portfolio_client: Client, raised: str
):
    cleo, dana = portfolio_client("cleo"), portfolio_client("dana")
    seen = cleo.get(f"/alerts/{raised}").text
    version = re.search(r'name="version" value="(\d+)"', seen)
    assert version
    post(dana, f"/alerts/{raised}/acknowledge", {}, form="/alerts")
    late = post(cleo, f"/alerts/{raised}/acknowledge", {"version": version[1]}, form="/alerts")
    assert late.status_code == 409
    assert "Dana Whitfield took" in late.text


def test_every_act_leaves_a_line_in_the_timeline(
    portfolio: Estate, portfolio_client: Client, raised: str
):
    dana, address = portfolio_client("dana"), f"/alerts/{raised}"
    post(dana, f"{address}/acknowledge", {}, form=address)
    post(dana, f"{address}/owner", {"to": str(portfolio.cleo.id)}, form=address)
    post(dana, f"{address}/notes", {"body": "The bank was asked."}, form=address)
    post(dana, f"{address}/reminder", {"when": "4h"}, form=address)
    page = dana.get(address).text
    for words in ("Rule fired", "looks after it", "gave it on", "The bank was asked."):
        assert words in page
    assert "Cleo Vasquez" in page
    assert "Reminder" in page


def test_resolving_while_the_cause_holds_asks_why(
    portfolio: Estate, portfolio_client: Client, raised: str
):
    dana, address = portfolio_client("dana"), f"/alerts/{raised}"
    refused = post(dana, f"{address}/resolution", {"notes": ""}, form=address)
    assert refused.status_code == 422
    assert "The cause still holds" in refused.text
    assert status_of(portfolio, raised) != "resolved"
    done = post(dana, f"{address}/resolution", {"notes": "Loan repaid early."}, form=address)
    assert done.status_code == 303
    assert status_of(portfolio, raised) == "resolved"
    assert "Loan repaid early." in dana.get(address).text


def test_silencing_needs_a_reason_and_can_be_ended(
    portfolio: Estate, portfolio_client: Client, raised: str
):
    dana, address = portfolio_client("dana"), f"/alerts/{raised}"
    refused = post(dana, f"{address}/silence", {"until": "week", "reason": ""}, form=address)
    assert refused.status_code == 422
    post(dana, f"{address}/silence", {"until": "week", "reason": "Audit is on."}, form=address)
    assert "Nobody is told: silenced until" in dana.get(address).text
    with transaction(company_id=portfolio.company):
        silence_id = session().scalars(select(AlertSilence.id)).one()
    assert "Audit is on." in dana.get("/alert-rules").text
    post(dana, f"/alert-silences/{silence_id}/end", {}, form="/alert-rules")
    assert "Audit is on." not in dana.get("/alert-rules").text


def test_a_poll_is_silent_until_something_changes(
    portfolio: Estate, portfolio_client: Client, raised: str
):
    dana = portfolio_client("dana")
    page = dana.get("/alerts").text
    address = re.search(r'hx-get="(/alerts/rows[^"]*)"', page)
    assert address
    assert dana.get(address[1].replace("&amp;", "&")).status_code == 204
    post(dana, f"/alerts/{raised}/acknowledge", {}, form="/alerts")
    assert dana.get(address[1].replace("&amp;", "&")).status_code == 200


def test_a_stranger_sees_nothing(portfolio: Estate, portfolio_client: Client, raised: str):
    elsewhere = new_id()
    with transaction(company_id=elsewhere, system=True):
        create_company(elsewhere, "Osprey Mills")
    person = add_person(elsewhere, "eve@osprey.example", "Eve Elsewhere", "administrator")
    eve = sign_in(portfolio_client("dana").application.test_client(), person)
    assert eve.get(f"/alerts/{raised}").status_code == 404
    assert raised not in eve.get("/alerts").text


def test_figures_stand_on_the_record_with_their_limit(portfolio: Estate, portfolio_client: Client):
    _id, key = portfolio.property()
    portfolio.measure(key, "dscr", "1.6", "1.4", "1.08")
    page = portfolio_client("dana").get(f"/records/property/{key}").text
    assert "Debt-service coverage went from 1.600 to 1.080 in 3 readings" in page
    assert "not below 1.250" in page


def test_the_list_of_rules_speaks_in_words(portfolio: Estate, portfolio_client: Client):
    page = portfolio_client("saskia").get("/alert-rules").text
    assert "Debt-service coverage below 1.25" in page
    assert "A limit of a figure, properties" in page
    rule = portfolio_client("saskia").get("/alert-rules/dscr_below_minimum").text
    assert "It ends by itself at 1.3 or more." in rule
    assert "It would fire for nothing now." in rule


def test_a_preview_names_the_records_it_would_fire_for(
    portfolio: Estate, portfolio_client: Client, raised: str
):
    form = {
        "type": "threshold", "code": "coverage_watch", "name": "Coverage watch",
        "record_type": "property", "metric": "dscr", "operator": "<", "raise_at": "1.5",
        "severity": "info", "channels": "in_app", "roles": "asset_manager", "_act": "preview",
    }  # fmt: skip
    saskia = portfolio_client("saskia")
    address = "/alert-rules/new?type=threshold"
    answer = post(saskia, "/alert-rules/new", form, form=address)
    assert "Would fire for this one now" in answer.text
    assert "Alder Street 14" in answer.text
    with transaction(company_id=portfolio.company):
        codes = session().scalars(select(AlertRule.code)).all()
    assert "coverage_watch" not in codes, "a preview saves nothing"


def test_a_rule_is_made_changed_and_switched_off(portfolio: Estate, portfolio_client: Client):
    saskia = portfolio_client("saskia")
    form = {
        "type": "threshold", "code": "coverage_watch", "name": "Coverage watch",
        "record_type": "property", "metric": "dscr", "operator": "<", "raise_at": "1.5",
        "severity": "info", "channels": "in_app", "roles": "asset_manager",
    }  # fmt: skip
    wrong = post(saskia, "/alert-rules/new", {**form, "clear_at": "1.2"}, form="/alert-rules/new")
    assert wrong.status_code == 422
    made = post(saskia, "/alert-rules/new", form, form="/alert-rules/new")
    assert made.status_code == 303
    assert made.location.endswith("/alert-rules/coverage_watch")
    address = "/alert-rules/coverage_watch/edit"
    page = saskia.get(address).text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    stale = post(saskia, address, {**form, "version": "0"}, form=address)
    assert stale.status_code == 409
    changed = {**form, "raise_at": "1.6", "version": version[1]}
    assert post(saskia, address, changed, form=address).status_code == 303
    page = saskia.get("/alert-rules/coverage_watch").text
    assert "below 1.6" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    post(
        saskia,
        "/alert-rules/coverage_watch/active",
        {"version": version[1], "active": ""},
        form="/alert-rules/coverage_watch",
    )
    with transaction(company_id=portfolio.company):
        query = select(AlertRule.active).where(AlertRule.code == "coverage_watch")
        assert session().scalars(query).one() is False


@pytest.mark.parametrize("kind", ["threshold", "inventory", "schedule", "event", "sla"])
def test_every_kind_of_rule_has_a_form(portfolio: Estate, portfolio_client: Client, kind: str):
    answer = portfolio_client("saskia").get(f"/alert-rules/new?type={kind}")
    assert answer.status_code == 200
    assert 'name="raise_at"' in answer.text or kind not in {"threshold", "inventory"}


def test_every_rule_of_the_pack_survives_its_form(portfolio: Estate, portfolio_client: Client):
    saskia = portfolio_client("saskia")
    with transaction(company_id=portfolio.company):
        rows = session().execute(select(AlertRule.code, AlertRule.body))
        before = {row.code: row.body for row in rows}
    for code, body in before.items():
        address = f"/alert-rules/{code}/edit"
        form = next(n for n in read(saskia.get(address).text).nodes if n.get("action") == address)
        values = {name: value for name, value in filled(form) if name != "csrf_token"}
        assert post(saskia, address, values, form=address).status_code == 303
        with transaction(company_id=portfolio.company):
            query = select(AlertRule.body).where(AlertRule.code == code)
            assert session().scalars(query).one() == body


def filled(form):
    """Yield the names and values a browser would send, lists for names that come often."""
    values: dict[str, list[str]] = {}
    for node in form.walk():
        name = node.get("name")
        if not name or node.name == "button":
            continue
        if node.name == "select":
            chosen = [o for o in node.walk() if o.name == "option" and "selected" in o.attributes]
            values.setdefault(name, []).extend(o.get("value") for o in chosen)
        elif node.name == "textarea":
            values.setdefault(name, []).append(node.text())
        elif node.get("type") in {"checkbox", "radio"}:
            if "checked" in node.attributes:
                values.setdefault(name, []).append(node.get("value"))
        else:
            values.setdefault(name, []).append(node.get("value"))
    yield from ((name, some) for name, some in values.items())


def test_members_read_rules_and_do_not_change_them(portfolio: Estate, portfolio_client: Client):
    dana = portfolio_client("dana")
    assert dana.get("/alert-rules").status_code == 200
    assert dana.get("/alert-rules/dscr_below_minimum").status_code == 200
    for path in ("/alert-rules/new", "/alert-rules/dscr_below_minimum/edit"):
        assert dana.get(path).status_code == 403


def test_a_file_is_looked_at_before_it_is_taken_in(portfolio: Estate, portfolio_client: Client):
    _id, key = portfolio.property()
    dana = portfolio_client("dana")
    content = (
        f"record;date;Debt-service coverage;other\n{key};2026-09-30;1.51;x\nPRP-9;2026-09-30;2;y"
    )
    token = re.search(r'name="csrf-token" content="([^"]+)"', dana.get("/alerts/import").text)
    assert token
    looked = dana.post(
        "/alerts/import",
        data={"csrf_token": token[1], "file": (BytesIO(content.encode()), "figures.csv")},
    )
    assert looked.status_code == 200
    assert "Take in 1 reading" in looked.text
    assert "There is no record" in looked.text
    with transaction(company_id=portfolio.company):
        assert session().scalars(select(MetricReading)).all() == []
    columns = {"column.0": "record", "column.1": "at", "column.2": "dscr", "column.3": ""}
    taken = post(
        dana, "/alerts/import", {"content": content, "_act": "take", **columns}, form="/alerts"
    )
    assert taken.status_code == 303
    with transaction(company_id=portfolio.company):
        one = session().scalars(select(MetricReading)).one()
        assert (one.metric, str(one.value.normalize())) == ("dscr", "1.51")
        assert one.at.isoformat() == "2026-09-30T00:00:00+00:00"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "at least one row"),
        ("record,dscr", "at least one row"),
        ("record,dscr\nPRP-1,1.2,3", "Line 2 has 3 columns"),
        ("record,dscr\nPRP\0-1,1.2", "no text file"),
    ],
)
def test_what_is_no_table_is_named(
    portfolio: Estate, portfolio_client: Client, content: str, words: str
):
    answer = post(portfolio_client("dana"), "/alerts/import", {"content": content}, form="/alerts")
    assert answer.status_code == 422
    assert words in answer.text


def test_a_critical_figure_from_a_file_locks_at_once(portfolio: Estate, portfolio_client: Client):
    record_id, key = portfolio.property()
    data = {"content": f"record,dscr\n{key},1.05", "_act": "take", "column.0": "record"}
    post(portfolio_client("dana"), "/alerts/import", {**data, "column.1": "dscr"}, form="/alerts")
    assert [one.lock_type for one in portfolio.locks_of(record_id)] == ["refinance_block"]


@pytest.mark.usefixtures("raised")
def test_fifty_alerts_cost_as_many_statements_as_one(portfolio: Estate, portfolio_client: Client):
    dana = portfolio_client("dana")
    dana.get("/alerts")
    with statements() as one:
        dana.get("/alerts")
    for number in range(25):
        portfolio.locked(f"Quay West {number}", "1.2")
    with statements() as many:
        page = dana.get("/alerts").text
    assert page.count('class="al"') == 50
    assert len(many) <= len(one) + 1


@pytest.mark.parametrize(
    "query",
    [
        "state=%00&severity=%00&owner=x&rule=%00&type=x&q=%00&after=x&alert=%00",
        "after=" + "A" * 3000 + "&q=" + "%25" * 3000,
        "rule=" + "x" * 3000 + "&record_type=%F0%9F%92%A9&alert=ALT-9999&ver=x&back=%0d%0a",
        "status=x&lock_type=%00&action=%00&q=%00",
    ],
)
def test_no_query_is_an_accident(
    portfolio: Estate, portfolio_client: Client, raised: str, query: str
):
    saskia = portfolio_client("saskia")
    for path in ("/alerts", "/alerts/rows", f"/alerts/{raised}/pane", "/alert-rules/new", "/locks"):
        assert saskia.get(f"{path}?{query}").status_code < 500


def test_no_form_is_an_accident(portfolio: Estate, portfolio_client: Client, raised: str):
    saskia = portfolio_client("saskia")
    wrong = ("", "\x00", "x" * 20_000, "-1", "9" * 40, "NaN", "\u202e")
    for act, field in (
        ("acknowledge", "version"), ("owner", "to"), ("notes", "body"), ("reminder", "when"),
        ("silence", "until"), ("resolution", "notes"),
    ):  # fmt: skip
        for value in wrong:
            answer = post(saskia, f"/alerts/{raised}/{act}", {field: value}, form="/alerts")
            assert answer.status_code < 500, f"{act} {value[:20]!r}"
    for field in ("raise_at", "condition", "daily_cap", "cron", "step0.after", "people", "type"):
        for value in (*wrong, "{}", "[1]"):
            form = {"type": "threshold", "code": "x", "name": "X", field: value}
            answer = post(saskia, "/alert-rules/new", form, form="/alert-rules/new")
            assert answer.status_code < 500, f"{field} {value[:20]!r}"
