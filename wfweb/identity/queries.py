"""Reads of identity for pages, the API and the features above."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Select, any_, func, literal, or_, select

from wfweb.identity.models import ApiToken, Role, User, UserRole, UserSession
from wfweb.identity.rules import SESSION_IDLE
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound

CHAIN_LIMIT = 50


def _people() -> "Select[User]":
    return select(User).where(User.company_id == current_actor().company_id)


def user_by_id(user_id: UUID) -> User:
    """Return a user of the current company.

    :raises NotFound: also for a user of another company.
    """
    found = session().scalar(_people().where(User.id == user_id))
    if found is None:
        raise NotFound
    return found


def user_by_email(email: str) -> User | None:
    """Return the user of the current company with this address, active or not."""
    return session().scalar(_people().where(func.lower(User.email) == email.strip().lower()))


def role_by_id(role_id: UUID) -> Role:
    """Return a role of the current company.

    :raises NotFound: also for a role of another company.
    """
    found = session().scalar(
        select(Role).where(Role.id == role_id, Role.company_id == current_actor().company_id)
    )
    if found is None:
        raise NotFound
    return found


def all_roles() -> "Select[Role]":
    """Return the statement for all roles of the current company."""
    return select(Role).where(Role.company_id == current_actor().company_id)


def roles() -> list[Role]:
    """Return all roles of the current company by name."""
    return list(session().scalars(all_roles().order_by(Role.name, Role.id)))


def roles_by_code(codes: Iterable[str]) -> dict[str, Role]:
    """Return the roles that exist among ``codes``."""
    statement = select(Role).where(
        Role.company_id == current_actor().company_id, Role.code.in_(set(codes))
    )
    return {role.code: role for role in session().scalars(statement)}


def roles_of(user_ids: Iterable[UUID]) -> dict[UUID, list[Role]]:
    """Return each person's roles by name; people without a role have an empty list."""
    ids = list(user_ids)
    found: dict[UUID, list[Role]] = {user_id: [] for user_id in ids}
    statement = (
        select(UserRole.user_id, Role)
        .join(Role, Role.id == UserRole.role_id)
        .where(UserRole.company_id == current_actor().company_id, UserRole.user_id.in_(ids))
        .order_by(Role.name)
    )
    for user_id, role in session().execute(statement):
        found[user_id].append(role)
    return found


def permissions_of(user_id: UUID) -> frozenset[str]:
    """Return all permissions a person holds through roles."""
    return frozenset(code for role in roles_of([user_id])[user_id] for code in role.permissions)


def users_with_role(code: str) -> list[User]:
    """Return the active people in a role, by name."""
    statement = (
        _people()
        .join(UserRole, UserRole.user_id == User.id)
        .join(Role, Role.id == UserRole.role_id)
        .where(Role.code == code, User.active)
        .order_by(User.name, User.id)
    )
    return list(session().scalars(statement))


def users_with_roles(codes: Iterable[str]) -> dict[str, list[User]]:
    """Return the active people of several roles at once; unknown roles have nobody."""
    wanted = set(codes)
    found: dict[str, list[User]] = {code: [] for code in wanted}
    statement = (
        select(Role.code, User)
        .join(UserRole, UserRole.role_id == Role.id)
        .join(User, User.id == UserRole.user_id)
        .where(Role.company_id == current_actor().company_id, Role.code.in_(wanted), User.active)
        .order_by(User.name, User.id)
    )
    for code, user in session().execute(statement):
        found[code].append(user)
    return found


def users_with_permission(permission: str, *, limit: int | None = None) -> list[User]:
    """Return the active people who hold a permission, by name; who can instead of you."""
    holders = (
        select(UserRole.user_id)
        .join(Role, Role.id == UserRole.role_id)
        .where(literal(permission) == any_(Role.permissions))
    )
    statement = _people().where(User.active, User.id.in_(holders)).order_by(User.name, User.id)
    return list(session().scalars(statement.limit(limit)))


