"""What exists in the company now, as the catalogue that checks use."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from wfweb import conditions
from wfweb.calendars import queries as calendars
from wfweb.identity import queries as people
from wfweb.identity.permissions import PERMISSIONS
from wfweb.kernel.db import session
from wfweb.records import types
from wfweb.workflow import actions
from wfweb.workflow.catalogue import Catalogue
from wfweb.workflow.models import WorkflowDefinition
from wfweb.workflow.schemas import DefinitionBody

Codes = Callable[[], frozenset[str]]
_matrices: list[Codes] = []


def matrices_from(codes: Codes) -> None:
    """Let a higher feature say which approval matrices there are; called by wiring."""
    _matrices[:] = [codes]


def catalogue_for(body: DefinitionBody) -> Catalogue:
    """Return what a definition may refer to in the current company."""
    roles = people.roles()
    counts = people.member_counts()
    record_type = types.find_type(body.record_type) if body.record_type else None
    known = types.fields_for_conditions(record_type) if record_type else {}
    codes = session().scalars(select(WorkflowDefinition.code))
    return Catalogue(
        roles={role.code: counts.get(role.id, 0) for role in roles},
        people=_addresses(body),
        permissions=frozenset(PERMISSIONS),
        record_types=(
            {record_type.code: {code: kind.kind for code, kind in known.items()}}
            if record_type
            else {}
        ),
        matrices=_matrices[0]() if _matrices else None,
        calendars=calendars.published_codes(),
        definitions=frozenset(codes),
        actions={code: action.schema for code, action in actions.registered().items()},
        condition=_condition_check(conditions.FieldTypes(known)),
    )


def _addresses(body: DefinitionBody) -> frozenset[str]:
    """Return those of the addresses a definition names that belong to active people."""
    named = {
        approver.user.lower()
        for state in body.states
        if state.approval is not None
        for level in state.approval.levels
        for approver in (*level.approvers, *level.escalate_to)
        if approver.user is not None
    }
    found = [people.user_by_email(address) for address in sorted(named)]
    return frozenset(user.email.lower() for user in found if user is not None and user.active)


def _condition_check(
    fields: conditions.FieldTypes,
) -> Callable[[Any, str | None], list[tuple[str, str]]]:
    def check(condition: Any, _record_type: str | None) -> list[tuple[str, str]]:
        return [(fault.path, fault.message) for fault in conditions.validate(condition, fields)]

    return check
