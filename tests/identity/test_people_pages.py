"""Pages of accounts: forms, conflicts between tabs, the list, closing."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.identity.test_people import load, person_form
from tests.people import post
from wfweb.identity import access, queries, service
from wfweb.identity.models import User
from wfweb.kernel.db import session, transaction

XSS = "<img src=x onerror=alert(1)>\"'><div hx-get=/sign-out hx-trigger=load>"


def test_two_tabs_the_second_sees_both_values_and_chooses(people, client_of):
    admin, path = client_of(people.alma), f"/admin/users/{people.rui.id}"
    shown = load(people.rui)
    post(admin, path, person_form(shown, title="From tab one", roles=["member", "operator"]))
    late = person_form(shown, title="From tab two", name="Rui Renamed")
    late |= {"was.title": "Buyer", "was.name": "Rui Requests", "was.roles": ["member"]}
    answer = post(admin, path, late)
    assert answer.status_code == 409
    assert "From tab one" in answer.text
    assert "From tab two" in answer.text
    assert "Rui Renamed" in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    chosen = {**late, "version": version, "keep.title": "theirs", "keep.roles": "theirs"}
    assert post(admin, path, {**chosen, "keep.name": "yours"}).status_code == 303
    stored = load(people.rui)
    assert (stored.title, stored.name) == ("From tab one", "Rui Renamed")
    with transaction(company_id=stored.company_id):
        codes = {role.code for role in queries.roles_of([stored.id])[stored.id]}
    assert codes == {"member", "operator"}


def test_fields_and_roles_are_stored_together_or_not_at_all(people, client_of):
    path = f"/admin/users/{people.rui.id}"
    form = person_form(load(people.rui), title="New title", roles=["no_such_role"])
    answer = post(client_of(people.alma), path, form)
    assert answer.status_code == 422
    assert "There is no role no_such_role" in answer.text
    assert load(people.rui).title == "Buyer"


def test_a_person_is_made_in_the_browser(people, client_of):
    form = {
        "name": "Nia New",
        "email": "nia@kestrel.example",
        "time_zone": "Europe/Lisbon",
        "manager_id": str(people.mia.id),
        "quick_limit": "2500.50",
        "roles": ["member", "approver"],
        "send_link": "true",
    }
    answer = post(client_of(people.alma), "/admin/users", form, form="/admin/users/new")
    assert answer.status_code == 303
    with transaction(company_id=people.ada.company_id):
        user = queries.user_by_email("nia@kestrel.example")
        assert user.quick_limit == Decimal("2500.50")
        assert user.manager_id == people.mia.id
        assert {r.code for r in queries.roles_of([user.id])[user.id]} == {"member", "approver"}
        kinds = session().execute(text("select kind from outbox_messages")).scalars().all()
        assert "identity.send_reset" in kinds


def test_what_was_typed_stays_after_a_refusal(people, client_of):
    form = {"name": "Nia New", "email": "no-address", "title": "Typed title", "quick_limit": "x"}
    answer = post(client_of(people.alma), "/admin/users", form, form="/admin/users/new")
    assert answer.status_code == 422
    assert 'value="Typed title"' in answer.text
    assert "There is a problem" in answer.text


def test_names_are_shown_and_never_run(people, client_of):
    with transaction(actor=people.alma.actor):
        service.update_user(people.rui.id, {"name": XSS, "title": XSS}, version=1)
        service.create_role("xss", XSS, description=XSS)
        service.set_roles(people.rui.id, ["member", "xss"], version=None)
        role_id = queries.roles_by_code(["xss"])["xss"].id
        service.create_token(people.alma.id, XSS[:80])
    admin, rui = client_of(people.alma), client_of(people.rui)
    user = f"/admin/users/{people.rui.id}"
    for path in ("/admin/users", user, f"{user}/deactivate", "/admin/roles", "/account/tokens"):
        page = admin.get(path).text
        assert "<img src=x" not in page, path
        assert "<div hx-get" not in page, path
        assert "&lt;img src=x" in page, path
    for path in (f"/admin/roles/{role_id}", "/admin/users/new"):
        assert "<img src=x" not in admin.get(path).text
    assert "<img src=x" not in rui.get("/account").text
    assert "<img src=x" not in rui.get("/admin/users").text


def test_the_list_finds_people_and_takes_wildcards_as_text(people, client_of):
    admin = client_of(people.alma)
    assert "Rui Requests" in admin.get("/admin/users?q=rui").text
    assert "Rui Requests" in admin.get("/admin/users?q=Buyer").text
    for text_ in ("%25", "_", "%5C", "x" * 10_000, "%00"):
        answer = admin.get(f"/admin/users?q={text_}")
        assert answer.status_code == 200
        assert "Rui Requests" not in answer.text or text_ == "%00"


def test_the_list_goes_on_after_fifty(people, client_of):
    with transaction(company_id=people.ada.company_id):
        for number in range(60):
            session().add(User(email=f"p{number}@kestrel.example", name=f"Person {number:03}"))
    admin = client_of(people.alma)
    first = admin.get("/admin/users").text
    following = re.search(r'href="([^"]+)" rel="next"', first)[1].replace("&amp;", "&")
    second = admin.get(following).text
    assert "Person 020" in first
    assert "Person 059" not in first
    assert "Person 059" in second
    assert admin.get("/admin/users?after=forged").status_code == 422


def test_closing_shows_what_will_happen_then_does_it(people, client_of):
    rui = client_of(people.rui)
    with transaction(actor=people.rui.actor):
        service.create_token(people.rui.id, "script")
    admin = client_of(people.alma)
    shown = admin.get(f"/admin/users/{people.mia.id}/deactivate").text
    assert "1 person reports to Mia Manages: Rui Requests" in shown
    path = f"/admin/users/{people.rui.id}/deactivate"
    assert "1 API token is revoked" in admin.get(path).text
    assert post(admin, path, {"version": "1"}).status_code == 303
    assert rui.get("/account").status_code == 303
    with transaction(actor=people.alma.actor):
        assert queries.tokens_of(people.rui.id, live_only=True) == []
        assert queries.live_sessions(people.rui.id) == []
    reopened = f"/admin/users/{people.rui.id}"
    assert "This account is closed" in admin.get(reopened).text
    post(admin, f"{reopened}/reactivate", {"version": "2"}, form="/account")
    assert load(people.rui).active


def test_actor_for_somebody_closed_is_nobody(people):
    from wfweb.kernel.errors import SignInRequired

    with transaction(actor=people.alma.actor):
        service.deactivate_user(people.rui.id, version=1)
    with pytest.raises(SignInRequired):
        access.actor_for(people.rui.id)


@pytest.fixture
def counting(app):
    """Count the statements of a block, without savepoints and the tenant's own."""
    from contextlib import contextmanager

    from sqlalchemy import event

    from wfweb.kernel.db import db

    @contextmanager
    def count():
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            if not statement.lower().startswith(("savepoint", "release", "rollback")):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return count


def test_the_list_asks_the_database_as_often_for_one_as_for_fifty(people, client_of, counting):
    admin = client_of(people.alma)
    admin.get("/admin/users?q=rui")
    with counting() as one:
        admin.get("/admin/users?q=rui")
    with transaction(company_id=people.ada.company_id):
        for number in range(60):
            session().add(
                User(email=f"p{number}@x.example", name=f"P {number}", manager_id=people.mia.id)
            )
    with counting() as fifty:
        admin.get("/admin/users")
    assert len(fifty) == len(one) <= 9
