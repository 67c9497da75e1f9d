"""What is measured: the metrics of a company, saved by packs, pages and the API."""

import re
from typing import Final

from sqlalchemy import any_, literal, select

from wfweb.alerts.events import MetricSaved
from wfweb.alerts.models import AlertRule, Metric
from wfweb.events import emit
from wfweb.identity.policy import require
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, FieldError, NotFound, ValidationFailed

MANAGE: Final = "alerts.manage"
_CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,120}")
LONGEST_DESCRIPTION: Final = 1000
MOST_DECIMALS: Final = 10


def metrics(*, inactive: bool = False) -> list[Metric]:
    """Return the metrics of the company by name."""
    statement = select(Metric).where(Metric.company_id == current_actor().company_id)
    if not inactive:
        statement = statement.where(Metric.active)
    return list(session().scalars(statement.order_by(Metric.name, Metric.code)))


def known_codes() -> frozenset[str]:
    """Return the codes of the metrics that readings may come for."""
    mine = (Metric.company_id == current_actor().company_id) & Metric.active
    return frozenset(session().scalars(select(Metric.code).where(mine)))


def metric(code: str) -> Metric:
    """Return a metric.

    :raises NotFound: when there is none of this code.
    """
    found = _find(code)
    if found is None:
        raise NotFound
    return found


def _find(code: str) -> Metric | None:
    if not _CODE.fullmatch(code):
        return None
    mine = (Metric.company_id == current_actor().company_id) & (Metric.code == code)
    return session().scalar(select(Metric).where(mine))


def save_metric(
    code: str,
    name: str,
    *,
    unit: str = "",
    description: str = "",
    decimals: int = 2,
    active: bool = True,
) -> Metric:
    """Add a metric or change the one of this code; packs may call it again and again.

    :param unit: what a value is counted in, e.g. ``%`` or ``units``.
    :param decimals: how many digits after the point are shown; readings keep up to ten.
    :raises ValidationFailed: naming every wrong place.
    :raises Conflict: when it is switched off while active rules read it.
    :raises Forbidden: without ``alerts.manage``.
    """
    require(MANAGE)
    _check(code, name, unit, description, decimals)
    found = _find(code)
    if found is None:
        found = Metric(code=code, active=True, name="")
        session().add(found)
    elif found.active and not active and _readers(code):
        raise Conflict(f"Active alert rules read {found.name}; change or retire them first")
    values = {
        "name": name.strip(),
        "unit": unit.strip(),
        "description": description,
        "decimals": decimals,
        "active": active,
    }
    changed = {key: value for key, value in values.items() if getattr(found, key) != value}
    if not changed:
        return found
    for key, value in changed.items():
        setattr(found, key, value)
    is_new = found.id is None
    found.version = 1 if is_new else found.version + 1
    session().flush()
    event = MetricSaved(
        target_type="metric", target_id=found.id, target_label=found.name, after=changed
    )
    emit(event)
    return found


def _readers(code: str) -> bool:
    reads = AlertRule.active & (literal(code) == any_(AlertRule.metrics))
    mine = AlertRule.company_id == current_actor().company_id
    return session().scalar(select(AlertRule.id).where(mine, reads).limit(1)) is not None


def _check(code: str, name: str, unit: str, description: str, decimals: int) -> None:
    problems = []
    if not _CODE.fullmatch(code):
        message = "Use small letters, digits and underscores, beginning with a letter"
        problems.append(FieldError("/code", message, "code"))
    if not _LINE.fullmatch(name.strip()):
        problems.append(FieldError("/name", "Write a name of one line", "name"))
    if unit.strip() and not _LINE.fullmatch(unit.strip()):
        problems.append(FieldError("/unit", "Write a unit of one line", "unit"))
    if len(description) > LONGEST_DESCRIPTION or "\0" in description:
        message = f"Use at most {LONGEST_DESCRIPTION} characters"
        problems.append(FieldError("/description", message, "too_long"))
    if isinstance(decimals, bool) or not 0 <= decimals <= MOST_DECIMALS:
        message = f"Use a number from 0 to {MOST_DECIMALS}"
        problems.append(FieldError("/decimals", message, "decimals"))
    if problems:
        raise ValidationFailed(problems)
