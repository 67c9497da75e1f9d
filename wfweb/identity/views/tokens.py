"""API tokens: one's own, and those of others for who manages them."""

from collections.abc import Mapping
from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity import doors, policy, queries, rules, service
from wfweb.identity.access import current_user, requires, signed_in
from wfweb.identity.models import User
from wfweb.identity.views import bp
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, ValidationFailed, by_field
from wfweb.kernel.web import page, respond, whole_number

SCOPE_OPTIONS = [
    {"value": "read", "label": "Read", "help": "See what you may see"},
    {"value": "write", "label": "Write", "help": "Create, edit and decide as you may"},
    {
        "value": "admin",
        "label": "Administer",
        "help": "Also change people, roles and rules as you may",
    },
]
NEW = {"name": "", "days": str(rules.TOKEN_DAYS), "scopes": ["read", "write"]}
CREATED, UNPROCESSABLE = 201, 422


@bp.get("/account/tokens")
@signed_in
def tokens() -> ResponseReturnValue:
    """List one's own tokens."""
    with transaction():
        return _tokens_page(queries.user_by_id(current_user().id))


@bp.post("/account/tokens")
@signed_in
def create_token() -> ResponseReturnValue:
    """Make a token for oneself and show it once."""
    return _create(current_user().id)


@bp.post("/account/tokens/<uuid:token_id>/revoke")
@signed_in
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    """End a token."""
    with transaction():
        row = service.revoke_token(token_id)
        own, user_id = row.user_id == current_user().id, row.user_id
    flash("The token is revoked. Scripts that use it are refused from now on.", "ok")
    if own:
        return respond(url_for("identity.tokens"))
    return respond(url_for("identity.tokens_of_person", user_id=user_id))


@bp.get("/admin/users/<uuid:user_id>/tokens")
@requires("tokens.manage")
def tokens_of_person(user_id: UUID) -> ResponseReturnValue:
    """List somebody's tokens."""
    with transaction():
        return _tokens_page(queries.user_by_id(user_id))


@bp.post("/admin/users/<uuid:user_id>/tokens")
@requires("tokens.manage")
def create_token_for_person(user_id: UUID) -> ResponseReturnValue:
    """Make a token for somebody, say a service account, and show it once."""
    return _create(user_id)


def _create(user_id: UUID) -> Response:
    posted = request.form
    values: dict[str, object] = {
        "name": posted.get("name", ""),
        "days": posted.get("days", ""),
        "scopes": posted.getlist("scopes"),
    }
    try:
        _ask_for_password(posted.get("current_password", ""))
        with transaction():
            _row, secret = service.create_token(
                user_id,
                str(values["name"]),
                days=whole_number(str(values["days"])) or 0,
                scopes=posted.getlist("scopes"),
            )
    except ValidationFailed as refusal:
        with transaction():
            user = queries.user_by_id(user_id)
            return _tokens_page(user, values=values, errors=refusal.errors, status=UNPROCESSABLE)
    with transaction():
        # No redirect: the secret must not travel through an address or a cookie.
        return _tokens_page(queries.user_by_id(user_id), secret=secret, status=CREATED)


def _ask_for_password(password: str) -> None:
    """Want a fresh password: a token outlives the session that a thief took."""
    with transaction():
        fresh = policy.recently_confirmed()
    if not fresh and not doors.confirm_password(current_user(), password, request.remote_addr):
        raise ValidationFailed.at("/current_password", "That is not your password")


def _tokens_page(
    user: User,
    *,
    values: Mapping[str, object] | None = None,
    errors: list[FieldError] | None = None,
    secret: str = "",
    status: int = 200,
) -> Response:
    own = user.id == current_user().id
    listing = (
        url_for("identity.tokens") if own else url_for("identity.tokens_of_person", user_id=user.id)
    )
    return page(
        "account/tokens.html",
        status=status,
        user=user,
        own=own,
        listing=listing,
        tokens=queries.tokens_of(user.id),
        now_is=clock.now(),
        values=values or NEW,
        errors=errors or [],
        messages=by_field(errors or []),
        scope_options=SCOPE_OPTIONS,
        secret=secret,
        ask_password=not policy.recently_confirmed(),
    )
