"""Reading alerts for pages: a page of the centre, numbers beside the tabs, one alert's record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select, tuple_

from wfweb.alerts import policy, queries
from wfweb.alerts.models import OPEN_STATUSES, Alert, AlertRule
from wfweb.alerts.views.asked import STATUSES, Asked
from wfweb.alerts.views.presenting import Row, row_of
from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.records.models import Record, RecordType
from wfweb.records.queries import like

LIMIT = 50
GRAVITY: ColumnElement[int] = case(
    {"urgent": 3, "critical": 2, "warning": 1, "info": 0}, value=Alert.severity
)


def page_of(asked: Asked, limit: int = LIMIT) -> tuple[list[Row], str | None]:
    """Return the alerts of a view, the gravest and newest first, and where the next page begins."""
    wanted = select(Alert, GRAVITY.label("gravity")).where(*_where(asked))
    last = decode_cursor(asked.after, 3, (int, datetime, UUID))
    if last:
        here = tuple_(GRAVITY, Alert.raised_at, Alert.id)
        wanted = wanted.where(here < tuple_(*last))
    order = (GRAVITY.desc(), Alert.raised_at.desc(), Alert.id.desc())
    found = session().execute(wanted.order_by(*order).limit(limit + 1)).all()
    rows = rows_of([row.Alert for row in found[:limit]])
    if len(found) <= limit:
        return rows, None
    end = found[limit - 1]
    return rows, encode_cursor([end.gravity, end.Alert.raised_at, end.Alert.id])


def total(asked: Asked) -> int:
    """Return how many alerts a view holds."""
    return session().scalar(select(func.count()).select_from(Alert).where(*_where(asked))) or 0


def _where(asked: Asked) -> list[ColumnElement[bool]]:
    typed, me = asked.typed, current_actor()
    found: list[ColumnElement[bool]] = [
        Alert.company_id == me.company_id,
        Alert.status.in_(STATUSES[asked.state]),
        policy.visible(),
    ]
    if "severity" in typed:
        found.append(Alert.severity == typed["severity"])
    if "owner" in typed:
        mine = typed["owner"] == "mine"
        found.append(Alert.owner_id == me.id if mine else Alert.owner_id.is_(None))
    if "record_type" in typed:
        found.append(Alert.record_type_code == typed["record_type"])
    rules: list[ColumnElement[bool]] = []
    if "rule" in typed:
        rules.append(AlertRule.code == typed["rule"])
    if "type" in typed:
        rules.append(AlertRule.type == typed["type"])
    if rules:
        found.append(Alert.rule_id.in_(select(AlertRule.id).where(*rules)))
    if "q" in typed:
        pattern = like(typed["q"])
        found.append(or_(Alert.title.ilike(pattern), Alert.key.ilike(pattern)))
    return found


def rows_of(alerts: Sequence[Alert]) -> list[Row]:
    """Return alerts as lists show them; a fixed number of statements."""
    rules = _named(AlertRule, {one.rule_id for one in alerts})
    people = _named(User, {one.owner_id for one in alerts if one.owner_id})
    about = {one.record_id for one in alerts if one.record_id}
    records: dict[UUID, Any] = {
        row.id: row
        for row in session().execute(
            select(Record.id, Record.key, Record.title, Record.type_code, RecordType.name)
            .join(RecordType, RecordType.id == Record.type_id)
            .where(Record.id.in_(about))
        )
    }
    rows = []
    for one in alerts:
        record = records.get(one.record_id) if one.record_id else None
        owner = people.get(one.owner_id, "") if one.owner_id else ""
        owner = "You" if one.owner_id == current_actor().id else owner
        rows.append(
            row_of(
                one,
                rule_name=rules.get(one.rule_id, ""),
                owner=owner,
                record=record,
                type_name=record.name if record else "",
            )
        )
    return rows


def _named(model: Any, ids: set[UUID]) -> dict[UUID, str]:
    query = select(model.id, model.name).where(model.id.in_(ids))
    return {row.id: row.name for row in session().execute(query)} if ids else {}


def counts() -> dict[str, int]:
    """Return how many alerts wait for an owner, and how many have one."""
    found = queries.counts()
    waiting = found.get("active", 0) + found.get("escalated", 0)
    return {"open": waiting, "acknowledged": found.get("acknowledged", 0)}


def version() -> str:
    """Return a text that changes with whatever the list of alerts shows."""
    query = select(func.count(), func.sum(Alert.version), func.sum(Alert.occurrences)).where(
        Alert.company_id == current_actor().company_id, Alert.status.in_(OPEN_STATUSES)
    )
    return "-".join(str(part or 0) for part in session().execute(query).one())


def repeats_today() -> int:
    """Return how many repeats of open alerts seen today told nobody."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.sum(Alert.occurrences - 1)).where(
        Alert.company_id == current_actor().company_id,
        Alert.status.in_(OPEN_STATUSES),
        Alert.last_seen_at >= today,
    )
    return int(session().scalar(query) or 0)


def watching() -> str:
    """Return what the rules watch, for a page without alerts."""
    mine = AlertRule.company_id == current_actor().company_id
    rules = session().scalar(select(func.count()).where(mine, AlertRule.active)) or 0
    return f"{rules} {'rule watches' if rules == 1 else 'rules watch'} your records."


def of_record(record_id: UUID) -> list[Row]:
    """Return the open alerts about a record, the gravest first."""
    query = (
        select(Alert)
        .where(Alert.record_id == record_id, Alert.status.in_(OPEN_STATUSES), policy.visible())
        .order_by(GRAVITY.desc(), Alert.raised_at.desc())
        .limit(20)
    )
    return rows_of(list(session().scalars(query)))
