"""The functions of the database that make, end and ask about locks: one call each.

Every client calls the same seven (``migrations/sql/locks_*.sql``); nothing here knows a rule.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.journal import journal
from wfweb.locks.models import DEFAULT_DAYS


@dataclass(frozen=True, slots=True)
class Cause:
    """What a lock was made for, as a live condition; ``holds`` is empty when nobody can say."""

    metric: str | None = None
    operator: str | None = None
    threshold: Decimal | None = None
    value_then: Decimal | None = None
    value_now: Decimal | None = None
    holds: bool | None = None


# What the functions raise when they are asked nonsense; their words are for people.
_NONSENSE = frozenset({"22004", "22023", "P0002"})


@contextmanager
def sensible(pointer: str) -> Iterator[None]:
    """Turn what the functions refuse into a refusal that names a place of the input.

    :raises ValidationFailed: with their own words.
    """
    try:
        yield
    except DBAPIError as error:
        diagnosis = getattr(error.orig, "diag", None)
        if getattr(error.orig, "sqlstate", None) not in _NONSENSE or diagnosis is None:
            raise
        raise ValidationFailed.at(pointer, str(diagnosis.message_primary), "wrong") from error


_SETTING = text(
    "select set_config('app.now', :now, true), set_config('app.actor_id', :actor, true),"
    " set_config('app.announces_locks', 'on', true)"
)


def prepare() -> None:
    """Tell the functions who acts and that the application tells people itself.

    A clock that a test or a replay has stopped is theirs too; otherwise they read their own.
    What the act has not written yet is written, because they look at it.
    """
    journal().flush()
    actor = current_actor()
    who = actor.id if actor.kind in {"user", "service"} else actor.on_behalf_of
    now = clock.now().isoformat() if clock.is_fixed() else ""
    session().execute(_SETTING, {"now": now, "actor": str(who or "")})


def create_from_alerts(alert_ids: Sequence[UUID]) -> list[UUID]:
    """Lock for each alert that a kind of lock is made for; return the locks that were made.

    In the order of the records, so that two acts never wait for each other in a circle.
    """
    statement = text(
        "with asked as materialized (select a.id, a.record_id from alerts a"
        " where a.id = any(:ids) and a.company_id = locks_company() and a.record_id is not null"
        " and locks_has_type(a.id) order by a.record_id, a.id),"
        " made as materialized (select create_lock_from_alert(id, null) as id from asked)"
        " select distinct id from made"
    )
    return _ids(statement, {"ids": list(alert_ids)})


def create_from_alert(alert_id: UUID, actions: Sequence[str] | None = None) -> UUID:
    """Lock for one alert; without ``actions`` those of its kind of lock are blocked."""
    statement = text("select create_lock_from_alert(:alert, cast(:actions as text[]))")
    given = {"alert": alert_id, "actions": list(actions) if actions is not None else None}
    return UUID(str(session().execute(statement, given).scalar_one()))


def active_of_alert(alert_id: UUID) -> list[UUID]:
    """Return the locks that stand for an alert, or for its rule on its record."""
    statement = text("select unnest(locks_of_alert(locks_company(), :alert))")
    return _ids(statement, {"alert": alert_id})


def unlock_from_alert(alert_id: UUID, user_id: UUID, reason: str) -> int:
    """End the locks of an alert as decided by a committee; return how many."""
    statement = text("select unlock_from_alert_resolution(:alert, :user, :reason)")
    values = {"alert": alert_id, "user": user_id, "reason": reason}
    return int(session().execute(statement, values).scalar_one())


def end(lock_ids: Sequence[UUID], because: str, user_id: UUID, reason: str) -> list[UUID]:
    """End locks by override or acceptance; return those that stood until now."""
    statement = text("select locks_end(:ids, :because, :user, :reason)")
    values = {"ids": list(lock_ids), "because": because, "user": user_id, "reason": reason}
    return _ids(statement, values)


def renew(lock_id: UUID, user_id: UUID, reason: str, days: int) -> bool:
    """Keep a lock for another period of days; tell whether it still stood."""
    statement = text("select locks_renew(:lock, :user, :reason, :days)")
    values = {"lock": lock_id, "user": user_id, "reason": reason, "days": days}
    return bool(session().execute(statement, values).scalar_one())


def expire(days: int = DEFAULT_DAYS) -> int:
    """End the locks of the company whose time is over; return how many."""
    statement = text("select expire_old_locks(:days)")
    return int(session().execute(statement, {"days": days}).scalar_one())


def note_metric(alert_ids: Sequence[UUID]) -> int:
    """Store how the causes of standing locks are now; return how many locks there were."""
    statement = text("select locks_note_metric(:ids)")
    return int(session().execute(statement, {"ids": list(alert_ids)}).scalar_one())


def is_blocked(record_id: UUID, action: str) -> bool:
    """Tell whether a lock blocks an action on a record at this moment."""
    statement = text("select is_action_blocked(:record, :action)")
    return bool(session().execute(statement, {"record": record_id, "action": action}).scalar_one())


def blocking(record_id: UUID, action: str) -> list[UUID]:
    """Hold the record until the act ends and return the locks that block an action."""
    statement = text("select locks_blocking(:record, :action)")
    return _ids(statement, {"record": record_id, "action": action})


def summary(record_id: UUID) -> dict[str, Any]:
    """Return the figures of a record's locks."""
    statement = text("select get_lock_summary(:record)")
    return dict(session().execute(statement, {"record": record_id}).scalar_one())


def cause(alert_id: UUID) -> Cause:
    """Return the cause of an alert's locks as it is now."""
    row = session().execute(
        text("select * from locks_cause(locks_company(), :alert)"), {"alert": alert_id}
    )
    return Cause(*row.one())


def _ids(statement: Any, values: dict[str, Any]) -> list[UUID]:
    return [UUID(str(one)) for one in session().execute(statement, values).scalars()]
