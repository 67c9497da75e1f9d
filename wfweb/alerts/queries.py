"""Reads of alerts for pages, the API and locks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select

from wfweb.alerts import compiled, policy, rules
from wfweb.alerts.errors import Unevaluable
from wfweb.alerts.figures import Figures
from wfweb.alerts.models import OPEN_STATUSES, Alert, AlertNote, AlertRule
from wfweb.alerts.subjects import find
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.paging import keyset
from wfweb.records.queries import like

PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which alerts are wanted; ``status`` may also be ``open``."""

    status: str | None = None
    severity: str | None = None
    rule: str | None = None
    record_id: UUID | None = None
    owner_id: UUID | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """One alert with its rule and what people wrote about it, oldest first."""

    alert: Alert
    rule: AlertRule
    notes: Sequence[AlertNote]
    may_act: bool


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an alert was raised, and whether that still holds; None where nobody can say.

    Values are exact; ``value_then`` is what raised it.
    """

    metric: str | None
    operator: str | None
    threshold: Decimal | None
    value_then: Decimal | None
    value_now: Decimal | None
    at: datetime
    holds: bool | None


def _mine() -> "Select[Alert]":
    return select(Alert).where(Alert.company_id == current_actor().company_id, policy.visible())


def centre(
    filters: Filters | None = None, *, after: str | None = None, limit: int = PAGE
) -> tuple[list[Alert], str | None]:
    """Return alerts that the actor may see, newest first, and the cursor of the next page."""
    wanted = filters or Filters()
    statement = _mine()
    if wanted.status == "open":
        statement = statement.where(Alert.status.in_(OPEN_STATUSES))
    elif wanted.status:
        statement = statement.where(Alert.status == wanted.status)
    if wanted.severity:
        statement = statement.where(Alert.severity == wanted.severity)
    if wanted.rule:
        chosen = select(AlertRule.id).where(AlertRule.code == wanted.rule)
        statement = statement.where(Alert.rule_id.in_(chosen))
    if wanted.record_id:
        statement = statement.where(Alert.record_id == wanted.record_id)
    if wanted.owner_id:
        statement = statement.where(Alert.owner_id == wanted.owner_id)
    if wanted.text:
        text = like(wanted.text.replace("\0", "")[:100])
        statement = statement.where(Alert.title.ilike(text) | Alert.key.ilike(text))
    columns = [Alert.raised_at, Alert.id]
    return keyset(statement, columns, after=after, limit=limit, falling=True)


def counts() -> dict[str, int]:
    """Return how many alerts that the actor may see have each status, and how many are open."""
    statement = (
        select(Alert.status, func.count())
        .where(Alert.company_id == current_actor().company_id, policy.visible())
        .group_by(Alert.status)
    )
    found = {str(row[0]): int(row[1]) for row in session().execute(statement)}
    return {**found, "open": sum(found.get(status, 0) for status in OPEN_STATUSES)}


def waiting(most: int = 1000) -> ScalarSelect[int]:
    """Return the count of alerts that wait for an owner and the actor may see, up to ``most``.

    A part of a statement, so that a page asks for all its numbers at once.
    """
    wanted = select(Alert.id).where(
        Alert.company_id == current_actor().company_id,
        Alert.status.in_(("active", "escalated")),
        policy.visible(),
    )
    return select(func.count()).select_from(wanted.limit(most).subquery()).scalar_subquery()


def alert_by_key(ref: str | UUID) -> Alert:
    """Return an alert by its key, such as ``ALT-1012``, or its id.

    :raises NotFound: also for alerts that may not be seen.
    """
    wanted: Any = Alert.key == ref
    if isinstance(ref, UUID):
        wanted = Alert.id == ref
    elif "\0" in ref:
        raise NotFound
    else:
        try:
            wanted = Alert.id == UUID(ref)
        except ValueError:
            wanted = Alert.key == ref
    found = session().scalar(_mine().where(wanted))
    if found is None:
        raise NotFound
    return found


def detail(ref: str | UUID) -> Detail:
    """Return everything about one alert.

    :raises NotFound: also for alerts that may not be seen.
    """
    alert = alert_by_key(ref)
    rule = session().get_one(AlertRule, alert.rule_id)
    notes = select(AlertNote).where(AlertNote.alert_id == alert.id).order_by(AlertNote.id)
    return Detail(alert, rule, list(session().scalars(notes)), policy.may_act(alert))


def open_alerts_of(record_id: UUID) -> list[Alert]:
    """Return the open alerts of a record, gravest and newest first; for its page and its locks."""
    statement = select(Alert).where(
        Alert.company_id == current_actor().company_id,
        Alert.record_id == record_id,
        Alert.status.in_(OPEN_STATUSES),
    )
    found = list(session().scalars(statement.order_by(Alert.id.desc())))
    return sorted(found, key=lambda alert: -rules.GRAVITY[alert.severity])


def cause(alert_id: UUID) -> Cause:
    """Return why an alert was raised and whether it holds now, whoever asks; for locks.

    :raises NotFound: when there is no such alert in the company.
    """
    row = session().execute(
        select(Alert, AlertRule)
        .join(AlertRule, AlertRule.id == Alert.rule_id)
        .where(Alert.company_id == current_actor().company_id, Alert.id == alert_id)
        .execution_options(populate_existing=True)
    )
    found = row.one_or_none()
    if found is None:
        raise NotFound
    alert, rule = found
    now, holds = _now(alert, rule)
    context = alert.context
    return Cause(
        metric=context.get("metric"),
        operator=context.get("operator"),
        threshold=_number(context.get("threshold")),
        value_then=_number(context.get("value")),
        value_now=now,
        at=alert.raised_at,
        holds=holds,
    )


def _now(alert: Alert, row: AlertRule) -> tuple[Decimal | None, bool | None]:
    """Return today's value and whether it would keep the alert raised."""
    try:
        rule = compiled.compile_row(row)
    except Unevaluable:
        return None, None
    if alert.record_id is None or rule.body.type not in {"threshold", "inventory"}:
        return None, alert.holds
    measured = Figures().measure(rule, find([alert.record_id])[0]).get(alert.record_id)
    if measured is None:
        return None, None
    return measured.value, rules.judge(measured.band, measured.value, raised=True) != "clear"


def _number(text: Any) -> Decimal | None:
    return Decimal(text) if isinstance(text, str) and text else None
