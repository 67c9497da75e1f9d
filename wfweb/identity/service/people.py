"""Accounts of people: made, changed, given roles, deactivated."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from wfweb.events import emit
from wfweb.identity import passwords, policy, queries, rules
from wfweb.identity.errors import OwnAccount, Problems
from wfweb.identity.events import (
    EmailChanged,
    RolesChanged,
    UserChanged,
    UserCreated,
    UserDeactivated,
    UserReactivated,
)
from wfweb.identity.models import Role, User, UserRole
from wfweb.identity.service.common import (
    apply,
    keep_an_administrator,
    locked_user,
    one_at_a_time,
)
from wfweb.identity.service.passwords import end_resets, tell_old_address
from wfweb.identity.service.sign_in import revoke_sessions
from wfweb.identity.service.tokens import revoke_tokens
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session

LONGEST_NAME = 120
LARGEST_LIMIT = Decimal(10) ** 15
OWN_FIELDS = frozenset({"name", "title", "locale", "time_zone", "theme", "keys_enabled"})
EDITABLE = OWN_FIELDS | {"email", "manager_id", "quick_limit"}


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return texts without surrounding space and addresses in their stored form."""
    clean = {k: v.strip() if isinstance(v, str) else v for k, v in values.items()}
    if "email" in clean:
        clean["email"] = rules.normal_email(clean["email"])
    return clean


def _check_fields(values: Mapping[str, Any], problems: Problems) -> None:
    if "name" in values:
        problems.add("name", _name_problem(values["name"]))
    if "email" in values:
        problems.add("email", rules.email_problem(values["email"]))
    if len(values.get("title", "")) > LONGEST_NAME:
        problems.add("title", f"Use at most {LONGEST_NAME} characters")
    if "time_zone" in values:
        problems.add("time_zone", rules.time_zone_problem(values["time_zone"]))
    if values.get("theme", "auto") not in rules.THEMES:
        problems.add("theme", "Choose a theme from the list")
    if values.get("locale", "en") not in rules.LOCALES:
        problems.add("locale", "Choose a language from the list")
    limit = values.get("quick_limit")
    if limit is not None and not (limit.is_finite() and 0 <= limit <= LARGEST_LIMIT):
        problems.add("quick_limit", "Enter an amount from 0, or leave it empty")


def _name_problem(name: str) -> str | None:
    if not name:
        return "Enter a name"
    if len(name) > LONGEST_NAME:
        return f"Use at most {LONGEST_NAME} characters"
    if any(not character.isprintable() for character in name):
        return "Use characters that can be printed"
    return None


def _check_manager(user_id: UUID | None, manager_id: UUID | None, problems: Problems) -> None:
    """Note a manager who does not exist here, or who would close a circle."""
    if manager_id is None:
        return
    if not queries.active_people([manager_id]):
        problems.add("manager_id", "Choose a manager from the list", "unknown")
    elif user_id and rules.makes_a_circle(user_id, manager_id, queries.managers()):
        chosen = queries.user_by_id(manager_id).name
        problems.add(
            "manager_id",
            f"{chosen} reports to this person already. Choose somebody who does not",
            "circle",
        )


def _chosen_roles(codes: Collection[str], problems: Problems) -> dict[str, Role]:
    found = queries.roles_by_code(codes)
    if missing := sorted(set(codes) - set(found)):
        problems.add("roles", f"There is no role {', '.join(missing)[:200]}", "unknown")
    return found


def _permissions(roles: Collection[Role]) -> frozenset[str]:
    return frozenset(code for role in roles for code in role.permissions)


def create_user(
    email: str,
    name: str,
    *,
    title: str = "",
    password: str | None = None,
    kind: str = "person",
    role_codes: Collection[str] = ("member",),
    manager_id: UUID | None = None,
    time_zone: str = "UTC",
    quick_limit: Decimal | None = None,
) -> User:
    """Make an account; without a password its owner asks for a link by mail.

    :raises Forbidden: without ``users.manage``, or for roles above one's own.
    :raises ValidationFailed: naming each wrong field.
    """
    policy.require("users.manage")
    values = _clean(
        {
            "email": email,
            "name": name,
            "title": title,
            "time_zone": time_zone,
            "quick_limit": quick_limit,
        }
    )
    problems = Problems()
    _check_fields(values, problems)
    if kind not in rules.KINDS:
        problems.add("kind", "Choose a person or a service account")
    if password is not None:
        problems.add("password", passwords.problem(password, email=email, name=name))
    _check_manager(None, manager_id, problems)
    roles = _chosen_roles(role_codes, problems)
    problems.refuse()
    policy.require_grantable(_permissions(roles.values()))
    user = User(kind=kind, manager_id=manager_id, **values)
    if password is not None:
        user.password_hash = passwords.hash_password(password)
    session().add(user)
    session().flush()
    _put_into(user, roles.values())
    emit(
        UserCreated(
            target_type="user",
            target_id=user.id,
            target_label=user.name,
            after={"name": user.name, "email": user.email, "kind": kind, "roles": sorted(roles)},
        )
    )
    return user


def _put_into(user: User, roles: Collection[Role]) -> None:
    session().add_all(UserRole(user_id=user.id, role_id=role.id) for role in roles)
    session().flush()


