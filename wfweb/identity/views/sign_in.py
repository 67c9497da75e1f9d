"""Signing in and out, and the way back in for who forgot the password."""

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from wfweb.identity import access, doors, service
from wfweb.identity.rules import SESSION_ABSOLUTE
from wfweb.identity.service.sign_in import NewSession
from wfweb.identity.views import bp
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, RateLimited, ValidationFailed
from wfweb.kernel.web import SEE_OTHER, page, respond, safe_next

NOT_RIGHT = "The e-mail address or the password is not right"
UNPROCESSABLE = 422
TOO_MANY = 429
MINUTE = 60


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form; who is signed in already goes on."""
    target = safe_next(request.args.get("next"))
    if access.user_or_none() is not None:
        return redirect(target, SEE_OTHER)
    return page("identity/sign_in.html", target=target, email="", errors=[])


@bp.post("/sign-in")
def do_sign_in() -> ResponseReturnValue:
    """Try to sign in; the same words for a wrong password and an unknown address."""
    email, target = request.form.get("email", "")[:320], safe_next(request.form.get("next"))
    outcome = doors.sign_in(email, request.form.get("password", ""), request.remote_addr)
    if outcome.session is not None:
        response = redirect(target, SEE_OTHER)
        _set_cookie(response, outcome.session)
        return response
    if outcome.wait_seconds:
        return _wait(email, target, outcome.wait_seconds)
    errors = [FieldError("/password", NOT_RIGHT)]
    return page(
        "identity/sign_in.html", status=UNPROCESSABLE, target=target, email=email, errors=errors
    )


def _wait(email: str, target: str, seconds: int) -> Response:
    minutes = -(-seconds // MINUTE)
    unit = "minute" if minutes == 1 else "minutes"
    errors = [FieldError("", f"Too many tries. Wait {minutes} {unit}, then try again")]
    response = page(
        "identity/sign_in.html", status=TOO_MANY, target=target, email=email, errors=errors
    )
    response.headers["Retry-After"] = str(seconds)
    return response


def _set_cookie(response: BaseResponse, begun: NewSession) -> None:
    response.set_cookie(
        access.cookie_name(),
        begun.token,
        max_age=SESSION_ABSOLUTE,
        path="/",
        secure=access.is_secure(),
        httponly=True,
        samesite="Lax",
    )


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and let the browser forget what it kept of this site."""
    if access.user_or_none() is not None:
        with transaction():
            service.sign_out()
    response = respond(url_for("identity.sign_in"))
    response.delete_cookie(
        access.cookie_name(), path="/", secure=access.is_secure(), httponly=True, samesite="Lax"
    )
    # Not "cookies": that would sign people out of their other applications on this domain.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.get("/forgot")
def forgot() -> ResponseReturnValue:
    """Ask for the address to send a link to."""
    return page("identity/forgot.html", sent=False, email="")


@bp.post("/forgot")
def do_forgot() -> ResponseReturnValue:
    """Send a link if there is such an account; the answer is the same if there is none."""
    email = request.form.get("email", "")[:320]
    doors.ask_for_reset(email, request.remote_addr)
    return page("identity/forgot.html", sent=True, email=email)


@bp.get("/reset")
def reset() -> ResponseReturnValue:
    """Show the form for a new password; the code stands behind ``#`` or is typed."""
    return page("identity/reset.html", code="", errors=[])


@bp.post("/reset")
def do_reset() -> ResponseReturnValue:
    """Use a link once and ask to sign in with the new password."""
    code = request.form.get("code", "").strip().rpartition("#")[2][:200]
    try:
        doors.reset_password(code, request.form.get("password", ""))
    except ValidationFailed as refusal:
        return page("identity/reset.html", status=UNPROCESSABLE, code=code, errors=refusal.errors)
    flash("Your password is changed. Every browser was signed out.", "ok")
    return redirect(url_for("identity.sign_in"), SEE_OTHER)


@bp.get("/confirm-password")
@access.signed_in
def confirm_password() -> ResponseReturnValue:
    """Ask for the password again before a grave act."""
    return page("identity/confirm.html", target=safe_next(request.args.get("next")), errors=[])


@bp.post("/confirm-password")
@access.signed_in
def do_confirm_password() -> ResponseReturnValue:
    """Check the password and go on."""
    target = safe_next(request.form.get("next"))
    password = request.form.get("password", "")
    try:
        right = doors.confirm_password(access.current_user(), password, request.remote_addr)
    except RateLimited as refusal:
        errors, status = [FieldError("", refusal.detail)], TOO_MANY
    else:
        if right:
            return redirect(target, SEE_OTHER)
        errors, status = [FieldError("/password", "That is not your password")], UNPROCESSABLE
    return page("identity/confirm.html", status=status, target=target, errors=errors)
