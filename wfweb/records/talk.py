"""Comments with mentions, files and links of records."""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select

from wfweb.events import emit
from wfweb.identity.models import User
from wfweb.identity.queries import roles_of
from wfweb.kernel.actor import Actor, current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.records import files, policy
from wfweb.records.events import CommentAdded, RecordLinked
from wfweb.records.fields import storable
from wfweb.records.models import LINK_KINDS, Attachment, Comment, Record, RecordLink, RecordType
from wfweb.records.queries import record_by_id, type_of
from wfweb.records.service import about

MAX_BODY: Final = 10_000
MAX_MENTIONS: Final = 20
MENTION: Final = re.compile(r"(?<![\w@.])@([\w.+-]{1,64}(?:@[\w-]+(?:\.[\w-]+)+)?)")


def comment(subject_type: str, subject_id: UUID, body: str, *, label: str = "") -> Comment:
    """Say something about a subject; ``@ada`` or ``@ada@example.com`` mentions a colleague.

    For a record it is checked here that the actor may see it; for other subjects the caller
    has done so. Only people who may see a record are told that they are mentioned.

    :raises ValidationFailed: when it is empty, longer than 10,000 characters or not storable.
    :raises NotFound: when the record does not exist or may not be seen.
    """
    text = clean_body(body)
    mentioned = mentioned_people(text)
    if subject_type == "record":
        record = record_by_id(subject_id)
        label = record.label
        mentioned = _who_may_see(record, mentioned)
    said = Comment(
        id=new_id(),
        subject_type=subject_type,
        subject_id=subject_id,
        body=text,
        mentioned_ids=[user.id for user in mentioned],
    )
    session().add(said)
    emit(
        CommentAdded(
            target_type=subject_type,
            target_id=subject_id,
            target_label=label,
            after={"comment": text},
            comment_id=said.id,
            mentioned_ids=tuple(said.mentioned_ids),
        )
    )
    return said


def clean_body(body: object) -> str:
    """Return a comment's text with line ends as we keep them.

    :raises ValidationFailed: when it is empty, too long or cannot be stored.
    """
    if not isinstance(body, str) or not body.strip():
        raise ValidationFailed.at("/body", "Write your comment", "required")
    if not storable(body):
        raise ValidationFailed.at(
            "/body", "The comment holds a character that cannot be kept", "character"
        )
    text = body.replace("\r\n", "\n")
    if len(text) > MAX_BODY:
        raise ValidationFailed.at(
            "/body", f"A comment has at most {MAX_BODY:,} characters", "too_long"
        )
    return text


def mentioned_people(text: str) -> list[User]:
    """Return the active people a text mentions; a name that fits two people means nobody."""
    names = list(dict.fromkeys(n.rstrip(".-").lower() for n in MENTION.findall(text)))
    if not names:
        return []
    email = func.lower(User.email)
    local = func.split_part(email, "@", 1)
    found = session().scalars(
        select(User)
        .where(
            User.company_id == current_actor().company_id,
            User.active,
            User.kind == "person",
            or_(email.in_(names), local.in_(names)),
        )
        .order_by(User.name)
        .limit(200)
    )
    by_name: dict[str, list[User]] = {}
    for user in found:
        for name in {user.email.lower(), user.email.lower().partition("@")[0]}:
            by_name.setdefault(name, []).append(user)
    people = [by_name[n][0] for n in names if len(by_name.get(n, [])) == 1]
    return list(dict.fromkeys(people))[:MAX_MENTIONS]


def _who_may_see(record: Record, people: Sequence[User]) -> list[User]:
    record_type = type_of(record)
    roles = roles_of([user.id for user in people]) if people else {}
    allowed = []
    for user in people:
        held = roles.get(user.id, [])
        reader = Actor(
            kind="user",
            id=user.id,
            company_id=record.company_id,
            roles=frozenset(role.code for role in held),
            permissions=frozenset(code for role in held for code in role.permissions),
        )
        own = user.id in {record.owner_id, record.created_by_id}
        if own or policy.may(record_type, "view", reader):
            allowed.append(user)
    return allowed