def manager_chain(user_id: UUID, depth: int = CHAIN_LIMIT) -> list[User]:
    """Return the managers above a person, nearest first; stops where a circle would begin."""
    first = select(User.id, User.manager_id, literal(0).label("level")).where(
        User.id == user_id, User.company_id == current_actor().company_id
    )
    chain = first.cte("chain", recursive=True)
    chain = chain.union_all(
        select(User.id, User.manager_id, chain.c.level + 1)
        .join(chain, User.id == chain.c.manager_id)
        .where(chain.c.level < min(depth, CHAIN_LIMIT))
    )
    statement = (
        select(User)
        .join(chain, chain.c.id == User.id)
        .where(chain.c.level > 0)
        .order_by(chain.c.level)
    )
    seen: set[UUID] = {user_id}
    found = []
    for user in session().scalars(statement):
        if user.id in seen:
            break
        seen.add(user.id)
        found.append(user)
    return found


def managers() -> dict[UUID, UUID]:
    """Return everybody's manager in the current company."""
    statement = select(User.id, User.manager_id).where(
        User.company_id == current_actor().company_id, User.manager_id.is_not(None)
    )
    return {row[0]: row[1] for row in session().execute(statement) if row[1] is not None}


def reports_of(user_id: UUID) -> list[User]:
    """Return the active people whose manager this is, by name."""
    statement = _people().where(User.manager_id == user_id, User.active).order_by(User.name)
    return list(session().scalars(statement))


def people_by_ids(ids: Iterable[UUID]) -> dict[UUID, User]:
    """Return the people of the current company among ``ids``, active or not."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {user.id: user for user in session().scalars(_people().where(User.id.in_(wanted)))}


def active_people(ids: Iterable[UUID] | None = None) -> list[User]:
    """Return active people by name: those among ``ids``, or everybody."""
    statement = _people().where(User.active)
    if ids is not None:
        statement = statement.where(User.id.in_(set(ids)))
    return list(session().scalars(statement.order_by(User.name, User.id)))


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def people_matching(text: str = "", *, inactive: bool = False) -> "Select[User]":
    """Return the statement for people whose name, title or address contains a text."""
    statement = _people()
    if not inactive:
        statement = statement.where(User.active)
    wanted = text.replace("\x00", "").strip()[:100]
    if wanted:
        pattern = _pattern(wanted)
        statement = statement.where(
            or_(User.name.ilike(pattern), User.email.ilike(pattern), User.title.ilike(pattern))
        )
    return statement


def find_people(text: str, *, limit: int = 10) -> list[User]:
    """Return active people whose name, title or address contains a text, by name."""
    statement = people_matching(text).where(User.kind == "person")
    return list(session().scalars(statement.order_by(User.name, User.id).limit(limit)))


def members(role_id: UUID) -> list[User]:
    """Return everybody in a role, active or not, by name."""
    statement = (
        _people()
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role_id == role_id)
        .order_by(User.name, User.id)
    )
    return list(session().scalars(statement))


def member_counts() -> Mapping[UUID, int]:
    """Return how many active people are in each role."""
    statement = (
        select(UserRole.role_id, func.count())
        .join(User, User.id == UserRole.user_id)
        .where(UserRole.company_id == current_actor().company_id, User.active)
        .group_by(UserRole.role_id)
    )
    return {row[0]: row[1] for row in session().execute(statement)}


def live_sessions(user_id: UUID) -> Sequence[UserSession]:
    """Return a person's sessions that still count, latest first."""
    now = clock.now()
    statement = (
        select(UserSession)
        .where(
            UserSession.company_id == current_actor().company_id,
            UserSession.user_id == user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now,
            UserSession.last_seen_at > now - SESSION_IDLE,
        )
        .order_by(UserSession.last_seen_at.desc())
    )
    return session().scalars(statement).all()


def tokens_of(user_id: UUID, *, live_only: bool = False) -> Sequence[ApiToken]:
    """Return a person's API tokens, latest first."""
    statement = select(ApiToken).where(
        ApiToken.company_id == current_actor().company_id, ApiToken.user_id == user_id
    )
    if live_only:
        statement = statement.where(
            ApiToken.revoked_at.is_(None), ApiToken.expires_at > clock.now()
        )
    return session().scalars(statement.order_by(ApiToken.created_at.desc())).all()
