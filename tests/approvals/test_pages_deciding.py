"""Deciding on pages: what a post does, and what the page says when it is refused."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from werkzeug.test import TestResponse

from tests.approvals.conftest import World, level
from tests.approvals.test_pages_inbox import count_queries
from tests.people import Person
from wfweb.approvals.rows import Case
from wfweb.identity import service as identity
from wfweb.kernel.db import transaction

ClientOf = Callable[[Person | None], FlaskClient]
REASONS = [
    {"code": "price", "label": "Too expensive", "comment_required": True},
    {"code": "twice", "label": "Ordered twice"},
]


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the decision bar on a page."""
    bar = page[page.index('id="decision"') :]
    found = re.findall(r'<input type="hidden" name="([\w.]+)" value="([^"]*)"', bar)
    return dict(found)


def decide(
    client: FlaskClient, key: str, decision: str, seen: str = "", **more: Any
) -> TestResponse:
    """Press a button of the decision bar on the page as it was seen."""
    page = seen or client.get(f"/requests/{key}").text
    fields = {**hidden(page), "decision": decision, **more}
    return client.post(f"/requests/{key}/decision", data=fields)


def key_of(case: Case) -> str:
    return case.request.key


def test_approving_goes_on_to_the_next_request(world: World, client_of: ClientOf) -> None:
    world.publish_levels(level("ada", due_hours=4))
    first = world.submit(subject="Steel")
    second = world.submit(subject="Copper")
    client = client_of(world.people.ada)
    answer = decide(client, key_of(first), "approve")
    assert answer.status_code == 303
    assert answer.location.startswith(f"/requests/{key_of(second)}?")
    assert world.state(first) == ("approved", "approved")
    text = client.get(answer.location).text
    assert f"Approved {key_of(first)}. 1 left." in text


def test_from_the_inbox_the_answer_is_the_inbox_with_its_filters(
    world: World, client_of: ClientOf
) -> None:
    world.publish_levels(level("ada", due_hours=4))
    first, second = world.submit(subject="Steel"), world.submit(subject="Steel")
    client = client_of(world.people.ada)
    pane = client.get(f"/requests/{key_of(first)}/pane?back=q%3Dsteel").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', pane)
    assert token
    answer = decide(client, key_of(first), "approve", pane)
    assert answer.location == f"/inbox?q=steel&open={key_of(second)}"


