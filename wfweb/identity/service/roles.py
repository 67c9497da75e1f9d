"""Roles: what each allows."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from wfweb.events import emit
from wfweb.identity import permissions as catalogue
from wfweb.identity import policy, rules
from wfweb.identity.errors import Problems
from wfweb.identity.events import RoleChanged, RoleCreated
from wfweb.identity.models import Role
from wfweb.identity.service.common import (
    apply,
    check_version,
    keep_an_administrator,
    one_at_a_time,
)
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 400


def _check(values: Mapping[str, Any], problems: Problems) -> None:
    name = values.get("name", "-")
    if not name or len(name) > LONGEST_NAME:
        problems.add("name", f"Enter a name of at most {LONGEST_NAME} characters")
    if len(values.get("description", "")) > LONGEST_DESCRIPTION:
        problems.add("description", f"Use at most {LONGEST_DESCRIPTION} characters")
    if missing := catalogue.unknown(values.get("permissions", ())):
        problems.add("permissions", f"There is no permission {', '.join(missing)[:200]}", "unknown")


def create_role(
    code: str, name: str, *, description: str = "", permissions: Collection[str] = ()
) -> Role:
    """Make a role.

    :raises Forbidden: without ``roles.manage``, or for permissions one does not hold.
    :raises ValidationFailed: naming each wrong field; a code in use at ``/code``.
    """
    policy.require("roles.manage")
    values = {
        "name": name.strip(),
        "description": description.strip(),
        "permissions": sorted(set(permissions)),
    }
    problems = Problems()
    problems.add("code", rules.role_code_problem(code))
    _check(values, problems)
    problems.refuse()
    policy.require_grantable(frozenset(permissions))
    role = Role(code=code, **values)
    session().add(role)
    session().flush()
    emit(
        RoleCreated(
            target_type="role",
            target_id=role.id,
            target_label=role.name,
            after={"code": code, "name": role.name, "permissions": role.permissions},
        )
    )
    return role


def update_role(
    role_id: UUID,
    *,
    name: str,
    description: str,
    permissions: Collection[str],
    version: int | None,
) -> Role:
    """Change what a role is called and allows; everybody in it feels it at the next request.

    :raises Forbidden: without ``roles.manage``, or for permissions one does not hold.
    :raises ValidationFailed: naming each wrong field.
    :raises LastAdministrator: when nobody could manage people and roles any more.
    :raises Conflict: when the role has another version.
    """
    policy.require("roles.manage")
    one_at_a_time()
    role = session().get(Role, role_id, with_for_update=True, populate_existing=True)
    if role is None or role.company_id != current_actor().company_id:
        raise NotFound
    check_version(role.version, version)
    values = {
        "name": name.strip(),
        "description": description.strip(),
        "permissions": sorted(set(permissions)),
    }
    problems = Problems()
    _check(values, problems)
    problems.refuse()
    had, has = frozenset(role.permissions), frozenset(permissions)
    policy.require_grantable(has - had)
    before, after = apply(role, values)
    if not after:
        return role
    keep_an_administrator(had, has)
    role.version += 1
    emit(
        RoleChanged(
            target_type="role",
            target_id=role.id,
            target_label=role.name,
            before=before,
            after=after,
            risk="HIGH" if has - had else None,
        )
    )
    return role
