"""Guards: who is let through, what the others see, and what is written about it (ID-1)."""

import pytest
from sqlalchemy import select

from tests.people import post
from wfweb.audit.models import AuditEvent
from wfweb.identity import permissions, queries, service
from wfweb.kernel.db import session, transaction

GUARDED = ("/admin/users", "/admin/users/new", "/admin/roles", "/admin/roles/new")


def denials(company_id):
    with transaction(company_id=company_id):
        query = select(AuditEvent).where(AuditEvent.type == "PERMISSION_DENIED")
        return list(session().scalars(query.order_by(AuditEvent.id)))


@pytest.mark.parametrize("path", GUARDED)
def test_without_the_permission_the_page_says_who_can(people, client_of, path):
    answer = client_of(people.rui).get(path)
    assert answer.status_code == 403
    assert "Alma Administers can." in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize(("path", "risk"), [("/admin/users", "HIGH"), ("/admin/roles", "CRITICAL")])
def test_a_denied_try_is_audited_with_its_risk(people, client_of, path, risk):
    client_of(people.rui).get(path)
    [entry] = denials(people.rui.company_id)
    assert (entry.risk, entry.actor_id, entry.target_label) == (risk, people.rui.id, path)
    assert entry.details["permission"] in permissions.PERMISSIONS
    assert str(entry.ip) == "127.0.0.1"
    assert entry.session_id is not None


def test_a_denied_post_changes_nothing_and_is_audited(people, client_of):
    form = {"name": "Mine", "email": "mine@kestrel.example", "roles": ["administrator"]}
    answer = post(client_of(people.rui), "/admin/users", form, form="/account")
    assert answer.status_code == 403
    with transaction(company_id=people.rui.company_id):
        assert queries.user_by_email("mine@kestrel.example") is None
    assert [entry.details["action"] for entry in denials(people.rui.company_id)] == ["POST"]


def test_a_denied_htmx_request_gets_a_fragment_that_says_who_can(people, client_of):
    answer = client_of(people.rui).get("/admin/users", headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert "Alma Administers" in answer.text
    assert "<html" not in answer.text


def test_losing_a_role_counts_at_the_next_request(people, client_of):
    with transaction(actor=people.alma.actor):
        service.set_roles(people.rui.id, ["administrator"], version=None)
    client = client_of(people.rui)
    assert client.get("/admin/users").status_code == 200
    with transaction(actor=people.alma.actor):
        service.set_roles(people.rui.id, ["member"], version=None)
    assert client.get("/admin/users").status_code == 403


def test_a_role_that_changes_counts_at_the_next_request(people, client_of):
    client = client_of(people.rui)
    with transaction(actor=people.alma.actor):
        role = queries.roles_by_code(["member"])["member"]
        service.update_role(
            role.id,
            name="Member",
            description="",
            permissions=[*role.permissions, "roles.manage"],
            version=role.version,
        )
    assert client.get("/admin/roles").status_code == 200


@pytest.mark.parametrize("path", [*GUARDED, "/account", "/account/tokens", "/account/sessions"])
def test_signed_out_goes_to_sign_in(people, client_of, path):
    answer = client_of().get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=/a")


def test_every_address_of_identity_is_guarded_or_meant_to_be_open(app):
    """A new view without a guard has to be named here."""
    open_to_all = {
        "identity.sign_in",
        "identity.do_sign_in",
        "identity.sign_out",
        "identity.forgot",
        "identity.do_forgot",
        "identity.reset",
        "identity.do_reset",
    }
    views = {n: f for n, f in app.view_functions.items() if n.startswith("identity.")}
    unguarded = {name for name, view in views.items() if not hasattr(view, "__wrapped__")}
    assert unguarded == open_to_all


def test_administration_needs_a_permission_on_every_address(app):
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin/") and rule.endpoint.startswith("identity."):
            view = app.view_functions[rule.endpoint]
            found = getattr(view, "permission", None) or getattr(
                view.__wrapped__, "permission", None
            )
            assert found in permissions.PERMISSIONS, rule


def test_the_actor_never_outlives_the_request(people, client_of, app):
    from flask import g

    from wfweb.kernel.actor import current_actor

    client_of(people.rui).get("/account")
    assert current_actor().kind == "anonymous"
    assert "wfweb_user" not in g


def test_default_roles_name_only_known_permissions():
    for role in permissions.DEFAULT_ROLES:
        assert not permissions.unknown(role.permissions), role.code
    assert set(permissions.DEFAULT_ROLES[0].permissions) == set(permissions.PERMISSIONS)
