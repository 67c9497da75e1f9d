"""Who is behind a request, read in one query: person, roles, permissions, company."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_login import UserMixin
from sqlalchemy import RowMapping, text

from wfweb.identity import rules
from wfweb.identity.tokens import digest, is_well_formed
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor, Channel
from wfweb.kernel.db import session

_COLUMNS = """
    u.id, u.company_id, u.kind, u.email, u.name, u.title, u.locale, u.time_zone, u.theme,
    u.keys_enabled, u.quick_limit, c.name as company_name, c.currency,
    array(select r.code from user_roles ur join roles r on r.id = ur.role_id
          where ur.user_id = u.id) as roles,
    array(select distinct p.code from user_roles ur join roles r on r.id = ur.role_id
          cross join lateral unnest(r.permissions) as p (code)
          where ur.user_id = u.id) as permissions
"""
_JOINED = "join companies c on c.id = u.company_id"
_BY_SESSION = text(
    f"select {_COLUMNS}, s.id as session_id, s.last_seen_at, s.expires_at, s.revoked_at,"  # noqa: S608
    " s.confirmed_at from user_sessions s join users u on u.id = s.user_id"
    f" {_JOINED} where s.token_hash = :hash and u.active"
)
_BY_TOKEN = text(
    f"select {_COLUMNS}, t.id as token_id, t.scopes, t.expires_at, t.revoked_at,"  # noqa: S608
    " t.last_used_at as last_seen_at from api_tokens t join users u on u.id = t.user_id"
    f" {_JOINED} where t.token_hash = :hash and u.active"
)
_BY_ID = text(
    f"select {_COLUMNS} from users u {_JOINED} where u.id = :id and u.active"  # noqa: S608
)
_TOUCH_SESSION = text("update user_sessions set last_seen_at = :now where id = :id")
_TOUCH_TOKEN = text("update api_tokens set last_used_at = :now where id = :id")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignedInUser(UserMixin):  # type: ignore[misc]
    """A person or service account as a request sees it; plain values, no database behind it."""

    id: UUID
    company_id: UUID
    kind: str
    email: str
    name: str
    title: str
    locale: str
    time_zone: str
    theme: str
    keys_enabled: bool
    quick_limit: Decimal | None
    company_name: str
    currency: str
    roles: frozenset[str]
    permissions: frozenset[str]
    session_id: UUID | None = None
    token_id: UUID | None = None
    scopes: frozenset[str] = frozenset()
    confirmed_at: datetime | None = None

    def may(self, permission: str) -> bool:
        """Tell whether a permission is held."""
        return permission in self.permissions

    @property
    def initials(self) -> str:
        """Return up to two letters for the round picture."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    def actor(self, channel: Channel) -> Actor:
        """Return this person as who acts through a channel."""
        return Actor(
            kind="user" if self.kind == "person" else "service",
            id=self.id,
            name=self.name,
            company_id=self.company_id,
            permissions=self.permissions,
            roles=self.roles,
            channel=channel,
        )


_PLAIN = (
    "id",
    "company_id",
    "kind",
    "email",
    "name",
    "title",
    "locale",
    "time_zone",
    "theme",
    "keys_enabled",
    "quick_limit",
    "company_name",
    "currency",
)


def _made(row: RowMapping, **extra: Any) -> SignedInUser:
    values = {name: row[name] for name in _PLAIN}
    held = {"roles": frozenset(row["roles"]), "permissions": frozenset(row["permissions"])}
    return SignedInUser(**{**values, **held, **extra})


def by_session_token(token: str) -> SignedInUser | None:
    """Return who a session cookie stands for; None when it ended. In a system transaction."""
    row = session().execute(_BY_SESSION, {"hash": digest(token)}).mappings().one_or_none()
    now = clock.now()
    if row is None or not rules.session_is_alive(
        now,
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    ):
        return None
    if now - row["last_seen_at"] > rules.SESSION_TOUCH:
        session().execute(_TOUCH_SESSION, {"now": now, "id": row["session_id"]})
    return _made(row, session_id=row["session_id"], confirmed_at=row["confirmed_at"])


def by_api_token(token: str) -> SignedInUser | None:
    """Return who an API token stands for, with what its scopes leave; None when it ended."""
    if not is_well_formed(token):
        return None
    row = session().execute(_BY_TOKEN, {"hash": digest(token)}).mappings().one_or_none()
    now = clock.now()
    if row is None or not rules.token_is_alive(
        now, expires_at=row["expires_at"], revoked_at=row["revoked_at"]
    ):
        return None
    if row["last_seen_at"] is None or now - row["last_seen_at"] > rules.SESSION_TOUCH:
        session().execute(_TOUCH_TOKEN, {"now": now, "id": row["token_id"]})
    scopes = frozenset(row["scopes"])
    return _made(
        row,
        token_id=row["token_id"],
        scopes=scopes,
        permissions=rules.permissions_within(row["permissions"], scopes),
    )


def by_id(user_id: UUID) -> SignedInUser | None:
    """Return an active person of the current company (of any in a system transaction)."""
    row = session().execute(_BY_ID, {"id": user_id}).mappings().one_or_none()
    return _made(row) if row else None
