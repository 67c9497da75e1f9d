"""Who acts: one value that pages, API, jobs, timers and the command line all set.

The actor decides the company whose rows the database shows, so nothing can be
read or written before somebody acts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

Kind = Literal["user", "service", "system", "anonymous"]
Channel = Literal["page", "api", "job", "timer", "cli", "mail_link", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person, a service account, the system or nobody, in one company."""

    kind: Kind
    id: UUID | None = None
    name: str = ""
    company_id: UUID | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    roles: frozenset[str] = field(default_factory=frozenset)
    on_behalf_of: UUID | None = None
    channel: Channel = "page"

    def may(self, permission: str) -> bool:
        """Tell whether a permission is held; the system holds all of them."""
        return self.kind == "system" or permission in self.permissions

    def has_role(self, code: str) -> bool:
        """Tell whether a role is held."""
        return code in self.roles

    def through(self, channel: Channel) -> "Actor":
        """Return the same actor acting through another channel."""
        return replace(self, channel=channel)


ANONYMOUS = Actor(kind="anonymous", name="Somebody signed out")
_current: ContextVar[Actor] = ContextVar("wfweb_actor", default=ANONYMOUS)


def system_actor(
    company_id: UUID | None, *, on_behalf_of: UUID | None = None, channel: Channel = "job"
) -> Actor:
    """Return the system acting in a company, perhaps as the consequence of a person's act."""
    return Actor(
        kind="system",
        name="wfweb",
        company_id=company_id,
        on_behalf_of=on_behalf_of,
        channel=channel,
    )


def current_actor() -> Actor:
    """Return who acts now; :data:`ANONYMOUS` when nobody does."""
    return _current.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Let ``actor`` act inside the block."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
