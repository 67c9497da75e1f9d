"""Whom a level asks: people found from live data, each with the reasons, others left out aloud.

Users, roles, fields of the record and chains of managers come in; seats go out. Duplicates
collapse into one seat that lists all reasons (I-11). Requester and editors are left out
unless the level allows self-approval; machines and people who left never get a seat.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from wfweb.identity import queries as people
from wfweb.identity.models import Role, User


@dataclass(slots=True)
class Candidate:
    """Somebody who may get a seat; ``role_id`` when it is held through a role only."""

    user: User
    why: list[str] = field(default_factory=list)
    source: str = "user"
    role_id: UUID | None = None


@dataclass(slots=True)
class Electorate:
    """Who gets a seat, who was left out and why, and what else was noticed."""

    candidates: list[Candidate] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as stored with the level, for the explanation (APP-10)."""
        return {
            "seats": [
                {"user_id": str(c.user.id), "name": c.user.name, "why": c.why, "source": c.source}
                for c in self.candidates
            ],
            "left_out": self.left_out,
            "notes": self.notes,
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """What approvers are looked up for: the record's data and the people around it."""

    data: Mapping[str, Any]
    requester_id: UUID | None
    owner_id: UUID | None
    excluded: Mapping[UUID, str]


class Resolver:
    """Looks people up, once each in one act, however many requests the act touches."""

    def __init__(self) -> None:
        self._roles: dict[str, Role | None] = {}
        self._members: dict[str, list[User]] = {}
        self._chains: dict[UUID, list[User]] = {}
        self._users: dict[str, User | None] = {}
        self._ids: dict[UUID, User | None] = {}

    def by_email(self, email: str) -> User | None:
        """Return a person by address."""
        key = email.strip().lower()
        if key not in self._users:
            self._users[key] = people.user_by_email(key)
        return self._users[key]

    def by_id(self, user_id: UUID) -> User | None:
        """Return a person of this company by id."""
        if user_id not in self._ids:
            self._ids.update({user_id: None, **people.people_by_ids([user_id])})
        return self._ids[user_id]

    def role(self, code: str) -> Role | None:
        """Return a role by code."""
        if code not in self._roles:
            self._roles[code] = people.roles_by_code([code]).get(code)
        return self._roles[code]

    def members(self, code: str) -> list[User]:
        """Return the active people of a role, by name."""
        if code not in self._members:
            self._members[code] = people.users_with_role(code)
        return self._members[code]

    def chain(self, user_id: UUID) -> list[User]:
        """Return all managers above a person, nearest first."""
        if user_id not in self._chains:
            self._chains[user_id] = people.manager_chain(user_id)
        return self._chains[user_id]


def resolve(
    approvers: Sequence[Mapping[str, Any]],
    subject: Subject,
    resolver: Resolver,
    *,
    self_approval: bool,
    already: Iterable[UUID] = (),
) -> Electorate:
    """Return the electorate of a level.

    :param already: people who hold a seat at the level and get no second one.
    """
    found = Electorate()
    taken = set(already)
    seats: dict[UUID, Candidate] = {}
    for approver in approvers:
        for user, why, source, role_id in _named(approver, subject, resolver, found.notes):
            reason = _kept_out(user, subject, self_approval=self_approval)
            if user.id in taken:
                reason = "decides at this level already"
            if reason is not None:
                _leave_out(found, user, why, reason)
                continue
            seat = seats.setdefault(user.id, Candidate(user, source=source, role_id=role_id))
            seat.why.append(why)
            if role_id is None:
                # Named in person as well: leaving the role does not end this seat.
                seat.role_id, seat.source = None, source
    found.candidates = list(seats.values())
    return found


def _leave_out(found: Electorate, user: User, why: str, reason: str) -> None:
    entry = {"user_id": str(user.id), "name": user.name, "why": why, "reason": reason}
    if entry not in found.left_out:
        found.left_out.append(entry)


def _kept_out(user: User, subject: Subject, *, self_approval: bool) -> str | None:
    if not user.active:
        return "is not active"
    if user.kind != "person":
        return "is a service account"
    if not self_approval and user.id in subject.excluded:
        return subject.excluded[user.id]
    return None


Named = tuple[User, str, str, UUID | None]


def _named(
    approver: Mapping[str, Any], subject: Subject, resolver: Resolver, notes: list[str]
) -> list[Named]:
    if approver.get("user"):
        return _by_user(str(approver["user"]), resolver, notes)
    if approver.get("role"):
        return _by_role(str(approver["role"]), resolver, notes)
    if approver.get("field"):
        return _by_field(str(approver["field"]), subject, resolver, notes)
    if approver.get("manager_chain"):
        return _by_chain(int(approver["manager_chain"]), subject, resolver, notes)
    notes.append(f"{dict(approver)} names nobody")
    return []


def _by_user(email: str, resolver: Resolver, notes: list[str]) -> list[Named]:
    user = resolver.by_email(email)
    if user is None:
        notes.append(f"There is nobody with the address {email}")
        return []
    return [(user, "named in the rule", "user", None)]


def _by_role(code: str, resolver: Resolver, notes: list[str]) -> list[Named]:
    role = resolver.role(code)
    if role is None:
        notes.append(f"There is no role {code}")
        return []
    members = resolver.members(code)
    if not members:
        notes.append(f"Nobody is in the role {role.name}")
    return [(user, f"in the role {role.name}", f"role:{code}", role.id) for user in members]


def _by_field(path: str, subject: Subject, resolver: Resolver, notes: list[str]) -> list[Named]:
    found: list[Named] = []
    for user_id in ids_at(path, subject, resolver):
        user = resolver.by_id(user_id)
        if user is None:
            notes.append(f"{path} names somebody who does not exist")
        else:
            found.append((user, f"named in {path}", f"field:{path}", None))
    if not found:
        notes.append(f"{path} names nobody")
    return found


def _by_chain(depth: int, subject: Subject, resolver: Resolver, notes: list[str]) -> list[Named]:
    if subject.requester_id is None:
        notes.append("Nobody asked, so there is no manager to ask")
        return []
    chain = resolver.chain(subject.requester_id)
    active = [user for user in chain if user.active]
    notes += [f"{user.name} is not active and was passed over" for user in chain if not user.active]
    if len(active) < depth:
        notes.append(_chain_end(chain, subject.requester_id, depth, len(active)))
    return [
        (user, _place_in_chain(number), f"manager_chain:{number}", None)
        for number, user in enumerate(active[:depth], start=1)
    ]


def _place_in_chain(number: int) -> str:
    if number == 1:
        return "the requester's manager"
    return f"{number} managers above the requester"


def _chain_end(chain: Sequence[User], start: UUID, depth: int, length: int) -> str:
    """Say why a chain is shorter than asked: it has a top, or it runs in a circle."""
    known = {start, *(user.id for user in chain)}
    top = chain[-1] if chain else None
    if top is not None and top.manager_id in known:
        return f"The chain of managers runs in a circle at {top.name}; it was cut there"
    return f"The chain of managers has {length} of {depth} people"


def ids_at(path: str, subject: Subject, resolver: Resolver) -> list[UUID]:
    """Return the people a path names, in order and once each.

    ``record.buyer`` and ``record.lines.buyer`` are fields; ``owner``, ``requester`` and
    ``manager`` (the requester's) are known without one; ``record.buyer.manager`` goes one up.
    """
    keys = path.removeprefix("record.").split(".")
    if keys[0] in subject.data:
        values: list[Any] = [subject.data[keys[0]]]
    else:
        values = [_around(keys[0], subject, resolver)]
    for key in keys[1:]:
        if key == "manager":
            values = [_manager(user_id, resolver) for user_id in _ids(values)]
        else:
            values = [value.get(key) for value in _spread(values) if isinstance(value, Mapping)]
    return _ids(values)


def _around(name: str, subject: Subject, resolver: Resolver) -> UUID | None:
    if name == "owner":
        return subject.owner_id
    if name == "requester":
        return subject.requester_id
    if name == "manager" and subject.requester_id is not None:
        return _manager(subject.requester_id, resolver)
    return None


def _manager(user_id: UUID, resolver: Resolver) -> UUID | None:
    user = resolver.by_id(user_id)
    return user.manager_id if user else None


def _ids(values: Iterable[Any]) -> list[UUID]:
    return list(dict.fromkeys(filter(None, map(_as_id, _spread(values)))))


def _spread(values: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for value in values:
        flat.extend(value if isinstance(value, list) else [value])
    return flat


def _as_id(value: object) -> UUID | None:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        return None
