"""Who may see, create and edit records: one table per type, with usual answers.

A type names for ``view``, ``create`` and ``edit`` a permission code (``records.edit``), a
role code (``buyer``) or a list of them, of which one is enough. Owners see their own
records; a higher floor may let more people see one (``ports.record_view_allowed``).
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from wfweb.identity.policy import denied
from wfweb.kernel.actor import Actor, current_actor
from wfweb.kernel.errors import Forbidden, NotFound
from wfweb.kernel.ports import ports
from wfweb.records.models import Record, RecordType

ACTIONS: Final[Mapping[str, str]] = {
    "view": "records.view",
    "create": "records.create",
    "edit": "records.edit",
}
GUARDED: Final = ("archive", "edit")
"""What the action guard is asked about before a record itself is changed."""
_VERBS: Final = {"view": "see", "create": "create", "edit": "change"}


def needed(record_type: RecordType, action: str) -> list[str]:
    """Return the codes of which one is needed for an action on records of a type."""
    given: Any = record_type.permissions.get(action) or ACTIONS[action]
    return [given] if isinstance(given, str) else list(given)


def may(record_type: RecordType, action: str, actor: Actor | None = None) -> bool:
    """Tell whether the actor may do something with records of a type in general."""
    who = actor or current_actor()
    if who.kind == "system":
        return True
    return any(
        who.may(code) if "." in code else who.has_role(code) for code in needed(record_type, action)
    )


def may_view(record: Record, record_type: RecordType, actor: Actor | None = None) -> bool:
    """Tell whether the actor may see one record."""
    who = actor or current_actor()
    if may(record_type, "view", who):
        return True
    own = who.id is not None and who.id in {record.owner_id, record.created_by_id}
    return own or ports.record_view_allowed(record.id)


def require(record_type: RecordType, action: str) -> None:
    """Let the actor through who may do something with records of a type.

    :raises Forbidden: naming what is needed.
    """
    if may(record_type, action):
        return
    codes = needed(record_type, action)
    detail = f"Your roles do not let you {_VERBS[action]} {record_type.plural.lower()}."
    permission = next((code for code in codes if "." in code), None)
    if permission:
        raise denied(permission, detail)
    roles = " or ".join(codes)
    raise Forbidden(f"{detail} The role {roles} can.", permission=roles, risk="MEDIUM")


def require_view(record: Record, record_type: RecordType) -> None:
    """Let the actor see one record, or say nothing about it.

    :raises NotFound: as if it did not exist.
    """
    if not may_view(record, record_type):
        raise NotFound


def viewer_id() -> UUID | None:
    """Return whose own records are meant by "mine"."""
    return current_actor().id