def segments(text: str, known: Iterable[str]) -> list[tuple[str, bool]]:
    """Split a comment into plain parts and mentions (marked true), for showing it escaped.

    :param known: addresses of the people that were mentioned, in small letters.
    """
    names = {part for email in known for part in (email, email.partition("@")[0])}
    parts: list[tuple[str, bool]] = []
    end = 0
    for match in MENTION.finditer(text):
        name = match[1].rstrip(".-")
        if name.lower() in names:
            stop = match.start() + 1 + len(name)
            parts += [(text[end : match.start()], False), (text[match.start() : stop], True)]
            end = stop
    return [part for part in [*parts, (text[end:], False)] if part[0]]


def attach_to_record(record_id: UUID, file: files.ReceivedFile) -> Attachment:
    """Add a file to a record that the actor may see and edit or owns.

    :raises NotFound: when the record may not be seen.
    :raises Forbidden: when it may not be changed.
    """
    record = record_by_id(record_id)
    _require_talk(record)
    return files.attach("record", record.id, file, label=record.label)


def detach_from_record(record_id: UUID, attachment_id: UUID) -> None:
    """Remove a file from a record.

    :raises NotFound: when record or file do not exist or a field still names the file.
    """
    record = record_by_id(record_id)
    attachment = files.get_attachment(attachment_id)
    if attachment.subject_id != record.id:
        raise NotFound
    if any(value == str(attachment.id) for value in record.data.values()):
        raise ValidationFailed.at(
            "/attachment", "A field of the record holds this file; change the field first", "used"
        )
    files.remove_attachment(
        attachment, may_remove=policy.may(type_of(record), "edit"), label=record.label
    )


def _require_talk(record: Record) -> None:
    record_type: RecordType = type_of(record)
    own = current_actor().id in {record.owner_id, record.created_by_id}
    if not own:
        policy.require(record_type, "edit")


def link_records(from_id: UUID, to_id: UUID, kind: str = "related") -> RecordLink:
    """Point a record at another one; doing it twice is fine.

    :raises ValidationFailed: for an unknown kind or a link to itself.
    :raises NotFound: when one of them may not be seen.
    """
    if kind not in LINK_KINDS:
        raise ValidationFailed.at("/kind", f"Choose one of: {', '.join(LINK_KINDS)}", "choice")
    if from_id == to_id:
        raise ValidationFailed.at("/to", "A record cannot be linked to itself", "itself")
    record, other = record_by_id(from_id), record_by_id(to_id)
    _require_talk(record)
    found = session().scalar(
        select(RecordLink).where(
            RecordLink.company_id == record.company_id,
            RecordLink.from_id == from_id,
            RecordLink.to_id == to_id,
            RecordLink.kind == kind,
        )
    )
    if found is not None:
        return found
    link = RecordLink(id=new_id(), from_id=from_id, to_id=to_id, kind=kind)
    session().add(link)
    _tell_link(record, other, kind, linked=True)
    return link


def unlink_records(from_id: UUID, link_id: UUID) -> None:
    """Remove a link of a record.

    :raises NotFound: when it is not a link of this record.
    """
    record = record_by_id(from_id)
    _require_talk(record)
    link = session().scalar(
        select(RecordLink).where(
            RecordLink.company_id == record.company_id, RecordLink.id == link_id
        )
    )
    if link is None or record.id not in {link.from_id, link.to_id}:
        raise NotFound
    other_id = link.to_id if link.from_id == record.id else link.from_id
    other = session().get(Record, other_id)
    session().delete(link)
    if other is not None:
        _tell_link(record, other, link.kind, linked=False)


def _tell_link(record: Record, other: Record, kind: str, *, linked: bool) -> None:
    fact = {"link": f"{kind} {other.label}"}
    emit(
        RecordLinked(
            **about(record),
            before=None if linked else fact,
            after=fact if linked else None,
            type_code=record.type_code,
            record_key=record.key,
            record_version=record.version,
            other_id=other.id,
            kind=kind,
            linked=linked,
        )
    )
