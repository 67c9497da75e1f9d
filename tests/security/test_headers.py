"""What every answer carries, and what a request must prove about where it comes from."""

import re

import pytest
from werkzeug.test import TestResponse

from tests.people import PASSWORD
from tests.security.doors import address, doors, filled
from tests.security.test_doors import form_token
from tests.security.world import World

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
PUBLIC = "/api/v1/openapi.json"  # says nothing of anybody, so it may be kept for some minutes
# Addresses that browsers would follow to another site, or that would end a header.
LEADING_AWAY = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
    "https:evil.example", "javascript:alert(1)", "data:text/html,x", "/%2fevil.example",
    "/%5cevil.example", "%2f%2fevil.example", "/\t/evil.example", "/\n/evil.example",
    "\t//evil.example",
    "/inbox\r\nSet-Cookie: a=b", "/inbox%0d%0aSet-Cookie:%20a=b", "http://localhost.evil.example",
    "http://localhost@evil.example", "//localhost@evil.example", "/ /evil.example", "",
    "/" + "a" * 5000, "／／evil.example", "/\u2028/evil.example", ".evil.example", "@evil.example",
)  # fmt: skip


def check_headers(answer: TestResponse) -> None:
    headers = answer.headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    where = answer.request.path
    if "sandbox" in policy:  # a file of somebody: nothing in it may act at all
        assert headers["Content-Disposition"].startswith("attachment"), where
        policy = POLICY | {"default-src": policy["default-src"]}
    assert {name: policy.get(name) for name in POLICY} == POLICY, where
    assert "unsafe" not in headers["Content-Security-Policy"], where
    assert headers["X-Content-Type-Options"] == "nosniff", where
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, where
    assert where == PUBLIC or "no-store" in headers.get("Cache-Control", ""), where
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert "Access-Control-Allow-Origin" not in headers, where
    for cookie in headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie, where
        assert "SameSite=Lax" in cookie or "SameSite=Strict" in cookie, where


@pytest.mark.parametrize("who", [None, "nothing", "administrator"])
def test_every_answer_is_dressed(world: World, who: str | None):
    client = world.client(who)
    for door in doors(world.app):
        with world.undone(), client.open(address(door, world), method=door.method) as answer:
            if door.rule != "/favicon.ico":
                check_headers(answer)


def test_what_another_site_sends_is_refused(world: World):
    """By Fetch Metadata, whatever else is right; nothing is changed."""
    client = world.client("administrator")
    token = form_token(client, "/account")
    sent = {"csrf_token": token, **filled(world)}
    for door in doors(world.app, "POST", "PUT", "PATCH", "DELETE"):
        for site in ("cross-site", "same-site"):
            with world.undone():
                answer = client.open(
                    address(door, world),
                    method=door.method,
                    data=sent,
                    headers={"Sec-Fetch-Site": site},
                )
                assert answer.status_code == 403, f"{door.name} from {site}"


def test_without_its_token_no_form_is_taken(world: World):
    client = world.client("administrator")
    other = world.client("member")
    foreign = form_token(other, "/account")
    for door in doors(world.app, "POST"):
        if door.is_api:
            continue
        path = address(door, world)
        for sent in ({}, {"csrf_token": "x"}, {"csrf_token": foreign}, {"csrf_token": ""}):
            with world.undone():
                answer = client.post(path, data={**filled(world), **sent})
                assert answer.status_code == 403, f"{door.name} with {sent}"
                assert "still there" in answer.text or "too old" in answer.text


def test_a_cookie_opens_no_operation_and_a_token_no_page(world: World):
    client = world.client("administrator")
    assert client.get("/api/v1/me").status_code == 401
    from tests.api.conftest import token_for

    secret = token_for(world.people["administrator"])
    bearer = {"Authorization": f"Bearer {secret}"}
    plain = world.client(None)
    assert plain.get("/api/v1/me", headers=bearer).status_code == 200
    assert plain.get("/account", headers=bearer).status_code == 303
    assert plain.get(f"/api/v1/me?access_token={secret}&token={secret}").status_code == 400


@pytest.mark.parametrize("target", LEADING_AWAY)
def test_signing_in_leads_nowhere_else(world: World, target: str):
    client = world.client(None)
    page = client.get("/sign-in", query_string={"next": target})
    assert page.status_code == 200
    assert "evil.example" not in page.text
    sent = {
        "csrf_token": form_token(client, "/sign-in"),
        "email": world.people["nothing"].email,
        "password": PASSWORD,
        "next": target,
    }
    answer = client.post("/sign-in", data=sent)
    assert answer.status_code == 303
    assert answer.location == "/" or re.fullmatch(
        r"/inbox%0d%0aset-cookie:%20a=b", answer.location.lower()
    )
    assert "a=b" not in "".join(answer.headers.getlist("Set-Cookie"))
    again = client.get("/sign-in", query_string={"next": target})
    assert "evil" not in again.location


def test_a_stale_address_comes_back_only_to_itself(world: World):
    answer = world.client(None).get("/records//evil.example?x=//evil.example")
    assert answer.status_code in {303, 308, 404}
    location = answer.headers.get("Location", "/")
    assert not location.startswith("//")
    assert not location.startswith("http://evil")


def test_the_host_header_writes_no_link(world: World):
    """Links and redirects name the address the installation knows, not the one it is told."""
    client = world.client(None)
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}):
        for path in ("/", "/sign-in", "/inbox", "/api/v1/openapi.json"):
            answer = client.get(path, headers=headers)
            assert answer.status_code < 500
            assert "evil.example" not in answer.text, path
            assert "evil.example" not in answer.headers.get("Location", ""), path


def test_text_that_reaches_headers_stays_one_line(world: World):
    client = world.client("administrator")
    for wrong in ("a%0d%0aX-Boo:%201", "a%0aX-Boo:%201", "%E2%80%A8X-Boo:%201"):
        for path in (
            f"/records/{wrong}",
            f"/requests/{wrong}",
            f"/workflows/{wrong}/versions/1/file",
        ):
            answer = client.get(path, headers={"HX-Request": "true", "HX-Current-URL": wrong})
            assert "X-Boo" not in answer.headers
            assert answer.status_code == 404


def test_a_decision_is_taken_only_by_hand(world: World):
    """Scripts, htmx among them, decide nothing (DECISIONS 5), and change no approver."""
    client = world.client("administrator")
    token = form_token(client, "/account")
    sent = {"csrf_token": token, **filled(world), "id": world.values["assignment_id"]}
    rules = ("decision", "withdrawal", "rounds", "approvers", "resolution", "delegation")
    for rule in (*rules, "escalation"):
        for headers in (
            {"HX-Request": "true"},
            {"Sec-Fetch-Mode": "cors"},
            {"Sec-Fetch-Mode": "no-cors"},
        ):
            with world.undone():
                answer = client.post(
                    f"/requests/{world.waiting[0]}/{rule}", data=sent, headers=headers
                )
                assert answer.status_code == 403, f"{rule} with {headers}"
    with world.undone():
        answer = client.post("/inbox/decisions", data=sent, headers={"HX-Request": "true"})
        assert answer.status_code == 403
