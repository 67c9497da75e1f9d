"""Pure decisions of identity on plain values: no database, no Flask, no clock."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import available_timezones

from wfweb.identity.permissions import PERMISSIONS

SESSION_IDLE = timedelta(hours=12)
SESSION_ABSOLUTE = timedelta(days=14)
SESSION_TOUCH = timedelta(minutes=1)
"""How stale `last_seen_at` may be; a write for every click would buy nothing."""
CONFIRMED_FOR = timedelta(minutes=15)
"""How long a typed password counts as fresh for grave acts."""
RESET_LIFETIME = timedelta(hours=1)

ATTEMPT_WINDOW = timedelta(minutes=15)
LOCKOUT = timedelta(minutes=15)
ACCOUNT_ATTEMPTS = 10
SOURCE_ATTEMPTS = 50
"""More than one account's worth: an office shares one address."""
RESETS_PER_ACCOUNT = 3
RESETS_PER_SOURCE = 20

SCOPES = ("read", "write", "admin")
TOKEN_DAYS = 90
TOKEN_DAYS_LIMIT = 366
THEMES = ("auto", "light", "dark")
KINDS = ("person", "service")
LOCALES = ("en",)
LONGEST_EMAIL = 254  # RFC 5321 section 4.5.3.1
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"\x00-\x1f]+@[^@\s<>()\[\],;:\\\"\x00-\x1f]+\.[^@\s.]+")
_ROLE_CODE = re.compile(r"[a-z][a-z0-9_]{1,49}")


def normal_email(value: str) -> str:
    """Return an address in the one form that is stored and compared."""
    return value.strip().lower()


def email_problem(value: str) -> str | None:
    """Return what is wrong with an address, or None."""
    if len(value) > LONGEST_EMAIL or not _EMAIL.fullmatch(value):
        return "Enter an e-mail address like name@example.com"
    return None


def role_code_problem(value: str) -> str | None:
    """Return what is wrong with a role's code, or None."""
    if not _ROLE_CODE.fullmatch(value):
        return "Use 2 to 50 small letters, digits and underscores, beginning with a letter"
    return None


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """Return the names people choose a time zone from; finding them reads hundreds of files."""
    regions = (name for name in available_timezones() if "/" in name)
    return ("UTC", *sorted(name for name in regions if not name.startswith("Etc/")))


def time_zone_problem(value: str) -> str | None:
    """Return what is wrong with a time zone's name, or None."""
    return None if value in time_zones() else "Choose a time zone from the list"


def makes_a_circle(user_id: UUID, manager_id: UUID | None, managers: Mapping[UUID, UUID]) -> bool:
    """Tell whether ``manager_id`` above ``user_id`` would put somebody above themselves."""
    seen: set[UUID] = set()
    current = manager_id
    while current is not None and current not in seen:
        if current == user_id:
            return True
        seen.add(current)
        current = managers.get(current)
    return False


def session_is_alive(
    now: datetime, *, last_seen_at: datetime, expires_at: datetime, revoked_at: datetime | None
) -> bool:
    """Tell whether a session still counts: not ended, not idle too long, not too old."""
    return revoked_at is None and now < expires_at and now < last_seen_at + SESSION_IDLE


def token_is_alive(now: datetime, *, expires_at: datetime, revoked_at: datetime | None) -> bool:
    """Tell whether an API token still counts."""
    return revoked_at is None and now < expires_at


def permissions_within(permissions: Iterable[str], scopes: Iterable[str]) -> frozenset[str]:
    """Return what is left of a person's permissions inside a token's scopes.

    Without ``admin`` the grave ones go: a script that files orders cannot change roles.
    """
    held = frozenset(permissions)
    if "admin" in scopes:
        return held
    grave = {code for code, one in PERMISSIONS.items() if one.risk in {"HIGH", "CRITICAL"}}
    return held - grave


def may_grant(own: Iterable[str], granted: Iterable[str]) -> bool:
    """Tell whether somebody may hand out permissions: only those they hold themselves."""
    return set(granted) <= set(own)
