"""Rules on a schedule: at their moment they look through all records of a type.

A turn is claimed once and worked through in batches (:mod:`wfweb.events.batches`).
"""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts import checks, compiled, evaluating, raising, subjects
from wfweb.alerts.body import RuleBody
from wfweb.alerts.figures import Figures
from wfweb.alerts.models import AlertRule
from wfweb.alerts.subjects import Subject
from wfweb.events import batches
from wfweb.events.timers import Due
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.tenancy import Company
from wfweb.records.models import Record

LOOK: Final = "alerts.scheduled_look"
BATCH: Final = 500


def claim_due() -> int:
    """Take the turns that are due, in every company, and plan the next; return how many."""
    with transaction(system=True):
        companies = list(session().scalars(select(Company.id)))
    return sum(_claim_in(company_id) for company_id in companies)


def _claim_in(company_id: UUID) -> int:
    with transaction(company_id=company_id):
        due = (
            select(AlertRule)
            .where(AlertRule.next_run_at <= clock.now(), AlertRule.active)
            .order_by(AlertRule.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        rows = session().scalars(due).all()
        for row in rows:
            turn = str(row.next_run_at)
            # Missed moments are not caught up one by one: the next one counts from now.
            row.next_run_at = checks.next_run(RuleBody.model_validate(row.body), clock.now())
            batches.arm(LOOK, "alert_rule", row.id, turn, None)
        return len(rows)


def look_at_batch(due: Due) -> None:
    """Evaluate a rule for the next records of its type; one that is off or broken raises none."""
    row = session().get(AlertRule, due.subject_id)
    usable = compiled.usable([row]) if row is not None and row.active else []
    turn, after = batches.place(due)
    for rule in usable:
        about = records_after(rule.body, after, BATCH)
        if len(about) == BATCH:
            batches.arm(LOOK, "alert_rule", rule.id, turn, about[-1].id)
        if about:
            subjects.lock_records(one.id for one in about)
            states = evaluating.states_of([rule], about)
            raising.apply(evaluating.asked_moves(rule, about, Figures(), states))


def records_after(body: RuleBody, last: UUID | None, limit: int) -> list[Subject]:
    """Return the next records of a rule's type, in the order of their ids."""
    columns = (Record.id, Record.key, Record.title, Record.type_code, Record.owner_id)
    query = select(*columns).where(
        Record.type_code == body.record_type, Record.archived_at.is_(None)
    )
    if last is not None:
        query = query.where(Record.id > last)
    rows = session().execute(query.order_by(Record.id).limit(limit))
    return [Subject(row.id, row.key, row.title, row.type_code, row.owner_id) for row in rows]
