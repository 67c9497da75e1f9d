"""Building the context that conditions read, from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def clock(now: datetime) -> dict[str, Any]:
    """Return what ``clock.*`` shows for an aware moment, in that moment's own zone.

    ``weekday`` counts from 1 (Monday) to 7. Raises ``ValueError`` for a moment without zone.
    """
    if now.tzinfo is None:
        raise ValueError("the clock needs a moment with its zone")
    return {"now": now, "today": now.date(), "weekday": now.isoweekday(), "hour": now.hour}


def make_context(
    record: Mapping[str, Any],
    *,
    now: datetime,
    requester: Mapping[str, Any] | None = None,
    instance: Mapping[str, Any] | None = None,
    previous: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the context of one record at one moment.

    ``previous`` holds the record's fields before an edit; without it nothing counts as changed.
    """
    return {
        "record": record,
        "requester": requester or {},
        "instance": instance or {},
        "clock": clock(now),
        "previous": previous,
    }
