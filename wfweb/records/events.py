"""What happens to records and their types."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent(Event):
    """Something that happened to one record; ``target_id`` is its id."""

    type_code: str
    record_key: str
    record_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCreated(RecordEvent):
    """A record was made."""

    name: ClassVar[str] = "record.created"
    audit_type: ClassVar[str] = "CREATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChanged(RecordEvent):
    """Fields of a record have new values.

    ``material_changed`` tells whether one of them is what approvals are about (REC-4).
    """

    name: ClassVar[str] = "record.changed"
    audit_type: ClassVar[str] = "UPDATED"

    changed_fields: Sequence[str]
    material_changed: bool
    by_engine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordArchived(RecordEvent):
    """A record left the lists; its page and its story stay."""

    name: ClassVar[str] = "record.archived"
    audit_type: ClassVar[str] = "DELETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRestored(RecordEvent):
    """An archived record is back in the lists."""

    name: ClassVar[str] = "record.restored"
    audit_type: ClassVar[str] = "UPDATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLinked(RecordEvent):
    """A record now points at another one, or no longer does (``linked`` is false)."""

    name: ClassVar[str] = "record.linked"

    other_id: UUID
    kind: str
    linked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAdded(Event):
    """Somebody said something about the target; ``mentioned_ids`` should hear of it."""

    name: ClassVar[str] = "comment.added"
    audit_type: ClassVar[str] = "CREATED"

    comment_id: UUID
    mentioned_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAttached(Event):
    """A file was added to the target."""

    name: ClassVar[str] = "file.attached"
    audit_type: ClassVar[str] = "CREATED"

    attachment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRemoved(Event):
    """A file of the target can no longer be downloaded."""

    name: ClassVar[str] = "file.removed"
    audit_type: ClassVar[str] = "DELETED"

    attachment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTypeSaved(Event):
    """A record type was made or changed; ``type_version`` is its new version."""

    name: ClassVar[str] = "record_type.saved"

    code: str
    type_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTypeCreated(RecordTypeSaved):
    """A record type is there for the first time."""

    name: ClassVar[str] = "record_type.created"
    audit_type: ClassVar[str] = "CREATED"
