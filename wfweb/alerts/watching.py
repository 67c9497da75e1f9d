"""Which events rules wait for: kept in the process, because every event asks.

A rule that is saved in another process is followed here within :data:`FRESH_SECONDS`.
"""

import time
from typing import Final
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts.models import AlertRule
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session

FRESH_SECONDS: Final = 5.0
_watched: dict[UUID, tuple[float, frozenset[str]]] = {}


def watched() -> frozenset[str]:
    """Return the names of the events that active rules of the company wait for."""
    company_id = current_actor().company_id
    if company_id is None:
        return frozenset()
    known = _watched.get(company_id)
    if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
        return known[1]
    names = select(AlertRule.event_name).where(
        AlertRule.company_id == company_id, AlertRule.active, AlertRule.event_name.is_not(None)
    )
    with session().no_autoflush:
        found = frozenset(name for name in session().scalars(names) if name)
    _watched[company_id] = (time.monotonic(), found)
    return found


def forget_watched() -> None:
    """Ask the database again at the next event."""
    _watched.clear()
