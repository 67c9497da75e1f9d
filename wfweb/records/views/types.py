"""Administration of record types: list, form, JSON, preview."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed
from wfweb.kernel.formats import zone
from wfweb.kernel.jsontext import pretty
from wfweb.kernel.web import page, respond
from wfweb.records import forms, type_forms
from wfweb.records.definition import EDITABLE, META_COLUMNS, read_definition
from wfweb.records.fields import TYPES
from wfweb.records.models import RecordType
from wfweb.records.pickers import pickers_for
from wfweb.records.queries import record_counts, record_types
from wfweb.records.shape import Shape, compile_shape
from wfweb.records.types import EDIT, create_type, definition_of, get_type, update_type
from wfweb.records.views import bp
from wfweb.records.views.pages import version_asked

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409
LONGEST_JSON: Final = 400_000
ICONS: Final = (
    "doc", "file-text", "shopping-cart", "truck", "package", "box", "cash", "coin",
    "credit-card", "receipt", "file-invoice", "building", "building-store",
    "building-factory", "briefcase", "user", "users", "address-book", "plane", "map-pin",
    "calendar", "tool", "clipboard-list", "certificate", "folder", "tag",
)  # fmt: skip


@bp.get("/record-types")
@requires(EDIT)
def types_index() -> ResponseReturnValue:
    """List all record types with how many records each has."""
    with transaction():
        return page(
            "record_types/index.html", types=record_types(inactive=True), counts=record_counts()
        )


@bp.get("/record-types/new")
@requires(EDIT)
def new_type() -> ResponseReturnValue:
    """Show the form of a new record type."""
    typed = type_forms.typed_of({"fields": [], "icon": "doc"})
    typed["fields"] = [type_forms.blank_field()]
    with transaction():
        return _form(None, typed)


@bp.post("/record-types/new")
@requires(EDIT)
def add_type() -> ResponseReturnValue:
    """Create a record type from its form."""
    typed = type_forms.read_typed(request.form)
    act = request.form.get("_act", "")
    if type_forms.apply_act(typed, act) or act == "preview":
        return _show_again(None, typed, preview=act == "preview")
    try:
        with transaction():
            made = create_type(type_forms.to_definition(typed))
            flash(f"{made.name} is there.", "ok")
            target = url_for("records.edit_type", code=made.code)
    except ValidationFailed as refusal:
        return _show_again(None, typed, refusal.errors)
    return respond(target)


@bp.get("/record-types/<code>")
@requires(EDIT)
def edit_type(code: str) -> ResponseReturnValue:
    """Show the form of a record type, with what its own form looks like."""
    with transaction():
        record_type = get_type(code)
        typed = type_forms.typed_of(definition_of(record_type))
        return _form(record_type, typed, preview=True)


@bp.post("/record-types/<code>")
@requires(EDIT)
def save_type(code: str) -> ResponseReturnValue:
    """Change a record type from its form."""
    typed = type_forms.read_typed(request.form)
    act = request.form.get("_act", "")
    if type_forms.apply_act(typed, act) or act == "preview":
        return _show_again(code, typed, preview=act == "preview")
    definition = type_forms.to_definition(typed)
    given = {name: definition.get(name) for name in EDITABLE}
    try:
        with transaction():
            saved = update_type(code, given, version=version_asked())
            flash(f"{saved.name} is saved as version {saved.version}.", "ok")
            target = url_for("records.edit_type", code=code)
    except ValidationFailed as refusal:
        return _show_again(code, typed, refusal.errors)
    except Conflict as refusal:
        return _show_again(code, typed, conflict=refusal)
    return respond(target)


@bp.get("/record-types/<code>/json")
@requires(EDIT)
def type_json(code: str) -> ResponseReturnValue:
    """Show the definition as JSON, to copy, compare or change, and the schema derived from it."""
    with transaction():
        record_type = get_type(code)
        text = pretty(definition_of(record_type))
        return _json_page(record_type, text)


@bp.post("/record-types/<code>/json")
@requires(EDIT)
def save_type_json(code: str) -> ResponseReturnValue:
    """Change a record type from JSON."""
    text = request.form.get("definition", "")
    try:
        definition = _read_json(text)
        with transaction():
            saved = update_type(code, definition, version=version_asked())
            flash(f"{saved.name} is saved as version {saved.version}.", "ok")
            target = url_for("records.type_json", code=code)
    except ValidationFailed as refusal:
        with transaction():
            return _json_page(get_type(code), text, refusal.errors, status=UNPROCESSABLE)
    except Conflict as refusal:
        with transaction():
            return _json_page(get_type(code), text, conflict=refusal, status=CONFLICT)
    return respond(target)


def _read_json(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST_JSON:
        raise ValidationFailed.at("/definition", "This is too long", "too_long")
    try:
        found = orjson.loads(text)
    except ValueError:
        message = "This is not JSON; check brackets, commas and quotes"
        raise ValidationFailed.at("/definition", message, "json") from None
    if not isinstance(found, dict):
        raise ValidationFailed.at("/definition", "Give one object in braces", "type")
    return found


def _json_page(
    record_type: RecordType,
    text: str,
    errors: Sequence[FieldError] = (),
    *,
    conflict: Conflict | None = None,
    status: int = 200,
) -> Response:
    return page(
        "record_types/json.html",
        status=status,
        record_type=record_type,
        text=text,
        # One field holds everything here: the place goes into the words.
        errors=[
            FieldError("/definition", f"{e.pointer}: {e.message}" if e.pointer else e.message)
            for e in errors
        ],
        conflict=conflict,
        version=conflict.your_version if conflict else record_type.version,
        schema=pretty(record_type.json_schema),
    )


def _show_again(
    code: str | None,
    typed: type_forms.Typed,
    errors: Sequence[FieldError] = (),
    *,
    conflict: Conflict | None = None,
    preview: bool = False,
) -> Response:
    """Show the form with everything typed: after a button, a mistake or somebody's change."""
    status = UNPROCESSABLE if errors else CONFLICT if conflict else 200
    with transaction():
        record_type = get_type(code) if code else None
        return _form(record_type, typed, errors, conflict=conflict, preview=preview, status=status)


