"""Demo data for a first look: one company whose people can all sign in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import exists, select

from wfweb.identity.service import create_company, create_user
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.kernel.tenancy import Company

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

COMPANY: Final = "Harbour & Vale Trading"
PASSWORD: Final = "harbour-lights-42"  # noqa: S105 - printed at every start, local by design
SIGN_INS: Final = "sign_ins.json"


class Person(NamedTuple):
    """One of the demo's people; ``manager`` is the e-mail name of somebody listed before."""

    name: str
    title: str
    roles: tuple[str, ...]
    manager: str = ""

    @property
    def email(self) -> str:
        """``ada@wfweb.example`` for Ada."""
        return f"{self.name.split()[0].lower()}@wfweb.example"


PEOPLE: Final = (
    Person("Cleo Vasquez", "Chair of the committee", ("member",)),
    Person("Mia Sorensen", "Head of sales", ("member",), "cleo@wfweb.example"),
    Person("Ada Okafor", "Finance lead", ("administrator", "member"), "cleo@wfweb.example"),
    Person("Rui Tavares", "Account manager", ("member",), "mia@wfweb.example"),
    Person("Otto Brandt", "Operations", ("operator", "member"), "mia@wfweb.example"),
    Person("Eve Laurent", "Auditor", ("auditor",)),
)


def ensure(data: Path) -> None:
    """Fill an empty database and write down who can sign in; one with companies stays as it is."""
    with transaction(system=True):
        if session().scalar(select(exists().where(Company.id.is_not(None)))):
            return
    company_id = new_id()
    with transaction(company_id=company_id, system=True):
        create_company(company_id, COMPANY)
        _people()
    sign_ins = [
        {"email": person.email, "password": PASSWORD, "who": f"{person.name}, {person.title}"}
        for person in PEOPLE
    ]
    (data / SIGN_INS).write_text(json.dumps(sign_ins, indent=1))


def _people() -> None:
    made: dict[str, UUID] = {}
    for person in PEOPLE:
        user = create_user(
            person.email,
            person.name,
            title=person.title,
            password=PASSWORD,
            role_codes=person.roles,
            manager_id=made.get(person.manager),
            time_zone="Europe/Amsterdam",
        )
        made[person.email] = user.id
