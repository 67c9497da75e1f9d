"""The box at the top: a key opens its page, words find requests, records and people."""

from dataclasses import dataclass

from sqlalchemy import or_, select

from wfweb.identity import queries as people
from wfweb.identity.principal import SignedInUser
from wfweb.kernel.db import session
from wfweb.records import queries as records
from wfweb.records.models import Record

MOST = 20
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found, with its address."""

    label: str
    note: str
    url: str


def find(user: SignedInUser, text: str) -> dict[str, list[Hit]]:
    """Return what matches, by heading; only what this person may see."""
    words = text.strip().replace("\x00", "")[:LONGEST]
    if not words:
        return {}
    found = {"Records": _records(words)}
    if user.may("users.view"):
        found["People"] = [
            Hit(person.name, person.title or person.email, f"/admin/users?q={person.name}")
            for person in people.find_people(words, limit=MOST)
        ]
    return {heading: hits for heading, hits in found.items() if hits}


def _records(words: str) -> list[Hit]:
    codes = [kind.code for kind in records.types_in_navigation()]
    pattern = records.like(words)
    query = (
        select(Record)
        .where(
            Record.type_code.in_(codes), or_(Record.key.ilike(pattern), Record.title.ilike(pattern))
        )
        .order_by(Record.id.desc())
        .limit(MOST)
    )
    return [
        Hit(
            f"{found.key} {found.title}",
            found.state or "",
            f"/records/{found.type_code}/{found.key}",
        )
        for found in session().scalars(query)
    ]
