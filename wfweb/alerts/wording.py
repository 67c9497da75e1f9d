"""What an alert says: the rule's own words, filled in; and plain ones where it has none."""

import re
from collections.abc import Mapping
from decimal import Decimal

from wfweb.alerts.evaluating import Finding
from wfweb.alerts.models import Metric

NAME = re.compile(r"\{\{\s*([a-z_]{1,40})\s*\}\}")
NAMES = frozenset({"record", "title", "metric", "value", "limit", "unit", "rule", "event"})
LONGEST_TITLE = 300
LONGEST_MESSAGE = 4000
SIDES = {"<": "below", "<=": "at or below", ">": "above", ">=": "at or above"}
CHECKS = {
    "reorder_point": "Stock",
    "fixed_threshold": "Stock",
    "days_of_stock": "Days of stock",
    "percentage": "Stock as a share of the reorder point",
}
UNITS = {"days_of_stock": "days", "percentage": "%"}


def shown(value: Decimal, decimals: int = 2) -> str:
    """Return a value for people: rounded, without zeros that say nothing."""
    text = format(round(value, decimals), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def words_of(finding: Finding, metrics: Mapping[str, Metric]) -> tuple[str, str]:
    """Return title and message of an alert that is raised by a finding."""
    body = finding.rule.body
    names = _names(finding, metrics)
    title = _fill(body.template.title, names)[:LONGEST_TITLE]
    message = _fill(body.template.message, names) if body.template.message else _plain(names)
    return " ".join(title.split()) or body.name, message[:LONGEST_MESSAGE]


def _fill(text: str, names: Mapping[str, str]) -> str:
    return NAME.sub(lambda match: names.get(match.group(1), ""), text)


def _names(finding: Finding, metrics: Mapping[str, Metric]) -> dict[str, str]:
    body, measured = finding.rule.body, finding.measured
    metric = metrics.get(body.metric or "")
    names = {
        "record": finding.subject.label,
        "title": finding.subject.title,
        "rule": body.name,
        "event": str(finding.context.get("event", "")),
        "metric": CHECKS.get(body.check or "", metric.name if metric else body.metric or ""),
        "unit": UNITS.get(body.check or "", metric.unit if metric else ""),
    }
    if measured is not None:
        decimals = metric.decimals if metric else 2
        names["value"] = shown(measured.value, decimals)
        names["limit"] = shown(measured.band.raise_at, max(decimals, 2))
        names["side"] = SIDES[measured.band.operator]
    return names


def _plain(names: Mapping[str, str]) -> str:
    if "value" in names:
        unit = f" {names['unit']}" if names["unit"] else ""
        return (
            f"{names['metric']} of {names['record']} is {names['value']}{unit},"
            f" {names['side']} {names['limit']}{unit}."
        )
    if names["event"]:
        return f"{names['record']}: {names['event'].replace('_', ' ').replace('.', ': ')}."
    return f"{names['record']} meets the rule “{names['rule']}”."
