"""One combined message for everything that a person was not told of one by one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text, update

from wfweb.alerts import rules
from wfweb.alerts.models import OPEN_STATUSES, Alert, AlertRule, AlertTelling
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify

LISTED: Final = 25
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('alerts:' || :one, 1))")


def tell_storm(payload: Mapping[str, Any]) -> None:
    """Tell one person of all alerts that wait for them, in one message."""
    user_id = UUID(str(payload["user_id"]))
    session().execute(_ONE_AT_A_TIME, {"one": str(user_id)})
    taken = (
        update(AlertTelling)
        .where(AlertTelling.user_id == user_id, AlertTelling.state == "waiting")
        .values(state="folded", told_at=clock.now())
        .returning(AlertTelling.alert_id)
    )
    ids = set(session().scalars(taken))
    statement = select(Alert).where(Alert.id.in_(ids), Alert.status.in_(OPEN_STATUSES))
    alerts = list(session().scalars(statement))
    if not alerts:
        return
    alerts.sort(key=lambda alert: (-rules.GRAVITY[alert.severity], alert.id))
    notify(
        [user_id],
        "alert_storm",
        _context(alerts),
        subject=("alert_storm", user_id),
        key=str(payload["message_id"]),
        channels=_channels(alerts),
        urgent=rules.is_grave(alerts[0].severity),
    )


def _context(alerts: Sequence[Alert]) -> dict[str, Any]:
    company_id = current_actor().company_id
    company = session().get_one(Company, company_id)
    first = alerts[0]
    more = len(alerts) - LISTED
    return {
        "count": str(len(alerts)),
        "severity": first.severity.capitalize(),
        "title": first.title,
        "message": first.message,
        "key": first.key,
        "record": first.title,
        "company": company.name,
        "facts": [(f"{a.key} {a.severity}", a.title) for a in alerts[:LISTED]],
        "notes": [f"And {more} more in the alert centre."] if more > 0 else [],
        "path": "/alerts",
        "url": f"{get_settings().public_url}/alerts",
    }


def _channels(alerts: Sequence[Alert]) -> set[str]:
    """Return every channel that one of the rules uses."""
    chosen = select(AlertRule.body).where(AlertRule.id.in_({alert.rule_id for alert in alerts}))
    bodies = session().scalars(chosen)
    return {one for body in bodies for one in body.get("channels", ("in_app", "email"))}
