"""The deadlines of a demo: work that has used up a given share of its time, at any hour.

A demo made on a Sunday evening shows the same levels as one made on a Tuesday, because what is
given is a share of the working time and not an age in days.
"""

from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import update

from wfweb.calendars import queries as calendars
from wfweb.calendars import rules as business
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.sla import checking, definitions, sweeping
from wfweb.sla.ledger import whole


def begun(code: str, used: float) -> datetime:
    """Return since when a clock of a definition must run to have used a share of its target."""
    live = definitions.find(code).live_version_id
    assert live is not None  # noqa: S101 - a pack's definitions are installed before its demo
    body = definitions.version_of(live).body
    calendar = calendars.current(body.calendar).calendar
    terms = checking.terms_of(body, calendar)
    spent = int(terms.target * Fraction(str(used)))
    return business.subtract(calendar, whole(clock.now()), spent)


def catch_up(company_id: UUID) -> None:
    """Write the levels that the demo's clocks have reached; of all that nobody is told."""
    while sweeping.sweep():
        pass
    with transaction(company_id=company_id):
        session().execute(
            update(OutboxMessage)
            .where(
                OutboxMessage.state == "pending",
                OutboxMessage.company_id == company_id,
                OutboxMessage.kind == "sla.act_on_level",
            )
            .values(state="done", done_at=clock.now())
        )
