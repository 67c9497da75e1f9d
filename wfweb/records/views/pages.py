"""One record: its page, the forms for new and changed ones, and what to do about conflicts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.web import page, respond, whole_number
from wfweb.records import files, policy, service, timeline
from wfweb.records.lookups import names_for
from wfweb.records.models import Record, RecordType
from wfweb.records.present import line_totals
from wfweb.records.queries import links_of, record_by_key, type_of
from wfweb.records.shape import Shape
from wfweb.records.types import shape_of
from wfweb.records.views import bp

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409
LONGEST_TOKEN: Final = 40


@bp.get("/records/<type_code>/<key>")
@signed_in
def show(type_code: str, key: str) -> ResponseReturnValue:
    """Show a record: fields by section, lines with totals, talk, files, story."""
    with transaction():
        record = record_by_key(key, type_code)
        return show_page(record)


def show_page(record: Record, *, status: int = 200, **context: Any) -> Response:
    """Return the page of a record, perhaps with an answer to a form on it."""
    record_type = type_of(record)
    shape = shape_of(record_type)
    found, older = timeline.entries(record, shape, before=moment_asked())
    owner = {record.owner_id} if record.owner_id else set()
    return page(
        "records/show.html",
        status=status,
        record=record,
        record_type=record_type,
        shape=shape,
        names=names_for(shape, record.data, people=owner),
        line_amounts=line_amounts(shape, record.data),
        files=files.files_of(record.id),
        links=links_of(record.id),
        may_edit=policy.may(record_type, "edit"),
        may_talk=may_talk(record, record_type),
        **timeline.as_context(found, older),
        **context,
    )


def moment_asked() -> datetime | None:
    """Return the moment before which the story is wanted, from the address.

    :raises ValidationFailed: when it is not a moment with its zone.
    """
    text = request.args.get("before")
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationFailed.at("/before", "This page address is not complete") from None
    if moment is not None and moment.tzinfo is None:
        raise ValidationFailed.at("/before", "This page address is not complete")
    return moment


def may_talk(record: Record, record_type: RecordType) -> bool:
    """Tell whether the actor may add files and links."""
    own = policy.viewer_id() in {record.owner_id, record.created_by_id}
    return own or policy.may(record_type, "edit")


def line_amounts(shape: Shape, data: Mapping[str, Any]) -> dict[str, list[dict[str, Any] | None]]:
    """Return the amounts of lines by the code of their field, where a total multiplies them."""
    amounts = {}
    for field in shape.fields:
        total = shape.total_of_lines(field.code) if field.type == "lines" else None
        if total is not None:
            target = shape.by_code[total.field]
            amounts[field.code] = line_totals(field, total, data.get(field.code), target)
    return amounts


def version_asked() -> int:
    """Return the version a form was filled in on.

    :raises ValidationFailed: when the form does not say it.
    """
    version = whole_number(request.form.get("version"))
    if version is None:
        raise ValidationFailed.at("", "The form does not say which version it was filled in on")
    return version


def address(record: Record) -> str:
    """Return where the page of a record is."""
    return url_for("records.show", type_code=record.type_code, key=record.key)


@bp.post("/records/<type_code>/<key>/archive")
@signed_in
def archive(type_code: str, key: str) -> ResponseReturnValue:
    """Take a record out of the lists."""
    with transaction():
        record = record_by_key(key, type_code)
        service.archive_record(record.id, version=version_asked())
        flash(f"{record.key} is archived.", "ok")
        target = address(record)
    return respond(target)


@bp.post("/records/<type_code>/<key>/restore")
@signed_in
def restore(type_code: str, key: str) -> ResponseReturnValue:
    """Bring an archived record back into the lists."""
    with transaction():
        record = record_by_key(key, type_code)
        service.restore_record(record.id, version=version_asked())
        flash(f"{record.key} is back in the lists.", "ok")
        target = address(record)
    return respond(target)
