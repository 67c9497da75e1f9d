"""Administration of webhooks: where messages go, and what became of each."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for

from wfweb.events import retry
from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed, by_field
from wfweb.kernel.web import page, respond, version_posted
from wfweb.webhooks import queries, service

bp = Blueprint("webhooks", __name__)
PERMISSION = "webhooks.manage"
FIELDS = ("code", "name", "url")


@bp.get("/admin/webhooks")
@requires(PERMISSION)
def index() -> Response:
    """List the endpoints, with the form for a new one."""
    return _index(dict.fromkeys(FIELDS, ""))


@bp.post("/admin/webhooks")
@requires(PERMISSION)
def create() -> Response:
    """Add an endpoint and show it with its secret."""
    values = _typed()
    try:
        with transaction():
            endpoint_id = service.create_endpoint(**values).id
    except ValidationFailed as refusal:
        return _index(values, errors=refusal.errors, status=refusal.status)
    flash(f"{values['name']} is told from now on. Give its makers the secret below.", "ok")
    return respond(url_for("webhooks.show", endpoint_id=endpoint_id))


@bp.get("/admin/webhooks/<uuid:endpoint_id>")
@requires(PERMISSION)
def show(endpoint_id: UUID) -> Response:
    """Show an endpoint, its secret and its last messages."""
    found = queries.endpoint(endpoint_id)
    return _show(endpoint_id, {"name": found.name, "url": found.url})


@bp.post("/admin/webhooks/<uuid:endpoint_id>")
@requires(PERMISSION)
def update(endpoint_id: UUID) -> Response:
    """Change name and address, replace the secret, or switch it on or off."""
    act, values = request.form.get("act", "save"), _typed()
    acts: dict[str, dict[str, Any]] = {
        "save": {"name": values["name"], "url": values["url"]},
        "secret": {"new_secret": True},
        "on": {"active": True},
        "off": {"active": False},
    }
    if act not in acts:
        raise ValidationFailed.at("/act", f"Use one of {', '.join(acts)}")
    try:
        with transaction():
            service.update_endpoint(endpoint_id, version=version_posted(), **acts[act])
    except ValidationFailed as refusal:
        return _show(endpoint_id, values, errors=refusal.errors, status=refusal.status)
    except Conflict as refusal:
        kept = values if act == "save" else None
        return _show(endpoint_id, kept, conflict=refusal, status=refusal.status)
    return respond(url_for("webhooks.show", endpoint_id=endpoint_id), say="Saved")


@bp.post("/admin/webhooks/calls/<uuid:call_id>/retry")
@requires(PERMISSION)
def send_again(call_id: UUID) -> Response:
    """Send a message again that was given up."""
    with transaction():
        service.send_again(call_id, retry.retry_message)
        endpoint_id = queries.call(call_id).endpoint_id
    return respond(url_for("webhooks.show", endpoint_id=endpoint_id), say="Sent again")


def _typed() -> dict[str, str]:
    return {field: request.form.get(field, "") for field in FIELDS}


def _index(
    values: dict[str, str], *, errors: list[FieldError] | None = None, status: int = 200
) -> Response:
    return page(
        "webhooks/index.html",
        status=status,
        endpoints=queries.all_endpoints(),
        values=values,
        errors=errors or [],
        messages=by_field(errors or []),
    )


def _show(
    endpoint_id: UUID,
    values: dict[str, str] | None,
    *,
    errors: list[FieldError] | None = None,
    conflict: Conflict | None = None,
    status: int = 200,
) -> Response:
    endpoint, calls = queries.endpoint(endpoint_id), queries.newest_calls(endpoint_id)
    return page(
        "webhooks/show.html",
        status=status,
        endpoint=endpoint,
        calls=calls,
        outlooks=queries.outlooks(calls),
        values=values or {"name": endpoint.name, "url": endpoint.url},
        errors=errors or [],
        messages=by_field(errors or []),
        conflict=conflict,
    )
