"""Who is asking: reads the cookie or the bearer token once a request, and guards the views.

``register(app)`` comes before every other ``before_request``, so that whatever is refused
later is refused to somebody. Views say ``@signed_in`` or ``@requires("users.manage")``.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any, ParamSpec, cast
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask, Response, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request

from wfweb.identity import policy, principal, rules
from wfweb.identity.models import User
from wfweb.identity.principal import SignedInUser
from wfweb.kernel.actor import ANONYMOUS, Actor, Channel, acting_as
from wfweb.kernel.context import RequestInfo, bind, readable_id
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Forbidden, SignInRequired
from wfweb.kernel.settings import Settings
from wfweb.kernel.web import SEE_OTHER, is_htmx, safe_next

P = ParamSpec("P")
API_PREFIX = "/api/"
WITHOUT_A_PERSON = ("/static/", "/livez", "/readyz")
LONGEST_TOKEN = 200
LONGEST_HEADER = 400


def register(app: Flask) -> None:
    """Let an application know who asks."""
    manager = LoginManager()
    manager.session_protection = None  # our rows and cookie do that work
    manager.request_loader(_load)
    manager.init_app(app, add_context_processor=False)
    app.before_request(authenticate_request)
    app.teardown_request(_release)
    app.context_processor(_page_context)


def cookie_name() -> str:
    """Return the session cookie's name; ``__Host-`` binds it to this host over TLS."""
    return "__Host-wfweb" if is_secure() else "wfweb"


def is_secure() -> bool:
    """Tell whether people reach this installation by TLS."""
    from flask import current_app

    settings: Settings = current_app.config["WFWEB"]
    return settings.public_url.startswith("https://")


def authenticate_request() -> None:
    """Find who asks and bind actor, origin and correlation id until the request ends."""
    g.pop("wfweb_user", None)
    if request.path.startswith(WITHOUT_A_PERSON):
        return
    user = _load(request)
    info = RequestInfo(
        ip=request.remote_addr,
        user_agent=request.headers.get("User-Agent", "")[:LONGEST_HEADER] or None,
        session_id=user.session_id if user else None,
    )
    channel: Channel = "api" if request.path.startswith(API_PREFIX) else "page"
    actor = user.actor(channel) if user else ANONYMOUS
    stack = ExitStack()
    given = readable_id(request.headers.get("X-Request-Id")) if channel == "api" else None
    stack.enter_context(bind(given, info))
    stack.enter_context(acting_as(actor))
    g.wfweb_scope = stack
    g.time_zone = user.time_zone if user else None
    g.locale = user.locale if user else None


def _load(asked: Request) -> SignedInUser | None:
    """Return who a request comes from; the answer is kept for the request."""
    if "wfweb_user" not in g:
        g.wfweb_user = _find(asked)
    return cast("SignedInUser | None", g.wfweb_user)


def _find(asked: Request) -> SignedInUser | None:
    """Look the credential up: a cookie on pages, a bearer token on the API, never the other.

    A cookie that opened the API would open it to other sites' forms as well.
    """
    if asked.path.startswith(API_PREFIX):
        kind, _, token = asked.headers.get("Authorization", "").partition(" ")
        find = principal.by_api_token
        if kind.lower() != "bearer":
            return None
    else:
        token, find = asked.cookies.get(cookie_name(), ""), principal.by_session_token
    token = token.strip()
    if not token or len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    with transaction(system=True):
        return find(token)


def _release(_error: BaseException | None = None) -> None:
    stack = g.pop("wfweb_scope", None)
    g.pop("wfweb_user", None)
    if stack is not None:
        stack.close()


def _page_context() -> dict[str, Any]:
    """Return what every page's frame shows of the person."""
    user = g.get("wfweb_user")
    if user is None:
        return {"may": lambda _permission: False}
    return {
        "me": user,
        "may": user.may,
        "theme": user.theme,
        "language": user.locale,
        "keys_enabled": user.keys_enabled,
        "company": {"name": user.company_name, "currency": user.currency},
        "profile_url": "/account",
        "sign_out_url": "/sign-out",
        "sign_in_url": "/sign-in?" + urlencode({"next": "/"}),
    }


def current_user() -> SignedInUser:
    """Return who is signed in.

    :raises SignInRequired: when nobody is.
    """
    user = g.get("wfweb_user")
    if user is None:
        raise SignInRequired
    return cast("SignedInUser", user)


def user_or_none() -> SignedInUser | None:
    """Return who is signed in, or None."""
    return cast("SignedInUser | None", g.get("wfweb_user"))


def actor_for(user: User | SignedInUser | UUID, channel: Channel = "page") -> Actor:
    """Return somebody as who acts, with permissions and roles read in one query.

    Jobs, tests and the command line use it; it opens its own transaction unless it is
    given a person who was already read.

    :raises SignInRequired: for somebody who does not exist or whose account is closed.
    """
    if isinstance(user, SignedInUser):
        return user.actor(channel)
    user_id = user if isinstance(user, UUID) else user.id
    with transaction(system=True):
        found = principal.by_id(user_id)
    if found is None:
        raise SignInRequired
    return found.actor(channel)


def signed_in(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view be seen only by somebody signed in; others go to sign in and come back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if g.get("wfweb_user") is None:
            return ask_to_sign_in()
        return view(*args, **kwargs)

    return guarded


def requires(
    permission: str,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let a view be seen only by somebody with a permission; 403, audited with its risk."""

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user().may(permission):
                raise _denied(permission)
            return view(*args, **kwargs)

        guarded.__dict__["permission"] = permission
        return signed_in(guarded)

    return decorate


def _denied(permission: str) -> Forbidden:
    with transaction():
        return policy.denied(permission)


def ask_to_sign_in() -> Response:
    """Answer somebody signed out: a page goes to sign in, htmx is told, a program gets 401.

    :raises SignInRequired: for htmx and programs.
    """
    if is_htmx() or request.path.startswith(API_PREFIX):
        raise SignInRequired
    # Only a page that was asked for is worth returning to; a form would be sent twice.
    asked = iri_to_uri(request.full_path.rstrip("?"))
    target = asked if request.method in rules.SAFE_METHODS else "/"
    address = url_for("identity.sign_in", next=safe_next(target))
    return make_response(redirect(address, SEE_OTHER))
