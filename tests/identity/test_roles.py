"""Roles in the browser: permissions, members, two tabs."""

import re

import pytest
from sqlalchemy import select

from tests.people import add_person, post
from wfweb.audit.models import AuditEvent
from wfweb.identity import queries, service
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Forbidden, NotFound, ValidationFailed


def role_of(people, code):
    with transaction(company_id=people.ada.company_id):
        role = queries.roles_by_code([code])[code]
        session().refresh(role)
        return role


def test_a_role_is_made_and_changed_in_the_browser(people, client_of):
    admin = client_of(people.alma)
    form = {"name": "Buyers", "code": "buyers", "permissions": ["records.view"]}
    assert post(admin, "/admin/roles", form, form="/admin/roles/new").status_code == 303
    role = role_of(people, "buyers")
    form = {"name": "Buyers", "permissions": ["records.view", "records.create"], "version": "1"}
    assert post(admin, f"/admin/roles/{role.id}", form).status_code == 303
    changed = role_of(people, "buyers")
    assert changed.permissions == ["records.create", "records.view"]
    assert changed.version == 2


def test_a_change_of_permissions_is_audited_with_the_difference(people):
    role = role_of(people, "approver")
    with transaction(actor=people.alma.actor):
        service.update_role(
            role.id, name="Approver", description="", permissions=["audit.view"], version=1
        )
    with transaction(actor=people.alma.actor):
        query = select(AuditEvent).where(AuditEvent.name == "identity.role_changed")
        [entry] = session().scalars(query)
        assert entry.old_values == {"permissions": []}
        assert entry.new_values == {"permissions": ["audit.view"]}
        assert entry.risk == "HIGH"


def test_two_tabs_change_one_role(people, client_of):
    admin, role = client_of(people.alma), role_of(people, "approver")
    path = f"/admin/roles/{role.id}"
    post(admin, path, {"name": "Approvers A", "version": "1"})
    late = {
        "name": "Approvers B",
        "description": "Typed at length",
        "version": "1",
        "was.name": "Approver",
    }
    answer = post(admin, path, late)
    assert answer.status_code == 409
    assert "Approvers A" in answer.text
    assert "Approvers B" in answer.text
    assert "Typed at length" in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    chosen = {**late, "version": version, "keep.name": "theirs", "keep.description": "yours"}
    assert post(admin, path, chosen).status_code == 303
    stored = role_of(people, "approver")
    assert (stored.name, stored.description) == ("Approvers A", "Typed at length")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"code": "A role"}, "/code"),
        ({"code": "x"}, "/code"),
        ({"code": "member"}, "/code"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"description": "x" * 401}, "/description"),
        ({"permissions": ["everything"]}, "/permissions"),
    ],
)
def test_wrong_input_is_refused_at_its_field(people, changes, pointer):
    given = {"code": "buyers", "name": "Buyers", **changes}
    with pytest.raises(ValidationFailed) as refusal, transaction(actor=people.alma.actor):
        service.create_role(given.pop("code"), given.pop("name"), **given)
    assert [error.pointer for error in refusal.value.errors] == [pointer]


def test_who_manages_roles_gives_only_what_they_hold(people):
    with transaction(actor=people.alma.actor):
        service.create_role("keeper", "Keeper", permissions=["roles.manage", "records.view"])
    kim = add_person(people.ada.company_id, "kim@kestrel.example", "Kim Keeps", "keeper")
    role = role_of(people, "keeper")
    with pytest.raises(Forbidden), transaction(actor=kim.actor):
        service.update_role(
            role.id,
            name="Keeper",
            description="",
            permissions=["roles.manage", "records.view", "users.manage"],
            version=1,
        )
    with transaction(actor=kim.actor):  # taking away needs no more than managing roles
        service.update_role(
            role.id, name="Keeper", description="", permissions=["roles.manage"], version=1
        )


def test_roles_of_another_company_do_not_exist(people, client_of):
    role = role_of(people, "approver")
    assert client_of(people.eve).get(f"/admin/roles/{role.id}").status_code == 404
    with pytest.raises(NotFound), transaction(actor=people.eve.actor):
        service.update_role(role.id, name="Mine", description="", permissions=[], version=1)


def test_two_companies_have_roles_of_the_same_code(people):
    with transaction(actor=people.eve.actor):
        service.create_role("approver", "Our own")


def test_the_page_of_a_role_shows_its_people(people, client_of):
    role = role_of(people, "approver")
    page = client_of(people.alma).get(f"/admin/roles/{role.id}").text
    assert "Ada Approves" in page
    assert "Rui Requests" not in page
