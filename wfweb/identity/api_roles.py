"""Roles: what each allows."""

from uuid import UUID

from wfweb.identity import permissions, queries, service
from wfweb.identity.api import bp
from wfweb.identity.errors import LastAdministrator
from wfweb.identity.models import Role
from wfweb.identity.schemas import RoleChange, RoleIn, RoleOut, RolePage
from wfweb.kernel.api import PREFIX, Answer, PageQuery, endpoint, page_of


@endpoint(
    bp,
    "GET",
    "/roles",
    response=RolePage,
    query=PageQuery,
    permission="users.view",
    summary="List roles",
)
def list_roles(query: PageQuery) -> RolePage:
    """Return the roles of the company by name."""
    return page_of(RolePage, queries.all_roles(), [Role.name, Role.id], query)


@endpoint(
    bp,
    "GET",
    "/roles/<uuid:role_id>",
    response=RoleOut,
    permission="users.view",
    summary="Get a role",
)
def get_role(role_id: UUID) -> RoleOut:
    """Return one role."""
    return RoleOut.model_validate(queries.role_by_id(role_id))


@endpoint(
    bp,
    "POST",
    "/roles",
    request=RoleIn,
    response=RoleOut,
    status=201,
    scope="admin",
    permission="roles.manage",
    summary="Create a role",
    description=f"Permissions are: {', '.join(f'`{code}`' for code in permissions.PERMISSIONS)}.",
)
def create_role(body: RoleIn) -> Answer:
    """Make a role."""
    role = service.create_role(
        body.code, body.name, description=body.description, permissions=body.permissions
    )
    return Answer(model=RoleOut.model_validate(role), location=f"{PREFIX}/roles/{role.id}")


@endpoint(
    bp,
    "PUT",
    "/roles/<uuid:role_id>",
    request=RoleChange,
    response=RoleOut,
    versioned=True,
    scope="admin",
    permission="roles.manage",
    errors=[LastAdministrator],
    summary="Change what a role allows",
)
def update_role(role_id: UUID, body: RoleChange, version: int) -> RoleOut:
    """Change a role; everybody in it feels it at the next request."""
    role = service.update_role(
        role_id,
        name=body.name,
        description=body.description,
        permissions=body.permissions,
        version=version,
    )
    return RoleOut.model_validate(role)
