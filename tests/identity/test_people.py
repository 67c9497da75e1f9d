"""Accounts: fields, managers, roles, closing, and what accounts above one's own may not suffer."""

from decimal import Decimal

import pytest
from sqlalchemy import select, text

from tests.people import PASSWORD, add_person, post
from wfweb.audit.models import AuditEvent
from wfweb.identity import queries, service
from wfweb.identity.errors import LastAdministrator, OwnAccount
from wfweb.identity.models import Role, User, UserRole
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed


def fields_of(refusal):
    return [error.pointer for error in refusal.value.errors]


def person_form(user, **changes):
    """Return the form of an account as its page posts it."""
    values = {
        "name": user.name,
        "email": user.email,
        "title": user.title,
        "manager_id": str(user.manager_id or ""),
        "time_zone": user.time_zone,
        "quick_limit": "",
        "roles": ["member"],
        "version": str(user.version),
    }
    return {**values, **changes}


def load(person):
    with transaction(company_id=person.company_id):
        return session().get(User, person.id, populate_existing=True)


def test_the_cast_has_its_roles(people):
    assert people.ada.actor.has_role("approver")
    assert people.otto.actor.may("operations.retry")
    assert not people.rui.actor.may("users.manage")
    assert people.eve.company_id != people.ada.company_id


def test_a_new_person_is_audited_without_address_or_password(people):
    with transaction(actor=people.alma.actor):
        user = service.create_user("New@Kestrel.example ", " New Person ", password=PASSWORD)
        assert (user.email, user.name, user.version) == ("new@kestrel.example", "New Person", 1)
        user_id = user.id
    with transaction(actor=people.alma.actor):
        entry = session().scalar(select(AuditEvent).where(AuditEvent.target_id == user_id))
        assert entry.type == "CREATED"
        assert entry.new_values["name"] == "New Person"
        assert PASSWORD not in str(vars(entry))
        assert "new@kestrel.example" not in str(vars(entry))


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("email", "no-address", "/email"),
        ("email", "a@b", "/email"),
        ("email", "a b@c.example", "/email"),
        ("email", "a@b.example\r\nBcc: c@d.example", "/email"),
        ("email", "x" * 300 + "@b.example", "/email"),
        ("name", "", "/name"),
        ("name", "   ", "/name"),
        ("name", "x" * 121, "/name"),
        ("name", "a\x00b", "/name"),
        ("name", "evil\u202etxt", "/name"),
        ("password", "short", "/password"),
        ("password", "aaaaaaaaaaaa", "/password"),
        ("password", "password123", "/password"),
        ("password", "new@kestrel.example", "/password"),
        ("password", "x1y2" * 60, "/password"),
        ("time_zone", "Mars/Olympus", "/time_zone"),
        ("kind", "robot", "/kind"),
        ("role_codes", ("member", "no_such_role"), "/roles"),
        ("quick_limit", Decimal(-1), "/quick_limit"),
        ("quick_limit", Decimal("NaN"), "/quick_limit"),
        ("quick_limit", Decimal("1e30"), "/quick_limit"),
    ],
)
def test_wrong_input_is_refused_at_its_field(people, field, value, pointer):
    given = {"email": "new@kestrel.example", "name": "New Person", field: value}
    with pytest.raises(ValidationFailed) as refusal, transaction(actor=people.alma.actor):
        service.create_user(**given)
    assert fields_of(refusal) == [pointer]


def test_an_address_belongs_to_one_account_of_the_installation(people):
    for taken in (people.rui.email, people.rui.email.upper(), people.eve.email):
        with pytest.raises(ValidationFailed) as refusal, transaction(actor=people.alma.actor):
            service.create_user(taken, "Second Person")
        assert fields_of(refusal) == ["/email"]


def test_a_manager_of_another_company_does_not_exist(people):
    with pytest.raises(ValidationFailed) as refusal, transaction(actor=people.alma.actor):
        service.update_user(people.rui.id, {"manager_id": people.eve.id}, version=1)
    assert fields_of(refusal) == ["/manager_id"]


def test_the_database_refuses_a_manager_of_another_company(people):
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), transaction(company_id=people.rui.company_id):
        session().execute(
            text("update users set manager_id = :eve where id = :rui"),
            {"eve": people.eve.id, "rui": people.rui.id},
        )


