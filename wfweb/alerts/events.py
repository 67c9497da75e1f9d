"""What happens to alerts, rules, silences and metrics; ids and plain values only.

``AlertRaised`` is told for each alert, for audit and outsiders; ``AlertsRaised`` once for all
alerts of one rule in one act, so that a thousand alerts cost their followers a few statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent(Event):
    """An event about one alert; ``target`` is the alert, its label the key."""

    audit_type: ClassVar[str] = "STATE_CHANGED"

    rule_id: UUID
    record_id: UUID | None = None
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(AlertEvent):
    """A rule found something; ``reopened`` when it had just cleared by itself."""

    name: ClassVar[str] = "alert.raised"
    audit_type: ClassVar[str] = "CREATED"

    reopened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCleared(AlertEvent):
    """The cause is gone; ``resolved`` tells whether the alert ended with it."""

    name: ClassVar[str] = "alert.cleared"

    resolved: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAcknowledged(AlertEvent):
    """Somebody looks after it: no further escalation."""

    name: ClassVar[str] = "alert.acknowledged"

    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAssigned(AlertEvent):
    """Somebody else looks after it now."""

    name: ClassVar[str] = "alert.assigned"

    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNoted(AlertEvent):
    """Somebody wrote a note, or set a reminder."""

    name: ClassVar[str] = "alert.noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEscalated(AlertEvent):
    """Nobody looked after it in time: the next people are told, perhaps more urgently."""

    name: ClassVar[str] = "alert.escalated"

    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertResolved(AlertEvent):
    """Somebody ended it with notes; ``holds`` tells whether the cause still held."""

    name: ClassVar[str] = "alert.resolved"

    holds: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertExpired(AlertEvent):
    """It ended because its time was over."""

    name: ClassVar[str] = "alert.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsEvent(Event):
    """Several alerts of one rule at once; ``target`` is the rule. Each has its own audit entry."""

    audit_type: ClassVar[str] = ""

    alert_ids: Sequence[UUID]
    record_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsRaised(AlertsEvent):
    """Alerts of a rule are open that were not before; all of one severity."""

    name: ClassVar[str] = "alerts.raised"

    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsCleared(AlertsEvent):
    """The causes of these alerts are gone; ``resolved`` tells whether the alerts ended."""

    name: ClassVar[str] = "alerts.cleared"

    resolved: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSaved(Event):
    """A rule was made or changed."""

    name: ClassVar[str] = "alert_rule.saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBroken(Event):
    """A rule cannot be evaluated; it stays on and is tried again."""

    name: ClassVar[str] = "alert_rule.broken"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRepaired(Event):
    """A rule can be evaluated again."""

    name: ClassVar[str] = "alert_rule.repaired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceChanged(Event):
    """Somebody silenced a rule or a record, or ended a silence."""

    name: ClassVar[str] = "alert_silence.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSaved(Event):
    """What is measured was defined or changed."""

    name: ClassVar[str] = "metric.saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSaved(Event):
    """An endpoint for incoming webhooks was made or changed."""

    name: ClassVar[str] = "hook.saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReceived(Event):
    """Another system told us something: ``kind`` and ``data`` are its own words."""

    name: ClassVar[str] = "hook.received"
    audit_type: ClassVar[str] = "ACCESS"

    kind: str
    endpoint: str
    record_id: UUID | None = None
    data: dict[str, object] = field(default_factory=dict)
