"""Whom an alert is told to: people, roles and those the record names, today."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from wfweb.alerts.body import Recipient
from wfweb.identity import queries

FALLBACK: Final = "alerts.manage"


class Directory:
    """Finds people of rules; each role and address is looked up once."""

    def __init__(self) -> None:
        self._roles: dict[str, list[UUID]] = {}
        self._users: dict[str, UUID | None] = {}
        self._active: dict[UUID, bool] = {}
        self._fallback: list[UUID] | None = None

    def people(self, recipients: Sequence[Recipient], facts: Mapping[str, Any]) -> Collection[UUID]:
        """Return who is told; those who edit rules when nobody else is left, never nobody."""
        found: dict[UUID, None] = {}
        for one in recipients:
            found.update(dict.fromkeys(self._of(one, facts)))
        return self._still_here(list(found)) or self._nobody()

    def _still_here(self, ids: list[UUID]) -> list[UUID]:
        unknown = [one for one in ids if one not in self._active]
        if unknown:
            here = {person.id for person in queries.active_people(unknown)}
            self._active.update((one, one in here) for one in unknown)
        return [one for one in ids if self._active[one]]

    def _of(self, one: Recipient, facts: Mapping[str, Any]) -> list[UUID]:
        if one.role is not None:
            if one.role not in self._roles:
                self._roles[one.role] = [user.id for user in queries.users_with_role(one.role)]
            return self._roles[one.role]
        if one.user is not None:
            if one.user not in self._users:
                user = queries.user_by_email(one.user)
                self._users[one.user] = user.id if user else None
            found = self._users[one.user]
            return [found] if found else []
        return _person_in(facts.get(one.field or ""))

    def _nobody(self) -> list[UUID]:
        if self._fallback is None:
            holders = queries.users_with_permission(FALLBACK)
            self._fallback = [user.id for user in holders]
        return self._fallback


def _person_in(value: Any) -> list[UUID]:
    given = value.get("id") if isinstance(value, Mapping) else value
    try:
        return [UUID(str(given))] if given else []
    except ValueError:
        return []
