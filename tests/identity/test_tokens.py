"""API tokens: shown once, scoped, ended (attack 82)."""

from datetime import timedelta

import pytest
from flask import request
from sqlalchemy import text

from tests.people import PASSWORD, post
from wfweb.identity import access, principal, queries, service
from wfweb.identity import tokens as forms_of_tokens
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Forbidden, NotFound, ValidationFailed


def make(person, name="script", **more):
    with transaction(actor=person.actor):
        row, secret = service.create_token(person.id, name, **more)
        return row.id, secret


def who(app, header):
    """Return whom the API sees behind an Authorization header."""
    with app.test_request_context("/api/v1/me", headers={"Authorization": header}):
        return access._find(request)


def test_a_token_acts_as_its_owner(people, app):
    _id, secret = make(people.rui)
    user = who(app, f"Bearer {secret}")
    assert (user.id, user.company_id) == (people.rui.id, people.rui.company_id)
    assert user.actor("api").channel == "api"
    assert who(app, f"bearer  {secret} ").id == people.rui.id


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {}x", "Token {}"]
)
def test_other_headers_are_nobody(people, app, header):
    _id, secret = make(people.rui)
    assert who(app, header.replace("{}", secret)) is None


def test_a_mistyped_token_costs_no_query(people, monkeypatch):
    _id, secret = make(people.rui)
    swapped = secret[:10] + ("A" if secret[10] != "A" else "B") + secret[11:]
    monkeypatch.setattr(principal, "session", None)
    assert principal.by_api_token(swapped) is None


def test_tokens_have_the_form_that_scanners_know():
    secrets = {forms_of_tokens.new_api_token() for _ in range(200)}
    assert len(secrets) == 200
    for secret in secrets:
        assert secret.startswith("wfp_")
        assert forms_of_tokens.is_well_formed(secret)
        assert not forms_of_tokens.is_well_formed(secret[:-1])
        assert not forms_of_tokens.is_well_formed(secret + "x")
        assert not forms_of_tokens.is_well_formed("wfp_" + secret[5:] + "0")


def test_the_secret_is_shown_once_and_stored_nowhere(people, client_of):
    client = client_of(people.rui)
    form = {"name": "Nightly import", "days": "30", "scopes": ["read"]}
    answer = post(client, "/account/tokens", form)
    assert answer.status_code == 201
    secret = answer.text.split('id="token">', 1)[1].split("<", 1)[0]
    assert forms_of_tokens.is_well_formed(secret)
    again = client.get("/account/tokens").text
    assert "Nightly import" in again
    assert secret not in again
    with transaction(company_id=people.rui.company_id):
        for table in ("api_tokens", "audit_events", "outbox_messages"):
            rows = session().execute(text(f"select t::text from {table} t")).scalars()
            assert not any(secret in row for row in rows)


def test_a_token_ends_by_itself(people, app):
    _id, secret = make(people.rui, days=90)
    with clock.at(clock.now() + timedelta(days=89, hours=23)):
        assert who(app, f"Bearer {secret}") is not None
    with clock.at(clock.now() + timedelta(days=90, seconds=1)):
        assert who(app, f"Bearer {secret}") is None


def test_a_revoked_token_is_nobody(people, app, client_of):
    token_id, secret = make(people.rui)
    answer = post(client_of(people.rui), f"/account/tokens/{token_id}/revoke", {}, form="/account")
    assert answer.status_code == 303
    assert who(app, f"Bearer {secret}") is None


def test_closing_the_account_revokes_for_good(people, app):
    _id, secret = make(people.rui)
    with transaction(actor=people.alma.actor):
        service.deactivate_user(people.rui.id, version=None)
    assert who(app, f"Bearer {secret}") is None
    with transaction(actor=people.alma.actor):
        service.reactivate_user(people.rui.id, version=None)
    assert who(app, f"Bearer {secret}") is None


def test_without_the_admin_scope_grave_permissions_are_gone(people, app):
    _id, plain = make(people.alma, scopes=["read", "write"])
    _id, grave = make(people.alma, scopes=["read", "write", "admin"])
    held = who(app, f"Bearer {plain}").permissions
    assert "records.create" in held
    assert not held & {"users.manage", "roles.manage", "matrices.edit", "workflows.publish"}
    assert who(app, f"Bearer {grave}").may("roles.manage")


def test_the_admin_scope_adds_nothing_the_owner_lacks(people, app):
    _id, secret = make(people.rui, scopes=["read", "write", "admin"])
    assert who(app, f"Bearer {secret}").permissions == people.rui.actor.permissions


def test_use_is_remembered(people, app):
    _id, secret = make(people.rui)
    who(app, f"Bearer {secret}")
    with transaction(actor=people.rui.actor):
        [row] = queries.tokens_of(people.rui.id)
        assert row.last_used_at is not None


@pytest.mark.parametrize(
    ("name", "days", "scopes", "pointer"),
    [
        ("", 90, ["read"], "/name"),
        ("x" * 81, 90, ["read"], "/name"),
        ("x", 0, ["read"], "/days"),
        ("x", 367, ["read"], "/days"),
        ("x", 90, [], "/scopes"),
        ("x", 90, ["root"], "/scopes"),
    ],
)
def test_wrong_input_is_refused_at_its_field(people, name, days, scopes, pointer):
    with pytest.raises(ValidationFailed) as refusal:
        make(people.rui, name, days=days, scopes=scopes)
    assert [error.pointer for error in refusal.value.errors] == [pointer]


def test_only_who_manages_tokens_makes_one_for_somebody_else(people, client_of):
    with pytest.raises(Forbidden), transaction(actor=people.rui.actor):
        service.create_token(people.ada.id, "mine")
    path = f"/admin/users/{people.ada.id}/tokens"
    assert client_of(people.rui).get(path).status_code == 403
    form = {"name": "For Ada", "days": "10", "scopes": ["read"]}
    assert post(client_of(people.alma), path, form).status_code == 201


def test_nobody_revokes_the_token_of_somebody_else(people):
    token_id, _secret = make(people.rui)
    for other in (people.ada, people.eve):
        with pytest.raises(NotFound), transaction(actor=other.actor):
            service.revoke_token(token_id)
    with transaction(actor=people.alma.actor):
        service.revoke_token(token_id)


def test_an_account_has_at_most_fifty_tokens(people):
    from wfweb.identity.service.tokens import MOST_TOKENS

    for number in range(MOST_TOKENS):
        make(people.rui, f"script {number}")
    with pytest.raises(ValidationFailed):
        make(people.rui, "one more")


def test_a_bearer_token_opens_no_page(people, client_of):
    _id, secret = make(people.rui)
    answer = client_of().get("/account", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 303


def test_an_old_session_types_its_password_before_it_makes_a_token(people, client_of):
    client = client_of(people.rui)
    form = {"name": "Typed name", "days": "30", "scopes": ["read"]}
    with clock.at(clock.now() + timedelta(hours=1)):
        assert "Your password" in client.get("/account/tokens").text
        refused = post(client, "/account/tokens", form)
        assert refused.status_code == 422
        assert 'value="Typed name"' in refused.text
        made = post(client, "/account/tokens", {**form, "current_password": PASSWORD})
        assert made.status_code == 201