def test_the_last_one_leads_to_the_empty_inbox(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    client = client_of(world.people.ada)
    answer = decide(client, key_of(case), "approve")
    assert answer.location == "/inbox"
    text = client.get("/inbox").text
    assert "Nothing needs you" in text
    assert "That was the last one." in text


def test_a_rejection_without_reason_keeps_what_was_typed(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"), reject_reasons=REASONS)
    client = client_of(world.people.ada)
    answer = decide(client, key_of(case), "reject", comment="Ask the other yard <b>first</b>")
    assert answer.status_code == 422
    assert "Choose a reason" in answer.text
    assert "Ask the other yard &lt;b&gt;first&lt;/b&gt;" in answer.text
    assert 'href="#panel-reason_code"' in answer.text
    assert 'id="panel-reason_code"' in answer.text
    assert world.state(case)[0] == "pending"


def test_a_changed_content_is_shown_before_it_is_approved(
    world: World, client_of: ClientOf
) -> None:
    case = world.ask(level("ada"), on_edit="affected")
    client = client_of(world.people.ada)
    seen = client.get(f"/requests/{key_of(case)}").text
    world.edit(case, amount={"amount": "1900.00", "currency": "EUR"})
    answer = decide(client, key_of(case), "approve", seen, comment="Good price")
    assert answer.status_code == 409
    assert "€1,200.00" in answer.text
    assert "€1,900.00" in answer.text
    assert "Good price" in answer.text
    assert "Approve €1,900.00 all the same" in answer.text
    again = decide(client, key_of(case), "approve", answer.text, comment="Good price")
    assert again.status_code == 303
    assert world.state(case)[0] == "approved"


def test_an_answer_after_somebody_elses_says_who_it_was(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada", "mia"))
    client = client_of(world.people.ada)
    seen = client.get(f"/requests/{key_of(case)}").text
    world.decide(world.people.mia, case)
    answer = decide(client, key_of(case), "approve", seen, comment="Mine")
    assert answer.status_code == 409
    assert "Nothing is left to decide" in answer.text
    assert "Mia Manages" in answer.text
    assert "Mine" in answer.text


def test_a_double_click_decides_once(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"), level("mia"))
    client = client_of(world.people.ada)
    seen = client.get(f"/requests/{key_of(case)}").text
    answers = [decide(client, key_of(case), "approve", seen) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert world.asked(case) == ["Mia"]


def test_scripts_cannot_decide(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    client = client_of(world.people.ada)
    fields = {**hidden(client.get(f"/requests/{key_of(case)}").text), "decision": "approve"}
    for headers in ({"HX-Request": "true"}, {"Sec-Fetch-Mode": "cors"}):
        answer = client.post(f"/requests/{key_of(case)}/decision", data=fields, headers=headers)
        assert answer.status_code == 403
    assert world.state(case)[0] == "pending"


def test_above_the_quick_limit_a_second_step_is_needed(world: World, client_of: ClientOf) -> None:
    with transaction(actor=world.people.alma.actor):
        identity.update_user(world.people.ada.id, {"quick_limit": Decimal(1000)}, version=None)
    case = world.ask(level("ada"))
    client = client_of(world.people.ada)
    seen = client.get(f"/requests/{key_of(case)}").text
    assert 'value="approve"' not in seen
    first = decide(client, key_of(case), "approve", seen)
    assert first.location == f"/requests/{key_of(case)}?panel=approve"
    panel = client.get(first.location).text
    assert decide(client, key_of(case), "approve", panel).status_code == 303
    assert world.state(case)[0] == "approved"


def test_ones_own_request_is_off_and_says_who_can(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    text = client_of(world.people.rui).get(f"/requests/{key_of(case)}").text
    assert "because you asked for it yourself" in text
    assert "It waits for Ada Approves" in text
    assert 'aria-disabled="true"' in text


def test_a_stranger_to_the_request_is_told_nothing(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    assert client_of(world.people.eve).get(f"/requests/{key_of(case)}").status_code == 404


def test_delegating_hands_the_question_on(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    client = client_of(world.people.ada)
    panel = client.get(f"/requests/{key_of(case)}?panel=delegate").text
    assert "Cleo Chairs" in panel
    assert ">Rui Requests, Buyer<" not in panel
    fields = {**hidden(panel), "to": str(world.people.cleo.id), "comment": "On holiday"}
    answer = client.post(f"/requests/{key_of(case)}/delegation", data=fields)
    assert answer.status_code == 303
    assert world.asked(case) == ["Cleo"]
    text = client_of(world.people.cleo).get("/inbox?view=for-others").text
    assert "For Ada Approves" in text


def test_delegating_to_nobody_is_told_at_the_field(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    client = client_of(world.people.ada)
    fields = hidden(client.get(f"/requests/{key_of(case)}?panel=delegate").text)
    answer = client.post(f"/requests/{key_of(case)}/delegation", data={**fields, "comment": "Away"})
    assert answer.status_code == 422
    assert "Choose a person" in answer.text
    assert "Away" in answer.text


def token_of(text: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert found
    return found[1]


def test_sent_back_changed_and_asked_again(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    decide(client_of(world.people.ada), key_of(case), "send_back", comment="Split it by site")
    rui = client_of(world.people.rui)
    assert key_of(case) in rui.get("/my-requests?part=sent_back").text
    text = rui.get(f"/requests/{key_of(case)}").text
    assert "Split it by site" in text
    assert "Ask again" in text
    world.edit(case, subject="Steel, site A")
    answer = rui.post(f"/requests/{key_of(case)}/rounds", data={"csrf_token": token_of(text)})
    assert answer.status_code == 303
    ada = client_of(world.people.ada)
    again = ada.get(f"/requests/{key_of(case)}").text
    assert "Changed since round 1, which was sent back" in again
    assert "Steel, site A" in again
    assert "Split it by site" in again
    old = ada.get(f"/requests/{key_of(case)}?round=1").text
    assert "You read round 1 of 2" in old
    assert 'name="decision"' not in old


def test_withdrawing(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    rui = client_of(world.people.rui)
    token = token_of(rui.get(f"/requests/{key_of(case)}").text)
    answer = rui.post(
        f"/requests/{key_of(case)}/withdrawal",
        data={"csrf_token": token, "comment": "Cheaper found"},
    )
    assert answer.status_code == 303
    assert world.now(case).request.outcome_reason == "withdrawn"
    ada = client_of(world.people.ada)
    refused = ada.post(
        f"/requests/{key_of(case)}/withdrawal",
        data={"csrf_token": token_of(ada.get("/inbox").text)},
    )
    assert refused.status_code in {403, 410}


def test_a_question_is_asked_and_shown(world: World, client_of: ClientOf) -> None:
    case = world.ask(level("ada"))
    client = client_of(world.people.ada)
    token = token_of(client.get("/inbox").text)
    path = f"/requests/{key_of(case)}/comments"
    evil = "<script>alert(1)</script> Is it urgent?"
    assert client.post(path, data={"csrf_token": token, "body": evil}).status_code == 303
    text = client.get(f"/requests/{key_of(case)}").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    empty = client.post(path, data={"csrf_token": token, "body": " "})
    assert empty.status_code == 422
    assert "Write your comment" in empty.text


def test_a_request_at_risk_is_repaired_on_its_page(world: World, client_of: ClientOf) -> None:
    case = world.ask(level({"field": "buyer"}))
    assert case.request.at_risk
    seen = client_of(world.people.rui).get(f"/requests/{key_of(case)}").text
    assert "At risk" in seen
    assert "Alma Administers" in seen
    assert "can repair it" in seen
    alma = client_of(world.people.alma)
    text = alma.get(f"/requests/{key_of(case)}").text
    assert "Look for approvers again" in text
    fields = {"csrf_token": token_of(text), "to": str(world.people.ada.id)}
    assert alma.post(f"/requests/{key_of(case)}/approvers", data=fields).status_code == 303
    assert world.asked(case) == ["Ada"]
    (seat,) = [one for one in world.now(case).seats() if one.is_asked]
    fields = {"csrf_token": token_of(text), "to": str(world.people.mia.id)}
    path = f"/requests/{key_of(case)}/approvers/{seat.id}"
    assert alma.post(path, data=fields).status_code == 303
    assert world.asked(case) == ["Mia"]


def test_a_silent_level_is_escalated_on_its_page(world: World, client_of: ClientOf) -> None:
    world.join("Ben", manager=world.people.cleo)
    case = world.ask(level("ben"))
    alma = client_of(world.people.alma)
    path = f"/requests/{key_of(case)}"
    fields = {"csrf_token": token_of(alma.get(path).text), "comment": " "}
    wordless = alma.post(f"{path}/escalation", data=fields)
    assert wordless.status_code == 422
    assert "Write why it goes up" in wordless.text
    assert world.asked(case) == ["Ben"]
    fields["comment"] = "The supplier waits"
    assert alma.post(f"{path}/escalation", data=fields).status_code == 303
    assert world.asked(case) == ["Cleo"]
    assert "is escalated" in alma.get(path).text
    again = alma.post(f"{path}/escalation", data=fields)
    assert again.status_code == 409
    assert "Nobody is left" in again.text
    rui = client_of(world.people.rui)
    assert "Escalate</button>" not in rui.get(path).text


@pytest.mark.parametrize("path", ["approvers", "resolution", "escalation"])
def test_repairs_are_for_those_who_may(world: World, client_of: ClientOf, path: str) -> None:
    case = world.ask(level("ada"))
    client = client_of(world.people.ada)
    fields = {"csrf_token": token_of(client.get("/inbox").text), "to": str(world.people.mia.id)}
    answer = client.post(f"/requests/{key_of(case)}/{path}", data=fields)
    assert answer.status_code == 403
    assert world.asked(case) == ["Ada"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"target": "x"},
        {"target": "018f0000-0000-7000-8000-000000000000", "decision": "approve"},
        {"decision": "explode"},
        {"digest": "\x00", "decision": "approve"},
        {"comment": "x" * 5000, "decision": "approve"},
        {"comment": "a\x00b", "decision": "reject"},
        {"idempotency_key": "k" * 300, "decision": "approve"},
    ],
)
def test_a_broken_form_is_a_refusal_and_never_an_accident(
    world: World, client_of: ClientOf, fields: dict[str, str]
) -> None:
    case = world.ask(level("ada"))
    client = client_of(world.people.ada)
    base = hidden(client.get(f"/requests/{key_of(case)}").text)
    data = {**base, **fields} if fields else {"csrf_token": base["csrf_token"]}
    answer = client.post(f"/requests/{key_of(case)}/decision", data=data)
    assert 400 <= answer.status_code < 500
    assert world.state(case)[0] == "pending"


NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "\u202ereversed\u0301 \U0001f600 \u5b57",
)


@pytest.mark.parametrize("nasty", NASTY)
def test_what_people_write_is_shown_and_never_run(
    world: World, client_of: ClientOf, nasty: str
) -> None:
    reasons = [{"code": "bad", "label": nasty[:60], "comment_required": True}]
    world.publish_levels(level("ada", name=nasty[:60]), level("mia"), reject_reasons=reasons)
    case = world.submit(subject=nasty, note=nasty, lines=[{"item": nasty}])
    client = client_of(world.people.ada)
    key = key_of(case)
    paths = (
        "/inbox",
        f"/requests/{key}?panel=reject",
        f"/requests/{key}/explanation",
        f"/inbox?q={quote(nasty)}",
    )
    for path in paths:
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert ">49<" not in text
    answer = decide(client, key, "reject", reason_code="bad", comment=nasty)
    assert answer.status_code == 303
    told = client_of(world.people.rui).get(f"/requests/{key}").text
    assert escape(nasty) in told


def test_the_page_asks_as_much_for_thirty_approvers_as_for_one(
    world: World, client_of: ClientOf
) -> None:
    first = world.ask(level("ada"))
    client = client_of(world.people.ada)
    few = count_queries(client, f"/requests/{key_of(first)}")
    for number in range(30):
        world.join(f"Ben{number}", "approver")
    second = world.ask(level({"role": "approver"}))
    many = count_queries(client, f"/requests/{key_of(second)}")
    assert many == few


def test_an_approval_that_is_not_about_the_amount_names_none(
    world: World, client_of: ClientOf
) -> None:
    case = world.ask(level("ada"), title="Unlock {{record.title}}", about_amount=False)
    page = client_of(world.people.ada).get(f"/requests/{key_of(case)}").text
    assert "Rui Requests asks to approve “Unlock Steel”." in page
    assert f"Approve {key_of(case)}" in page, "the button names the request instead"
    bar = page[page.index('id="decision"') :]
    assert "1,200.00" not in bar
    with transaction(actor=world.people.alma.actor):
        assert case.request.amount is None
