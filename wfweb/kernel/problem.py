"""The one map from refusals to answers: problem+json, a fragment, or a whole page.

RFC 9457 for programs, ``components/_refusal.html`` for htmx (which swaps it in place),
``errors/error.html`` for a browser. Accidents answer 500 with a reference and nothing else.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from wfweb.kernel.context import correlation_id
from wfweb.kernel.db import session
from wfweb.kernel.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    Refusal,
    SignInRequired,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
    ValidationFailed,
)
from wfweb.kernel.jsontext import dumps
from wfweb.kernel.web import SEE_OTHER, header_safe, is_htmx

log = structlog.get_logger()

API_PREFIX = "/api/"
TYPE_PREFIX = "urn:wfweb:problem:"
# States of PostgreSQL that mean "come back later", not "the program is wrong".
BUSY_STATES = {"55P03", "57014", "40001", "40P01", "57P01", "57P03", "53300", "25P03"}
# States that mean the input cannot be stored: text with NUL, numbers out of range, bad encoding.
INPUT_STATES = {"22021", "22003", "22P05", "22P02", "22001", "22007", "22008", "54000"}

RefusalHook = Callable[[Forbidden], None]
_on_forbidden: list[RefusalHook] = []


def on_forbidden(hook: RefusalHook) -> None:
    """Call ``hook`` for every refused permission, after the refused act was rolled back."""
    _on_forbidden.append(hook)


def clear() -> None:
    """Forget the hooks, so that an application can be wired anew."""
    _on_forbidden.clear()


def register(app: Flask) -> None:
    """Answer every refusal and every accident of an application."""
    app.register_error_handler(Refusal, answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(Exception, _accident)


def body_of(refusal: Refusal) -> dict[str, Any]:
    """Return the members of the problem document of a refusal (RFC 9457 section 3)."""
    members = {key: value for key, value in refusal.extra.items() if value not in (None, [])}
    return {
        "type": TYPE_PREFIX + refusal.code.lower().replace("_", "-"),
        "title": refusal.title,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
        "reference": str(correlation_id()),
        **members,
    }


def wants_json() -> bool:
    """Tell whether the client is a program."""
    return request.path.startswith(API_PREFIX)


def is_part() -> bool:
    """Tell whether the answer goes into something else than a browser's window."""
    return wants_json() or is_htmx()


def answer(refusal: Refusal) -> Response:
    """Return the response of a refusal."""
    session().rollback()
    if isinstance(refusal, Forbidden):
        for hook in _on_forbidden:
            hook(refusal)
    if isinstance(refusal, SignInRequired) and request.method == "GET" and not is_part():
        target = urlencode({"next": request.full_path.rstrip("?")})
        return make_response(redirect(f"/sign-in?{target}", SEE_OTHER))
    if wants_json():
        response = make_response(dumps(body_of(refusal)), refusal.status)
        response.content_type = "application/problem+json"
    else:
        response = make_response(_html(refusal), refusal.status)
        response.headers["Cache-Control"] = "no-store"
    for name, value in _headers(refusal).items():
        response.headers[name] = header_safe(str(value))
    return response


def _headers(refusal: Refusal) -> Mapping[str, object]:
    headers: dict[str, object] = {}
    if retry_after := refusal.extra.get("retry_after"):
        headers["Retry-After"] = retry_after
    if isinstance(refusal, SignInRequired):
        if wants_json():
            headers["WWW-Authenticate"] = "Bearer"
        elif is_htmx():
            headers |= {"HX-Reswap": "none", "HX-Trigger": '{"wf:signin": {}}'}
    allowed = refusal.extra.get("allowed_methods")
    if allowed:
        headers["Allow"] = ", ".join(allowed)
    return headers


def _html(refusal: Refusal) -> str:
    context = {
        "status": refusal.status,
        "title": refusal.title,
        "detail": refusal.detail,
        "reference": str(correlation_id()),
        "who_can": refusal.extra.get("who_can", []),
        "errors": refusal.extra.get("errors", []),
        "difference": refusal.extra.get("difference", []),
        "locks": refusal.extra.get("locks", []),
        "actions": refusal.extra.get("actions", []),
        "refusal": refusal,
    }
    if refusal.status == SignInRequired.status and is_htmx():
        return ""
    template = "components/_refusal.html" if is_htmx() else "errors/error.html"
    return render_template(template, **context)


class MethodNotAllowed(Refusal):
    """The address exists but does not take this method."""

    status = 405
    code = "method_not_allowed"
    title = "This address does not take that"


def _http(error: HTTPException) -> Response:
    """Translate what Flask and Werkzeug refuse themselves."""
    if error.response is not None or error.code is None or error.code < 400:  # noqa: PLR2004
        return error.get_response()  # type: ignore[return-value]
    if error.code == MethodNotAllowed.status:
        methods = sorted(getattr(error, "valid_methods", None) or [])
        return answer(MethodNotAllowed(allowed_methods=methods))
    known: dict[int, Callable[[], Refusal]] = {
        401: SignInRequired,
        403: lambda: Forbidden(error.description or ""),
        404: NotFound,
        409: Conflict,
        413: lambda: TooLarge("The request holds more than is taken here"),
        415: UnsupportedMedia,
        422: lambda: ValidationFailed([], "The request holds something that is not understood"),
    }
    make = known.get(error.code)
    if make is None and error.code >= 500:  # noqa: PLR2004
        return _accident(error)
    return answer(make() if make else BadRequest(error.description or ""))


def _csrf(_error: CSRFError) -> Response:
    return answer(
        Forbidden(
            "This form is too old or came from elsewhere. What you typed is still there: "
            "go back, reload the page and send it again.",
            code="csrf",
            permission="csrf",
        )
    )


def _accident(error: Exception) -> Response:
    """Answer what nobody expected: log everything, show a reference."""
    if isinstance(error, PoolTimeout):
        return answer(Unavailable("wfweb is busy. Nothing was changed.", retry_after=2))
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        if state in INPUT_STATES or (state is None and isinstance(error, DataError)):
            log.info("input_refused_by_database", state=state)
            return answer(
                ValidationFailed.at("", "This holds characters or numbers that cannot be stored")
            )
        if state in BUSY_STATES or isinstance(error, OperationalError):
            log.warning("database_busy", state=state)
            return answer(Unavailable("The database is busy. Nothing was changed."))
    log.error("accident", path=request.path, method=request.method, exc_info=error)
    return answer(_Accident())


class _Accident(Refusal):
    status = 500
    code = "internal_error"
    title = "Something went wrong on our side"

    def __init__(self) -> None:
        super().__init__("Nothing was changed. The reference helps us to find out why.")
