"""Administration of people: list, create, edit, deactivate."""

from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity import forms, queries, rules, service, throttle
from wfweb.identity.access import current_user, requires
from wfweb.identity.models import User
from wfweb.identity.views import bp
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed, by_field
from wfweb.kernel.paging import keyset
from wfweb.kernel.web import page, respond, version_posted

PAGE_SIZE = 50
UNPROCESSABLE, CONFLICT = 422, 409
EMPTY: forms.Values = {
    "name": "",
    "email": "",
    "title": "",
    "manager_id": "",
    "time_zone": "Europe/Amsterdam",
    "quick_limit": "",
    "roles": ["member"],
}


@bp.get("/admin/users")
@requires("users.manage")
def users() -> ResponseReturnValue:
    """List people by name; search by name, title or address."""
    text, everybody = request.args.get("q", "")[:100], request.args.get("state") == "all"
    with transaction():
        shown, following = keyset(
            queries.people_matching(text, inactive=everybody),
            [User.name, User.id],
            after=request.args.get("after"),
            limit=PAGE_SIZE,
        )
        return page(
            "admin/users.html",
            people=shown,
            roles=queries.roles_of(user.id for user in shown),
            managers=queries.people_by_ids(u.manager_id for u in shown if u.manager_id),
            q_people=text,
            everybody=everybody,
            after=following or "",
        )


@bp.get("/admin/users/new")
@requires("users.manage")
def new_user() -> ResponseReturnValue:
    """Show the form for a new account."""
    with transaction():
        return _person_page(None, EMPTY)


@bp.post("/admin/users")
@requires("users.manage")
def create_user() -> ResponseReturnValue:
    """Make an account; a link to choose a password goes to its address when wanted."""
    values = forms.PERSON.read(request.form)
    kind = request.form.get("kind", "person")
    try:
        with transaction():
            changes = forms.person_changes(values)
            user = service.create_user(role_codes=values["roles"], kind=kind, **changes)
            if request.form.get("send_link") and kind == "person":
                service.send_password_link(user.id)
            user_id, name = user.id, user.name
    except ValidationFailed as refusal:
        with transaction():
            return _person_page(None, values, errors=refusal.errors, status=UNPROCESSABLE)
    flash(f"{name} has an account.", "ok")
    return respond(url_for("identity.user", user_id=user_id))


@bp.get("/admin/users/<uuid:user_id>")
@requires("users.manage")
def user(user_id: UUID) -> ResponseReturnValue:
    """Show an account and the form to change it."""
    with transaction():
        found = queries.user_by_id(user_id)
        return _person_page(found, _values(found))


def _values(user: User) -> forms.Values:
    return forms.person_values(user, queries.roles_of([user.id])[user.id])


@bp.post("/admin/users/<uuid:user_id>")
@requires("users.manage")
def update_user(user_id: UUID) -> ResponseReturnValue:
    """Store fields and roles together, or nothing of it."""
    posted = request.form
    with transaction():
        values = forms.PERSON.settled(posted, _values(queries.user_by_id(user_id)))
    try:
        with transaction():
            version = version_posted()
            service.update_user(user_id, forms.person_changes(values), version=version)
            # The row is locked by now, so nobody can have come between.
            service.set_roles(user_id, values["roles"], version=None)
    except ValidationFailed as refusal:
        with transaction():
            found = queries.user_by_id(user_id)
            return _person_page(found, values, errors=refusal.errors, status=UNPROCESSABLE)
    except Conflict as refusal:
        return _conflict(user_id, values, refusal)
    flash(f"{values['name']} is saved.", "ok")
    return respond(url_for("identity.user", user_id=user_id))


def _conflict(user_id: UUID, values: forms.Values, refusal: Conflict) -> Response:
    with transaction():
        found = queries.user_by_id(user_id)
        theirs = _values(found)
        names = {str(one.id): one.name for one in queries.active_people()}
        roles = {role.code: role.name for role in queries.roles()}

        def show(field: str, value: Any) -> str:
            if field == "roles":
                return ", ".join(roles.get(code, code) for code in value)
            return names.get(value, value) if field == "manager_id" else str(value)

        conflict = {
            "title": refusal.title,
            "fields": forms.PERSON.differences(request.form, theirs, show),
            "kept": forms.PERSON.pairs(values) + forms.PERSON.pairs(theirs, "was."),
            "version": found.version,
        }
        return _person_page(found, theirs, conflict=conflict, status=CONFLICT)


def _person_page(
    user: User | None,
    values: forms.Values,
    *,
    errors: list[FieldError] | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    own = current_user()
    people = [one for one in queries.active_people() if user is None or one.id != user.id]
    stored = _values(user) if user else values
    return page(
        "admin/users_edit.html",
        status=status,
        user=user,
        values=values,
        was=forms.PERSON.pairs(stored, "was."),
        errors=errors or [],
        messages=by_field(errors or []),
        conflict=conflict,
        managers=[(str(one.id), one.name) for one in people if one.kind == "person"],
        roles=queries.roles(),
        own_permissions=own.permissions,
        time_zones=rules.time_zones(),
        locked_for=throttle.locked_for(throttle.account_key(user.email)) if user else 0,
        sessions=len(queries.live_sessions(user.id)) if user else 0,
    )


@bp.get("/admin/users/<uuid:user_id>/deactivate")
@requires("users.manage")
def confirm_deactivate(user_id: UUID) -> ResponseReturnValue:
    """Show what will happen before an account is closed."""
    with transaction():
        found = queries.user_by_id(user_id)
        return page(
            "admin/users_deactivate.html",
            user=found,
            sessions=len(queries.live_sessions(user_id)),
            tokens=len(queries.tokens_of(user_id, live_only=True)),
            reports=queries.reports_of(user_id),
        )


@bp.post("/admin/users/<uuid:user_id>/deactivate")
@requires("users.manage")
def deactivate_user(user_id: UUID) -> ResponseReturnValue:
    """Close an account."""
    with transaction():
        service.deactivate_user(user_id, version=version_posted())
    flash("The account is closed.", "ok")
    return respond(url_for("identity.user", user_id=user_id))


@bp.post("/admin/users/<uuid:user_id>/reactivate")
@requires("users.manage")
def reactivate_user(user_id: UUID) -> ResponseReturnValue:
    """Open a closed account again."""
    with transaction():
        service.reactivate_user(user_id, version=version_posted())
    flash("The account is open again.", "ok")
    return respond(url_for("identity.user", user_id=user_id))


@bp.post("/admin/users/<uuid:user_id>/unlock")
@requires("users.manage")
def unlock_user(user_id: UUID) -> ResponseReturnValue:
    """End a sign-in lockout before its time."""
    with transaction():
        service.unlock_user(user_id)
    flash("Signing in works again for this account.", "ok")
    return respond(url_for("identity.user", user_id=user_id))


@bp.post("/admin/users/<uuid:user_id>/send-link")
@requires("users.manage")
def send_link(user_id: UUID) -> ResponseReturnValue:
    """Mail a link to choose a password."""
    with transaction():
        service.send_password_link(user_id)
    flash("A link to choose a password is on its way.", "ok")
    return respond(url_for("identity.user", user_id=user_id))


@bp.post("/admin/users/<uuid:user_id>/sessions/revoke")
@requires("users.manage")
def revoke_user_sessions(user_id: UUID) -> ResponseReturnValue:
    """Sign somebody out everywhere."""
    with transaction():
        for row in queries.live_sessions(queries.user_by_id(user_id).id):
            service.revoke_session(row.id)
    flash("Every browser of this account is signed out.", "ok")
    return respond(url_for("identity.user", user_id=user_id))