@pytest.mark.parametrize("chain", [["rui"], ["rui", "mia"], ["rui", "mia", "cleo"]])
def test_circles_of_managers_are_refused(people, chain):
    """The first of the chain becomes the manager of the last, who is above the first."""
    with transaction(actor=people.alma.actor):
        service.update_user(people.mia.id, {"manager_id": people.cleo.id}, version=1)
    bottom, top = getattr(people, chain[0]), getattr(people, chain[-1])
    with pytest.raises(ValidationFailed) as refusal, transaction(actor=people.alma.actor):
        service.update_user(top.id, {"manager_id": bottom.id}, version=None)
    assert fields_of(refusal) == ["/manager_id"]
    assert refusal.value.errors[0].code == "circle"


def test_a_circle_is_answered_at_the_field_of_the_form(people, client_of):
    admin = client_of(people.alma)
    mia = load(people.mia)
    form = person_form(mia, manager_id=str(people.rui.id))
    answer = post(admin, f"/admin/users/{people.mia.id}", form)
    assert answer.status_code == 422
    assert 'id="f-manager_id-error"' in answer.text or 'id="f-manager-id-error"' in answer.text
    assert "Rui Requests reports to this person already" in answer.text
    assert load(people.mia).manager_id is None


def test_the_manager_chain_stops_where_old_data_runs_in_a_circle(people):
    with transaction(company_id=people.rui.company_id):
        session().execute(
            text("update users set manager_id = :m where id = :u"),
            {"m": people.rui.id, "u": people.mia.id},
        )
        chain = queries.manager_chain(people.rui.id)
        assert [user.id for user in chain] == [people.mia.id]


def test_the_manager_chain_is_as_deep_as_asked(people):
    with transaction(actor=people.alma.actor):
        service.update_user(people.mia.id, {"manager_id": people.cleo.id}, version=1)
    with transaction(actor=people.alma.actor):
        names = [user.id for user in queries.manager_chain(people.rui.id)]
        assert names == [people.mia.id, people.cleo.id]
        assert len(queries.manager_chain(people.rui.id, depth=1)) == 1


def test_roles_are_the_groups_others_ask_for(people):
    with transaction(company_id=people.ada.company_id):
        assert [user.id for user in queries.users_with_role("approver")] == [people.ada.id]
        assert queries.users_with_role("no_such_role") == []
        found = queries.users_with_roles(["committee", "nothing"])
        assert [user.id for user in found["committee"]] == [people.cleo.id]
        assert found["nothing"] == []


def test_somebody_closed_is_in_no_group(people):
    with transaction(actor=people.alma.actor):
        service.deactivate_user(people.ada.id, version=1)
    with transaction(actor=people.alma.actor):
        assert queries.users_with_role("approver") == []
        assert people.ada.id not in {user.id for user in queries.active_people()}
        assert people.ada.id in queries.people_by_ids([people.ada.id])


def test_nobody_closes_their_own_account(people):
    with pytest.raises(OwnAccount), transaction(actor=people.alma.actor):
        service.deactivate_user(people.alma.id, version=None)
    assert load(people.alma).active


def test_the_last_administrator_stays(people):
    second = add_person(people.ada.company_id, "bo@kestrel.example", "Bo Second", "administrator")
    with transaction(actor=second.actor):
        service.deactivate_user(people.alma.id, version=None)
    with pytest.raises(LastAdministrator), transaction(company_id=second.company_id):
        service.deactivate_user(second.id, version=None)
    with pytest.raises(LastAdministrator), transaction(actor=second.actor):
        service.set_roles(second.id, ["member"], version=None)
    assert load(second).active


def test_the_last_administrating_role_keeps_its_permissions(people):
    with transaction(actor=people.alma.actor):
        role = queries.roles_by_code(["administrator"])["administrator"]
        role_id, version = role.id, role.version
    with pytest.raises(LastAdministrator), transaction(actor=people.alma.actor):
        service.update_role(
            role_id, name="A", description="", permissions=["audit.view"], version=version
        )
    with transaction(actor=people.alma.actor):
        assert "roles.manage" in queries.role_by_id(role_id).permissions


def test_a_service_account_does_not_count_as_administrator(people):
    with transaction(actor=people.alma.actor):
        service.create_user(
            "bot@kestrel.example", "Bot", kind="service", role_codes=["administrator"]
        )
    with pytest.raises(LastAdministrator), transaction(actor=people.alma.actor):
        service.set_roles(people.alma.id, ["member"], version=None)


def people_manager(people):
    """Return somebody who manages people but may not manage roles."""
    with transaction(actor=people.alma.actor):
        codes = ["users.manage", "records.view", "workflows.view", "users.view"]
        codes += ["records.create", "records.edit", "sla.view", "alerts.view", "locks.view"]
        service.create_role("hr", "HR", permissions=codes)
    return add_person(people.ada.company_id, "hana@kestrel.example", "Hana HR", "hr")


