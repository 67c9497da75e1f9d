"""Writing definitions: the editor with its preview, trying one on a record, switching off."""

from datetime import datetime
from typing import Final

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, Refusal, ValidationFailed
from wfweb.kernel.web import fragment, page, respond, whole_number
from wfweb.sla import definitions
from wfweb.sla.models import SlaDefinition
from wfweb.sla.views import bp, preview, text
from wfweb.sla.views.definitions import EDIT, address, visible

UNPROCESSABLE, CONFLICT = 422, 409
_LONGEST_COMMENT: Final = 1000


@bp.get("/sla/definitions/new")
@requires(EDIT)
def new_definition() -> ResponseReturnValue:
    """Show the editor with an example to change."""
    with transaction():
        return _editor(None, text.START)


@bp.get("/sla/definitions/<code>/edit")
@requires(EDIT)
def edit_definition(code: str) -> ResponseReturnValue:
    """Show the editor with what the definition says."""
    with transaction():
        found = visible(code)
        body = definitions.version_numbered(found, found.current_version).body
        return _editor(found, text.written(body))


def _editor(
    found: SlaDefinition | None,
    content: str,
    *,
    status: int = 200,
    seen: str = "",
    comment: str = "",
    errors: list[FieldError] | None = None,
    conflict: Conflict | None = None,
) -> Response:
    return page(
        "sla/definition_edit.html",
        status=status,
        definition=found,
        content=content,
        seen=seen or (str(found.version) if found else ""),
        comment=comment,
        errors=errors or [],
        conflict=conflict,
        p=preview.of(content, _asked_start(), _asked_record()),
        start=_asked_text("start"),
        record_key=_asked_text("record"),
    )


def _asked_text(name: str) -> str:
    return request.values.get(name, "").strip()[:100].replace("\0", "")


def _asked_record() -> str:
    return _asked_text("record")


def _asked_start() -> datetime | None:
    try:
        return datetime.fromisoformat(_asked_text("start"))
    except ValueError:
        return None


@bp.post("/sla/definitions/preview")
@requires(EDIT)
def preview_definition() -> ResponseReturnValue:
    """Show what a text would mean, beside the editor; nothing is saved."""
    content = _content()
    with transaction():
        found = preview.of(content, _asked_start(), _asked_record())
        return fragment("sla/_preview.html", p=found)


def _content() -> str:
    return request.form.get("content", "").replace("\r\n", "\n")


@bp.post("/sla/definitions/new")
@requires(EDIT)
def create_definition() -> ResponseReturnValue:
    """Save a new definition, or show the preview for browsers without script."""
    return _save(None)


@bp.post("/sla/definitions/<code>/edit")
@requires(EDIT)
def save_definition(code: str) -> ResponseReturnValue:
    """Save the next version of a definition; what was typed stays whatever is wrong with it."""
    return _save(code)


def _save(code: str | None) -> ResponseReturnValue:
    content, seen = _content(), request.form.get("version", "")
    comment = request.form.get("comment", "")[:_LONGEST_COMMENT]
    if request.form.get("_act") == "preview":
        with transaction():
            return _editor(_known(code), content, seen=seen, comment=comment)
    try:
        with transaction():
            saved = _saved(code, content, comment, seen)
            name, number, target = saved.name, saved.current_version, address(saved.code)
    except (ValidationFailed, Conflict) as refusal:
        return _refused(code, content, comment, seen, refusal)
    flash(f"Version {number} of {name} is live. Clocks that run keep their version.", "ok")
    return respond(target)


def _saved(code: str | None, content: str, comment: str, seen: str) -> SlaDefinition:
    plain = text.raw(content)
    if code is not None and plain.get("code") != code:
        raise ValidationFailed.at("/code", f"The code stays “{code}”", "fixed")
    if code is None and (known := _known(str(plain.get("code", "")))):
        message = f"“{known.name}” has this code; open it to change it"
        raise ValidationFailed.at("/code", message, "taken")
    return definitions.save_definition(plain, comment=comment, expected_version=whole_number(seen))


def _known(code: str | None) -> SlaDefinition | None:
    try:
        return definitions.find(code) if code else None
    except Refusal:
        return None


def _refused(code: str | None, content: str, comment: str, seen: str, refusal: Refusal) -> Response:
    conflict = refusal if isinstance(refusal, Conflict) else None
    errors = refusal.errors if isinstance(refusal, ValidationFailed) else []
    with transaction():
        return _editor(
            _known(code),
            content,
            status=CONFLICT if conflict else UNPROCESSABLE,
            seen=str(conflict.current_version) if conflict else seen,
            comment=comment,
            errors=errors,
            conflict=conflict,
        )


@bp.post("/sla/definitions/<code>/active")
@requires(EDIT)
def switch_definition(code: str) -> ResponseReturnValue:
    """Switch a definition on or off."""
    active = request.form.get("active") == "true"
    with transaction():
        found = definitions.switch(visible(code).code, active=active)
        words = "starts clocks again" if active else "starts no clocks any more; what runs goes on"
        flash(f"{found.name} {words}.", "ok")
    return respond(url_for("sla.definition", code=code))
