"""Saying what happened: events for audit and followers, messages for people, gravest first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from wfweb.alerts.evaluating import Finding
from wfweb.alerts.events import (
    AlertCleared,
    AlertRaised,
    AlertsCleared,
    AlertsRaised,
)
from wfweb.events import emit, enqueue

if TYPE_CHECKING:
    from wfweb.alerts.raising import Opening

TELL = "alerts.tell"
TOGETHER = 50
"""Alerts of one message to the workers: few enough that the gravest do not wait long."""

Kind = Literal["raised", "escalated", "reminder"]


def announce_raised(openings: Sequence["Opening"]) -> None:
    """Tell of alerts that opened: each to the audit, all of a rule at once to locks."""
    groups: dict[tuple[UUID, str], list[Opening]] = defaultdict(list)
    for one in openings:
        groups[one.finding.rule.id, one.severity].append(one)
        emit(
            AlertRaised(
                **_about(one.finding, one.alert_id, one.key),
                after={"status": "active", "occurrences": "again" if one.again else 1},
                severity=one.severity,
                reopened=one.again,
            )
        )
    for (rule_id, severity), group in groups.items():
        name = group[0].finding.rule.body.name
        pairs = [(one.alert_id, one.finding) for one in group]
        emit(AlertsRaised(**_batch(rule_id, name, pairs), severity=severity))
    # Openings come gravest first, and messages are handed to workers in this order.
    tell("raised", [one.alert_id for one in openings if one.held is None])


def announce_cleared(cleared: Sequence[tuple[Finding, UUID, str, str]]) -> None:
    """Tell of causes that are gone."""
    by_rule: dict[UUID, list[tuple[UUID, Finding]]] = defaultdict(list)
    for finding, alert_id, key, severity in cleared:
        by_rule[finding.rule.id].append((alert_id, finding))
        resolved = finding.rule.body.auto_resolve
        emit(
            AlertCleared(
                **_about(finding, alert_id, key),
                after={"status": "resolved"} if resolved else {"holds": False},
                severity=severity,
                resolved=resolved,
            )
        )
    for rule_id, group in by_rule.items():
        body = group[0][1].rule.body
        emit(AlertsCleared(**_batch(rule_id, body.name, group), resolved=body.auto_resolve))


def tell(kind: Kind, alert_ids: Sequence[UUID], **more: Any) -> None:
    """Have people told of alerts, in the given order."""
    for start in range(0, len(alert_ids), TOGETHER):
        some = [str(one) for one in alert_ids[start : start + TOGETHER]]
        enqueue(TELL, {"kind": kind, "alert_ids": some, **more})


def _about(finding: Finding, alert_id: UUID, key: str) -> dict[str, Any]:
    return {
        "target_type": "alert",
        "target_id": alert_id,
        "target_label": key,
        "rule_id": finding.rule.id,
        "record_id": finding.subject.id if finding.subject.record else None,
        "details": {"rule": finding.rule.body.code, "subject": finding.subject.label},
    }


def _batch(rule_id: UUID, name: str, group: Iterable[tuple[UUID, Finding]]) -> dict[str, Any]:
    pairs = list(group)
    return {
        "target_type": "alert_rule",
        "target_id": rule_id,
        "target_label": name,
        "alert_ids": [alert_id for alert_id, _finding in pairs],
        "record_ids": [one.subject.id for _id, one in pairs if one.subject.record],
    }
