"""Passwords: changed with the old one, or by a link that works once (attacks 49, 95, 101)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.people import PASSWORD, post
from wfweb.audit.models import AuditEvent
from wfweb.identity import doors, jobs, passwords, rules, service
from wfweb.identity.errors import PasswordNeeded
from wfweb.identity.models import PasswordReset, User
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Gone
from wfweb.kernel.ports import ports

NEW = "another-good-password"


@pytest.fixture
def mails(monkeypatch):
    """What would be mailed: (address, template, context)."""
    sent = []
    monkeypatch.setattr(ports, "send_mail", lambda *mail: sent.append(mail))
    return sent


def outbox(kind):
    with transaction(system=True):
        query = text("select payload from outbox_messages where kind = :kind")
        return list(session().execute(query, {"kind": kind}).scalars())


def code_for(person, mails):
    """Ask for a link as anybody can, run the job, and return the mailed code."""
    before = len(outbox("identity.send_reset"))
    doors.ask_for_reset(person.email, "127.0.0.1")
    [*_, payload] = outbox("identity.send_reset")
    assert len(outbox("identity.send_reset")) == before + 1
    with transaction(company_id=person.company_id):
        jobs.send_reset(payload)
    return mails[-1][2]["code"]


def works(client_of, person, password):
    answer = post(client_of(), "/sign-in", {"email": person.email, "password": password})
    return answer.status_code == 303


def test_a_mailed_link_changes_the_password_once(people, client_of, mails):
    code = code_for(people.rui, mails)
    address, template, context = mails[-1]
    assert (address, template) == (people.rui.email, "password_reset")
    assert context["link"] == f"http://localhost/reset#{code}"
    answer = post(client_of(), "/reset", {"code": code, "password": NEW})
    assert answer.status_code == 303
    assert works(client_of, people.rui, NEW)
    assert not works(client_of, people.rui, PASSWORD)
    assert post(client_of(), "/reset", {"code": code, "password": NEW + "2"}).status_code == 410
    assert works(client_of, people.rui, NEW)


def test_the_whole_link_may_be_pasted_as_well(people, client_of, mails):
    code = code_for(people.rui, mails)
    link = mails[-1][2]["link"]
    assert code in link
    assert post(client_of(), "/reset", {"code": link, "password": NEW}).status_code == 303


def test_a_link_ends_after_an_hour(people, client_of, mails):
    code = code_for(people.rui, mails)
    with clock.at(clock.now() + timedelta(minutes=59)):
        doors_accept = service.account_of_reset
        with transaction(system=True):
            assert doors_accept(code).user_id == people.rui.id
    with clock.at(clock.now() + timedelta(minutes=61)):
        assert post(client_of(), "/reset", {"code": code, "password": NEW}).status_code == 410


def test_a_new_link_ends_the_one_before(people, client_of, mails):
    first = code_for(people.rui, mails)
    second = code_for(people.rui, mails)
    assert post(client_of(), "/reset", {"code": first, "password": NEW}).status_code == 410
    assert post(client_of(), "/reset", {"code": second, "password": NEW}).status_code == 303


def test_using_a_link_signs_every_browser_out(people, client_of, mails):
    client = client_of(people.rui)
    post(client_of(), "/reset", {"code": code_for(people.rui, mails), "password": NEW})
    assert client.get("/account").status_code == 303


def test_a_password_that_is_too_easy_keeps_the_link(people, client_of, mails):
    code = code_for(people.rui, mails)
    answer = post(client_of(), "/reset", {"code": code, "password": "short"})
    assert answer.status_code == 422
    assert "Use at least 10 characters" in answer.text
    assert code in answer.text
    assert post(client_of(), "/reset", {"code": code, "password": NEW}).status_code == 303


@pytest.mark.parametrize("code", ["", "x", "ü" * 40, "\x00", "#", "a" * 5000])
def test_made_up_codes_are_gone(people, client_of, code):
    assert post(client_of(), "/reset", {"code": code, "password": NEW}).status_code == 410


def test_only_the_digest_of_a_code_is_stored_and_no_job_carries_it(people, mails):
    code = code_for(people.rui, mails)
    with transaction(system=True):
        for table in ("password_resets", "outbox_messages"):
            rows = session().execute(text(f"select t::text from {table} t")).scalars().all()
            assert rows
            assert not any(code in row for row in rows)


def test_the_answer_tells_nobody_who_has_an_account(people, client_of):
    def asked(email):
        answer = post(client_of(), "/forgot", {"email": email})
        body = re.sub(r'(csrf-token" content|value)="[^"]*"', "", answer.text)
        return answer.status_code, body

    assert asked(people.rui.email) == asked("nobody@kestrel.example")
    assert len(outbox("identity.send_reset")) == 1


def test_closed_accounts_get_no_link(people, mails):
    with transaction(actor=people.alma.actor):
        service.deactivate_user(people.rui.id, version=None)
    doors.ask_for_reset(people.rui.email, "127.0.0.1")
    assert outbox("identity.send_reset") == []


def test_an_account_closed_before_the_job_runs_gets_no_mail(people, mails):
    doors.ask_for_reset(people.rui.email, "127.0.0.1")
    with transaction(actor=people.alma.actor):
        service.deactivate_user(people.rui.id, version=None)
    with transaction(company_id=people.rui.company_id):
        jobs.send_reset({"user_id": str(people.rui.id)})
    assert mails == []


def test_closing_an_account_ends_its_link(people, client_of, mails):
    code = code_for(people.rui, mails)
    with transaction(actor=people.alma.actor):
        service.deactivate_user(people.rui.id, version=None)
        service.reactivate_user(people.rui.id, version=None)
    with pytest.raises(Gone):
        doors.reset_password(code, NEW)


def test_nobody_floods_a_mailbox_with_links(people):
    for _ in range(rules.RESETS_PER_ACCOUNT + 4):
        doors.ask_for_reset(people.rui.email, "127.0.0.1")
    assert len(outbox("identity.send_reset")) == rules.RESETS_PER_ACCOUNT


def test_the_code_is_behind_the_fragment_and_no_page_shows_it(people, client_of, mails):
    code = code_for(people.rui, mails)
    page = client_of().get("/reset")
    assert code not in page.text
    assert page.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}


def test_changing_ones_password_keeps_this_browser_only(people, client_of):
    here, there = client_of(people.rui), client_of(people.rui)
    form = {"old_password": PASSWORD, "new_password": NEW}
    answer = post(here, "/account/password", form, form="/account")
    assert answer.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert works(client_of, people.rui, NEW)
    assert len(outbox("identity.send_notice")) == 1


def test_a_thief_of_a_session_does_not_change_the_password(people, client_of):
    thief = client_of(people.rui)
    form = {"old_password": "guess-one-two", "new_password": NEW}
    answer = post(thief, "/account/password", form, form="/account")
    assert answer.status_code == 422
    assert "That is not your password" in answer.text
    assert works(client_of, people.rui, PASSWORD)


def test_guessing_the_old_password_is_counted_like_signing_in(people, client_of):
    thief = client_of(people.rui)
    form = {"old_password": "guess-one-two", "new_password": NEW}
    for _ in range(rules.ACCOUNT_ATTEMPTS):
        post(thief, "/account/password", form, form="/account")
    form["old_password"] = PASSWORD
    assert post(thief, "/account/password", form, form="/account").status_code == 429


def test_the_verb_itself_wants_a_fresh_password(people):
    with pytest.raises(PasswordNeeded), transaction(actor=people.rui.actor):
        service.change_password(NEW)
    with pytest.raises(PasswordNeeded), transaction(actor=people.rui.actor):
        service.update_profile({"email": "thief@evil.example"})


def test_a_new_address_wants_the_password_and_the_old_one_is_told(people, client_of, mails):
    client = client_of(people.rui)
    code = code_for(people.rui, mails)
    form = {
        "name": "Rui Requests",
        "title": "Buyer",
        "email": "rui@new.example",
        "time_zone": "UTC",
        "theme": "dark",
        "version": "1",
    }
    refused = post(client, "/account", form)
    assert refused.status_code == 422
    assert "That is not your password" in refused.text
    assert post(client, "/account", {**form, "current_password": PASSWORD}).status_code == 303
    [notice] = outbox("identity.send_notice")
    assert (notice["to"], notice["template"]) == (people.rui.email, "address_changed")
    with pytest.raises(Gone):
        doors.reset_password(code, NEW)
    jobs.send_notice(notice)
    assert mails[-1][0] == people.rui.email


def test_a_profile_is_saved_and_seen(people, client_of):
    client = client_of(people.rui)
    form = {
        "name": "Rui R.",
        "title": "",
        "email": people.rui.email,
        "time_zone": "Asia/Tokyo",
        "theme": "dark",
        "version": "1",
    }
    assert post(client, "/account", form).status_code == 303
    page = client.get("/account").text
    assert 'data-theme="dark"' in page
    assert 'data-keys="off"' in page
    assert "Rui R." in page
    assert post(client, "/account", {**form, "theme": "purple", "version": "2"}).status_code == 422
    assert post(client, "/account", {**form, "title": "x", "version": "1"}).status_code == 409


def test_an_outdated_hash_is_renewed_when_its_owner_signs_in(people, client_of):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=2).hash(PASSWORD)
    with transaction(company_id=people.rui.company_id):
        session().get(User, people.rui.id).password_hash = weak
    assert works(client_of, people.rui, PASSWORD)
    with transaction(company_id=people.rui.company_id):
        renewed = session().get(User, people.rui.id, populate_existing=True).password_hash
    assert renewed != weak
    assert not passwords.is_outdated(renewed)


def test_password_changes_are_audited_without_the_password(people, client_of, mails):
    post(client_of(), "/reset", {"code": code_for(people.rui, mails), "password": NEW})
    with transaction(company_id=people.rui.company_id):
        query = select(AuditEvent).where(AuditEvent.name == "identity.password_changed")
        [entry] = session().scalars(query)
        assert (entry.actor_id, entry.channel) == (people.rui.id, "mail_link")
        assert NEW not in str(vars(entry))


def test_asking_for_the_password_again_leads_back(people, client_of):
    client = client_of(people.rui)
    wrong = post(client, "/confirm-password", {"password": "no-no-no", "next": "/account"})
    assert wrong.status_code == 422
    right = post(client, "/confirm-password", {"password": PASSWORD, "next": "/account"})
    assert right.status_code == 303
    assert right.headers["Location"] == "/account"


def test_production_hashes_cost_what_owasp_asks(monkeypatch):
    from wfweb.kernel.settings import get_settings

    passwords._hasher.cache_clear()
    production = get_settings().model_copy(update={"environment": "production"})
    monkeypatch.setattr(passwords, "get_settings", lambda: production)
    try:
        assert "$argon2id$" in passwords.hash_password(PASSWORD)
        assert "m=19456,t=2,p=1" in passwords.hash_password(PASSWORD)
    finally:
        passwords._hasher.cache_clear()


def test_tidying_removes_only_what_has_had_its_time(people, client_of, mails):
    client = client_of(people.rui)
    code_for(people.rui, mails)
    jobs.tidy()
    assert client.get("/account").status_code == 200
    with clock.at(clock.now() + timedelta(days=60)):
        jobs.tidy()
        with transaction(system=True):
            for table in ("user_sessions", "password_resets", "sign_in_throttles"):
                assert session().execute(text(f"select count(*) from {table}")).scalar() == 0
    assert PasswordReset.__tablename__ == "password_resets"


def test_the_mails_really_are_queued_for_delivery(people, client_of):
    with transaction(company_id=people.rui.company_id):
        jobs.send_reset({"user_id": str(people.rui.id)})
        for template in ("password_changed", "address_changed"):
            jobs.send_notice({"to": people.rui.email, "template": template, "name": "Rui"})
    kinds = outbox("mail.deliver")
    assert len(kinds) == 3


def test_an_administrators_own_address_wants_the_password_too(people):
    with pytest.raises(PasswordNeeded), transaction(actor=people.alma.actor):
        service.update_user(people.alma.id, {"email": "thief@evil.example"}, version=None)
    with transaction(actor=people.alma.actor):
        service.update_user(people.rui.id, {"email": "rui@new.example"}, version=None)
