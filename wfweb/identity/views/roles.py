"""Administration of roles: what each allows and who is in it."""

from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity import forms, permissions, queries, service
from wfweb.identity.access import current_user, requires
from wfweb.identity.models import Role
from wfweb.identity.views import bp
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed, by_field
from wfweb.kernel.web import page, respond, version_posted

UNPROCESSABLE, CONFLICT = 422, 409
EMPTY: forms.Values = {"name": "", "description": "", "permissions": []}


@bp.get("/admin/roles")
@requires("roles.manage")
def roles() -> ResponseReturnValue:
    """List roles with how many people are in each."""
    with transaction():
        return page("admin/roles.html", roles=queries.roles(), counts=queries.member_counts())


@bp.get("/admin/roles/new")
@requires("roles.manage")
def new_role() -> ResponseReturnValue:
    """Show the form for a new role."""
    return _role_page(None, EMPTY)


@bp.post("/admin/roles")
@requires("roles.manage")
def create_role() -> ResponseReturnValue:
    """Make a role."""
    values, code = forms.ROLE.read(request.form), request.form.get("code", "").strip()
    try:
        with transaction():
            role = service.create_role(
                code,
                values["name"],
                description=values["description"],
                permissions=values["permissions"],
            )
            role_id, name = role.id, role.name
    except ValidationFailed as refusal:
        return _role_page(None, values, code=code, errors=refusal.errors, status=UNPROCESSABLE)
    flash(f"The role {name} exists now.", "ok")
    return respond(url_for("identity.role", role_id=role_id))


@bp.get("/admin/roles/<uuid:role_id>")
@requires("roles.manage")
def role(role_id: UUID) -> ResponseReturnValue:
    """Show a role, its members and the form to change it."""
    with transaction():
        found = queries.role_by_id(role_id)
        return _role_page(found, forms.role_values(found))


@bp.post("/admin/roles/<uuid:role_id>")
@requires("roles.manage")
def update_role(role_id: UUID) -> ResponseReturnValue:
    """Store what a role is called and allows."""
    with transaction():
        stored = forms.role_values(queries.role_by_id(role_id))
    values = forms.ROLE.settled(request.form, stored)
    try:
        with transaction():
            service.update_role(role_id, **values, version=version_posted())
    except ValidationFailed as refusal:
        with transaction():
            found = queries.role_by_id(role_id)
            return _role_page(found, values, errors=refusal.errors, status=UNPROCESSABLE)
    except Conflict as refusal:
        return _conflict(role_id, values, refusal)
    flash(f"The role {values['name']} is saved.", "ok")
    return respond(url_for("identity.role", role_id=role_id))


def _conflict(role_id: UUID, values: forms.Values, refusal: Conflict) -> Response:
    def show(field: str, value: Any) -> str:
        if field != "permissions":
            return str(value)
        known = permissions.PERMISSIONS
        return ", ".join(known[code].label if code in known else code for code in value)

    with transaction():
        found = queries.role_by_id(role_id)
        theirs = forms.role_values(found)
        conflict = {
            "title": refusal.title,
            "fields": forms.ROLE.differences(request.form, theirs, show),
            "kept": forms.ROLE.pairs(values) + forms.ROLE.pairs(theirs, "was."),
            "version": found.version,
        }
        return _role_page(found, theirs, conflict=conflict, status=CONFLICT)


def _role_page(
    role: Role | None,
    values: forms.Values,
    *,
    code: str = "",
    errors: list[FieldError] | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    stored = forms.role_values(role) if role else values
    return page(
        "admin/roles_edit.html",
        status=status,
        role=role,
        code=code,
        values=values,
        was=forms.ROLE.pairs(stored, "was."),
        errors=errors or [],
        messages=by_field(errors or []),
        conflict=conflict,
        groups=permissions.grouped(),
        own_permissions=current_user().permissions,
        members=queries.members(role.id) if role else [],
    )
