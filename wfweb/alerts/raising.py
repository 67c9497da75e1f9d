"""From findings to alerts: raise, fold repeats, clear, remember, and have people told.

Alerts are always raised, because locks and pages depend on their truth; cooldown, cap and
silences hold back only the telling. A rule that fires again within its cooldown opens its
last alert again instead of making a new one, so that a hovering value is one line of a list.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from wfweb.alerts import moments, rules, silencing, writing
from wfweb.alerts.announcing import announce_cleared, announce_raised
from wfweb.alerts.catalogue import metrics
from wfweb.alerts.evaluating import Finding, State
from wfweb.alerts.models import Alert
from wfweb.alerts.rules import HeldBack, Told
from wfweb.alerts.wording import shown, words_of
from wfweb.alerts.writing import Opened, Repeat, StateRow
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.ids import new_id, next_keys
from wfweb.kernel.journal import journal

_TABLE: Any = Alert.__table__
PREFIX = "ALT"
NOTHING = State(raised=False, alert_id=None, closed_by_hand_at=None, told=Told())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation did: ids of alerts, and how many repeats were folded."""

    raised: list[UUID] = field(default_factory=list)
    reopened: list[UUID] = field(default_factory=list)
    cleared: list[UUID] = field(default_factory=list)
    repeated: int = 0


class Opening(NamedTuple):
    """An alert that opens: new, or opened again."""

    alert_id: UUID
    key: str
    severity: str
    finding: Finding
    held: HeldBack | None
    told: Told
    silent_until: datetime | None = None
    again: bool = False


def apply(findings: Sequence[Finding]) -> Outcome:
    """Change alerts and states as findings say; the caller holds the locks of the subjects."""
    now = clock.now()
    moves: dict[str, list[Finding]] = {"raise": [], "repeat": [], "clear": []}
    for finding in findings:
        moves[_move(finding, now)].append(finding)
    folded = [one for one in moves["repeat"] if one.state and one.state.closed_by_hand_at is None]
    writing.repeat([Repeat(_alert_of(one), _context(one)) for one in folded])
    cleared = _clear(moves["clear"])
    openings = _open(moves["raise"], now)
    announce_raised(openings)
    return Outcome(
        raised=[one.alert_id for one in openings if not one.again],
        reopened=[one.alert_id for one in openings if one.again],
        cleared=cleared,
        repeated=len(folded),
    )


def _move(finding: Finding, now: datetime) -> str:
    """Raise once more what was closed by hand long enough ago although its cause holds."""
    state, hours = finding.state, finding.rule.body.raise_again_hours
    if finding.move != "repeat" or state is None or state.closed_by_hand_at is None:
        return finding.move
    due = hours is not None and now - state.closed_by_hand_at >= timedelta(hours=hours)
    return "raise" if due else "repeat"


def _alert_of(finding: Finding) -> UUID:
    alert_id = finding.state.alert_id if finding.state else None
    assert alert_id is not None  # noqa: S101 - a raised state names its alert
    return alert_id


def _context(finding: Finding) -> dict[str, Any]:
    """Return what is stored of the value: decimal text, so that nothing is rounded."""
    body, measured = finding.rule.body, finding.measured
    if measured is None:
        return dict(finding.context)
    return {
        "metric": body.metric or body.check,
        "value": format(measured.value.normalize(), "f"),
        "threshold": format(measured.band.raise_at.normalize(), "f"),
        "clear_at": format(measured.band.clear_at.normalize(), "f"),
        "operator": measured.band.operator,
    }


def _clear(findings: Sequence[Finding]) -> list[UUID]:
    if not findings:
        return []
    ordered = sorted((one for one in findings if one.state and one.state.alert_id), key=_alert_of)
    ended = writing.clear(
        [Repeat(_alert_of(one), _last_context(one)) for one in ordered],
        ends=[one.rule.body.auto_resolve for one in ordered],
        notes=[_why_cleared(one) for one in ordered],
    )
    writing.remember([_quiet(one) for one in findings])
    by_alert = {_alert_of(one): one for one in ordered}
    over = [row for row in ended if by_alert[row[0]].rule.body.auto_resolve]
    writing.disarm([row[0] for row in over])
    announce_cleared([(by_alert[row[0]], *row) for row in ended])
    return [row[0] for row in ended]


def _last_context(finding: Finding) -> dict[str, Any]:
    measured = finding.measured
    if measured is None:
        return {}
    return {"last_value": format(measured.value.normalize(), "f")}


def _why_cleared(finding: Finding) -> str:
    measured = finding.measured
    if finding.rule.body.type == "sla":
        return "No clock stands at such a level any more."
    if measured is None:
        return "The condition no longer holds."
    return f"The value is {shown(measured.value, 4)} again."


def _quiet(finding: Finding) -> StateRow:
    state = finding.state or NOTHING
    return _state_row(finding, state.told, raised=False, alert_id=state.alert_id)


def _state_row(finding: Finding, told: Told, *, raised: bool, alert_id: UUID | None) -> StateRow:
    record_id = finding.subject.id if finding.subject.record else None
    memory = (told.last_at, told.day, told.count)
    return StateRow(finding.rule.id, finding.subject.id, record_id, raised, alert_id, None, *memory)


