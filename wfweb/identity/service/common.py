"""What the verbs share: locking, versions, differences, and the administrator that must remain."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text

from wfweb.identity.errors import LastAdministrator
from wfweb.identity.models import User
from wfweb.identity.permissions import ADMINISTRATION
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, NotFound

_MUTEX = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
_ADMINISTRATORS = text(
    "select count(*) from (select u.id from users u"
    " join user_roles ur on ur.user_id = u.id join roles r on r.id = ur.role_id"
    " cross join lateral unnest(r.permissions) as p (code)"
    " where u.company_id = :company and u.active and u.kind = 'person' and p.code = any(:codes)"
    " group by u.id having count(distinct p.code) = :needed) as administrators"
)


def one_at_a_time() -> None:
    """Let changes of managers, roles and access of one company happen one after another.

    Two administrators who deactivate each other, or two edits that close a circle of
    managers, would each be right alone; rows to lock for that do not exist.
    """
    session().execute(_MUTEX, {"name": f"identity:{current_actor().company_id}"})


def locked_user(user_id: UUID, version: int | None = None) -> User:
    """Return a user of the current company with its row locked.

    :param version: what the door showed; None where nothing was shown.
    :raises NotFound: also for another company's user.
    :raises Conflict: when the row has another version.
    """
    user = session().get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.company_id != current_actor().company_id:
        raise NotFound
    check_version(user.version, version)
    return user


def check_version(current: int, yours: int | None) -> None:
    """Compare versions.

    :raises Conflict: when they differ.
    """
    if yours is not None and current != yours:
        raise Conflict(current_version=current, your_version=yours)


def apply(row: Any, changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set attributes that differ; return (before, after) of those alone, as plain values."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value in changes.items():
        old = getattr(row, name)
        if old != value:
            before[name], after[name] = plain(old), plain(value)
            setattr(row, name, value)
    return before, after


def plain(value: Any) -> Any:
    """Return a value as JSON keeps it."""
    return value if value is None or isinstance(value, bool | int | str | list) else str(value)


def keep_an_administrator(before: Iterable[str], after: Iterable[str]) -> None:
    """Refuse to take away the last administration of a company.

    :param before: permissions that the changed person or role had.
    :param after: permissions that are left.
    :raises LastAdministrator: when nobody would be left.
    """
    if not ADMINISTRATION & (set(before) - set(after)):
        return
    session().flush()
    left = session().execute(
        _ADMINISTRATORS,
        {
            "company": current_actor().company_id,
            "codes": sorted(ADMINISTRATION),
            "needed": len(ADMINISTRATION),
        },
    )
    if not left.scalar_one():
        detail = (
            "Nobody could manage people and roles after this."
            " Make somebody else administrator first."
        )
        raise LastAdministrator(detail)
