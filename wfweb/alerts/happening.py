"""Rules over events, and those of service levels: evaluated in a worker, after the act.

An act never waits for a rule and never fails because of one; what is lost with a worker is
delivered again, because the event lies in the outbox.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts import compiled, evaluating, lateness, raising, subjects
from wfweb.alerts.body import SLA_EVENT
from wfweb.alerts.checks import OWN_EVENTS
from wfweb.alerts.compiled import Rule
from wfweb.alerts.figures import Figures
from wfweb.alerts.models import AlertRule
from wfweb.alerts.subjects import Subject
from wfweb.alerts.watching import is_watched
from wfweb.events import Event, enqueue
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.records.events import RecordEvent

HAPPENED: Final = "alerts.event_happened"
_KEPT: Final = ("event", "level", "definition_code", "target_label", "kind")


def on_any_event(event: Event) -> None:
    """Hand an event to the rules that wait for it, after the act; most are waited for by none."""
    if event.name.split(".", 1)[0] in OWN_EVENTS:
        return
    waited = SLA_EVENT if event.name in lateness.EASED else event.name
    type_code = event.type_code if isinstance(event, RecordEvent) else None
    if is_watched(event.name, type_code) or is_watched(waited, type_code):
        enqueue(HAPPENED, event.payload())


def on_event(payload: Mapping[str, Any]) -> None:
    """Let the rules that wait for an event look at it."""
    name = str(payload["event"])
    if name in lateness.EASED:
        lateness.ease(_subject(payload))
    rows = session().scalars(
        select(AlertRule)
        .where(
            AlertRule.company_id == current_actor().company_id,
            AlertRule.active,
            AlertRule.event_name == name,
        )
        .order_by(AlertRule.id)
    )
    rules = [rule for rule in compiled.usable(list(rows)) if _wanted(rule, payload)]
    subject = _subject(payload)
    rules = [rule for rule in rules if rule.is_about(subject)]
    if not rules:
        return
    if subject.record:
        subjects.lock_records([subject.id])
    else:
        subjects.lock_other(subject.id)
    states = evaluating.states_of(rules, [subject])
    figures = Figures()
    found = []
    for rule in rules:
        found += evaluating.asked_moves(rule, [subject], figures, states, dict(payload))
    # An event that a rule does not care about says nothing about those it cared about.
    happened = [one for one in found if one.move != "clear"]
    raising.apply([one._replace(context=_kept(payload)) for one in happened])


def _wanted(rule: Rule, payload: Mapping[str, Any]) -> bool:
    body = rule.body
    if body.type != "sla":
        return True
    if payload["event"] != SLA_EVENT or payload.get("overtaken"):
        return False
    if lateness.is_over(UUID(str(payload["target_id"]))):
        return False
    if body.levels and payload.get("level") not in body.levels:
        return False
    return body.service_level in {None, payload.get("definition_code")}


def _kept(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an alert keeps of its event: words, never the values that changed."""
    return {name: payload[name] for name in _KEPT if payload.get(name)}


def _subject(payload: Mapping[str, Any]) -> Subject:
    """Return the record an event is about, or else its target."""
    target_id = UUID(str(payload["target_id"]))
    record_id = payload.get("record_id")
    if record_id is None and payload.get("target_type") == "record":
        record_id = target_id
    if record_id is not None:
        found, _archived = subjects.find([UUID(str(record_id))])
        if found:
            return found[0]
    label = str(payload.get("target_label") or payload.get("target_type") or "")
    return Subject(target_id, label, label, None, None, record=False)
