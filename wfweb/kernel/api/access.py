"""Who calls: the token's owner, what the token was made for, and how often it may call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from flask import current_app, g, request

from wfweb.kernel import ratelimit
from wfweb.kernel.actor import current_actor
from wfweb.kernel.api.errors import ScopeMissing
from wfweb.kernel.errors import BadRequest, Forbidden, SignInRequired
from wfweb.kernel.settings import Settings

Scope = Literal["read", "write", "admin"]

# What a scope covers besides itself.
COVERS: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
NAMES_OF_TOKENS = ("access_token", "token", "api_key", "apikey")
WINDOW_SECONDS = 60


class Principal(Protocol):
    """The owner of the token of the current request."""

    @property
    def id(self) -> UUID:
        """Whose token it is."""

    @property
    def token_id(self) -> UUID | None:
        """Which token it is."""

    @property
    def scopes(self) -> frozenset[str]:
        """What the token was made for."""


def _nobody() -> Principal | None:
    return None


def _denied(permission: str) -> Forbidden:
    return Forbidden(permission=permission, risk="MEDIUM")


@dataclass
class _Providers:
    """Answers that a higher floor gives; ``wiring`` sets them."""

    principal: Callable[[], Principal | None] = _nobody
    denied: Callable[[str], Forbidden] = _denied


_providers = _Providers()


def provide(
    *, principal: Callable[[], Principal | None], denied: Callable[[str], Forbidden]
) -> None:
    """Say who reads tokens and who words the refusal for a missing permission."""
    _providers.principal = principal
    _providers.denied = denied


def authenticate() -> Principal:
    """Return whose token came with the request.

    :raises BadRequest: when a token stands in the address, where logs would keep it.
    :raises SignInRequired: without a token, or with one that ended.
    """
    if any(name in request.args for name in NAMES_OF_TOKENS):
        message = "Send the token in the Authorization header; addresses end up in logs"
        raise BadRequest(message)
    principal = _providers.principal()
    if principal is None:
        message = "Send a token that has not ended: Authorization: Bearer wfp_…"
        raise SignInRequired(message)
    return principal


def count_call(principal: Principal) -> None:
    """Count a call of a token; the headers of the answer tell what is left.

    :raises RateLimited: when too many came within a minute.
    """
    settings: Settings = current_app.config["WFWEB"]
    allowance = ratelimit.take(
        f"api:{principal.token_id or principal.id}",
        limit=settings.api_calls_per_minute,
        window_seconds=WINDOW_SECONDS,
    )
    g.wfweb_allowance = allowance
    allowance.refuse_if_spent()


def require_scope(principal: Principal, scope: Scope) -> None:
    """Let a token be used only for what it was made for.

    :raises ScopeMissing: naming the scope that is needed.
    """
    if not any(scope in COVERS.get(held, frozenset()) for held in principal.scopes):
        held = ", ".join(sorted(principal.scopes)) or "nothing"
        message = f"It was made for {held}; this needs the scope {scope}"
        raise ScopeMissing(message, scope=scope)


def require_permission(permission: str | None) -> None:
    """Refuse early what the verb would refuse as well.

    :raises Forbidden: audited with its risk.
    """
    if permission and not current_actor().may(permission):
        raise _providers.denied(permission)
