"""Alerts and silences: read them, look after them, end them."""

from typing import Any
from uuid import UUID

from wfweb.alerts import policy, queries, service, silencing
from wfweb.alerts.errors import NotOpen
from wfweb.alerts.models import Alert
from wfweb.alerts.schemas import (
    AcknowledgeIn,
    AlertNoteIn,
    AlertNoteList,
    AlertNoteOut,
    AlertOut,
    AlertPage,
    AlertQuery,
    AssignIn,
    RemindIn,
    ResolveIn,
    SilenceIn,
    SilenceList,
    SilenceOut,
    SilenceQuery,
    SilenceThisIn,
)
from wfweb.identity.policy import require
from wfweb.kernel.api import ApiBlueprint, endpoint
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, Forbidden
from wfweb.kernel.journal import journal

bp = ApiBlueprint(
    "alerts", __name__, title="Alerts", about="What rules found, who looks after it, how it ended."
)
ACTS: dict[str, Any] = {
    "response": AlertOut,
    "versioned": "optional",
    "errors": [Forbidden, NotOpen, Conflict],
}


def _now(alert: Alert) -> AlertOut:
    """Return an alert after an act, from what the act has written."""
    journal().flush()
    session().refresh(alert)
    return AlertOut.model_validate(alert)


def _id(alert_ref: str) -> UUID:
    return queries.alert_by_key(alert_ref).id


@endpoint(
    bp, "GET", "/alerts", response=AlertPage, query=AlertQuery, summary="List alerts",
    description="Those you may see: about records you may see, told to you, or yours.",
)  # fmt: skip
def list_alerts(query: AlertQuery) -> AlertPage:
    """Return alerts."""
    filters = queries.Filters(
        status=query.status,
        severity=query.severity,
        rule=query.rule,
        record_id=query.record_id,
        owner_id=query.owner_id,
        text=query.q,
    )
    rows, following = queries.centre(filters, after=query.after, limit=query.limit)
    return AlertPage(items=[AlertOut.model_validate(row) for row in rows], next=following)


@endpoint(bp, "GET", "/alerts/<alert_ref>", response=AlertOut, summary="Get an alert")
def get_alert(alert_ref: str) -> AlertOut:
    """Return one alert by its key or id."""
    return AlertOut.model_validate(queries.alert_by_key(alert_ref))


@endpoint(
    bp,
    "GET",
    "/alerts/<alert_ref>/notes",
    response=AlertNoteList,
    summary="List what was written about an alert",
)
def list_alert_notes(alert_ref: str) -> AlertNoteList:
    """Return the notes of an alert."""
    notes = queries.detail(alert_ref).notes
    return AlertNoteList(items=[AlertNoteOut.model_validate(one) for one in notes])


@endpoint(
    bp,
    "POST",
    "/alerts/<alert_ref>/notes",
    request=AlertNoteIn,
    response=AlertNoteOut,
    status=201,
    errors=[Forbidden],
    summary="Write a note about an alert",
)
def create_alert_note(alert_ref: str, body: AlertNoteIn) -> AlertNoteOut:
    """Write something about an alert."""
    return AlertNoteOut.model_validate(service.note(_id(alert_ref), body.body))


@endpoint(
    bp, "POST", "/alerts/<alert_ref>/acknowledge", request=AcknowledgeIn, **ACTS,
    summary="Look after an alert", description="It is yours then, and escalates no further.",
)  # fmt: skip
def acknowledge_alert(alert_ref: str, body: AcknowledgeIn, version: int | None) -> AlertOut:
    """Take an alert."""
    taken = service.acknowledge(
        _id(alert_ref), version=version, note=body.note, remind_minutes=body.remind_minutes
    )
    return _now(taken)


@endpoint(
    bp, "POST", "/alerts/<alert_ref>/assign", request=AssignIn, **ACTS,
    summary="Give an alert to somebody",
)  # fmt: skip
def assign_alert(alert_ref: str, body: AssignIn, version: int | None) -> AlertOut:
    """Hand an alert over."""
    return _now(service.assign(_id(alert_ref), body.owner_id, version=version, note=body.note))


@endpoint(
    bp, "POST", "/alerts/<alert_ref>/remind", request=RemindIn, **ACTS,
    summary="Be reminded of an alert",
)  # fmt: skip
def remind_of_alert(alert_ref: str, body: RemindIn, version: int | None) -> AlertOut:
    """Set or stop the reminder of an alert."""
    return _now(service.remind(_id(alert_ref), body.minutes, version=version))


@endpoint(
    bp, "POST", "/alerts/<alert_ref>/resolve", request=ResolveIn, **ACTS,
    summary="End an alert", description="While its cause still holds, `notes` have to say why.",
)  # fmt: skip
def resolve_alert(alert_ref: str, body: ResolveIn, version: int | None) -> AlertOut:
    """Resolve an alert."""
    return _now(service.resolve(_id(alert_ref), body.notes, version=version))


@endpoint(
    bp,
    "POST",
    "/alerts/<alert_ref>/silence",
    request=SilenceThisIn,
    response=SilenceOut,
    status=201,
    errors=[Forbidden],
    permission=policy.ACT,
    summary="Silence the rule of an alert on its record",
    description="The alert stays open; nobody is told, also when it is raised again.",
)
def silence_alert(alert_ref: str, body: SilenceThisIn) -> SilenceOut:
    """Silence what an alert is about."""
    alert = queries.alert_by_key(alert_ref)
    made = silencing.silence(
        rule_id=alert.rule_id, record_id=alert.record_id, until=body.until, reason=body.reason
    )
    return SilenceOut.model_validate(made)


@endpoint(
    bp,
    "GET",
    "/alert-silences",
    response=SilenceList,
    query=SilenceQuery,
    permission=policy.VIEW,
    summary="List silences",
)
def list_alert_silences(query: SilenceQuery) -> SilenceList:
    """Return the silences that hold now, or the latest of all."""
    require(policy.VIEW)
    found = silencing.silences(over=query.over)
    return SilenceList(items=[SilenceOut.model_validate(one) for one in found])


@endpoint(
    bp,
    "POST",
    "/alert-silences",
    request=SilenceIn,
    response=SilenceOut,
    status=201,
    errors=[Forbidden],
    permission=policy.ACT,
    summary="Silence a rule, a record, or both",
)
def create_alert_silence(body: SilenceIn) -> SilenceOut:
    """Make a silence."""
    made = silencing.silence(
        rule_id=body.rule_id, record_id=body.record_id, until=body.until, reason=body.reason
    )
    return SilenceOut.model_validate(made)


@endpoint(
    bp,
    "POST",
    "/alert-silences/<uuid:silence_id>/end",
    response=SilenceOut,
    errors=[Forbidden, Conflict],
    permission=policy.ACT,
    summary="End a silence before its time",
)
def end_alert_silence(silence_id: UUID) -> SilenceOut:
    """End a silence; people are told of what is still open."""
    return SilenceOut.model_validate(silencing.end_silence(silence_id))
