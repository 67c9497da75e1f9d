"""Verbs: tell people, mark as read, change the words of a kind."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from wfweb.events import emit
from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, NotFound
from wfweb.kernel.ids import new_id
from wfweb.notifications import digests, holding, queries, rendering, rules
from wfweb.notifications.events import MessageTemplateSaved
from wfweb.notifications.kinds import DIGEST, KINDS, Kind, Words
from wfweb.notifications.models import Delivery, MessageTemplate, Notification
from wfweb.notifications.preferences import wishes_of
from wfweb.notifications.rules import CHANNELS, Hold, Wishes

Relevance = Callable[[UUID, UUID], bool]
relevance: dict[str, Relevance] = {}
"""Subject type -> does this subject still concern this user? Filled in wiring; asked just
before a mail leaves, so that nobody is asked to decide what is already decided."""


@dataclass(frozen=True, slots=True)
class _Told:
    """One telling, the same for everybody who hears of it."""

    kind: Kind
    context: Mapping[str, Any]
    subject: tuple[str, UUID]
    key: str
    thread: str = ""
    urgent: bool = False


def notify(
    user_ids: Iterable[UUID],
    kind: str,
    context: Mapping[str, Any],
    *,
    subject: tuple[str, UUID],
    key: str,
    thread: str = "",
    channels: Collection[str] = CHANNELS,
    urgent: bool = False,
) -> int:
    """Tell people something: a notice and a mail each; return how many mails were queued.

    When and how follows each person's own choices (``preferences``).

    :param subject: type and id of what it is about.
    :param key: with kind and person it makes the message unique, so telling twice tells once.
    :param thread: mails of one thread share a conversation in the mailbox.
    :param channels: only by these, of those the kind has.
    :param urgent: comes at once, whatever people chose and whatever the hour.
    """
    told = _Told(KINDS[kind], context, subject, key, thread, urgent)
    people = session().scalars(select(User).where(User.id.in_(set(user_ids)), User.active)).all()
    chosen = wishes_of(person.id for person in people)
    count = 0
    for person in people:
        wishes = chosen.get(person.id, Wishes())
        if told.kind.in_app and "in_app" in channels:
            _leave_notice(told, person, wishes)
        if told.kind.mail and "email" in channels and person.kind == "person" and person.email:
            count += _mail_to(told, person, wishes)
    return count


def send_mail(to: str, kind: str, context: Mapping[str, Any]) -> None:
    """Queue a mail to an address, as features do that know no person yet (port)."""
    told = _Told(KINDS[kind], context, (kind, new_id()), str(new_id()))
    _queue_mail(told, to, None, Hold())


def _mode(told: _Told, wishes: Wishes, channel: str) -> rules.Mode:
    breaks_through = told.urgent or not told.kind.group
    return "at_once" if breaks_through else wishes.mode(told.kind.group, channel)


def _leave_notice(told: _Told, person: User, wishes: Wishes) -> None:
    mode = _mode(told, wishes, "in_app")
    if mode == "off":
        return
    words, now = rendering.words_of(told.kind), clock.now()
    digest = rules.next_digest(wishes.digest, person.time_zone, now) if mode == "digest" else None
    values = {
        "company_id": current_actor().company_id,
        "user_id": person.id,
        "kind": told.kind.code,
        "key": f"{told.kind.code}:{told.key}",
        "title": rendering.one_line(rendering.fill(words.heading, told.context)),
        "text": rendering.one_line(rendering.fill(words.body, told.context)),
        "url": str(told.context.get("path", "")),
        "subject_type": told.subject[0],
        "subject_id": told.subject[1],
        "shown_from": digest,
    }
    session().execute(insert(Notification).values(values).on_conflict_do_nothing())


def _mail_to(told: _Told, person: User, wishes: Wishes) -> int:
    mode = _mode(told, wishes, "email")
    if mode == "off":
        return 0
    hold = Hold()
    if told.kind.group and not told.urgent:
        hold = rules.hold(wishes, mode, person.time_zone, clock.now())
    return _queue_mail(told, person.email, person.id, hold)


def _queue_mail(told: _Told, address: str, user_id: UUID | None, hold: Hold) -> int:
    key = f"{told.key}:{user_id}" if user_id else told.key
    values = {
        "company_id": current_actor().company_id,
        "kind": told.kind.code,
        "key": f"{told.kind.code}:{key}",
        "user_id": user_id,
        "address": address,
        "thread": told.thread,
        "subject_type": told.subject[0],
        "subject_id": told.subject[1],
        "context": dict(told.context),
        "urgent": told.urgent,
    }
    statement = insert(Delivery).values(values).on_conflict_do_nothing().returning(Delivery)
    delivery = session().scalar(statement)
    if delivery is None:
        return 0
    holding.put(delivery, hold)
    session().flush()
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
    session().execute(
        update(Notification).where(mine, queries.is_shown()).values(read_at=clock.now())
    )


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
    if found.kind == DIGEST:
        digests.reopen_parts(found.id)
    session().flush()
    retry_message(found.outbox_id)
