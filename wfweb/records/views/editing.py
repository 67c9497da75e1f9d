"""Forms of records: new ones, changed ones, and what to do about conflicts."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final
from uuid import uuid4

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import (
    Conflict,
    FieldError,
    Locked,
    Refusal,
    Stale,
    TooLarge,
    ValidationFailed,
)
from wfweb.kernel.formats import zone
from wfweb.kernel.web import page, respond
from wfweb.records import files, forms, policy, service
from wfweb.records.errors import RecordConflict
from wfweb.records.forms import Typed
from wfweb.records.lookups import Names, mentions, names_for
from wfweb.records.models import Record, RecordType
from wfweb.records.money import currencies
from wfweb.records.pickers import pickers_for
from wfweb.records.present import as_words
from wfweb.records.queries import record_by_key, type_of
from wfweb.records.shape import Shape
from wfweb.records.types import get_type, shape_of
from wfweb.records.views import bp
from wfweb.records.views.pages import address, version_asked

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409
LONGEST_TOKEN: Final = 40


@bp.get("/records/<type_code>/new")
@signed_in
def new(type_code: str) -> ResponseReturnValue:
    """Show the form of a new record."""
    with transaction():
        record_type = get_type(type_code)
        policy.require(record_type, "create")
        shape = shape_of(record_type)
        return _form(record_type, None, forms.blank_form(shape, zone()))


@bp.post("/records/<type_code>/new")
@signed_in
def create(type_code: str) -> ResponseReturnValue:
    """Create a record, or show the form again with everything typed and what to change."""
    with transaction():
        record_type = get_type(type_code)
        policy.require(record_type, "create")
        shape = shape_of(record_type)
    typed = forms.read_typed(shape, request.form)
    errors = _keep_uploads(shape, typed)
    if forms.apply_act(shape, typed, request.form.get("_act", "")):
        return _form_again(type_code, None, typed, errors, status=200)
    typed = forms.without_blank_lines(shape, typed)
    if errors:
        return _form_again(type_code, None, typed, errors, status=UNPROCESSABLE)
    try:
        target = _create(type_code, shape, typed)
    except ValidationFailed as refusal:
        return _form_again(type_code, None, typed, refusal.errors, status=UNPROCESSABLE)
    return respond(target)


def _create(type_code: str, shape: Shape, typed: Typed) -> str:
    """Create the record of this form and return its address; pressing twice makes one."""
    token = request.form.get("_form", "")[:LONGEST_TOKEN]
    origin = f"form:{policy.viewer_id()}:{token}" if token else None
    try:
        with transaction():
            data = forms.to_data(shape, typed, zone())
            record = service.create_record(type_code, data, origin_key=origin)
            flash(f"{record.label} is there.", "ok")
            return address(record)
    except Conflict:
        with transaction():
            found = service.by_origin(get_type(type_code), origin or "")
            if found is None:
                raise
            return address(found)


@bp.get("/records/<type_code>/<key>/edit")
@signed_in
def edit(type_code: str, key: str) -> ResponseReturnValue:
    """Show the form of a record."""
    with transaction():
        record, record_type, shape = _editable(type_code, key)
        return _form(record_type, record, forms.typed_of(shape, record.data, zone()))


@bp.post("/records/<type_code>/<key>/edit")
@signed_in
def update(type_code: str, key: str) -> ResponseReturnValue:
    """Save a record, or show what is wrong, or compare with what somebody else saved."""
    with transaction():
        record, _type, shape = _editable(type_code, key)
        typed = forms.read_typed(shape, request.form)
        taken = _taken_from_them(shape, typed, record)
    errors = _keep_uploads(shape, typed)
    if forms.apply_act(shape, typed, request.form.get("_act", "")):
        return _form_again(type_code, key, typed, errors, status=200)
    typed = forms.without_blank_lines(shape, typed)
    if errors:
        return _form_again(type_code, key, typed, errors, status=UNPROCESSABLE)
    try:
        with transaction():
            record = record_by_key(key, type_code)
            patch = forms.to_data(shape, typed, zone())
            service.update_record(record.id, patch, version=version_asked())
            flash(f"{record.key} is saved.", "ok")
            target = address(record)
    except RecordConflict as refusal:
        return _conflict(type_code, key, typed, refusal, taken)
    except (Conflict, Locked, Stale) as refusal:
        # An approval or a lock says no: the reason stands above the form, which keeps its text.
        return _form_again(type_code, key, typed, (), status=refusal.status, refusal=refusal)
    except ValidationFailed as refusal:
        return _form_again(type_code, key, typed, refusal.errors, status=UNPROCESSABLE)
    return respond(target)


def _editable(type_code: str, key: str) -> tuple[Record, RecordType, Shape]:
    record = record_by_key(key, type_code)
    record_type = type_of(record)
    policy.require(record_type, "edit")
    return record, record_type, shape_of(record_type)


def _taken_from_them(shape: Shape, typed: Typed, record: Record) -> set[str]:
    """Put the saved value wherever a conflict was answered with "theirs"."""
    theirs = {
        name.removeprefix("keep.")
        for name, value in request.form.items()
        if name.startswith("keep.") and value == "theirs"
    }
    saved = forms.typed_of(shape, record.data, zone())
    taken = theirs & set(saved)
    typed.update({code: saved[code] for code in taken})
    return taken


def _keep_uploads(shape: Shape, typed: Typed) -> list[FieldError]:
    """Store chosen files at once, so that a refused form does not ask for them again."""
    errors: list[FieldError] = []
    for field in forms.settable(shape):
        if field.type != "file":
            continue
        if request.form.get(f"{field.code}.remove"):
            typed[field.code] = ""
        upload = request.files.get(field.code)
        if upload is None or not upload.filename:
            continue
        try:
            with ExitStack() as stack:
                file = stack.enter_context(
                    files.received(upload.stream, upload.filename, place=f"/{field.code}")
                )
                stack.enter_context(transaction())
                typed[field.code] = str(files.stage(file).id)
        except ValidationFailed as refusal:
            errors += refusal.errors
        except TooLarge as refusal:
            errors.append(FieldError(f"/{field.code}", refusal.detail, "too_large"))
    return errors


def _form_again(
    type_code: str,
    key: str | None,
    typed: Typed,
    errors: Sequence[FieldError],
    *,
    status: int,
    refusal: Refusal | None = None,
) -> Response:
    with transaction():
        record_type = get_type(type_code)
        record = record_by_key(key, type_code) if key else None
        return _form(record_type, record, typed, errors, status=status, refusal=refusal)


def _form(
    record_type: RecordType,
    record: Record | None,
    typed: Typed,
    errors: Sequence[FieldError] = (),
    *,
    status: int = 200,
    refusal: Refusal | None = None,
) -> Response:
    return page(
        "records/form.html",
        status=status,
        refusal=refusal,
        record=record,
        version=request.form.get("version") or (record.version if record else None),
        form_token=request.form.get("_form") or str(uuid4()),
        **form_context(record_type, typed, errors),
    )


def form_context(
    record_type: RecordType, typed: Typed, errors: Sequence[FieldError] = ()
) -> dict[str, Any]:
    """Return what the fields of a form are drawn from."""
    shape = shape_of(record_type)
    named = {f.code: typed[f.code] for f in forms.settable(shape) if f.type == "file"}
    shown = [FieldError(_place(shape, e.pointer), e.message, e.code) for e in errors]
    return {
        "record_type": record_type,
        "shape": shape,
        "settable": {field.code for field in forms.settable(shape)},
        "typed": typed,
        "errors": shown,
        "wrong": {error.pointer: error.message for error in reversed(shown)},
        "picks": pickers_for(shape, typed),
        "names": names_for(shape, {c: v for c, v in named.items() if v}),
        "blank_line": forms.blank_line,
        "all_currencies": currencies(),
    }


def _place(shape: Shape, pointer: str) -> str:
    """Return the place of the input: both parts of money are told at the amount."""
    for part in ("/amount", "/currency"):
        head = pointer.removesuffix(part)
        field = shape.field(".".join(p for p in head.strip("/").split("/") if not p.isdigit()))
        if head != pointer and field is not None and field.type == "money":
            return head
    return pointer


def _conflict(
    type_code: str, key: str, typed: Typed, refusal: RecordConflict, taken: set[str]
) -> Response:
    """Compare what they saved with what you typed; nothing typed is lost."""
    with transaction():
        record = record_by_key(key, type_code)
        record_type = type_of(record)
        shape = shape_of(record_type)
        values = [one[side] for one in refusal.difference for side in ("was", "theirs", "yours")]
        codes = [one["field"] for one in refusal.difference for _side in range(3)]
        names = names_for(shape, *_nameable(shape, codes, values))
        return page(
            "records/conflict.html",
            status=CONFLICT,
            record=record,
            record_type=record_type,
            title=refusal.title,
            detail=refusal.detail,
            fields=[
                _compared(shape, one, names, taken)
                for one in refusal.difference
                if one["field"] not in shape.computed
            ],
            kept=_kept(shape, typed),
            action=url_for("records.update", type_code=type_code, key=key),
            version=refusal.current_version,
            keep_url=address(record),
        )


def _nameable(shape: Shape, codes: Sequence[str], values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return values as data of which names can be looked up; malformed ids stay out."""
    found = []
    for code, value in zip(codes, values, strict=True):
        try:
            names_data = {code: value}
            list(mentions(shape, names_data))
        except (ValueError, TypeError, AttributeError):
            continue
        found.append(names_data)
    return found


