"""Parts of a record's page with addresses of their own: comments, files, links, timeline."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from flask import Response, flash, request, send_file
from flask.typing import ResponseReturnValue

from wfweb.identity.access import signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, NotFound, ValidationFailed
from wfweb.kernel.web import fragment, is_htmx, respond
from wfweb.records import files, talk, timeline
from wfweb.records.models import Attachment, Record
from wfweb.records.queries import record_by_key, type_of
from wfweb.records.types import shape_of
from wfweb.records.views import bp
from wfweb.records.views.pages import address, moment_asked, show_page

UNPROCESSABLE: Final = 422


@bp.get("/records/<type_code>/<key>/timeline")
@signed_in
def story(type_code: str, key: str) -> ResponseReturnValue:
    """Return what happened, newest first; ``before`` continues an earlier page."""
    before = moment_asked()
    with transaction():
        record = record_by_key(key, type_code)
        found, older = timeline.entries(record, shape_of(type_of(record)), before=before)
        context = timeline.as_context(found, older)
        return fragment(
            "records/_timeline.html", record=record, continued=before is not None, **context
        )


@bp.post("/records/<type_code>/<key>/comments")
@signed_in
def add_comment(type_code: str, key: str) -> ResponseReturnValue:
    """Add a comment; with htmx answer the empty form and the timeline."""
    body = request.form.get("body", "")
    try:
        with transaction():
            record = record_by_key(key, type_code)
            talk.comment("record", record.id, body)
            target = address(record)
    except ValidationFailed as refusal:
        return _comment_again(type_code, key, body, refusal.errors)
    if not is_htmx():
        return respond(target)
    with transaction():
        record = record_by_key(key, type_code)
        found, older = timeline.entries(record, shape_of(type_of(record)))
        context = timeline.as_context(found, older)
        return respond(
            target,
            fragments=[
                ("records/_comment_form.html", {"record": record, "body": "", "errors": []}),
                ("records/_timeline_partial.html", {"record": record, **context}),
            ],
            say="Comment added",
            focus="#f-body",
        )


def _comment_again(type_code: str, key: str, body: str, errors: Sequence[FieldError]) -> Response:
    with transaction():
        record = record_by_key(key, type_code)
        if is_htmx():
            return fragment(
                "records/_comment_form.html",
                status=UNPROCESSABLE,
                record=record,
                body=body,
                errors=errors,
            )
        return show_page(record, status=UNPROCESSABLE, body=body, errors=errors)


@bp.post("/records/<type_code>/<key>/attachments")
@signed_in
def add_file(type_code: str, key: str) -> ResponseReturnValue:
    """Add a file to a record."""
    upload = request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise ValidationFailed.at("/file", "Choose a file", "required")
        with files.received(upload.stream, upload.filename) as file, transaction():
            record = record_by_key(key, type_code)
            attachment = talk.attach_to_record(record.id, file)
            flash(f"{attachment.file_name} is added.", "ok")
            target = address(record)
    except ValidationFailed as refusal:
        return _files_again(type_code, key, refusal.errors)
    return respond(target)


def _files_again(type_code: str, key: str, errors: Sequence[FieldError]) -> Response:
    with transaction():
        record = record_by_key(key, type_code)
        return show_page(record, status=UNPROCESSABLE, file_errors=errors)


@bp.get("/records/<type_code>/<key>/attachments/<uuid:attachment_id>")
@signed_in
def download(type_code: str, key: str, attachment_id: UUID) -> ResponseReturnValue:
    """Send a file, always to be saved and never to be shown in place."""
    with transaction():
        record = record_by_key(key, type_code)
        attachment = files.get_attachment(attachment_id)
        if attachment.subject_id != record.id:
            raise NotFound
        return send(attachment)


def send(attachment: Attachment) -> Response:
    """Return the answer that downloads a file safely.

    :raises NotFound: when its bytes are gone.
    """
    try:
        source = files.storage().open(attachment.storage_id)
    except FileNotFoundError:
        raise NotFound("The content of this file is no longer there.") from None
    response = send_file(
        source,
        mimetype=attachment.content_type,
        as_attachment=True,
        download_name=attachment.file_name,
        etag=attachment.sha256,
        max_age=0,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/records/<type_code>/<key>/attachments/<uuid:attachment_id>/remove")
@signed_in
def remove_file(type_code: str, key: str, attachment_id: UUID) -> ResponseReturnValue:
    """Remove a file from a record."""
    try:
        with transaction():
            record = record_by_key(key, type_code)
            talk.detach_from_record(record.id, attachment_id)
            target = address(record)
            flash("The file is removed.", "ok")
    except ValidationFailed as refusal:
        return _files_again(type_code, key, refusal.errors)
    return respond(target)


@bp.post("/records/<type_code>/<key>/links")
@signed_in
def add_link(type_code: str, key: str) -> ResponseReturnValue:
    """Link a record to another one, named by its key."""
    other_key = request.form.get("to", "").strip().upper()[:40]
    try:
        with transaction():
            record = record_by_key(key, type_code)
            other = _other(other_key)
            talk.link_records(record.id, other.id, request.form.get("kind", "related"))
            target = address(record)
    except ValidationFailed as refusal:
        with transaction():
            record = record_by_key(key, type_code)
            return show_page(
                record, status=UNPROCESSABLE, link_errors=refusal.errors, link_to=other_key
            )
    return respond(target)


def _other(key: str) -> Record:
    try:
        return record_by_key(key)
    except NotFound:
        message = "Enter the key of a record that you can see, such as ORD-1042"
        raise ValidationFailed.at("/to", message, "reference") from None


@bp.post("/records/<type_code>/<key>/links/<uuid:link_id>/remove")
@signed_in
def remove_link(type_code: str, key: str, link_id: UUID) -> ResponseReturnValue:
    """Remove a link of a record."""
    with transaction():
        record = record_by_key(key, type_code)
        talk.unlink_records(record.id, link_id)
        target = address(record)
    return respond(target)
