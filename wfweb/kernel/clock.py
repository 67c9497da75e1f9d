"""The clock: the database's instant, or one that a test or a replay has set.

Only the database's clock decides (reliability D10): the instant is read once when
a transaction begins and is the same for every row written in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_fixed: ContextVar[datetime | None] = ContextVar("wfweb_clock_fixed", default=None)
_transaction: ContextVar[datetime | None] = ContextVar("wfweb_clock_transaction", default=None)


def now() -> datetime:
    """Return the current instant in UTC.

    Inside a transaction this is the database's clock; outside, the machine's,
    which is only ever shown and never compared with a stored moment.
    """
    return _fixed.get() or _transaction.get() or datetime.now(UTC)


def today(zone: str = "UTC") -> date:
    """Return the calendar day in a time zone."""
    return now().astimezone(ZoneInfo(zone)).date()


def is_fixed() -> bool:
    """Tell whether a test or a replay has set the clock."""
    return _fixed.get() is not None


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Stop the clock at an aware instant inside the block."""
    if instant.tzinfo is None:
        message = "the clock needs an instant with a time zone"
        raise ValueError(message)
    token = _fixed.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)


def set_transaction_instant(instant: datetime | None) -> None:
    """Remember the database's instant; only ``kernel.db`` calls this."""
    _transaction.set(instant)