def test_who_manages_people_cannot_become_administrator(people):
    hana = people_manager(people)
    with pytest.raises(Forbidden) as refusal, transaction(actor=hana.actor):
        service.set_roles(hana.id, ["administrator"], version=None)
    assert refusal.value.who_can == ["Alma Administers"]
    with pytest.raises(Forbidden), transaction(actor=hana.actor):
        service.create_user("x@kestrel.example", "X Y", role_codes=["administrator"])
    with transaction(actor=hana.actor):  # what Hana holds herself she can give
        service.set_roles(people.cleo.id, ["member"], version=None)


@pytest.mark.parametrize("act", ["email", "password", "close", "token", "roles"])
def test_accounts_above_ones_own_are_out_of_reach(people, act):
    hana = people_manager(people)
    acts = {
        "email": lambda: service.update_user(
            people.alma.id, {"email": "h@kestrel.example"}, version=None
        ),
        "password": lambda: service.set_password(people.alma.id, PASSWORD + "2"),
        "close": lambda: service.deactivate_user(people.alma.id, version=None),
        "token": lambda: service.create_token(people.alma.id, "mine"),
        "roles": lambda: service.set_roles(people.alma.id, ["member"], version=None),
    }
    with pytest.raises(Forbidden), transaction(actor=hana.actor):
        acts[act]()


def test_somebody_elses_company_has_nobody_to_act_on(people):
    acts = (
        lambda: service.update_user(people.rui.id, {"name": "Mine"}, version=None),
        lambda: service.set_roles(people.rui.id, ["member"], version=None),
        lambda: service.deactivate_user(people.rui.id, version=None),
        lambda: service.set_password(people.rui.id, PASSWORD),
        lambda: queries.user_by_id(people.rui.id),
        lambda: service.create_token(people.rui.id, "mine"),
    )
    for act in acts:
        with pytest.raises(NotFound), transaction(actor=people.eve.actor):
            act()


def test_pages_of_another_companys_people_do_not_exist(people, client_of):
    eve = client_of(people.eve)
    user = f"/admin/users/{people.rui.id}"
    for path in (user, f"{user}/deactivate", f"{user}/tokens"):
        assert eve.get(path).status_code == 404
    listed = eve.get("/admin/users?state=all").text
    assert people.rui.name not in listed
    assert people.eve.name in listed


def test_row_security_hides_other_companies_from_raw_sql(people):
    tables = ["users", "roles", "user_roles", "user_sessions", "api_tokens", "password_resets"]
    with transaction(actor=people.rui.actor):
        service.create_token(people.rui.id, "mine")
    with transaction(actor=people.eve.actor):
        role = session().execute(text("select current_user")).scalar()
        assert role == "wfweb_app"
        for table in tables:
            companies = session().execute(text(f"select distinct company_id from {table}"))
            assert set(companies.scalars()) <= {people.eve.company_id}
        changed = session().execute(
            text("update users set name = 'Mine' where id = :id"), {"id": people.rui.id}
        )
        assert changed.rowcount == 0


def test_row_security_refuses_a_row_for_another_company(people):
    from sqlalchemy.exc import ProgrammingError

    row = Role(company_id=people.rui.company_id, code="mine", name="Mine", permissions=[])
    refused = pytest.raises(ProgrammingError, match="row-level security")
    with refused, transaction(actor=people.eve.actor):
        session().add(row)


def test_without_an_actor_nothing_is_to_be_seen(people):
    with transaction():
        assert session().scalars(select(User)).all() == []


def test_roles_of_another_company_cannot_be_given(people):
    from sqlalchemy.exc import IntegrityError

    with transaction(actor=people.eve.actor):
        foreign = queries.roles()[0].id
    with pytest.raises(IntegrityError), transaction(company_id=people.rui.company_id):
        session().add(UserRole(user_id=people.rui.id, role_id=foreign))


def test_a_stale_version_changes_nothing(people):
    with transaction(actor=people.alma.actor):
        service.update_user(people.rui.id, {"title": "First"}, version=1)
    with pytest.raises(Conflict) as refusal, transaction(actor=people.alma.actor):
        service.update_user(people.rui.id, {"title": "Second"}, version=1)
    assert (refusal.value.current_version, refusal.value.your_version) == (2, 1)
    assert load(people.rui).title == "First"


def test_changing_nothing_is_no_change(people):
    with transaction(actor=people.alma.actor):
        user = service.update_user(people.rui.id, {"title": "Buyer"}, version=1)
        service.set_roles(people.rui.id, ["member"], version=1)
        assert user.version == 1
