"""Counting tries at accounts and from addresses, in rows that no flushed cache forgets.

A try is counted before the password is looked at, in a transaction of its own: a hundred
guesses at once are a hundred counted tries. A window is never prolonged by further tries,
so nobody can keep somebody else out for longer than the lockout.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Any

from sqlalchemy import delete, text

from wfweb.identity import rules
from wfweb.identity.models import Throttle
from wfweb.kernel import clock
from wfweb.kernel.db import session

_COUNT = text(
    "insert into sign_in_throttles as t (key, attempts, window_ends_at)"
    " values (:key, 1, :window_end)"
    " on conflict (key) do update set"
    " attempts = case when t.window_ends_at <= :now then 1 else t.attempts + 1 end,"
    " window_ends_at = case when t.window_ends_at <= :now then :window_end"
    " when t.attempts + 1 = :limit then :lockout_end else t.window_ends_at end"
    " returning attempts, window_ends_at"
)
_REFUND = text(
    "update sign_in_throttles set attempts = attempts - 1 where key = :key and attempts > 0"
)
_SAME = text(
    "update sign_in_throttles set window_ends_at = greatest(window_ends_at, cast(:now as"
    " timestamptz)) where key = :key"
)


@dataclass(frozen=True, slots=True)
class Limit:
    """One counted key and how many tries it has in a window."""

    key: str
    attempts: int
    window: timedelta = rules.ATTEMPT_WINDOW
    lockout: timedelta = rules.LOCKOUT


@dataclass(frozen=True, slots=True)
class Count:
    """What counting a try said: seconds to wait (0 = go on), and whether this try began it."""

    wait_seconds: int
    just_reached: bool = False


def account_key(email: str) -> str:
    """Return the key of an account; a digest, so that the table is no list of addresses."""
    name = rules.normal_email(email).encode("utf-8", "replace")
    return f"account:{hashlib.sha256(name).hexdigest()}"


def reset_key(email: str) -> str:
    """Return the key under which an account's wishes for a new password are counted."""
    return f"reset-{account_key(email)}"


def source_key(ip: str | None) -> str:
    """Return the key of an address; IPv6 by its /64, which one customer has for himself."""
    try:
        address = ip_address(ip or "")
    except ValueError:
        return "source:unknown"
    if isinstance(address, IPv6Address):
        return f"source:{IPv6Address(int(address) >> 64 << 64)}/64"
    return f"source:{address}"


def count(limits: Sequence[Limit]) -> Count:
    """Count one try under every key; give keys in the same order everywhere."""
    now = clock.now()
    wait, reached = 0, False
    for limit in limits:
        attempts, ends = session().execute(_COUNT, _values(limit)).one()
        if attempts > limit.attempts:
            wait = max(wait, int((ends - now).total_seconds()) + 1)
            reached = reached or attempts == limit.attempts + 1
    return Count(wait, reached)


def _values(limit: Limit) -> dict[str, Any]:
    now = clock.now()
    return {
        "key": limit.key,
        "now": now,
        "limit": limit.attempts,
        "window_end": now + limit.window,
        "lockout_end": now + limit.lockout,
    }


def forget(key: str) -> None:
    """Give a key its tries back."""
    session().execute(delete(Throttle).where(Throttle.key == key))


def refund(key: str) -> None:
    """Take back one counted try, because it succeeded."""
    session().execute(_REFUND, {"key": key})


def write_as_much(key: str) -> None:
    """Do for an account that does not exist the writing that one that exists causes.

    A second commit takes milliseconds on a disk, which an attacker could measure (attack 95).
    """
    session().execute(_SAME, {"key": key, "now": clock.now()})


def locked_for(key: str, limit: int = rules.ACCOUNT_ATTEMPTS) -> int:
    """Return for how many seconds a key is refused; 0 when it is not."""
    row = session().get(Throttle, key)
    now = clock.now()
    if row is None or row.attempts < limit or row.window_ends_at <= now:
        return 0
    return int((row.window_ends_at - now).total_seconds()) + 1
