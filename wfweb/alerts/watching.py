"""Which events rules wait for: kept in the process, because every event asks.

A rule that is saved in another process is followed here within :data:`FRESH_SECONDS`.
"""

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts.models import AlertRule
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session

FRESH_SECONDS: Final = 5.0
Watched = Mapping[str, set[str | None]]
"""By name of an event the types of records that rules wait for it on; None stands for all."""
_watched: dict[UUID, tuple[float, Watched]] = {}


def is_watched(name: str, type_code: str | None) -> bool:
    """Tell whether a rule waits for an event; one about no known type of record counts for all."""
    types = _now_watched().get(name)
    return types is not None and (type_code is None or not types.isdisjoint({None, type_code}))


def _now_watched() -> Watched:
    company_id = current_actor().company_id
    if company_id is None:
        return {}
    known = _watched.get(company_id)
    if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
        return known[1]
    waited = select(AlertRule.event_name, AlertRule.record_type_code).where(
        AlertRule.company_id == company_id, AlertRule.active, AlertRule.event_name.is_not(None)
    )
    found: dict[str, set[str | None]] = defaultdict(set)
    with session().no_autoflush:
        for name, type_code in session().execute(waited):
            found[name or ""].add(type_code)
    _watched[company_id] = (time.monotonic(), found)
    return found


def forget_watched() -> None:
    """Ask the database again at the next event."""
    _watched.clear()
