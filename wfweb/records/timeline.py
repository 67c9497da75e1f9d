"""The timeline of a record: versions, comments and files, merged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import select

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.records.lookups import Names, names_for
from wfweb.records.models import Attachment, Comment, Record, RecordVersion
from wfweb.records.present import as_words
from wfweb.records.shape import Shape
from wfweb.records.talk import segments

PAGE: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened; ``key`` is unique and makes its element's id."""

    at: datetime
    key: str
    who: str
    text: str
    icon: str = ""
    agent: bool = False
    body: Sequence[tuple[str, bool]] = ()
    rows: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    url: str = ""
    url_label: str = ""


def entries(
    record: Record, shape: Shape, *, before: datetime | None = None, limit: int = PAGE
) -> tuple[list[Entry], datetime | None]:
    """Return what happened to a record, newest first, and the moment of the next page."""
    found = [
        *_versions(record, shape, before, limit + 1),
        *_comments(record, before, limit + 1),
        *_files(record, before, limit + 1),
    ]
    found.sort(key=lambda entry: (entry.at, entry.key), reverse=True)
    if len(found) <= limit:
        return found, None
    shown = found[:limit]
    # A page never ends between entries of one moment, or the rest of them would be lost.
    last = shown[-1].at
    shown += [entry for entry in found[limit:] if entry.at == last]
    return shown, last if len(found) > len(shown) else None


def _versions(record: Record, shape: Shape, before: datetime | None, limit: int) -> Iterable[Entry]:
    statement = select(RecordVersion).where(
        RecordVersion.company_id == current_actor().company_id,
        RecordVersion.record_id == record.id,
    )
    if before is not None:
        statement = statement.where(RecordVersion.at < before)
    # One more than is shown: the oldest of a page is compared with the one before it.
    rows = list(
        session().scalars(statement.order_by(RecordVersion.version.desc()).limit(limit + 1))
    )
    names = names_for(shape, *(row.data for row in rows))
    for newer, older in zip_longest(rows, rows[1:]):
        if newer.version == 1:
            yield Entry(
                at=newer.at, key=f"v{newer.version}", who=newer.by_name or "wfweb",
                text="created it", icon="plus",
            )  # fmt: skip
        elif older is not None:
            yield _change(newer, older, shape, names)


def _change(newer: RecordVersion, older: RecordVersion, shape: Shape, names: Names) -> Entry:
    rows = [
        {
            "label": found.label,
            "old": as_words(found, older.data.get(code), names),
            "new": as_words(found, newer.data.get(code), names),
        }
        for code in newer.changed_fields
        if (found := shape.by_code.get(code))
    ]
    return Entry(
        at=newer.at,
        key=f"v{newer.version}",
        who=newer.by_name or "wfweb",
        text=f"changed {', '.join(row['label'] for row in rows) or 'it'} (version {newer.version})",
        icon="pencil",
        rows=rows,
    )


def _comments(record: Record, before: datetime | None, limit: int) -> Iterable[Entry]:
    from wfweb.identity.queries import people_by_ids

    statement = select(Comment).where(
        Comment.company_id == current_actor().company_id, Comment.subject_id == record.id
    )
    if before is not None:
        statement = statement.where(Comment.at < before)
    rows = list(session().scalars(statement.order_by(Comment.id.desc()).limit(limit)))
    people = people_by_ids({one for row in rows for one in row.mentioned_ids})
    for row in rows:
        known = [people[one].email.lower() for one in row.mentioned_ids if one in people]
        yield Entry(
            at=row.at,
            key=f"c{row.id}",
            who=row.by_name or "wfweb",
            text="commented",
            body=segments(row.body, known),
        )


def _files(record: Record, before: datetime | None, limit: int) -> Iterable[Entry]:
    statement = select(Attachment).where(
        Attachment.company_id == current_actor().company_id, Attachment.subject_id == record.id
    )
    if before is not None:
        statement = statement.where(Attachment.at < before)
    for row in session().scalars(statement.order_by(Attachment.id.desc()).limit(limit)):
        gone = " (removed since)" if row.removed_at else ""
        yield Entry(
            at=row.at,
            key=f"f{row.id}",
            who=row.by_name or "wfweb",
            text=f"added {row.file_name}{gone}",
            icon="paperclip",
        )


def as_context(found: Sequence[Entry], next_before: datetime | None) -> dict[str, Any]:
    """Return what the timeline fragment shows."""
    return {"entries": found, "older": next_before.isoformat() if next_before else ""}