def _form(
    record_type: RecordType | None,
    typed: type_forms.Typed,
    errors: Sequence[FieldError] = (),
    *,
    conflict: Conflict | None = None,
    preview: bool = False,
    status: int = 200,
) -> Response:
    shape, problems = _previewed(record_type, typed) if preview and not errors else (None, ())
    shown = [_at_control(error) for error in (*errors, *problems)]
    drawn = forms.blank_form(shape, zone()) if shape else {}
    return page(
        "record_types/form.html",
        status=status,
        record_type=record_type,
        typed=typed,
        errors=shown,
        wrong={error.pointer: error.message for error in reversed(shown)},
        conflict=conflict,
        version=_shown_version(record_type, conflict),
        kinds=list(TYPES.items()),
        others=[(one.code, one.name) for one in record_types(inactive=True)],
        icons=ICONS,
        meta=META_COLUMNS,
        preview_shape=shape,
        preview_typed=drawn,
        preview_picks=pickers_for(shape, drawn) if shape else None,
    )


def _at_control(error: FieldError) -> FieldError:
    """Let an error about a part of a list lead to the one field in which the list is typed."""
    name, _, rest = error.pointer.strip("/").partition("/")
    if name == "fields" or not rest[:1].isdigit():
        return error
    return replace(error, pointer=f"/{name}")


def _shown_version(record_type: RecordType | None, conflict: Conflict | None) -> str:
    """Keep the version the form began with, except after a conflict that was shown."""
    if conflict is not None:
        return str(conflict.current_version)
    return request.form.get("version") or (str(record_type.version) if record_type else "")


def _previewed(
    record_type: RecordType | None, typed: type_forms.Typed
) -> tuple[Shape | None, Sequence[FieldError]]:
    definition = type_forms.to_definition(typed)
    if record_type is not None:
        definition |= {"code": record_type.code, "key_prefix": record_type.key_prefix}
    try:
        wanted = read_definition(definition).as_columns()
    except ValidationFailed as refusal:
        return None, refusal.errors
    return compile_shape(wanted["name"], wanted["fields"], wanted["totals"]), ()
