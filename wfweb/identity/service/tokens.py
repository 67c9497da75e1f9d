"""API tokens: made, shown once, revoked."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from wfweb.events import emit
from wfweb.identity import policy, queries, rules
from wfweb.identity.errors import Problems
from wfweb.identity.events import TokenCreated, TokenRevoked
from wfweb.identity.models import ApiToken
from wfweb.identity.tokens import digest, hint, new_api_token
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound

LONGEST_NAME = 80
MOST_TOKENS = 50


def _check(name: str, days: int, scopes: Collection[str], problems: Problems) -> None:
    if not name.strip() or len(name) > LONGEST_NAME:
        problems.add("name", f"Say what the token is for, in at most {LONGEST_NAME} characters")
    if not 1 <= days <= rules.TOKEN_DAYS_LIMIT:
        problems.add("days", f"Choose 1 to {rules.TOKEN_DAYS_LIMIT} days")
    if not scopes or set(scopes) - set(rules.SCOPES):
        problems.add("scopes", "Choose at least one of read, write and admin")


def create_token(
    user_id: UUID,
    name: str,
    *,
    days: int = rules.TOKEN_DAYS,
    scopes: Collection[str] = ("read", "write"),
) -> tuple[ApiToken, str]:
    """Give a script access as a person; return the row, and the token that is never shown again.

    :raises Forbidden: for somebody else without ``tokens.manage`` and all that they may do.
    :raises ValidationFailed: naming each wrong field.
    """
    policy.require_self_or("tokens.manage", user_id)
    user = queries.user_by_id(user_id)
    if current_actor().id != user_id:
        policy.require_power_over(queries.permissions_of(user.id))
    problems = Problems()
    _check(name, days, scopes, problems)
    if not user.active:
        problems.add("user", "This account is closed")
    if len(queries.tokens_of(user.id, live_only=True)) >= MOST_TOKENS:
        problems.add("name", f"Revoke one first: an account has at most {MOST_TOKENS} tokens")
    problems.refuse()
    secret = new_api_token()
    row = ApiToken(
        user_id=user.id,
        name=name.strip(),
        hint=hint(secret),
        token_hash=digest(secret),
        scopes=[scope for scope in rules.SCOPES if scope in scopes],
        created_by_id=current_actor().id,
        expires_at=clock.now() + timedelta(days=days),
    )
    session().add(row)
    session().flush()
    emit(
        TokenCreated(
            target_type="user",
            target_id=user.id,
            target_label=user.name,
            details={"token_name": row.name, "scopes": row.scopes, "days": days},
            risk="HIGH" if "admin" in row.scopes else None,
        )
    )
    return row, secret


def revoke_token(token_id: UUID) -> ApiToken:
    """End a token: one's own, or anybody's with ``tokens.manage``.

    :raises NotFound: for a token that does not exist here or is not one's own.
    """
    row = session().get(ApiToken, token_id, with_for_update=True)
    actor = current_actor()
    if row is None or row.company_id != actor.company_id:
        raise NotFound
    if row.user_id != actor.id and not actor.may("tokens.manage"):
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        user = queries.user_by_id(row.user_id)
        emit(
            TokenRevoked(
                target_type="user",
                target_id=user.id,
                target_label=user.name,
                details={"token_name": row.name},
            )
        )
    return row


def revoke_tokens(user_id: UUID) -> int:
    """End all tokens of a person whose account closes; return how many ended."""
    ids = list(
        session().scalars(
            select(ApiToken.id).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        )
    )
    session().execute(update(ApiToken).where(ApiToken.id.in_(ids)).values(revoked_at=clock.now()))
    return len(ids)
