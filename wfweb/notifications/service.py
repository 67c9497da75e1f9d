"""Verbs: tell people, mark as read, change the words of a kind."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from wfweb.events import emit
from wfweb.events.outbox import enqueue
from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, NotFound
from wfweb.kernel.ids import new_id
from wfweb.notifications import rendering
from wfweb.notifications.events import MessageTemplateSaved
from wfweb.notifications.kinds import KINDS, Kind, Words
from wfweb.notifications.models import Delivery, MessageTemplate, Notification

CHANNELS = ("in_app", "email")
Relevance = Callable[[UUID, UUID], bool]
relevance: dict[str, Relevance] = {}
"""Subject type -> does this subject still concern this user? Filled in wiring; asked just
before a mail leaves, so that nobody is asked to decide what is already decided."""


def notify(
    user_ids: Iterable[UUID],
    kind: str,
    context: Mapping[str, Any],
    *,
    subject: tuple[str, UUID],
    key: str,
    thread: str = "",
    channels: Collection[str] = CHANNELS,
) -> int:
    """Tell people something: a notice and a mail each; return how many mails were queued.

    :param subject: type and id of what it is about.
    :param key: with kind and person it makes the message unique, so telling twice tells once.
    :param thread: mails of one thread share a conversation in the mailbox.
    :param channels: only by these, of those the kind has.
    """
    chosen = KINDS[kind]
    people = session().scalars(select(User).where(User.id.in_(set(user_ids)), User.active)).all()
    told = 0
    for person in people:
        if chosen.in_app and "in_app" in channels:
            _leave_notice(chosen, person, context, subject, key)
        if not (chosen.mail and "email" in channels):
            continue
        if person.kind == "person" and person.email:
            told += _queue_mail(
                chosen, person.email, context, f"{key}:{person.id}", subject, thread, person.id
            )
    return told


def send_mail(to: str, kind: str, context: Mapping[str, Any]) -> None:
    """Queue a mail to an address, as features do that know no person yet (port)."""
    key = str(new_id())
    _queue_mail(KINDS[kind], to, context, key, (kind, new_id()), "", None)


def _leave_notice(
    kind: Kind, person: User, context: Mapping[str, Any], subject: tuple[str, UUID], key: str
) -> None:
    words = rendering.words_of(kind)
    values = {
        "company_id": current_actor().company_id,
        "user_id": person.id,
        "kind": kind.code,
        "key": f"{kind.code}:{key}",
        "title": rendering.one_line(rendering.fill(words.heading, context)),
        "text": rendering.one_line(rendering.fill(words.body, context)),
        "url": str(context.get("path", "")),
        "subject_type": subject[0],
        "subject_id": subject[1],
    }
    session().execute(insert(Notification).values(values).on_conflict_do_nothing())


def _queue_mail(
    kind: Kind,
    address: str,
    context: Mapping[str, Any],
    key: str,
    subject: tuple[str, UUID],
    thread: str,
    user_id: UUID | None,
) -> int:
    delivery_id = new_id()
    values = {
        "id": delivery_id,
        "company_id": current_actor().company_id,
        "kind": kind.code,
        "key": f"{kind.code}:{key}",
        "user_id": user_id,
        "address": address,
        "thread": thread,
        "subject_type": subject[0],
        "subject_id": subject[1],
        "context": dict(context),
    }
    statement = insert(Delivery).values(values).on_conflict_do_nothing().returning(Delivery.id)
    if session().execute(statement).scalar_one_or_none() is None:
        return 0
    outbox_id = enqueue("mail.deliver", {"delivery_id": str(delivery_id)}, key=str(delivery_id))
    session().execute(
        update(Delivery).where(Delivery.id == delivery_id).values(outbox_id=outbox_id)
    )
    return 1


def mark_read(notification_id: UUID) -> None:
    """Mark a notice of the current person as read.

    :raises NotFound: when it is not theirs.
    """
    found = session().scalar(
        select(Notification).where(
            Notification.id == notification_id, Notification.user_id == current_actor().id
        )
    )
    if found is None:
        raise NotFound
    found.read_at = found.read_at or clock.now()


def mark_all_read() -> None:
    """Mark all notices of the current person as read."""
    mine = (Notification.user_id == current_actor().id) & Notification.read_at.is_(None)
    session().execute(update(Notification).where(mine).values(read_at=clock.now()))


def save_words(kind_code: str, words: Words, *, version: int) -> MessageTemplate:
    """Store a company's own words of a kind; ``version`` is 0 when there were none.

    :raises ValidationFailed: for names the kind does not know.
    :raises Conflict: when somebody else saved in between.
    """
    kind = KINDS.get(kind_code)
    if kind is None:
        raise NotFound
    rendering.check_words(kind, words)
    own = session().scalar(
        select(MessageTemplate).where(MessageTemplate.kind == kind_code).with_for_update()
    )
    current = own.version if own else 0
    if current != version:
        raise Conflict(current_version=current, your_version=version)
    before = {"subject": own.subject, "body": own.body} if own else None
    if own is None:
        own = MessageTemplate(kind=kind_code, subject="", heading="", body="", version=0)
        session().add(own)
    own.subject, own.heading, own.body, own.button = (
        words.subject, words.heading, words.body, words.button,
    )  # fmt: skip
    own.version += 1
    session().flush()
    emit(
        MessageTemplateSaved(
            target_type="message_template",
            target_id=own.id,
            target_label=kind.label,
            before=before,
            after={"subject": own.subject, "body": own.body},
        )
    )
    return own


def restore_words(kind_code: str) -> None:
    """Go back to the built-in words of a kind."""
    own = session().scalar(select(MessageTemplate).where(MessageTemplate.kind == kind_code))
    if own is None:
        return
    emit(
        MessageTemplateSaved(
            target_type="message_template",
            target_id=own.id,
            target_label=KINDS[kind_code].label,
            before={"subject": own.subject, "body": own.body},
            after={},
        )
    )
    session().delete(own)


def send_again(delivery_id: UUID, retry_message: Callable[[UUID], None]) -> None:
    """Try a failed mail once more, from the beginning.

    :raises NotFound: when there is none.
    :raises Conflict: when it has not failed.
    """
    found = session().scalar(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    if found is None:
        raise NotFound
    if found.state != "failed" or found.outbox_id is None:
        raise Conflict("Only a mail that failed can be sent again.")
    found.state, found.error = "pending", None
    session().flush()
    retry_message(found.outbox_id)
