"""How an alert reads: its severity as word, shape and colour, the value against its limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from wfweb.alerts.models import Alert
from wfweb.kernel.formats import number, short_moment

WORDS: Final = {"info": "Info", "warning": "Warning", "critical": "Critical", "urgent": "Urgent"}
KINDS: Final = {"info": "", "warning": "warn", "critical": "bad", "urgent": "bad"}
ICONS: Final = {
    "info": "info-circle",
    "warning": "alert-circle",
    "critical": "alert-triangle",
    "urgent": "alert-triangle",
}
STATUS: Final = {
    "active": ("Open", "warn"),
    "escalated": ("Escalated", "bad"),
    "acknowledged": ("Acknowledged", "info"),
    "resolved": ("Resolved", "ok"),
    "expired": ("Expired", ""),
}
HELD: Final = {
    "cooldown": "nobody told: told about it shortly before",
    "daily_cap": "nobody told: enough told for today",
    "silenced": "nobody told: silenced",
}
STOCK: Final = frozenset({"reorder_point", "percentage", "fixed_threshold"})


@dataclass(frozen=True, slots=True)
class Row:
    """An alert in a list."""

    alert: Alert
    key: str
    title: str
    severity: str
    word: str
    kind: str
    icon: str
    facts: str
    meter: int | None
    meta: list[str]
    owner: str
    record_url: str
    record_word: str
    version: int
    is_open: bool


def row_of(alert: Alert, *, rule_name: str, owner: str, record: Any, type_name: str) -> Row:
    """Return an alert as a list shows it."""
    return Row(
        alert=alert,
        key=alert.key,
        title=alert.title,
        severity=alert.severity,
        word=WORDS[alert.severity],
        kind=KINDS[alert.severity],
        icon=ICONS[alert.severity],
        facts=_facts(alert),
        meter=_meter(alert.context),
        meta=_meta(alert, rule_name),
        owner=owner,
        record_url=f"/records/{record.type_code}/{record.key}" if record else "",
        record_word=type_name.lower() if record else "",
        version=alert.version,
        is_open=alert.is_open,
    )


def _facts(alert: Alert) -> str:
    """Return what was found; after repeats also the value that was seen last."""
    value = decimal(alert.context.get("value"))
    if alert.occurrences == 1 or value is None:
        return alert.message
    last = number(round(value, 2).normalize())
    return alert.message if last in alert.message else f"{alert.message} Last seen: {last}."


def _meter(context: Mapping[str, Any]) -> int | None:
    """Return stock as a share of what it should be, in percent; None for other figures."""
    if context.get("metric") not in STOCK:
        return None
    value, limit = decimal(context.get("value")), decimal(context.get("threshold"))
    if value is None or not limit or limit <= 0:
        return None
    return int(min(Decimal(100), max(Decimal(0), value * 100 / limit)))


def decimal(text: Any) -> Decimal | None:
    """Return a number that was stored as text."""
    try:
        return Decimal(str(text)) if text is not None else None
    except InvalidOperation:
        return None


def _meta(alert: Alert, rule_name: str) -> list[str]:
    parts = [f"since {short_moment(alert.raised_at)}", f"rule: {rule_name}"]
    if alert.occurrences > 1:
        repeats = alert.occurrences - 1
        parts.append(f"{repeats} {'repeat' if repeats == 1 else 'repeats'} held back")
    if alert.held_back and alert.is_open:
        parts.append(HELD[alert.held_back])
    if alert.escalation_level:
        parts.append(f"escalated {_times(alert.escalation_level)}")
    if alert.next_escalation_at:
        parts.append(f"escalates {short_moment(alert.next_escalation_at)}")
    if alert.resolved_at:
        parts.append(f"ended {short_moment(alert.resolved_at)}")
    return parts


def span(minutes: int) -> str:
    """Return a length of time in the largest unit that says it whole."""
    if minutes % 1440 == 0:
        return "1 day" if minutes == 1440 else f"{minutes // 1440} days"  # noqa: PLR2004 - a day
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
