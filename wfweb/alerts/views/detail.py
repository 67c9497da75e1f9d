"""One alert in full: its story step by step, who is told, what can be done with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for
from sqlalchemy import func, select

from wfweb.alerts import policy, silencing
from wfweb.alerts.models import Alert, AlertNote, AlertRule, AlertSilence, AlertTelling
from wfweb.alerts.views.lists import rows_of
from wfweb.alerts.views.presenting import STATUS, WORDS, Row, decimal, span
from wfweb.identity.models import User
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.formats import datetime_text, number, short_moment

CHANNELS = {"in_app": "in wfweb", "email": "by e-mail", "sms": "by SMS", "push": "by push"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an alert."""

    state: str
    title: str
    at: datetime | None = None
    text: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """An alert with its story."""

    alert: Alert
    row: Row
    steps: Sequence[Step]
    facts: Sequence[tuple[str, str]]
    message: str
    status_word: str
    status_kind: str
    holds: bool
    rule_name: str
    rule_url: str
    told: str
    telling: Sequence[tuple[str, str]]
    silence: AlertSilence | None
    may_act: bool


def opened(alert: Alert, *, acts: bool = False) -> Open:
    """Return an alert with its story.

    :param acts: whether silences are looked up as well, for the page where they can be made.
    """
    rule = session().get_one(AlertRule, alert.rule_id)
    row = rows_of([alert])[0]
    word, kind = STATUS[alert.status]
    manages = current_actor().may(policy.VIEW)
    return Open(
        alert=alert,
        row=row,
        steps=list(_steps(alert)),
        facts=list(_facts(alert, row)),
        message="" if row.facts == alert.message else alert.message,
        status_word=word,
        status_kind=kind,
        holds=bool(alert.holds),
        rule_name=rule.name,
        rule_url=url_for("alerts.rule", code=rule.code) if manages else "",
        told=_told(alert.id),
        telling=_telling(rule),
        silence=_silence(alert) if acts else None,
        may_act=policy.may_act(alert),
    )


def _facts(alert: Alert, row: Row) -> Iterator[tuple[str, str]]:
    context = alert.context
    value, limit = decimal(context.get("value")), decimal(context.get("threshold"))
    clears = decimal(context.get("clear_at"))
    if value is not None:
        yield "Value when last seen", number(round(value, 2).normalize())
    if limit is not None:
        yield f"Raised {_side(str(context.get('operator')))}", number(limit.normalize())
    if clears is not None and clears != limit:
        yield "Ends by itself at", number(clears.normalize())
    yield "Since", datetime_text(alert.raised_at)
    yield "Last seen", datetime_text(alert.last_seen_at)
    yield "Looked after by", row.owner or "nobody yet"
    if alert.remind_at:
        yield "Reminder", datetime_text(alert.remind_at)
    if alert.expires_at and alert.is_open:
        yield "Ends by itself", datetime_text(alert.expires_at)


def _side(operator: str) -> str:
    return {"<": "below", "<=": "at or below", ">": "above", ">=": "at or above"}.get(
        operator, "at"
    )


def _steps(alert: Alert) -> Iterator[Step]:
    yield Step("done", "Rule fired", alert.raised_at, alert.message)
    if alert.occurrences > 1:
        folded = alert.occurrences - 1
        words = "time" if folded == 1 else "times"
        yield Step(
            "done", f"Seen {folded} more {words}", alert.last_seen_at, "folded into this one"
        )
    notes = select(AlertNote).where(AlertNote.alert_id == alert.id).order_by(AlertNote.id)
    for note in session().scalars(notes):
        yield Step("done", _note_title(note), note.at, "", note.body)
    if alert.resolved_at and alert.status == "expired":
        yield Step("done", "Expired", alert.resolved_at)


def _note_title(note: AlertNote) -> str:
    acts = {
        "note": "wrote",
        "acknowledged": "looks after it",
        "assigned": "gave it on",
        "resolved": "resolved it",
        "escalated": "Escalated",
        "reminder": "set a reminder",
        "silenced": "silenced it",
        "cleared": "The cause is gone",
        "expired": "Expired",
    }
    words = acts.get(note.kind, note.kind.replace("_", " "))
    return words if words[:1].isupper() else f"{note.by_name or 'wfweb'} {words}"


_FOLDED = ", in one message about many alerts"


def _told(alert_id: UUID) -> str:
    query = (
        select(User.name, func.max(AlertTelling.told_at))
        .join(User, User.id == AlertTelling.user_id)
        .where(AlertTelling.alert_id == alert_id, AlertTelling.told_at.is_not(None))
        .group_by(User.name)
        .order_by(User.name)
    )
    people = session().execute(query).all()
    if not people:
        return "Nobody was told of this one yet."
    folded = select(AlertTelling.id).where(
        AlertTelling.alert_id == alert_id, AlertTelling.state == "folded"
    )
    many = session().scalar(folded.limit(1)) is not None
    names = ", ".join(name for name, _at in people[:5])
    last = max(at for _name, at in people if at is not None)
    more = f" and {len(people) - 5} more" if len(people) > 5 else ""  # noqa: PLR2004 - named
    return f"Told {short_moment(last)}: {names}{more}{_FOLDED if many else ''}."


def _telling(rule: AlertRule) -> list[tuple[str, str]]:
    body = rule.body
    channels = body.get("channels", ["in_app", "email"])
    rows = [
        ("Channels", ", ".join(CHANNELS.get(one, one) for one in channels)),
        ("Not again within", span(body.get("cooldown_minutes", 60))),
        ("At most a day", str(body.get("daily_cap", 10))),
    ]
    for step in body.get("escalation", ()):
        severity = WORDS.get(step.get("severity") or "", "told again")
        rows.append((f"After {span(step['after_minutes'])}", severity))
    return rows


def _silence(alert: Alert) -> AlertSilence | None:
    for one in silencing.silences():
        if one.rule_id in {None, alert.rule_id} and one.record_id in {None, alert.record_id}:
            return one
    return None
