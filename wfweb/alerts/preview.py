"""What a rule would do now, through the same evaluation that does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wfweb.alerts import compiled, evaluating, scheduling
from wfweb.alerts.catalogue import metrics
from wfweb.alerts.compiled import Rule
from wfweb.alerts.errors import Unevaluable
from wfweb.alerts.evaluating import Finding
from wfweb.alerts.figures import Figures, every_subject
from wfweb.alerts.policy import MANAGE
from wfweb.alerts.rules_admin import read_body
from wfweb.alerts.subjects import Subject
from wfweb.alerts.wording import words_of
from wfweb.identity.policy import require
from wfweb.kernel.actor import current_actor
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.ids import new_id

MOST_LOOKED_AT: Final = 20_000
LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class Example:
    """One record for which the rule would fire now."""

    subject: Subject
    title: str
    message: str
    value: str | None
    limit: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """How many records a rule looks at now, and for how many of them it would fire.

    ``unknown`` have no figures to judge by. ``on_events`` rules fire when something happens,
    so nothing can be said about now. ``complete`` is false when there were too many to look at.
    """

    looked_at: int = 0
    fires: int = 0
    unknown: int = 0
    examples: Sequence[Example] = ()
    on_events: bool = False
    complete: bool = True


def preview(data: Mapping[str, Any]) -> Preview:
    """Return what a rule, saved or not, would do with today's figures; nothing is changed.

    :raises ValidationFailed: naming every wrong place of the rule.
    :raises Forbidden: without ``alerts.manage``.
    """
    require(MANAGE)
    body = read_body(data)
    try:
        rule = compiled.compile_body(new_id(), body)
    except Unevaluable as problem:
        raise ValidationFailed.at("/condition", str(problem), "condition") from problem
    if body.type in {"event", "sla"}:
        return Preview(on_events=True)
    about = _about(rule)
    found, unknown = _found(rule, about)
    known = {metric.code: metric for metric in metrics(inactive=True)}
    return Preview(
        looked_at=len(about),
        fires=len(found),
        unknown=unknown,
        examples=[_example(one, known) for one in found[:LISTED]],
        complete=len(about) < MOST_LOOKED_AT,
    )


def _about(rule: Rule) -> list[Subject]:
    if rule.body.type == "schedule":
        return scheduling.records_after(rule.body, None, MOST_LOOKED_AT)
    company_id = current_actor().company_id
    assert company_id is not None  # noqa: S101 - a permission was asked for above
    return every_subject(company_id, rule, MOST_LOOKED_AT)


def _found(rule: Rule, about: list[Subject]) -> tuple[list[Finding], int]:
    figures = Figures()
    if rule.body.type == "schedule":
        return evaluating.asked_moves(rule, about, figures, {}), 0
    found = evaluating.measured_moves(rule, about, figures, {})
    return found, len(about) - len(figures.measure(rule, about))


def _example(finding: Finding, known: Mapping[str, Any]) -> Example:
    title, message = words_of(finding, known)
    measured = finding.measured
    return Example(
        subject=finding.subject,
        title=title,
        message=message,
        value=format(measured.value.normalize(), "f") if measured else None,
        limit=format(measured.band.raise_at.normalize(), "f") if measured else None,
    )