def update_user(user_id: UUID, changes: Mapping[str, Any], *, version: int | None) -> User:
    """Change an account's fields (those in ``EDITABLE``).

    :raises Forbidden: without ``users.manage``, or for an account above one's own.
    :raises PasswordNeeded: for one's own address when the password is not fresh.
    :raises ValidationFailed: naming each wrong field; a circle of managers at ``/manager_id``.
    :raises Conflict: when the account has another version.
    """
    policy.require("users.manage")
    one_at_a_time()
    user = locked_user(user_id, version)
    policy.require_power_over(queries.permissions_of(user.id))
    wanted = _clean({k: v for k, v in changes.items() if k in EDITABLE})
    _guard_own_address(user, wanted)
    return _update(user, wanted)


def _guard_own_address(user: User, wanted: Mapping[str, Any]) -> None:
    """Want a fresh password for one's own new address: a thief changes it first (attack 101)."""
    if current_actor().id == user.id and wanted.get("email", user.email) != user.email:
        policy.require_recent_password()


def update_profile(changes: Mapping[str, Any], *, version: int | None = None) -> User:
    """Change one's own profile; the address only with a freshly typed password.

    :raises ValidationFailed: naming each wrong field.
    :raises PasswordNeeded: when the address changes and the password is not fresh.
    """
    own_id = current_actor().id
    if own_id is None:
        raise policy.denied("users.manage")
    user = locked_user(own_id, version)
    wanted = _clean({k: v for k, v in changes.items() if k in OWN_FIELDS | {"email"}})
    _guard_own_address(user, wanted)
    return _update(user, wanted)


def _update(user: User, values: Mapping[str, Any]) -> User:
    problems = Problems()
    _check_fields(values, problems)
    if values.get("manager_id", user.manager_id) != user.manager_id:
        _check_manager(user.id, values["manager_id"], problems)
    problems.refuse()
    old_email = user.email
    before, after = apply(user, values)
    if not after:
        return user
    user.version += 1
    session().flush()
    if "email" in after:
        end_resets(user.id)
        tell_old_address(user, old_email)
        emit(
            EmailChanged(
                target_type="user",
                target_id=user.id,
                target_label=user.name,
                before={"email": old_email},
                after={"email": user.email},
            )
        )
        before.pop("email")
        after.pop("email")
    if after:
        emit(
            UserChanged(
                target_type="user",
                target_id=user.id,
                target_label=user.name,
                before=before,
                after=after,
            )
        )
    return user


def set_roles(user_id: UUID, role_codes: Collection[str], *, version: int | None) -> User:
    """Put a person into exactly these roles.

    :raises Forbidden: without ``users.manage``, or for roles or an account above one's own.
    :raises ValidationFailed: for an unknown role, at ``/roles``.
    :raises LastAdministrator: when nobody could manage people and roles any more.
    :raises Conflict: when the account has another version.
    """
    policy.require("users.manage")
    one_at_a_time()
    user = locked_user(user_id, version)
    problems = Problems()
    chosen = _chosen_roles(role_codes, problems)
    problems.refuse()
    held = {role.code: role for role in queries.roles_of([user.id])[user.id]}
    if set(held) == set(chosen):
        return user
    had, has = _permissions(held.values()), _permissions(chosen.values())
    policy.require_power_over(had)
    policy.require_grantable(has)
    _replace_roles(user, held, chosen)
    keep_an_administrator(had, has)
    user.version += 1
    emit(
        RolesChanged(
            target_type="user",
            target_id=user.id,
            target_label=user.name,
            before={"roles": sorted(held)},
            after={"roles": sorted(chosen)},
            risk="HIGH" if has - had else "MEDIUM",
        )
    )
    return user


def _replace_roles(user: User, held: Mapping[str, Role], chosen: Mapping[str, Role]) -> None:
    gone = [held[code].id for code in set(held) - set(chosen)]
    session().execute(
        delete(UserRole).where(UserRole.user_id == user.id, UserRole.role_id.in_(gone))
    )
    _put_into(user, [chosen[code] for code in set(chosen) - set(held)])


def deactivate_user(user_id: UUID, *, version: int | None) -> User:
    """Close an account: its sessions, tokens and links end at once (attack 25).

    :raises Forbidden: without ``users.manage``, or for an account above one's own.
    :raises OwnAccount: for one's own account.
    :raises LastAdministrator: when nobody could manage people and roles any more.
    :raises Conflict: when the account has another version.
    """
    policy.require("users.manage")
    if current_actor().id == user_id:
        detail = "You cannot deactivate your own account. Somebody else who manages people can."
        raise OwnAccount(detail)
    one_at_a_time()
    user = locked_user(user_id, version)
    if not user.active:
        return user
    had = queries.permissions_of(user.id)
    policy.require_power_over(had)
    user.active = False
    user.version += 1
    keep_an_administrator(had, ())
    ended = revoke_sessions(user.id, because="deactivated")
    revoked = revoke_tokens(user.id)
    end_resets(user.id)
    emit(
        UserDeactivated(
            target_type="user",
            target_id=user.id,
            target_label=user.name,
            before={"active": True},
            after={"active": False},
            details={"sessions_ended": ended, "tokens_revoked": revoked},
        )
    )
    return user


def reactivate_user(user_id: UUID, *, version: int | None) -> User:
    """Open a closed account again; its tokens and sessions stay ended.

    :raises Forbidden: without ``users.manage``, or for an account above one's own.
    :raises Conflict: when the account has another version.
    """
    policy.require("users.manage")
    user = locked_user(user_id, version)
    policy.require_power_over(queries.permissions_of(user.id))
    if not user.active:
        user.active = True
        user.version += 1
        emit(
            UserReactivated(
                target_type="user",
                target_id=user.id,
                target_label=user.name,
                before={"active": False},
                after={"active": True},
            )
        )
    return user
