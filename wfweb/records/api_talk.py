"""What belongs to a record: comments, files, timeline."""

from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from wfweb.kernel.api import PREFIX, Answer, Download, PageQuery, endpoint, page_of
from wfweb.kernel.db import session
from wfweb.kernel.errors import Forbidden, NotFound, TooLarge
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.records import files, talk, timeline
from wfweb.records.api import bp, record_of
from wfweb.records.models import Comment, Record
from wfweb.records.queries import type_of
from wfweb.records.schemas import (
    AttachmentList,
    AttachmentOut,
    ChangeOut,
    CommentIn,
    CommentOut,
    CommentPage,
    TimelineEntryOut,
    TimelinePage,
    TimelineQuery,
)
from wfweb.records.types import shape_of


@endpoint(
    bp,
    "GET",
    "/records/<ref>/comments",
    response=CommentPage,
    query=PageQuery,
    summary="List what was said about a record",
)
def list_record_comments(ref: str, query: PageQuery) -> CommentPage:
    """Return the comments of a record, oldest first."""
    statement = select(Comment).where(Comment.subject_id == record_of(ref).id)
    return page_of(CommentPage, statement, [Comment.id], query)


@endpoint(
    bp,
    "POST",
    "/records/<ref>/comments",
    request=CommentIn,
    response=CommentOut,
    status=201,
    summary="Comment on a record",
)
def create_record_comment(ref: str, body: CommentIn) -> Answer:
    """Say something about a record."""
    said = talk.comment("record", record_of(ref).id, body.body)
    session().flush()  # its moment and author are filled in when it is written
    return Answer(model=CommentOut.model_validate(said))


@endpoint(
    bp,
    "GET",
    "/records/<ref>/attachments",
    response=AttachmentList,
    summary="List the files of a record",
)
def list_record_attachments(ref: str) -> AttachmentList:
    """Return the files of a record."""
    found = files.files_of(record_of(ref).id)
    return AttachmentList(items=[AttachmentOut.model_validate(row) for row in found])


def _received(file: FileStorage) -> AbstractContextManager[files.ReceivedFile]:
    return files.received(file.stream, file.filename or "")


@endpoint(
    bp,
    "POST",
    "/records/<ref>/attachments",
    upload=_received,
    response=AttachmentOut,
    status=201,
    errors=[Forbidden, TooLarge],
    summary="Add a file to a record",
)
def create_record_attachment(ref: str, file: files.ReceivedFile) -> Answer:
    """Keep an uploaded file with a record."""
    record = record_of(ref)
    made = talk.attach_to_record(record.id, file)
    session().flush()
    return Answer(
        model=AttachmentOut.model_validate(made),
        location=f"{PREFIX}/records/{record.key}/attachments/{made.id}",
    )


@endpoint(
    bp,
    "GET",
    "/records/<ref>/attachments/<uuid:attachment_id>",
    download="application/octet-stream",
    summary="Download a file",
)
def get_record_attachment(ref: str, attachment_id: UUID) -> Download:
    """Return the content of a file, of the type it was found to be."""
    record = record_of(ref)
    attachment = files.get_attachment(attachment_id)
    if attachment.subject_id != record.id:
        raise NotFound
    try:
        with files.storage().open(attachment.storage_id) as source:
            content = source.read()
    except FileNotFoundError:
        raise NotFound("The content of this file is no longer there.") from None
    return Download(
        content=content, media_type=attachment.content_type, filename=attachment.file_name
    )


@endpoint(
    bp,
    "DELETE",
    "/records/<ref>/attachments/<uuid:attachment_id>",
    status=204,
    errors=[Forbidden],
    summary="Remove a file",
    description="It can no longer be downloaded; that it was there stays in the audit trail.",
)
def delete_record_attachment(ref: str, attachment_id: UUID) -> None:
    """Take a file away from a record."""
    talk.detach_from_record(record_of(ref).id, attachment_id)


@endpoint(
    bp,
    "GET",
    "/records/<ref>/timeline",
    response=TimelinePage,
    query=TimelineQuery,
    summary="Read what happened to a record",
)
def get_record_timeline(ref: str, query: TimelineQuery) -> TimelinePage:
    """Return versions, comments, files and steps in words, newest first."""
    record: Record = record_of(ref)
    last = decode_cursor(query.after, 1, [datetime])
    found, older = timeline.entries(
        record, shape_of(type_of(record)), before=last[0] if last else None, limit=query.limit
    )
    items = [
        TimelineEntryOut(
            key=entry.key,
            at=entry.at,
            who=entry.who,
            text=entry.text,
            body="".join(text for text, _mention in entry.body),
            changes=[ChangeOut(label=r["label"], old=r["old"], new=r["new"]) for r in entry.rows],
        )
        for entry in found
    ]
    return TimelinePage(items=items, next=encode_cursor([older]) if older else None)
