"""The people of the tests, by what they do.

Ada approves, Rui requests, Mia manages (Rui), Otto operates, Cleo chairs the committee, Alma
administers. Eve is a stranger: administrator of another company.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from wfweb.identity import access, queries, service
from wfweb.identity.models import User
from wfweb.identity.service.companies import add_default_roles
from wfweb.identity.service.sign_in import begin_session
from wfweb.kernel.actor import Actor, acting_as
from wfweb.kernel.db import transaction
from wfweb.kernel.ids import new_id

PASSWORD = "correct-horse-battery"
EXTRA_ROLES = {"approver": "Approver", "committee": "Committee"}
CAST = {
    "ada": ("Ada Approves", "Head of finance", ("member", "approver")),
    "rui": ("Rui Requests", "Buyer", ("member",)),
    "mia": ("Mia Manages", "Head of purchasing", ("member",)),
    "otto": ("Otto Operates", "Operations", ("member", "operator")),
    "cleo": ("Cleo Chairs", "Committee chair", ("member", "committee")),
    "alma": ("Alma Administers", "Administrator", ("administrator",)),
}


@dataclass(frozen=True)
class Person:
    """Somebody of the cast; ``actor`` is who acts, ``id`` and ``email`` name the row."""

    id: UUID
    email: str
    name: str
    company_id: UUID
    actor: Actor


@dataclass(frozen=True)
class People:
    """The cast of one company, and Eve of another."""

    ada: Person
    rui: Person
    mia: Person
    otto: Person
    cleo: Person
    alma: Person
    eve: Person


def person_of(user: User) -> Person:
    """Return what tests need of a user; the actor holds today's roles and permissions."""
    return Person(user.id, user.email, user.name, user.company_id, access.actor_for(user.id))


def ensure_roles(company_id: UUID) -> None:
    """Give a company the default roles and those of the cast, unless it has them."""
    with transaction(company_id=company_id):
        if not queries.roles_by_code(["member"]):
            add_default_roles()
        known = queries.roles_by_code(EXTRA_ROLES)
        for code, name in EXTRA_ROLES.items():
            if code not in known:
                service.create_role(code, name)


def add_person(
    company_id: UUID,
    email: str,
    name: str,
    *role_codes: str,
    title: str = "",
    manager_id: UUID | None = None,
) -> Person:
    """Add one person with the password of the tests."""
    with transaction(company_id=company_id):
        user = service.create_user(
            email,
            name,
            title=title,
            password=PASSWORD,
            role_codes=role_codes or ("member",),
            manager_id=manager_id,
        )
        user_id = user.id
    with transaction(company_id=company_id):
        return person_of(queries.user_by_id(user_id))


def make_people(company_id: UUID) -> People:
    """Add the cast to a company, and Eve to another one."""
    ensure_roles(company_id)
    made: dict[str, Person] = {}
    for key in ("mia", "ada", "rui", "otto", "cleo", "alma"):
        name, title, roles = CAST[key]
        manager = made["mia"].id if key == "rui" else None
        address = f"{key}@kestrel.example"
        made[key] = add_person(company_id, address, name, *roles, title=title, manager_id=manager)
    elsewhere = new_id()
    with transaction(company_id=elsewhere, system=True):
        service.create_company(elsewhere, "Osprey Mills")
    eve = add_person(elsewhere, "eve@osprey.example", "Eve Elsewhere", "administrator")
    return People(eve=eve, **made)


def sign_in(client: FlaskClient, person: Person) -> FlaskClient:
    """Give a client the session of a person, without the sign-in page."""
    with transaction(actor=person.actor):
        begun = begin_session(queries.user_by_id(person.id))
    client.set_cookie(access.cookie_name(), begun.token, domain="localhost")
    return client


@pytest.fixture
def people(company: UUID) -> People:
    """The cast, in the test's company."""
    return make_people(company)


@pytest.fixture
def client_of(app: Flask, rollback: None) -> Callable[[Person | None], FlaskClient]:
    """Return a function: a page client signed in as somebody (None = signed out)."""

    def make(person: Person | None = None) -> FlaskClient:
        client = app.test_client()
        return sign_in(client, person) if person else client

    return make


@pytest.fixture
def acting() -> Callable[[Person], object]:
    """Return ``with acting(people.ada):``, which lets somebody act in a test."""
    return lambda person: acting_as(person.actor)


def post(
    client: FlaskClient, path: str, data: dict[str, object], *, form: str = ""
) -> TestResponse:
    """Post a form as a browser does, with the token of the page the form is on."""
    seen = client.get(form or path).text
    found = re.search(r'name="csrf-token" content="([^"]+)"', seen)
    assert found, f"{form or path} carries no token"
    return client.post(path, data={**data, "csrf_token": found[1]})
