"""The box at the top: a key opens its page, words find requests, records and people."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import url_for
from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from wfweb.approvals.models import ApprovalRequest
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
    kinds = {kind.code: kind.name for kind in records.types_in_navigation()}
    matching = _matching(words, list(kinds))
    found = {
        "Requests": _requests(words, [one.id for one in matching], list(kinds)),
        "Records": [
            Hit(
                f"{one.key} {one.title}",
                ", ".join(filter(None, (kinds[one.type_code], _plain(one.state)))),
                f"/records/{one.type_code}/{one.key}",
            )
            for one in matching
        ],
    }
    if user.may("users.view"):
        found["People"] = [
            Hit(person.name, person.title or person.email, f"/admin/users?q={person.name}")
            for person in people.find_people(words, limit=MOST)
        ]
    return {heading: hits for heading, hits in found.items() if hits}


def _plain(code: str | None) -> str:
    return (code or "").replace("_", " ")


def _matching(words: str, codes: Sequence[str]) -> Sequence[Record]:
    pattern = records.like(words)
    query = (
        select(Record)
        .where(
            Record.type_code.in_(codes), or_(Record.key.ilike(pattern), Record.title.ilike(pattern))
        )
        .order_by(Record.id.desc())
        .limit(MOST)
    )
    return session().scalars(query).all()


def _requests(words: str, record_ids: Sequence[UUID], codes: Sequence[str]) -> list[Hit]:
    """Return the request of that key, and the open ones about the records found."""
    asked = ApprovalRequest
    open_about = and_(asked.record_id.in_(record_ids), asked.decided_at.is_(None))
    query = (
        select(asked)
        .ext(distinct_on(asked.key))
        .where(asked.record_type_code.in_(codes), or_(asked.key == words.upper(), open_about))
        .order_by(asked.key, asked.round.desc())
        .limit(MOST)
    )
    return [
        Hit(f"{one.key} {one.title}", _plain(one.status), url_for("approvals.show", key=one.key))
        for one in session().scalars(query)
    ]
