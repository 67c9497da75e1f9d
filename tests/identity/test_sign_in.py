"""Signing in: one answer for everybody, lockout, sessions that end (attacks 49, 50, 94, 95)."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import request
from sqlalchemy import select, text, update

from tests.people import PASSWORD, post
from wfweb.audit.models import AuditEvent
from wfweb.identity import access, rules, service
from wfweb.identity.models import Throttle, User, UserSession
from wfweb.identity.tokens import digest
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction


def try_in(client, email, password, **more):
    return post(client, "/sign-in", {"email": email, "password": password, **more}, form="/forgot")


def cookie_of(client):
    cookie = client.get_cookie(access.cookie_name())
    return cookie.value if cookie else None


def entries(people, name):
    with transaction(company_id=people.ada.company_id):
        query = select(AuditEvent).where(AuditEvent.name == name).order_by(AuditEvent.id)
        return list(session().scalars(query))


def test_signing_in_opens_pages_and_is_audited(people, client_of):
    client = client_of()
    answer = try_in(client, people.rui.email.upper(), PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    assert client.get("/account").status_code == 200
    [entry] = entries(people, "identity.signed_in")
    assert (entry.type, entry.actor_id, str(entry.ip)) == ("LOGIN", people.rui.id, "127.0.0.1")


def test_the_cookie_is_out_of_reach_of_scripts_and_only_its_digest_is_stored(people, client_of):
    client = client_of()
    answer = try_in(client, people.rui.email, PASSWORD)
    [header] = [h for h in answer.headers.getlist("Set-Cookie") if h.startswith("wfweb=")]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    token = cookie_of(client)
    with transaction(system=True):
        stored = session().scalar(select(UserSession).where(UserSession.user_id == people.rui.id))
        assert stored.token_hash == digest(token)
        rows = session().execute(text("select s::text from user_sessions s")).scalars().all()
    assert not any(token in row for row in rows)


def test_a_planted_cookie_is_never_taken_over(people, client_of):
    client = client_of()
    client.set_cookie(access.cookie_name(), "planted-by-somebody", domain="localhost")
    try_in(client, people.rui.email, PASSWORD)
    assert cookie_of(client) != "planted-by-somebody"


def test_wrong_password_and_unknown_address_get_the_same_answer(people, client_of):
    known = try_in(client_of(), people.rui.email, "not-the-password")
    unknown = try_in(client_of(), "nobody@kestrel.example", "not-the-password")

    def plain(answer, email):
        return answer.text.replace(email, "X").split("<main", 1)[1].split("csrf_token", 1)[1][120:]

    assert known.status_code == unknown.status_code == 422
    assert plain(known, people.rui.email) == plain(unknown, "nobody@kestrel.example")
    assert "The e-mail address or the password is not right" in known.text


def test_the_password_hash_is_computed_for_unknown_addresses_too(people, client_of, monkeypatch):
    from wfweb.identity import passwords

    seen = []
    real = passwords._hasher().verify

    class Counting:
        def verify(self, hashed, password):
            seen.append(hashed)
            return real(hashed, password)

    monkeypatch.setattr(passwords, "_hasher", Counting)
    passwords._nobody()
    try_in(client_of(), "nobody@kestrel.example", "whatever-it-is")
    try_in(client_of(), people.rui.email, "whatever-it-is")
    assert len(seen) == 2


def test_a_failed_try_is_audited_without_the_password(people, client_of):
    try_in(client_of(), people.rui.email, "secret-of-another-site")
    [entry] = entries(people, "identity.sign_in_failed")
    assert entry.type == "LOGIN"
    assert entry.target_id == people.rui.id
    assert entry.actor_kind == "anonymous"
    assert "secret-of-another-site" not in str(vars(entry))


def test_ten_failures_lock_the_account_for_fifteen_minutes_and_no_longer(people, client_of):
    client = client_of()
    start = clock.now()
    with clock.at(start):
        for _ in range(rules.ACCOUNT_ATTEMPTS):
            assert try_in(client, people.rui.email, "wrong-wrong").status_code == 422
        locked = try_in(client, people.rui.email, PASSWORD)
        assert locked.status_code == 429
        assert int(locked.headers["Retry-After"]) <= 15 * 60 + 1
        assert "Wait 15" in locked.text or "Wait 16" in locked.text
        assert cookie_of(client) is None
    for minute in range(1, 15):  # further tries do not prolong it
        with clock.at(start + timedelta(minutes=minute)):
            assert try_in(client, people.rui.email, "wrong-wrong").status_code == 429
    with clock.at(start + timedelta(minutes=16)):
        assert try_in(client, people.rui.email, PASSWORD).status_code == 303


def test_lockout_says_the_same_of_an_unknown_address(people, client_of):
    client = client_of()
    for _ in range(rules.ACCOUNT_ATTEMPTS):
        try_in(client, "nobody@kestrel.example", "wrong-wrong")
    assert try_in(client, "nobody@kestrel.example", "wrong-wrong").status_code == 429


def test_lockout_is_audited_once_and_not_for_every_further_try(people, client_of):
    client = client_of()
    for _ in range(rules.ACCOUNT_ATTEMPTS + 5):
        try_in(client, people.rui.email, "wrong-wrong")
    reasons = [e.details["reason"] for e in entries(people, "identity.sign_in_failed")]
    assert reasons == ["password"] * rules.ACCOUNT_ATTEMPTS + ["locked"]


def test_other_accounts_still_sign_in_while_one_is_locked(people, client_of):
    for _ in range(rules.ACCOUNT_ATTEMPTS + 1):
        try_in(client_of(), people.rui.email, "wrong-wrong")
    assert try_in(client_of(), people.ada.email, PASSWORD).status_code == 303


def test_one_address_cannot_try_many_accounts(people, client_of, monkeypatch):
    monkeypatch.setattr(rules, "SOURCE_ATTEMPTS", 5)
    client = client_of()
    for number in range(5):
        assert try_in(client, f"u{number}@kestrel.example", "wrong-wrong").status_code == 422
    assert try_in(client, people.rui.email, PASSWORD).status_code == 429


def test_success_gives_the_tries_back(people, client_of):
    for _ in range(3):
        for _ in range(rules.ACCOUNT_ATTEMPTS - 1):
            try_in(client_of(), people.rui.email, "wrong-wrong")
        assert try_in(client_of(), people.rui.email, PASSWORD).status_code == 303


def test_the_throttle_keeps_no_addresses(people, client_of):
    try_in(client_of(), "private.person@kestrel.example", "wrong-wrong")
    with transaction(system=True):
        keys = list(session().scalars(select(Throttle.key)))
    assert keys
    assert not any("private" in key for key in keys)


def test_an_administrator_unlocks_before_the_time(people, client_of):
    for _ in range(rules.ACCOUNT_ATTEMPTS + 1):
        try_in(client_of(), people.rui.email, "wrong-wrong")
    admin = client_of(people.alma)
    page = admin.get(f"/admin/users/{people.rui.id}")
    assert "Signing in is locked" in page.text
    post(admin, f"/admin/users/{people.rui.id}/unlock", {}, form="/account")
    assert try_in(client_of(), people.rui.email, PASSWORD).status_code == 303


@pytest.mark.parametrize("kind", ["inactive", "service"])
def test_closed_and_service_accounts_do_not_sign_in(people, client_of, kind):
    change = {"active": False} if kind == "inactive" else {"kind": "service"}
    with transaction(company_id=people.rui.company_id):
        session().execute(update(User).where(User.id == people.rui.id).values(**change))
    assert try_in(client_of(), people.rui.email, PASSWORD).status_code == 422


def test_a_session_ends_after_twelve_hours_without_use(people, client_of):
    client = client_of(people.rui)
    start = clock.now()
    with clock.at(start + timedelta(hours=11)):
        assert client.get("/account").status_code == 200
    with clock.at(start + timedelta(hours=22)):
        assert client.get("/account").status_code == 200
    with clock.at(start + timedelta(hours=34, minutes=1)):
        assert client.get("/account").status_code == 303


def test_a_session_ends_after_fourteen_days_of_use(people, client_of):
    client = client_of(people.rui)
    start = clock.now()
    for half_day in range(1, 29):
        with clock.at(start + timedelta(hours=11.9 * half_day)):
            assert client.get("/account").status_code == 200
    with clock.at(start + timedelta(days=14, seconds=1)):
        assert client.get("/account").status_code == 303


def test_signing_out_ends_the_session_even_for_a_kept_cookie(people, client_of):
    client = client_of(people.rui)
    kept = cookie_of(client)
    answer = post(client, "/sign-out", {}, form="/account")
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    thief = client_of()
    thief.set_cookie(access.cookie_name(), kept, domain="localhost")
    assert thief.get("/account").status_code == 303


def test_signing_out_wants_a_post(people, client_of):
    assert client_of(people.rui).get("/sign-out").status_code == 405


def test_a_revoked_session_is_dead_and_others_live(people, client_of):
    first, second = client_of(people.rui), client_of(people.rui)
    with transaction(system=True):
        hashed = digest(cookie_of(second))
        row = session().scalar(select(UserSession).where(UserSession.token_hash == hashed))
        session_id = row.id
    answer = post(first, f"/account/sessions/{session_id}/revoke", {}, form="/account/sessions")
    assert answer.status_code == 303
    assert second.get("/account").status_code == 303
    assert first.get("/account").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(people, client_of):
    mine = client_of(people.rui)
    with transaction(system=True):
        query = select(UserSession.id).where(UserSession.user_id == people.rui.id)
        session_id = session().scalar(query)
    for other in (people.ada, people.eve):
        answer = post(
            client_of(other), f"/account/sessions/{session_id}/revoke", {}, form="/account"
        )
        assert answer.status_code == 404
    assert mine.get("/account").status_code == 200


def test_revoking_all_others_keeps_this_one(people, client_of):
    here, there, elsewhere = (client_of(people.rui) for _ in range(3))
    post(here, "/account/sessions/revoke-others", {}, form="/account/sessions")
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == elsewhere.get("/account").status_code == 303


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "/%2f%2fevil.example",
        "/%2F/evil",
        "/%5cevil",
        "/\tevil",
        "/a\r\nSet-Cookie: x=1",
        "javascript:alert(1)",
        " /account",
        "",
        "/" + "a" * 3000,
    ],
)
def test_next_never_leaves_the_site(people, client_of, evil):
    answer = try_in(client_of(), people.rui.email, PASSWORD, next=evil)
    assert answer.headers["Location"] == "/"
    shown = client_of().get("/sign-in?next=" + quote(evil))
    assert 'name="next" value="/"' in shown.text


def test_next_returns_to_the_page_that_was_asked_for(people, client_of):
    client = client_of()
    asked = client.get("/account/sessions?x=1")
    assert asked.status_code == 303
    shown = client.get(asked.headers["Location"]).text
    assert 'value="/account/sessions?x=1"' in shown
    answer = try_in(client, people.rui.email, PASSWORD, next="/account/sessions?x=1")
    assert answer.headers["Location"] == "/account/sessions?x=1"


def test_signed_out_htmx_is_told_and_gets_no_page(people, client_of):
    answer = client_of().get("/account", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.text == ""
    assert "wf:signin" in answer.headers["HX-Trigger"]
    assert answer.headers["HX-Reswap"] == "none"


def test_a_form_without_its_token_signs_nobody_in(people, client_of):
    client = client_of()
    answer = client.post("/sign-in", data={"email": people.rui.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert cookie_of(client) is None


def test_another_site_signs_nobody_in_or_out(people, client_of):
    client = client_of(people.rui)
    answer = client.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("email", ["\x00", "a\x00b@x.example", "\ud800", "x" * 5000, "' or 1=1 --"])
def test_strange_addresses_are_only_wrong(people, client_of, email):
    data = {
        "email": email.encode("utf-8", "surrogatepass").decode("latin-1"),
        "password": "x" * 9000,
    }
    assert post(client_of(), "/sign-in", data).status_code in {422, 429}


def test_strange_cookies_are_nobody(people, client_of):
    for value in ("", "x", "ü", "a" * 3000, "\u0000"):
        client = client_of()
        client.set_cookie(access.cookie_name(), value, domain="localhost")
        assert client.get("/account").status_code == 303


def test_pages_are_never_kept_by_the_browser(people, client_of):
    assert client_of(people.rui).get("/account").headers["Cache-Control"] == "no-store"


def test_the_session_cookie_does_not_open_the_api(people, app):
    with app.test_request_context("/api/v1/x", headers={"Cookie": "wfweb=abc"}):
        assert access._find(request) is None


def test_sessions_end_when_the_account_is_closed(people, client_of):
    client = client_of(people.rui)
    with transaction(actor=people.alma.actor):
        service.deactivate_user(people.rui.id, version=None)
    assert client.get("/account").status_code == 303


@pytest.mark.parametrize("act", ["sign_in", "ask_for_reset"])
def test_unknown_addresses_cause_as_many_writing_transactions(people, act):
    """A commit more or less can be measured from outside (attack 95)."""
    from sqlalchemy import event

    from wfweb.identity import doors
    from wfweb.kernel.db import db

    words = ("wrong-wrong",) if act == "sign_in" else ()
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append("begin" if "set_config" in statement else statement.split()[0].lower())

    def transactions(email):
        seen.clear()
        getattr(doors, act)(email, *words, "10.0.0.9")
        return seen.count("begin")

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        known = transactions(people.rui.email)
        unknown = transactions("nobody@kestrel.example")
        assert known == unknown == 2
        assert "update" in seen[len(seen) - seen[::-1].index("begin") :]
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
