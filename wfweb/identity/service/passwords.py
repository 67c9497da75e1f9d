"""Changing a password: with the old one, by an administrator, or by a mailed link."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update

from wfweb.events import emit, enqueue
from wfweb.identity import passwords, policy, queries, rules, throttle
from wfweb.identity.errors import Problems
from wfweb.identity.events import PasswordChanged, PasswordResetRequested
from wfweb.identity.models import PasswordReset, User
from wfweb.identity.service.common import locked_user
from wfweb.identity.service.sign_in import person_who_signs_in, revoke_sessions
from wfweb.identity.tokens import digest
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.context import request_info
from wfweb.kernel.db import session
from wfweb.kernel.errors import Gone
from wfweb.kernel.tokens import new_token

LINK_ENDED = "This link was used, has ended, or a newer one was sent. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account something is about, found without being signed in."""

    user_id: UUID
    company_id: UUID
    name: str


def _write(user: User, password: str, *, how: str, field: str = "password") -> None:
    problems = Problems()
    problems.add(field, passwords.problem(password, email=user.email, name=user.name))
    problems.refuse()
    user.password_hash = passwords.hash_password(password)
    own = current_actor().id == user.id
    ended = revoke_sessions(
        user.id, because="password changed", keep=request_info().session_id if own else None
    )
    end_resets(user.id)
    throttle.forget(throttle.account_key(user.email))
    emit(
        PasswordChanged(
            target_type="user",
            target_id=user.id,
            target_label=user.name,
            details={"how": how, "sessions_ended": ended},
        )
    )
    enqueue(
        "identity.send_notice",
        {"to": user.email, "template": "password_changed", "name": user.name},
    )


def change_password(new_password: str) -> None:
    """Change one's own password; every other browser is signed out.

    :raises PasswordNeeded: when the old one was not typed within the last minutes.
    :raises ValidationFailed: for a new one that is too easy, at ``/new_password``.
    """
    own_id = current_actor().id
    policy.require_recent_password()
    if own_id is not None:
        _write(locked_user(own_id), new_password, how="own", field="new_password")


def set_password(user_id: UUID, password: str) -> None:
    """Give somebody a password; all their browsers are signed out.

    :raises Forbidden: without ``users.manage``, or for an account above one's own.
    :raises ValidationFailed: for one that is too easy, at ``/password``.
    """
    policy.require("users.manage")
    user = locked_user(user_id)
    policy.require_power_over(queries.permissions_of(user.id))
    _write(user, password, how="administrator")


def account_for_reset(email: str, source: str | None) -> Account | None:
    """Find who asks for a link; None too often or for nobody. In ``transaction(system=True)``.

    Doors answer the same either way (attack 95).
    """
    counted = throttle.count(
        (
            throttle.Limit(throttle.reset_key(email), rules.RESETS_PER_ACCOUNT),
            throttle.Limit(f"reset-{throttle.source_key(source)}", rules.RESETS_PER_SOURCE),
        )
    )
    user = person_who_signs_in(email)
    if user is None or counted.wait_seconds:
        return None
    return Account(user.id, user.company_id, user.name)


def request_password_reset(account: Account) -> None:
    """Ask for a mail with a link; the link itself is made by the job, never stored in clear."""
    emit(
        PasswordResetRequested(
            target_type="user", target_id=account.user_id, target_label=account.name
        )
    )
    enqueue("identity.send_reset", {"user_id": account.user_id})


def send_password_link(user_id: UUID) -> None:
    """Mail somebody a link to choose a password, as for a new account.

    :raises Forbidden: without ``users.manage``.
    """
    policy.require("users.manage")
    user = queries.user_by_id(user_id)
    request_password_reset(Account(user.id, user.company_id, user.name))


def start_reset(user_id: UUID) -> tuple[User, str]:
    """Make a link's token, ending earlier ones; return whom to send it to, and the token.

    :raises NotFound: for a user who does not exist here.
    :raises Gone: for an account that was closed meanwhile.
    """
    user = locked_user(user_id)
    if not user.active or user.kind != "person":
        raise Gone("The account is closed")
    end_resets(user.id)
    token = new_token()
    session().add(
        PasswordReset(
            user_id=user.id,
            token_hash=digest(token),
            expires_at=clock.now() + rules.RESET_LIFETIME,
        )
    )
    return user, token


def account_of_reset(token: str) -> Account:
    """Return whose link a token is. In ``transaction(system=True)``.

    :raises Gone: for one that was used, ended or never existed; all the same.
    """
    row = (
        session()
        .execute(
            select(PasswordReset, User)
            .join(User, User.id == PasswordReset.user_id)
            .where(PasswordReset.token_hash == digest(token))
        )
        .one_or_none()
    )
    if row is None or not _usable(row[0]) or not row[1].active:
        raise Gone(LINK_ENDED)
    return Account(row[1].id, row[1].company_id, row[1].name)


def _usable(reset: PasswordReset) -> bool:
    return reset.used_at is None and clock.now() < reset.expires_at


def reset_password(token: str, password: str) -> None:
    """Use a link once: new password, every browser signed out.

    :raises Gone: when the link was used or ended, also a moment ago in another tab.
    :raises ValidationFailed: for a password that is too easy; the link stays usable.
    """
    reset = session().scalar(
        select(PasswordReset)
        .where(PasswordReset.token_hash == digest(token))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if reset is None or not _usable(reset):
        raise Gone(LINK_ENDED)
    user = locked_user(reset.user_id)
    if not user.active:
        raise Gone(LINK_ENDED)
    reset.used_at = clock.now()
    _write(user, password, how="link")


def end_resets(user_id: UUID) -> None:
    """End all open links of a person."""
    session().execute(
        update(PasswordReset)
        .where(PasswordReset.user_id == user_id, PasswordReset.used_at.is_(None))
        .values(used_at=clock.now())
    )


def tell_old_address(user: User, old_email: str) -> None:
    """Tell the address that an account leaves; a thief changes it first (attack 101)."""
    enqueue(
        "identity.send_notice", {"to": old_email, "template": "address_changed", "name": user.name}
    )