def _compared(
    shape: Shape, one: Mapping[str, Any], names: Names, taken: set[str]
) -> dict[str, Any]:
    field = shape.by_code[one["field"]]
    theirs = one["yours"] == one["was"] or field.code in taken
    return {
        "code": field.code,
        "label": field.label,
        "base": as_words(field, one["was"], names),
        "theirs": as_words(field, one["theirs"], names),
        "yours": as_words(field, one["yours"], names),
        "choice": "theirs" if theirs else "yours",
    }


def _kept(shape: Shape, typed: Typed) -> list[dict[str, str]]:
    """Return everything that was typed as the names and values of hidden inputs."""
    pairs: list[dict[str, str]] = []
    for field in forms.settable(shape):
        value = typed[field.code]
        if field.type == "lines":
            for number, line in enumerate(value):
                prefix = f"{field.code}.{number}"
                pairs.append({"name": f"{prefix}.id", "value": line.get("id", "")})
                for inner in field.fields:
                    pairs += _pair(f"{prefix}.{inner.code}", line[inner.code])
        else:
            pairs += _pair(field.code, value)
    return pairs


def _pair(name: str, value: Any) -> list[dict[str, str]]:
    if isinstance(value, Mapping):
        return [{"name": f"{name}.{part}", "value": str(value[part])} for part in value]
    if isinstance(value, bool):
        return [{"name": name, "value": "true"}] if value else []
    return [{"name": name, "value": str(value)}]
