"""Identifiers: UUIDv7 made in Python, and human keys such as ``ORD-1042``.

Ids are made here and not by the database because SQLAlchemy can then write a
thousand rows in one statement instead of a thousand (measured, ARCHITECTURE rule 8).
"""

import os
import threading
import time
from uuid import UUID

from sqlalchemy import text

_RANDOM_BITS = 62
_lock = threading.Lock()
_last_tick = 0


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562 section 5.7); ids of one process never go backwards."""
    global _last_tick  # noqa: PLW0603 - one counter a process is the point
    # 60 bits: milliseconds and, below them, twelve bits of the sub-millisecond.
    tick = time.time_ns() * 4096 // 1_000_000
    with _lock:
        tick = max(tick, _last_tick + 1)
        _last_tick = tick
    milliseconds, fraction = divmod(tick, 4096)
    random = int.from_bytes(os.urandom(8), "big") & ((1 << _RANDOM_BITS) - 1)
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= fraction << 64
    value |= 0b10 << 62
    return UUID(int=value | random)


_NEXT = text(
    "insert into key_counters (company_id, prefix, last_number) values (:company, :prefix, :first)"
    " on conflict (company_id, prefix)"
    " do update set last_number = key_counters.last_number + :count"
    " returning last_number"
)
FIRST_NUMBER = 1001


def next_keys(prefix: str, count: int = 1) -> list[str]:
    """Return ``count`` fresh keys of a prefix in the current company.

    The counter row is locked until the transaction ends, so keys have no gaps
    but two creations under one prefix wait for each other.
    """
    from wfweb.kernel.actor import current_actor
    from wfweb.kernel.db import session

    last = session().execute(
        _NEXT,
        {
            "company": current_actor().company_id,
            "prefix": prefix,
            "first": FIRST_NUMBER + count - 1,
            "count": count,
        },
    )
    top = int(last.scalar_one())
    return [f"{prefix}-{number}" for number in range(top - count + 1, top + 1)]


def next_key(prefix: str) -> str:
    """Return the next human key of a prefix in the current company, e.g. ``ORD-1042``."""
    return next_keys(prefix)[0]
