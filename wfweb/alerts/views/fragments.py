"""What alerts say on the page of a record: its open alerts, and its figures with their limits."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import render_template
from sqlalchemy import func, select

from wfweb.alerts import rules
from wfweb.alerts.body import RuleBody
from wfweb.alerts.models import AlertRule, Metric, MetricLatest, MetricReading
from wfweb.alerts.views import lists
from wfweb.alerts.views.presenting import WORDS
from wfweb.identity.access import user_or_none
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.formats import number
from wfweb.records.models import Record

MONTHS = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a record with its course."""

    name: str
    value: str
    at: datetime
    limit: str
    breached: str
    course: str
    points: str
    limit_at: float | None


def record_side(record: Record) -> str:
    """Return the card with the open alerts of a record; empty when there is none."""
    if user_or_none() is None:
        return ""
    rows = lists.of_record(record.id)
    return render_template("alerts/_record_side.html", rows=rows) if rows else ""


def record_main(record: Record) -> str:
    """Return the card with the figures of a record; empty when nothing is measured of it."""
    if user_or_none() is None:
        return ""
    lines = _lines(record)
    if not lines:
        return ""
    return render_template("alerts/_figures.html", record=record, lines=lines, months=MONTHS)


def _lines(record: Record) -> list[Line]:
    query = (
        select(MetricLatest, Metric)
        .join(
            Metric,
            (Metric.company_id == MetricLatest.company_id) & (Metric.code == MetricLatest.metric),
        )
        .where(MetricLatest.record_id == record.id)
        .order_by(Metric.name)
    )
    found = session().execute(query).all()
    if not found:
        return []
    courses, limits = _courses(record), _limits(record.type_code)
    return [
        _line(row.Metric, row.MetricLatest, courses.get(row.Metric.code, []), limits)
        for row in found
    ]


def _courses(record: Record) -> dict[str, list[Decimal]]:
    """Return the newest readings of every metric of a record, oldest first."""
    place = func.row_number().over(
        partition_by=MetricReading.metric,
        order_by=(MetricReading.at.desc(), MetricReading.id.desc()),
    )
    numbered = (
        select(MetricReading.metric, MetricReading.value, place.label("place"))
        .where(MetricReading.record_id == record.id)
        .subquery()
    )
    newest = select(numbered).where(numbered.c.place <= MONTHS).order_by(numbered.c.place.desc())
    found: dict[str, list[Decimal]] = defaultdict(list)
    for row in session().execute(newest):
        found[row.metric].append(row.value)
    return found


def _limits(type_code: str) -> Mapping[str, list[RuleBody]]:
    """Return the active threshold rules of a record type by metric, the gravest first."""
    query = select(AlertRule.body).where(
        AlertRule.company_id == current_actor().company_id,
        AlertRule.active,
        AlertRule.type == "threshold",
        AlertRule.record_type_code == type_code,
    )
    found: dict[str, list[RuleBody]] = defaultdict(list)
    for body in session().scalars(query):
        rule = RuleBody.model_validate(body)
        found[rule.metric or ""].append(rule)
    for some in found.values():
        some.sort(key=lambda one: -rules.GRAVITY[one.severity])
    return found


def _line(metric: Metric, latest: MetricLatest, course: Sequence[Decimal], limits: Any) -> Line:
    watching = limits.get(metric.code, [])
    first = watching[0] if watching else None
    broken = next(
        (
            one
            for one in watching
            if rules.breaches(one.band.operator, latest.value, one.band.raise_at)
        ),
        None,
    )
    limit = first.band.raise_at if first else None
    values = [*course, limit] if limit is not None else list(course)
    low, high = (min(values), max(values)) if values else (Decimal(0), Decimal(1))
    return Line(
        name=metric.name,
        value=_shown(latest.value, metric),
        at=latest.at,
        limit=f"{_SIDES[first.band.operator]} {_shown(limit, metric)}" if first else "",
        breached=WORDS[broken.severity] if broken else "",
        course=_course_words(metric, course),
        points=_points(course, low, high),
        limit_at=_height(limit, low, high) if limit is not None and course else None,
    )


_SIDES = {"<": "not below", "<=": "above", ">": "not above", ">=": "below"}


def _shown(value: Decimal | None, metric: Metric) -> str:
    if value is None:
        return ""
    text = number(round(value, metric.decimals))
    return f"{text} {metric.unit}".strip()


def _course_words(metric: Metric, course: Sequence[Decimal]) -> str:
    if len(course) < 2:  # noqa: PLR2004 - a course has two ends
        return f"{metric.name}: one reading"
    first, last = _shown(course[0], metric), _shown(course[-1], metric)
    return f"{metric.name} went from {first} to {last} in {len(course)} readings"


def _points(course: Sequence[Decimal], low: Decimal, high: Decimal) -> str:
    if len(course) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    wide = len(course) - 1
    return " ".join(
        f"{round(place * 100 / wide, 1)},{_height(value, low, high)}"
        for place, value in enumerate(course)
    )


def _height(value: Decimal, low: Decimal, high: Decimal) -> float:
    return round(float(22 - (value - low) * 20 / ((high - low) or 1)), 1)
