"""People, roles and the owner of the token."""

from typing import Any
from uuid import UUID

from wfweb.identity import queries, service
from wfweb.identity.access import current_user
from wfweb.identity.errors import LastAdministrator, OwnAccount
from wfweb.identity.models import User
from wfweb.identity.schemas import (
    CompanyOut,
    MeOut,
    UserChange,
    UserIn,
    UserOut,
    UserPage,
    UserQuery,
)
from wfweb.kernel.api import PREFIX, Answer, ApiBlueprint, VersionIn, endpoint
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.paging import keyset

bp = ApiBlueprint(
    "identity",
    __name__,
    title="People and roles",
    about="Who the token acts as, the people of the company, and the roles that allow things.",
)
NULLABLE = frozenset({"manager_id", "quick_limit"})


@endpoint(bp, "GET", "/me", response=MeOut, summary="Show who the token acts as")
def get_me() -> MeOut:
    """Return the owner of the token with what it may do."""
    user = current_user()
    return MeOut(
        id=user.id,
        email=user.email,
        name=user.name,
        title=user.title,
        kind=user.kind,
        time_zone=user.time_zone,
        company=CompanyOut(id=user.company_id, name=user.company_name, currency=user.currency),
        roles=sorted(user.roles),
        permissions=sorted(user.permissions),
        scopes=sorted(user.scopes),
    )


@endpoint(
    bp,
    "GET",
    "/users",
    response=UserPage,
    query=UserQuery,
    permission="users.view",
    summary="List people",
)
def list_users(query: UserQuery) -> UserPage:
    """Return people by name."""
    statement = queries.people_matching(query.q or "", inactive=query.inactive)
    users, following = keyset(statement, [User.name, User.id], after=query.after, limit=query.limit)
    return UserPage(items=_shown(users), next=following)


def _shown(users: list[User]) -> list[UserOut]:
    roles = queries.roles_of(user.id for user in users)
    return [
        UserOut.model_validate(
            {
                **{name: getattr(user, name) for name in UserOut.model_fields if name != "roles"},
                "roles": [role.code for role in roles[user.id]],
            }
        )
        for user in users
    ]


def _one(user: User) -> UserOut:
    return _shown([user])[0]


@endpoint(
    bp,
    "GET",
    "/users/<uuid:user_id>",
    response=UserOut,
    permission="users.view",
    summary="Get a person",
)
def get_user(user_id: UUID) -> UserOut:
    """Return one account."""
    return _one(queries.user_by_id(user_id))


@endpoint(
    bp,
    "POST",
    "/users",
    request=UserIn,
    response=UserOut,
    status=201,
    scope="admin",
    permission="users.manage",
    summary="Create an account",
)
def create_user(body: UserIn) -> Answer:
    """Make an account."""
    values = body.model_dump(exclude={"roles"})
    email, name = values.pop("email"), values.pop("name")
    user = service.create_user(email, name, role_codes=body.roles, **values)
    return Answer(model=_one(user), location=f"{PREFIX}/users/{user.id}")


@endpoint(
    bp,
    "PATCH",
    "/users/<uuid:user_id>",
    request=UserChange,
    response=UserOut,
    versioned=True,
    scope="admin",
    permission="users.manage",
    errors=[LastAdministrator],
    summary="Change an account",
)
def update_user(user_id: UUID, body: UserChange, version: int) -> UserOut:
    """Change fields and roles together, or nothing of it."""
    changes = body.model_dump(exclude_unset=True, exclude={"version", "roles"})
    _refuse_null(changes)
    user = service.update_user(user_id, changes, version=version)
    if body.roles is not None:
        # The row is locked by now, so nobody can have come between.
        user = service.set_roles(user_id, body.roles, version=None)
    return _one(user)


def _refuse_null(changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if value is None and name not in NULLABLE:
            raise ValidationFailed.at(f"/{name}", "Leave this out or give a value", "null")


@endpoint(
    bp,
    "POST",
    "/users/<uuid:user_id>/deactivate",
    request=VersionIn,
    response=UserOut,
    versioned=True,
    scope="admin",
    permission="users.manage",
    errors=[LastAdministrator, OwnAccount],
    summary="Close an account",
    description="Its sessions and tokens end at once; its decisions stay.",
)
def deactivate_user(user_id: UUID, version: int) -> UserOut:
    """Close an account."""
    return _one(service.deactivate_user(user_id, version=version))


@endpoint(
    bp,
    "POST",
    "/users/<uuid:user_id>/reactivate",
    request=VersionIn,
    response=UserOut,
    versioned=True,
    scope="admin",
    permission="users.manage",
    summary="Open a closed account again",
)
def reactivate_user(user_id: UUID, version: int) -> UserOut:
    """Open an account; its tokens and sessions stay ended."""
    return _one(service.reactivate_user(user_id, version=version))
