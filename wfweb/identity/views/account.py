"""One's own account: profile, password, signed-in browsers."""

from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity import access, doors, forms, queries, service
from wfweb.identity.access import current_user, signed_in
from wfweb.identity.models import User
from wfweb.identity.rules import THEMES, time_zones
from wfweb.identity.views import bp
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed, by_field
from wfweb.kernel.web import page, respond, version_posted

THEME_LABELS = {"auto": "As the device says", "light": "Light", "dark": "Dark"}
NOT_YOURS = "That is not your password"
UNPROCESSABLE, CONFLICT = 422, 409


@bp.get("/account")
@signed_in
def account() -> ResponseReturnValue:
    """Show the profile and the password form."""
    with transaction():
        user = queries.user_by_id(current_user().id)
        return _profile_page(user, forms.profile_values(user))


def _profile_page(
    user: User,
    values: forms.Values,
    *,
    errors: list[FieldError] | None = None,
    password_errors: list[FieldError] | None = None,
    conflict: dict[str, object] | None = None,
    status: int = 200,
) -> Response:
    return page(
        "account/profile.html",
        status=status,
        user=user,
        values=values,
        was=forms.PROFILE.pairs(forms.profile_values(user), "was."),
        errors=errors or [],
        password_errors=password_errors or [],
        messages=by_field([*(errors or []), *(password_errors or [])]),
        conflict=conflict,
        themes=[(code, THEME_LABELS[code]) for code in THEMES],
        time_zones=time_zones(),
    )


@bp.post("/account")
@signed_in
def update_account() -> ResponseReturnValue:
    """Store the profile; a new address wants the current password in the same form."""
    posted = request.form
    with transaction():
        stored = forms.profile_values(queries.user_by_id(current_user().id))
    values = forms.PROFILE.settled(posted, stored)
    try:
        if values["email"].lower() != stored["email"]:
            _check_password(posted.get("current_password", ""), "current_password")
        with transaction():
            service.update_profile(forms.profile_changes(values), version=version_posted())
    except ValidationFailed as refusal:
        return _profile_refused(values, refusal)
    except Conflict as refusal:
        return _profile_conflict(values, refusal)
    flash("Your profile is saved.", "ok")
    return respond(url_for("identity.account"))


def _check_password(password: str, field: str) -> None:
    if not doors.confirm_password(current_user(), password, request.remote_addr):
        raise ValidationFailed.at(f"/{field}", NOT_YOURS)


def _profile_refused(values: forms.Values, refusal: ValidationFailed) -> Response:
    with transaction():
        user = queries.user_by_id(current_user().id)
        return _profile_page(user, values, errors=refusal.errors, status=UNPROCESSABLE)


def _profile_conflict(values: forms.Values, refusal: Conflict) -> Response:
    with transaction():
        user = queries.user_by_id(current_user().id)
        theirs = forms.profile_values(user)
        conflict = {
            "title": refusal.title,
            "fields": forms.PROFILE.differences(request.form, theirs, lambda _n, v: str(v)),
            "kept": forms.PROFILE.pairs(values) + forms.PROFILE.pairs(theirs, "was."),
            "version": user.version,
        }
        return _profile_page(user, theirs, conflict=conflict, status=CONFLICT)


@bp.post("/account/password")
@signed_in
def change_password() -> ResponseReturnValue:
    """Change the password with the old one; every other browser is signed out."""
    try:
        _check_password(request.form.get("old_password", ""), "old_password")
        with transaction():
            service.change_password(request.form.get("new_password", ""))
    except ValidationFailed as refusal:
        with transaction():
            user = queries.user_by_id(current_user().id)
            return _profile_page(
                user,
                forms.profile_values(user),
                password_errors=refusal.errors,
                status=UNPROCESSABLE,
            )
    flash("Your password is changed. Every other browser was signed out.", "ok")
    return respond(url_for("identity.account"))


@bp.get("/account/sessions")
@signed_in
def sessions() -> ResponseReturnValue:
    """List the browsers one is signed in with."""
    user = current_user()
    with transaction():
        live = queries.live_sessions(user.id)
        return page("account/sessions.html", sessions=live, here=user.session_id)


@bp.post("/account/sessions/<uuid:session_id>/revoke")
@signed_in
def revoke_session(session_id: UUID) -> ResponseReturnValue:
    """Sign one browser out."""
    with transaction():
        service.revoke_session(session_id)
    flash("That browser is signed out.", "ok")
    return respond(url_for("identity.sessions"))


@bp.post("/account/sessions/revoke-others")
@signed_in
def revoke_other_sessions() -> ResponseReturnValue:
    """Sign every other browser out."""
    user = access.current_user()
    with transaction():
        for row in queries.live_sessions(user.id):
            if row.id != user.session_id:
                service.revoke_session(row.id)
    flash("Every other browser is signed out.", "ok")
    return respond(url_for("identity.sessions"))
