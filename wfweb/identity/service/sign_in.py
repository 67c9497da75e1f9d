"""Signing in and out, and the rows of signed-in browsers.

Signing in takes two short transactions with the slow hash between them, so that no row is
locked while it is computed: :func:`open_attempt`, ``passwords.matches``, :func:`close_attempt`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from wfweb.events import emit
from wfweb.identity import passwords, policy, queries, rules, throttle
from wfweb.identity.events import SessionRevoked, SignedIn, SignInFailed
from wfweb.identity.models import User, UserSession
from wfweb.identity.tokens import digest
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.context import request_info
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.tokens import new_token

LONGEST_USER_AGENT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to sign in: whose, and whether it may be looked at yet."""

    email: str
    source: str | None
    user_id: UUID | None
    company_id: UUID | None
    name: str
    password_hash: str | None
    wait_seconds: int
    worth_telling: bool
    """False for further tries of a locked account: one entry says it, a thousand hide it."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun; the token exists only here and in the cookie."""

    id: UUID
    token: str
    expires_at: datetime


def _limits(email: str, source: str | None) -> Sequence[throttle.Limit]:
    return (
        throttle.Limit(throttle.account_key(email), rules.ACCOUNT_ATTEMPTS),
        throttle.Limit(throttle.source_key(source), rules.SOURCE_ATTEMPTS),
    )


def person_who_signs_in(email: str) -> User | None:
    """Return whose open account an address is, of any company; read anew from the row."""
    found: User | None = session().scalar(
        select(User)
        .where(
            func.lower(User.email) == rules.normal_email(email).replace("\x00", ""),
            User.active,
            User.kind == "person",
        )
        .execution_options(populate_existing=True)
    )
    return found


def open_attempt(email: str, source: str | None) -> Attempt:
    """Count a try and find whom it names; inside ``transaction(system=True)``."""
    counted = throttle.count(_limits(email, source))
    user = person_who_signs_in(email)
    return Attempt(
        email=email,
        source=source,
        user_id=user.id if user else None,
        company_id=user.company_id if user else None,
        name=user.name if user else "",
        password_hash=user.password_hash if user else None,
        wait_seconds=counted.wait_seconds,
        worth_telling=not counted.wait_seconds or counted.just_reached,
    )


def close_attempt(attempt: Attempt, *, correct: bool, password: str = "") -> NewSession | None:
    """Record how a try ended; a session when it succeeded.

    Runs with the account's person as actor. A correct password during a lockout is refused
    like a wrong one.
    """
    user = _still_active(attempt.user_id)
    if user is None:
        return None
    if not correct or attempt.wait_seconds:
        _tell_failure(user, attempt)
        return None
    _forgive(attempt)
    if user.password_hash and passwords.is_outdated(user.password_hash) and password:
        user.password_hash = passwords.hash_password(password)
    user.last_sign_in_at = clock.now()
    begun = begin_session(user)
    emit(
        SignedIn(
            target_type="user",
            target_id=user.id,
            target_label=user.name,
            details={"session": str(begun.id)},
        )
    )
    return begun


def close_confirmation(attempt: Attempt, *, correct: bool) -> bool:
    """Record how somebody signed in typed the password again; True makes the session fresh."""
    user = _still_active(attempt.user_id)
    if user is None:
        return False
    if not correct or attempt.wait_seconds:
        _tell_failure(user, attempt)
        return False
    _forgive(attempt)
    row = session().get(UserSession, request_info().session_id)
    if row is not None:
        row.confirmed_at = clock.now()
    return True


def _forgive(attempt: Attempt) -> None:
    throttle.forget(throttle.account_key(attempt.email))
    throttle.refund(throttle.source_key(attempt.source))


def _still_active(user_id: UUID | None) -> User | None:
    user = session().get(User, user_id, populate_existing=True) if user_id else None
    return user if user and user.active else None


def _tell_failure(user: User, attempt: Attempt) -> None:
    if attempt.worth_telling:
        emit(
            SignInFailed(
                target_type="user",
                target_id=user.id,
                target_label=user.name,
                details={"reason": "locked" if attempt.wait_seconds else "password"},
                risk="MEDIUM" if attempt.wait_seconds else "LOW",
            )
        )


def begin_session(user: User) -> NewSession:
    """Make the row of a signed-in browser with a token nobody had before (no fixation)."""
    token = new_token()
    info = request_info()
    row = UserSession(
        user_id=user.id,
        token_hash=digest(token),
        expires_at=clock.now() + rules.SESSION_ABSOLUTE,
        ip=info.ip,
        user_agent=(info.user_agent or "")[:LONGEST_USER_AGENT],
    )
    session().add(row)
    session().flush()
    return NewSession(row.id, token, row.expires_at)


def sign_out() -> None:
    """End the session of the current browser; nothing happens without one."""
    session_id = request_info().session_id
    if session_id is not None:
        _end([session_id], because="signed out")


def revoke_session(session_id: UUID) -> UserSession:
    """End one session: one's own, or anybody's with ``users.manage``.

    :raises NotFound: for a session that does not exist here.
    :raises Forbidden: for somebody else's without the permission.
    """
    row = session().get(UserSession, session_id)
    if row is None or row.company_id != current_actor().company_id:
        raise NotFound
    if row.user_id != current_actor().id and not current_actor().may("users.manage"):
        raise NotFound
    if row.revoked_at is None:
        _end([row.id], because="revoked")
        user = queries.user_by_id(row.user_id)
        emit(
            SessionRevoked(
                target_type="user",
                target_id=user.id,
                target_label=user.name,
                details={"session": str(row.id), "ip": row.ip},
            )
        )
    return row


def revoke_sessions(user_id: UUID, *, because: str, keep: UUID | None = None) -> int:
    """End all sessions of a person, except perhaps one; return how many ended."""
    statement = select(UserSession.id).where(
        UserSession.user_id == user_id, UserSession.revoked_at.is_(None)
    )
    if keep is not None:
        statement = statement.where(UserSession.id != keep)
    ids = list(session().scalars(statement))
    _end(ids, because=because)
    return len(ids)


def _end(session_ids: Sequence[UUID], *, because: str) -> None:
    session().execute(
        update(UserSession)
        .where(UserSession.id.in_(session_ids), UserSession.revoked_at.is_(None))
        .values(revoked_at=clock.now(), revoked_because=because)
    )


def unlock_user(user_id: UUID) -> None:
    """Give an account its tries back before the lockout ends.

    :raises Forbidden: without ``users.manage``.
    """
    policy.require("users.manage")
    throttle.forget(throttle.account_key(queries.user_by_id(user_id).email))
