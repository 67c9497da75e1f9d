"""One instance: its page, its steps as forms, starting, cancelling."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity import policy
from wfweb.identity.access import signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, NotFound, Refusal, ValidationFailed
from wfweb.kernel.web import page, respond, safe_next, whole_number
from wfweb.records import queries as records
from wfweb.workflow import definitions, diagram, queries, rules, service
from wfweb.workflow.errors import StepNotPossible
from wfweb.workflow.loading import Loaded, load
from wfweb.workflow.schemas import Transition
from wfweb.workflow.views import bp

UNPROCESSABLE = 422


def older_than() -> UUID | None:
    """Return the instance before which a list goes on, from the address.

    :raises NotFound: when it is no id.
    """
    return as_id(request.args["before"]) if request.args.get("before") else None


def as_id(text: str) -> UUID:
    """Return an id from an address or a form.

    :raises NotFound: when it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def cursor(rows: Sequence[queries.InstanceRow], address: str) -> str:
    """Return the address of the next page, empty on the last one."""
    if len(rows) <= queries.PAGE:
        return ""
    return f"{address}?before={rows[queries.PAGE - 1].instance.id}"


def visible(instance_id: UUID, *, lock: bool = False) -> Loaded:
    """Load an instance that the actor may see: its record's, else with the permission.

    :raises NotFound: when it does not exist or its record may not be seen.
    :raises Forbidden: when it has no record and the actor may not see workflows.
    """
    loaded = load(instance_id, lock=lock)
    if loaded.record_id is not None:
        records.record_by_id(loaded.record_id)
    else:
        policy.require("workflows.view")
    return loaded


def address_of(loaded: Loaded) -> str:
    """Return where a person goes on after a step: the record, else the instance."""
    if loaded.record is None:
        return url_for("workflow.instance", instance_id=loaded.id)
    return url_for("records.show", type_code=loaded.record.type_code, key=loaded.record.key)


@bp.get("/workflows/instances/<uuid:instance_id>")
@signed_in
def instance(instance_id: UUID) -> ResponseReturnValue:
    """Show an instance: state, drawing with the way it took, history, steps."""
    with transaction():
        return _page(visible(instance_id))


def _page(loaded: Loaded, *, status: int = 200, **context: Any) -> Response:
    body = loaded.definition.body
    history = queries.history_of(loaded.id)
    return page(
        "workflow/instance.html",
        status=status,
        loaded=loaded,
        instance=queries.instance_by_id(loaded.id),
        body=body,
        history=history,
        names={state.code: state.name for state in body.states},
        drawing=diagram.draw(body),
        visited={entry.to_state for entry in history},
        steps=service.available(loaded),
        record_url=address_of(loaded) if loaded.record else "",
        **context,
    )


@bp.get("/workflows/instances/<uuid:instance_id>/steps/<code>")
@signed_in
def step_form(instance_id: UUID, code: str) -> ResponseReturnValue:
    """Show one step with the place for a comment."""
    with transaction():
        loaded = visible(instance_id)
        return _step_form(loaded, _way(loaded, code))


def _way(loaded: Loaded, code: str) -> Transition:
    found = next((way for way, _blocked in service.available(loaded) if way.code == code), None)
    if found is None:
        message = f"This is in “{loaded.state_name}” now; that step is not possible for you."
        raise StepNotPossible(message, reason="not_here", state=loaded.state_name)
    return found


def _step_form(
    loaded: Loaded, way: Transition, *, comment: str = "", errors: Sequence[FieldError] = ()
) -> Response:
    return page(
        "workflow/step.html",
        status=UNPROCESSABLE if errors else 200,
        loaded=loaded,
        way=way,
        label=rules.label_of(way),
        to_name=loaded.definition.states[way.to].name,
        required=rules.needs_comment(loaded.definition, way),
        comment=comment,
        errors=list(errors),
        back_url=address_of(loaded),
    )


@bp.post("/workflows/instances/<uuid:instance_id>/steps")
@signed_in
def take_step(instance_id: UUID) -> ResponseReturnValue:
    """Take a step; when a comment is missing, the form for it is the answer."""
    code, seen = request.form.get("step", ""), request.form.get("version", "")
    comment = request.form.get("comment", "").replace("\r\n", "\n")
    try:
        with transaction():
            visible(instance_id)
            loaded = service.fire(
                instance_id,
                code,
                comment=comment.strip() or None,
                expected_version=whole_number(seen),
            )
            flash(f"{loaded.label} is in “{loaded.state_name}” now.", "ok")
            target = safe_next(request.form.get("next"), address_of(loaded))
    except ValidationFailed as refusal:
        with transaction():
            loaded = visible(instance_id)
            return _step_form(loaded, _way(loaded, code), comment=comment, errors=refusal.errors)
    return respond(target)


@bp.post("/workflows/<code>/starts")
@signed_in
def start(code: str) -> ResponseReturnValue:
    """Start a definition for a record."""
    with transaction():
        record = records.record_by_id(as_id(request.form.get("record", "")))
        definitions.find(code)
        loaded = service.start(code, record.id)
        flash(f"{loaded.definition.body.name} has begun in “{loaded.state_name}”.", "ok")
        target = address_of(loaded)
    return respond(target)


@bp.post("/workflows/instances/<uuid:instance_id>/cancel")
@signed_in
def cancel(instance_id: UUID) -> ResponseReturnValue:
    """End an instance before its end."""
    reason = request.form.get("reason", "")
    try:
        with transaction():
            visible(instance_id)
            loaded = service.cancel(instance_id, reason)
            flash(f"{loaded.label} is cancelled.", "ok")
    except ValidationFailed as refusal:
        with transaction():
            loaded = visible(instance_id)
            return _page(loaded, status=UNPROCESSABLE, errors=refusal.errors, reason=reason)
    return respond(url_for("workflow.instance", instance_id=instance_id))


@bp.post("/workflows/instances/<uuid:instance_id>/retry")
@signed_in
def retry(instance_id: UUID) -> ResponseReturnValue:
    """Try again what failed."""
    try:
        with transaction():
            visible(instance_id)
            loaded = service.retry(instance_id)
            stuck = loaded.status == "error"
            flash(
                f"{loaded.label} failed again." if stuck else f"{loaded.label} goes on.",
                "bad" if stuck else "ok",
            )
    except Refusal as refusal:
        if refusal.status != StepNotPossible.status:
            raise
        flash(refusal.detail, "bad")
    return respond(url_for("workflow.instance", instance_id=instance_id))
