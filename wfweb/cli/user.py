"""``wfweb user``: accounts from the command line; the first one begins a company."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from wfweb.cli.outcome import answer, json_option
from wfweb.cli.running import application

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from wfweb.identity.models import User
    from wfweb.kernel.actor import Actor


@click.group("user")
def command() -> None:
    """Create, list, deactivate accounts and set their passwords."""


def acting(company_id: UUID) -> Actor:
    """Return the system in a company, acting through the command line."""
    from wfweb.kernel.actor import system_actor

    return system_actor(company_id, channel="cli")


def account(email: str) -> tuple[UUID, UUID]:
    """Return user and company of an address, wherever in the installation.

    Raises NotFound, which becomes one sentence.
    """
    from sqlalchemy import func, select

    from wfweb.identity.models import User
    from wfweb.kernel.db import session, transaction
    from wfweb.kernel.errors import NotFound

    with transaction(system=True):
        query = select(User).where(func.lower(User.email) == email.strip().lower())
        user = session().scalar(query)
        if user is None:
            raise NotFound(f"No account has the address {email}")
        return user.id, user.company_id


def company_named(name: str, *, make: bool = False) -> tuple[UUID, bool]:
    """Return a company by name, or the only one for an empty name, and whether it was made.

    Raises NotFound when there is none and none may be made, or when the name is needed.
    """
    from sqlalchemy import select

    from wfweb.identity import service
    from wfweb.kernel.db import session, transaction
    from wfweb.kernel.errors import NotFound
    from wfweb.kernel.ids import new_id
    from wfweb.kernel.tenancy import Company

    with transaction(system=True):
        found = [c.id for c in session().scalars(select(Company)) if name in ("", c.name)]
    if len(found) == 1:
        return found[0], False
    if found:
        raise NotFound("Several companies match: name one with --company")
    if not (make and name):
        raise NotFound(f"There is no company {name}" if name else "Name a company with --company")
    company_id = new_id()
    with transaction(actor=acting(company_id), system=True):
        service.create_company(company_id, name)
    return company_id, True


def _password(given: str | None, *, from_stdin: bool) -> str:
    """Return a password from an option, from standard input or asked for, twice."""
    if given is not None:
        return given
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _password_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--password-stdin", is_flag=True, help="Read it from standard input."),
        click.option("--password", envvar="WFWEB_NEW_PASSWORD", help="Or WFWEB_NEW_PASSWORD."),
    ):
        function = option(function)
    return function


@command.command()
@click.argument("email")
@click.option("--name", required=True)
@click.option("--company", default="", help="Its name; made with default roles if it is new.")
@click.option("--role", "roles", multiple=True, help="Code of a role; may be repeated.")
@click.option("--title", default="")
@click.option("--manager", default="", help="Address of the manager.")
@click.option("--service", "is_service", is_flag=True, help="Reaches the API with tokens only.")
@click.option("--no-password", is_flag=True, help="The owner asks for a link by mail.")
@_password_options
@json_option
def create(
    *,
    email: str,
    name: str,
    company: str,
    roles: Sequence[str],
    title: str,
    manager: str,
    is_service: bool,
    no_password: bool,
    password: str | None,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Create an account; without --role the first of a company administers it."""
    from wfweb.identity import queries, service
    from wfweb.kernel.db import transaction

    wanted = None if no_password or is_service else _password(password, from_stdin=password_stdin)
    with application():
        company_id, made = company_named(company, make=True)
        with transaction(actor=acting(company_id)):
            first = made or not queries.active_people()
            user = service.create_user(
                email,
                name,
                title=title,
                password=wanted,
                kind="service" if is_service else "person",
                role_codes=roles or (("administrator",) if first else ("member",)),
                manager_id=_id_of(manager),
            )
            data = _described(user)
    answer(data, as_json=as_json, text=f"{data['name']} <{data['email']}> has an account.")


def _id_of(email: str) -> UUID | None:
    """Return the id of a manager in the current company; None without an address."""
    from wfweb.identity import queries
    from wfweb.kernel.errors import NotFound

    if not email:
        return None
    user = queries.user_by_email(email)
    if user is None:
        raise NotFound(f"Nobody here has the address {email}")
    return user.id


def _described(user: User) -> dict[str, Any]:
    from wfweb.identity import queries

    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "kind": user.kind,
        "active": user.active,
        "roles": [role.code for role in queries.roles_of([user.id])[user.id]],
    }


@command.command("list")
@click.option("--company", default="", help="Its name; not needed when there is only one.")
@click.option("--all", "everybody", is_flag=True, help="Closed accounts as well.")
@json_option
def list_users(*, company: str, everybody: bool, as_json: bool) -> None:
    """List the accounts of a company."""
    from wfweb.identity import queries
    from wfweb.kernel.db import session, transaction

    with application():
        company_id, _made = company_named(company)
        with transaction(actor=acting(company_id)):
            statement = queries.people_matching(inactive=everybody).order_by("name")
            rows = [_described(user) for user in session().scalars(statement)]
    lines = [
        f"{row['name']} <{row['email']}> {', '.join(row['roles'])}"
        f"{'' if row['active'] else ' (closed)'}"
        for row in rows
    ]
    answer(rows, as_json=as_json, text="\n".join(lines))


@command.command("set-password")
@click.argument("email")
@_password_options
@json_option
def set_password(*, email: str, password: str | None, password_stdin: bool, as_json: bool) -> None:
    """Give an account a password; every browser is signed out."""
    from wfweb.identity import service
    from wfweb.kernel.db import transaction

    wanted = _password(password, from_stdin=password_stdin)
    with application():
        user_id, company_id = account(email)
        with transaction(actor=acting(company_id)):
            service.set_password(user_id, wanted)
    answer({"id": user_id}, as_json=as_json, text=f"The password of {email} is changed.")


@command.command()
@click.argument("email")
@json_option
def deactivate(*, email: str, as_json: bool) -> None:
    """Close an account: its sessions and tokens end at once."""
    from wfweb.identity import service
    from wfweb.kernel.db import transaction

    with application():
        user_id, company_id = account(email)
        with transaction(actor=acting(company_id)):
            service.deactivate_user(user_id, version=None)
    answer({"id": user_id}, as_json=as_json, text=f"The account of {email} is closed.")
