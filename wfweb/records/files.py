"""Files of records and other subjects: bytes outside the database, rows inside (REC-3)."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Final, cast
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from wfweb.events import emit
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Forbidden, NotFound, TooLarge, Unavailable, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.kernel.settings import Settings
from wfweb.kernel.storage import CHUNK_BYTES, LocalStorage, Storage
from wfweb.records.events import FileAttached, FileRemoved
from wfweb.records.models import Attachment
from wfweb.records.sniff import HEAD_BYTES, safe_name, serve_as, taken_words

STAGED_FOR: Final = timedelta(hours=24)
LONGEST_LABEL: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """Bytes that are stored but belong to nothing yet."""

    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    storage_id: UUID


def _settings() -> Settings:
    return cast("Settings", current_app.config["WFWEB"])


def storage() -> Storage:
    """Return where files are kept.

    :raises Unavailable: when no place is configured.
    """
    folder = _settings().storage_dir
    if not folder:
        raise Unavailable("No place for files is set up on this installation (WFWEB_STORAGE_DIR).")
    return LocalStorage(Path(folder))


@contextmanager
def received(
    source: IO[bytes], file_name: str, *, place: str = "/file", limit_bytes: int | None = None
) -> Iterator[ReceivedFile]:
    """Store an upload for the block; when the block fails, nothing is left behind.

    Opened around the transaction, so that no lock is held while bytes arrive.

    :raises ValidationFailed: when it is empty, or not of a type that is taken.
    :raises TooLarge: when it is longer than the limit.
    """
    name = safe_name(file_name)
    limit = limit_bytes or _settings().upload_limit_bytes
    head = source.read(HEAD_BYTES)
    if not head:
        raise ValidationFailed.at(place, "The file is empty", "empty")
    content_type = serve_as(name, head)
    if content_type is None:
        message = (
            f"“{name}” is not a file that is taken, or not what its name says."
            f" Taken are: {taken_words()}"
        )
        raise ValidationFailed.at(place, message, "file_type")
    kept = storage()
    reader = _Reader(head, source)
    try:
        storage_id, size = kept.put(reader, limit_bytes=limit)  # type: ignore[arg-type]
    except ValueError:
        raise TooLarge(f"“{name}” is larger than {limit // 1024 // 1024} MB") from None
    except OSError as error:
        raise Unavailable("The file could not be stored. Nothing was changed.") from error
    try:
        yield ReceivedFile(
            file_name=name,
            content_type=content_type,
            size_bytes=size,
            sha256=reader.digest(),
            storage_id=storage_id,
        )
    except BaseException:
        kept.delete(storage_id)
        raise


class _Reader:
    """Reads the looked-at head and then the rest, counting the digest on the way."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest
        self._sum = hashlib.sha256()

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        chunk, self._head = (self._head, b"") if self._head else (self._rest.read(size), b"")
        self._sum.update(chunk)
        return chunk

    def digest(self) -> str:
        return self._sum.hexdigest()


def stage(file: ReceivedFile) -> Attachment:
    """Keep an upload of a form that is not accepted yet; it goes after a day unless used."""
    return _add(file, None, None)


def attach(
    subject_type: str, subject_id: UUID, file: ReceivedFile, *, label: str = ""
) -> Attachment:
    """Add a file to a subject; the caller has checked that the actor may.

    :param label: how the subject is called, for the audit trail.
    """
    attachment = _add(file, subject_type, subject_id)
    emit(
        FileAttached(
            target_type=subject_type,
            target_id=subject_id,
            target_label=label[:LONGEST_LABEL],
            after={
                "file": file.file_name,
                "size_bytes": file.size_bytes,
                "sha256": file.sha256,
            },
            attachment_id=attachment.id,
        )
    )
    return attachment


def _add(file: ReceivedFile, subject_type: str | None, subject_id: UUID | None) -> Attachment:
    attachment = Attachment(
        id=new_id(),
        subject_type=subject_type,
        subject_id=subject_id,
        file_name=file.file_name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        storage_id=file.storage_id,
    )
    session().add(attachment)
    return attachment


def get_attachment(attachment_id: UUID) -> Attachment:
    """Return a file's row; whether the actor may see its subject is the caller's question.

    :raises NotFound: when it does not exist, was removed, or is another person's upload
        that no record has accepted yet.
    """
    found = session().scalar(
        select(Attachment).where(
            Attachment.company_id == current_actor().company_id,
            Attachment.id == attachment_id,
            Attachment.removed_at.is_(None),
        )
    )
    if found is None or (found.subject_id is None and found.by_id != current_actor().id):
        raise NotFound
    return found


def files_of(subject_id: UUID) -> list[Attachment]:
    """Return the files of a subject, oldest first."""
    return list(
        session().scalars(
            select(Attachment)
            .where(
                Attachment.company_id == current_actor().company_id,
                Attachment.subject_id == subject_id,
                Attachment.removed_at.is_(None),
            )
            .order_by(Attachment.id)
        )
    )


def remove_attachment(attachment: Attachment, *, may_remove: bool, label: str = "") -> None:
    """Take a file away from its subject; the bytes stay, because a decision may rest on them.

    :param may_remove: whether the actor may remove files of others here.
    :raises Forbidden: when it is another person's file and the actor may not.
    """
    actor = current_actor()
    if not may_remove and attachment.by_id != actor.id:
        raise Forbidden("Only who added a file can remove it.", permission="records.edit")
    attachment.removed_at = clock.now()
    attachment.removed_by_id = actor.id
    if attachment.subject_id and attachment.subject_type:
        emit(
            FileRemoved(
                target_type=attachment.subject_type,
                target_id=attachment.subject_id,
                target_label=label[:LONGEST_LABEL],
                before={"file": attachment.file_name, "sha256": attachment.sha256},
                attachment_id=attachment.id,
            )
        )


def discard_staged(limit: int = 100) -> int:
    """Remove uploads of the current company that no record used within a day.

    :returns: how many were removed; call again while it equals ``limit``.
    """
    old = session().scalars(
        select(Attachment)
        .where(Attachment.subject_id.is_(None), Attachment.at < clock.now() - STAGED_FOR)
        .order_by(Attachment.at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    count = 0
    for attachment in old:
        storage().delete(attachment.storage_id)
        session().delete(attachment)
        count += 1
    return count
