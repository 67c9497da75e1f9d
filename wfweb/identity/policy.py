"""Who may act on people, roles and tokens; every door goes through here."""

from uuid import UUID

from wfweb.identity import queries, rules
from wfweb.identity.errors import PasswordNeeded
from wfweb.identity.models import UserSession
from wfweb.identity.permissions import PERMISSIONS, risk_of
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.context import request_info
from wfweb.kernel.db import session
from wfweb.kernel.errors import Forbidden

NAMED = 3
"""How many people a refusal names; more would be a list to copy."""


def require(permission: str, detail: str = "") -> None:
    """Let the current actor through who holds a permission.

    :raises Forbidden: naming who does; audited with the permission's risk.
    """
    if not current_actor().may(permission):
        raise denied(permission, detail)


def denied(permission: str, detail: str = "") -> Forbidden:
    """Return the refusal for a missing permission, naming up to three people who hold it."""
    holders = [user.name for user in queries.users_with_permission(permission, limit=NAMED)]
    known = PERMISSIONS.get(permission)
    what = known.label.lower() if known else permission
    text = detail or f"Your roles do not let you {what}."
    if holders:
        text = f"{text} {_listed(holders)} can."
    return Forbidden(text, permission=permission, risk=risk_of(permission), who_can=holders)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def require_power_over(target_permissions: frozenset[str]) -> None:
    """Let only somebody act on an account who holds all that the account holds.

    Without this, changing an administrator's address and asking for a new password would
    be a way to become one.

    :raises Forbidden: when the account could do something the actor cannot.
    """
    actor = current_actor()
    if actor.kind != "system" and not rules.may_grant(actor.permissions, target_permissions):
        raise denied("roles.manage", "This account may do more than you.")


def require_grantable(permissions: frozenset[str]) -> None:
    """Let somebody hand out only permissions they hold.

    :raises Forbidden: when a permission is not theirs to give.
    """
    actor = current_actor()
    if actor.kind != "system" and not rules.may_grant(actor.permissions, permissions):
        raise denied("roles.manage", "You can give only what your own roles allow.")


def require_self_or(permission: str, user_id: UUID) -> None:
    """Let people act on their own account, and on others' only with a permission.

    :raises Forbidden: for somebody else without it.
    """
    if current_actor().id != user_id:
        require(permission)


def recently_confirmed() -> bool:
    """Tell whether the password was typed in this browser within the last minutes."""
    session_id = request_info().session_id
    row = session().get(UserSession, session_id) if session_id else None
    return row is not None and clock.now() < row.confirmed_at + rules.CONFIRMED_FOR


def require_recent_password() -> None:
    """Let only somebody through who just typed the password.

    :raises PasswordNeeded: when it is too long ago, or nobody is signed in by a browser.
    """
    if current_actor().kind != "system" and not recently_confirmed():
        action = {"label": "Enter your password", "url": "/confirm-password?next=/account"}
        raise PasswordNeeded(
            "It was typed too long ago for this. Nothing was changed.", actions=[action]
        )
