"""A person's choices: read for many at once, saved, and applied to what already waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert

from wfweb.events import emit
from wfweb.identity import queries as people
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, FieldError, SignInRequired, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.notifications import holding, rules
from wfweb.notifications.events import PreferencesChanged
from wfweb.notifications.kinds import KINDS
from wfweb.notifications.models import Delivery, Notification, NotificationPreferences
from wfweb.notifications.rules import Wishes
from wfweb.notifications.schemas import body_of, wishes_from


@dataclass(frozen=True, slots=True)
class Mine:
    """The current person's choices, their zone, and the version that a change must name."""

    wishes: Wishes
    zone: str
    version: int


def wishes_of(user_ids: Iterable[UUID]) -> Mapping[UUID, Wishes]:
    """Return what people chose; those who never chose are not in it."""
    statement = select(NotificationPreferences.user_id, NotificationPreferences.body).where(
        NotificationPreferences.user_id.in_(set(user_ids))
    )
    return {user_id: wishes_from(body) for user_id, body in session().execute(statement)}


def mine() -> Mine:
    """Return the current person's choices.

    :raises SignInRequired: when nobody acts.
    """
    user_id = _me()
    row = session().scalar(_row(user_id))
    wishes = wishes_from(row.body) if row else Wishes()
    zone = people.user_by_id(user_id).time_zone
    return Mine(wishes, zone, row.version if row else 0)


def save(wishes: Wishes, *, version: int) -> Mine:
    """Store the current person's choices, and let what waits follow them.

    :raises ValidationFailed: for what cannot be, such as quiet hours without end.
    :raises Conflict: when the choices were changed since ``version``.
    """
    wrong = [FieldError(pointer, text, "choice") for pointer, text in rules.problems(wishes)]
    if wrong:
        raise ValidationFailed(wrong)
    user_id = _me()
    _ensure_row(user_id)
    row = session().scalars(_row(user_id).with_for_update()).one()
    if row.version != version:
        raise Conflict(current_version=row.version, your_version=version)
    before, row.body, row.version = row.body, body_of(wishes), version + 1
    session().flush()
    user = people.user_by_id(user_id)
    emit(
        PreferencesChanged(
            target_type="user",
            target_id=user_id,
            target_label=user.name,
            before=before,
            after=row.body,
        )
    )
    _replan(user_id, user.time_zone, wishes)
    return Mine(wishes, user.time_zone, row.version)


def _me() -> UUID:
    user_id = current_actor().id
    if user_id is None:
        raise SignInRequired
    return user_id


def _row(user_id: UUID) -> Select[NotificationPreferences]:
    return select(NotificationPreferences).where(NotificationPreferences.user_id == user_id)


def _ensure_row(user_id: UUID) -> None:
    now = clock.now()
    values: dict[str, Any] = {
        "id": new_id(),
        "company_id": current_actor().company_id,
        "user_id": user_id,
        "body": {},
        "version": 0,
        "created_at": now,
        "updated_at": now,
    }
    session().execute(insert(NotificationPreferences).values(values).on_conflict_do_nothing())


def _replan(user_id: UUID, zone: str, wishes: Wishes) -> None:
    """Let what waits leave as it would if it were written now; nothing that waits is dropped."""
    now = clock.now()
    due = rules.next_digest(wishes.digest, zone, now)
    for group in rules.GROUPS:
        shown_from = due if wishes.mode(group, "in_app") == "digest" else now
        kinds = [kind.code for kind in KINDS.values() if kind.group == group]
        waiting = (Notification.user_id == user_id) & (Notification.shown_from > now)
        session().execute(
            update(Notification)
            .where(waiting, Notification.kind.in_(kinds))
            .values(shown_from=shown_from)
        )
    held = select(Delivery).where(
        Delivery.user_id == user_id,
        Delivery.state == "pending",
        Delivery.waits != "",
        Delivery.digest_id.is_(None),
    )
    for delivery in session().scalars(held.order_by(Delivery.id).with_for_update()):
        mode = wishes.mode(KINDS[delivery.kind].group, "email")
        holding.put(delivery, rules.hold(wishes, mode, zone, now))
