"""Who may see locks, end them without a committee, and decide what kinds there are."""

from typing import Final

from sqlalchemy import ColumnElement, or_, true

from wfweb.kernel.actor import current_actor
from wfweb.locks.models import WorkflowLock
from wfweb.records.models import Record
from wfweb.records.queries import viewable_codes

VIEW: Final = "locks.view"
OVERRIDE: Final = "locks.override"
MANAGE: Final = "locks.manage"


def visible() -> ColumnElement[bool]:
    """Return the condition under which the current actor sees a lock: they see its record.

    The read it narrows is joined with the records.
    """
    actor = current_actor()
    if actor.kind == "system":
        return true()
    types = viewable_codes()
    own = or_(Record.owner_id == actor.id, Record.created_by_id == actor.id)
    return or_(Record.type_code.in_(types), own) if actor.id else Record.type_code.in_(types)


def mine() -> ColumnElement[bool]:
    """Return the condition that a lock belongs to the acting company."""
    return WorkflowLock.company_id == current_actor().company_id
