"""Telling people of alerts: soon, the gravest first, and a storm in one message.

Each person gets up to :data:`ALLOWANCE` messages a minute about grave alerts and as many about
others; what is beyond is folded into one message within :data:`FOLD_SECONDS`, so that
everybody hears of everything within thirty seconds (ALR-3).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text

from wfweb.alerts import rules
from wfweb.alerts.body import RuleBody
from wfweb.alerts.models import OPEN_STATUSES, Alert, AlertRule, AlertTelling
from wfweb.alerts.recipients import Directory
from wfweb.alerts.subjects import facts_of
from wfweb.events import enqueue
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify

ALLOWANCE: Final = 10
WINDOW: Final = timedelta(minutes=1)
FOLD_SECONDS: Final = 20
STORM: Final = "alerts.tell_storm"
SUBJECT: Final = "alert"
_TELLINGS: Any = AlertTelling.__table__
_ONE_AT_A_TIME = text(
    "select pg_advisory_xact_lock(hashtextextended('alerts:' || one, 1))"
    " from (select unnest(cast(:ids as text[])) one order by 1) people"
)


def tell(payload: Mapping[str, Any]) -> None:
    """Tell people of alerts that are still open, in the order of the message."""
    kind = str(payload["kind"])
    ids = [UUID(str(one)) for one in payload["alert_ids"]]
    wanted = _wanted(ids, kind)
    if not wanted:
        return
    pairs = _whom(wanted, kind, payload)
    everybody = {user for _alert, users, _body in pairs for user in users}
    post = _Post(kind, str(payload["message_id"]), everybody)
    for alert, users, body in pairs:
        for user_id in users:
            post.send(alert, user_id, body)


def _wanted(ids: Sequence[UUID], kind: str) -> list[Alert]:
    """Return the alerts that still need people; an acknowledged one wakes nobody any more."""
    statuses = ("active", "escalated") if kind == "escalated" else OPEN_STATUSES
    statement = select(Alert).where(Alert.id.in_(ids), Alert.status.in_(statuses))
    found = {alert.id: alert for alert in session().scalars(statement)}
    return [found[one] for one in ids if one in found]


def _whom(
    alerts: Sequence[Alert], kind: str, payload: Mapping[str, Any]
) -> list[tuple[Alert, Iterable[UUID], RuleBody]]:
    rule_ids = {alert.rule_id for alert in alerts}
    rows = session().scalars(select(AlertRule).where(AlertRule.id.in_(rule_ids)))
    bodies = {row.id: RuleBody.model_validate(row.body) for row in rows}
    facts = facts_of([alert.record_id for alert in alerts if alert.record_id])
    directory = Directory()
    found: list[tuple[Alert, Iterable[UUID], RuleBody]] = []
    for alert in alerts:
        body = bodies[alert.rule_id]
        if kind == "reminder":
            found.append((alert, [alert.owner_id] if alert.owner_id else [], body))
            continue
        recipients = body.recipients
        if kind == "escalated":
            recipients = body.escalation[int(payload["level"]) - 1].recipients
        known = facts.get(alert.record_id, {}) if alert.record_id else {}
        found.append((alert, directory.people(recipients, known), body))
    return found


class _Post:
    """Sends one by one while the allowance of a person lasts, then lets messages wait."""

    def __init__(self, kind: str, message_id: str, users: set[UUID]) -> None:
        self._kind, self._message_id = kind, message_id
        session().execute(_ONE_AT_A_TIME, {"ids": [str(one) for one in users]})
        since = clock.now() - WINDOW
        rows = session().execute(
            select(AlertTelling.user_id, AlertTelling.grave, func.count())
            .where(AlertTelling.user_id.in_(users), AlertTelling.at > since)
            .where(AlertTelling.state == "told")
            .group_by(AlertTelling.user_id, AlertTelling.grave)
        )
        self._told = Counter({(user, grave): count for user, grave, count in rows})
        waiting = select(AlertTelling.user_id).where(
            AlertTelling.user_id.in_(users), AlertTelling.state == "waiting"
        )
        self._waiting = set(session().scalars(waiting.distinct()))

    def send(self, alert: Alert, user_id: UUID, body: RuleBody) -> None:
        """Tell one person of one alert, at once or in the next combined message."""
        grave = rules.is_grave(alert.severity)
        if self._told[user_id, grave] >= ALLOWANCE:
            self._let_wait(alert, user_id, grave=grave)
            return
        self._told[user_id, grave] += 1
        _note(alert, user_id, self._kind, "told", grave=grave)
        notify(
            [user_id],
            f"alert_{self._kind}",
            context_of(alert, body.name),
            subject=(SUBJECT, alert.id),
            key=f"{alert.id}:{self._message_id}",
            thread=f"{alert.key}.{alert.company_id}",
            channels=body.channels,
            urgent=grave,
        )

    def _let_wait(self, alert: Alert, user_id: UUID, *, grave: bool) -> None:
        _note(alert, user_id, self._kind, "waiting", grave=grave)
        if user_id not in self._waiting:
            self._waiting.add(user_id)
            enqueue(STORM, {"user_id": str(user_id)}, delay_seconds=FOLD_SECONDS)


def _note(alert: Alert, user_id: UUID, kind: str, state: str, *, grave: bool) -> None:
    now = clock.now()
    journal().insert(
        _TELLINGS,
        {
            "id": new_id(),
            "company_id": current_actor().company_id,
            "alert_id": alert.id,
            "user_id": user_id,
            "kind": kind,
            "state": state,
            "grave": grave,
            "at": now,
            "told_at": now if state == "told" else None,
        },
    )


def context_of(alert: Alert, rule_name: str) -> dict[str, Any]:
    """Return the names that words about an alert may use, and the address of its page."""
    company = session().get_one(Company, alert.company_id)
    path = f"/alerts/{alert.key}"
    facts = [("Alert", alert.key), ("Severity", alert.severity.capitalize()), ("Rule", rule_name)]
    if alert.context.get("value"):
        facts.append(("Value", str(alert.context["value"])))
        facts.append(("Limit", str(alert.context["threshold"])))
    return {
        "key": alert.key,
        "title": alert.title,
        "message": alert.message,
        "severity": alert.severity.capitalize(),
        "record": alert.title,
        "rule": rule_name,
        "company": company.name,
        "facts": facts,
        "path": path,
        "url": get_settings().public_url + path,
    }


def still_wanted(alert_id: UUID, _user_id: UUID) -> bool:
    """Tell whether an alert is still open; asked just before a mail about it leaves."""
    statement = select(Alert.id).where(Alert.id == alert_id, Alert.status.in_(OPEN_STATUSES))
    return session().scalar(statement) is not None