def _open(findings: Sequence[Finding], now: datetime) -> list[Opening]:
    """Open an alert for each finding and remember it; gravest first."""
    if not findings:
        return []
    ordered = sorted(findings, key=lambda one: -rules.GRAVITY[one.rule.body.severity])
    quiet = silencing.live({(one.rule.id, one.subject.id) for one in ordered})
    held = {
        (one.rule.id, one.subject.id): rules.held_back(
            (one.state or NOTHING).told,
            one.rule.limits,
            now,
            silenced=(one.rule.id, one.subject.id) in quiet,
        )
        for one in ordered
    }
    openings = _resume(ordered, held, now)
    openings += _reopen(_without(ordered, openings), held, now)
    fresh = _without(ordered, openings)
    openings += _insert(fresh, held, now)
    openings = [
        one._replace(silent_until=quiet.get((one.finding.rule.id, one.finding.subject.id)))
        for one in openings
    ]
    writing.remember(
        [_state_row(one.finding, one.told, raised=True, alert_id=one.alert_id) for one in openings]
    )
    writing.count_triggers(Counter(one.finding.rule.id for one in openings))
    for one in openings:
        moments.arm_after_raising(one, now)
    return openings


Held = dict[tuple[UUID, UUID], HeldBack | None]


def _without(findings: Sequence[Finding], done: Sequence[Opening]) -> list[Finding]:
    pairs = {(one.finding.rule.id, one.finding.subject.id) for one in done}
    return [one for one in findings if (one.rule.id, one.subject.id) not in pairs]


def _resume(ordered: Sequence[Finding], held: Held, now: datetime) -> list[Opening]:
    """Go on with alerts whose cause had gone, but which nobody had ended."""
    chosen = [one for one in ordered if one.state is not None and one.state.alert_id is not None]
    opened = writing.resume(
        [Repeat(_alert_of(one), _context(one)) for one in chosen],
        [held[one.rule.id, one.subject.id] for one in chosen],
    )
    return [_again(one, opened, held, now) for one in chosen if _alert_of(one) in opened]


def _again(finding: Finding, opened: dict[UUID, Opened], held: Held, now: datetime) -> Opening:
    alert_id, why = _alert_of(finding), held[finding.rule.id, finding.subject.id]
    told = (finding.state or NOTHING).told
    told = told if why else rules.after_telling(told, now)
    return Opening(alert_id, *opened[alert_id], finding, why, told, again=True)


def _reopen(ordered: Sequence[Finding], held: Held, now: datetime) -> list[Opening]:
    """Open alerts again whose people were told of them within the cooldown, or all day."""
    chosen = [
        one
        for one in ordered
        if held[one.rule.id, one.subject.id] in {"cooldown", "daily_cap"}
        and one.state is not None
        and one.state.alert_id is not None
    ]
    opened = writing.reopen(
        [Repeat(_alert_of(one), _context(one)) for one in chosen],
        [held[one.rule.id, one.subject.id] for one in chosen],
        [_first_step(one, now) for one in chosen],
    )
    return [_again(one, opened, held, now) for one in chosen if _alert_of(one) in opened]


def _first_step(finding: Finding, now: datetime) -> datetime | None:
    minutes = [step.after_minutes for step in finding.rule.body.escalation]
    return rules.next_step_at(now, minutes, 0, now)


def _insert(fresh: Sequence[Finding], held: Held, now: datetime) -> list[Opening]:
    if not fresh:
        return []
    known = {metric.code: metric for metric in metrics(inactive=True)}
    keys = next_keys(PREFIX, len(fresh))
    openings = []
    for finding, key in zip(fresh, keys, strict=True):
        why = held[finding.rule.id, finding.subject.id]
        told = (finding.state or NOTHING).told
        told = told if why else rules.after_telling(told, now)
        opening = Opening(new_id(), key, finding.rule.body.severity, finding, why, told)
        title, message = words_of(finding, known)
        journal().insert(_TABLE, _row(opening, title, message, now))
        openings.append(opening)
    journal().flush()
    return openings


def _row(opening: Opening, title: str, message: str, now: datetime) -> dict[str, Any]:
    subject, body = opening.finding.subject, opening.finding.rule.body
    hours = body.expires_hours
    return {
        "id": opening.alert_id,
        "company_id": current_actor().company_id,
        "key": opening.key,
        "rule_id": opening.finding.rule.id,
        "subject_id": subject.id,
        "record_id": subject.id if subject.record else None,
        "record_type_code": subject.type_code,
        "severity": body.severity,
        "title": title,
        "message": message,
        "context": _context(opening.finding),
        "holds": None if body.type in {"event", "sla"} else True,
        "raised_at": now,
        "last_seen_at": now,
        "told_at": None if opening.held else now,
        "held_back": opening.held,
        "next_escalation_at": _first_step(opening.finding, now),
        "expires_at": now + timedelta(hours=hours) if hours else None,
    }
