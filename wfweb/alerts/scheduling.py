"""Rules on a schedule: at their moment they look through all records of a type."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts import checks, compiled, evaluating, raising, subjects
from wfweb.alerts.body import RuleBody
from wfweb.alerts.compiled import Rule
from wfweb.alerts.figures import Figures
from wfweb.alerts.models import AlertRule
from wfweb.alerts.subjects import Subject
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.tenancy import Company
from wfweb.records.models import Record

BATCH: Final = 500


def run_due() -> int:
    """Evaluate what is due, in every company; return how many rules were looked at."""
    with transaction(system=True):
        companies = list(session().scalars(select(Company.id)))
    return sum(_run_in(company_id) for company_id in companies)


def _run_in(company_id: UUID) -> int:
    with transaction(company_id=company_id):
        due = select(AlertRule.id).where(AlertRule.next_run_at <= clock.now(), AlertRule.active)
        ids = list(session().scalars(due))
    return sum(_run(company_id, rule_id) for rule_id in ids)


def _run(company_id: UUID, rule_id: UUID) -> bool:
    with transaction(company_id=company_id):
        rule = _claim(rule_id)
    if rule is None:
        return False
    last: UUID | None = None
    while True:
        with transaction(company_id=company_id):
            about = records_after(rule.body, last)
            if about:
                subjects.lock_records(one.id for one in about)
                states = evaluating.states_of([rule], about)
                raising.apply(evaluating.asked_moves(rule, about, Figures(), states))
        if len(about) < BATCH:
            return True
        last = about[-1].id


def _claim(rule_id: UUID) -> Rule | None:
    """Plan a rule's next run; nothing when another process did, or when it is broken."""
    row = session().scalar(
        select(AlertRule)
        .where(AlertRule.id == rule_id, AlertRule.next_run_at <= clock.now(), AlertRule.active)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    # Missed moments are not caught up one by one: the next one counts from now.
    row.next_run_at = checks.next_run(RuleBody.model_validate(row.body), clock.now())
    usable = compiled.usable([row])
    return usable[0] if usable else None


def records_after(body: RuleBody, last: UUID | None, limit: int = BATCH) -> list[Subject]:
    """Return the next records of a rule's type, in the order of their ids."""
    columns = (Record.id, Record.key, Record.title, Record.type_code, Record.owner_id)
    query = select(*columns).where(
        Record.type_code == body.record_type, Record.archived_at.is_(None)
    )
    if last is not None:
        query = query.where(Record.id > last)
    rows = session().execute(query.order_by(Record.id).limit(limit))
    return [Subject(row.id, row.key, row.title, row.type_code, row.owner_id) for row in rows]
