"""Digests: what waited for one person's moment becomes the parts of one mail.

A part belongs to exactly one digest: the mark on the part and the digest are written in one
transaction, and rows that another process holds are passed over.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import holding, rendering
from wfweb.notifications.kinds import DIGEST, KINDS
from wfweb.notifications.models import Delivery
from wfweb.notifications.rules import Hold

LISTED: Final = 100
PEOPLE_AT_ONCE: Final = 200
GONE: Final = "the account is not active any more"
_WAITING = (
    (Delivery.state == "pending") & (Delivery.waits == "digest") & Delivery.digest_id.is_(None)
)


def send_due() -> int:
    """Write the digests whose moment has come, in every company; return how many."""
    with transaction(system=True):
        companies = list(session().scalars(select(Company.id)))
    return sum(_send_in(company_id) for company_id in companies)


def _send_in(company_id: UUID) -> int:
    with transaction(company_id=company_id):
        due = select(Delivery.user_id).where(_WAITING, Delivery.not_before <= clock.now())
        people = session().scalars(due.distinct().limit(PEOPLE_AT_ONCE)).all()
    written = 0
    for user_id in people:
        with transaction(company_id=company_id):
            written += write_for(user_id)
    return written


def write_for(user_id: UUID | None) -> bool:
    """Write one person's digest of what is due; False when there was nothing to write."""
    due = select(Delivery).where(
        _WAITING, Delivery.user_id == user_id, Delivery.not_before <= clock.now()
    )
    parts = session().scalars(due.order_by(Delivery.id).with_for_update(skip_locked=True)).all()
    if not parts:
        return False
    user = session().get(User, user_id) if user_id else None
    if user is None or not user.active or not user.email:
        for part in parts:
            part.state, part.error = "skipped", GONE
        return False
    digest = _digest_of(user)
    session().add(digest)
    session().flush()
    for part in parts:
        part.digest_id = digest.id
    holding.put(digest, Hold())
    return True


def _digest_of(user: User) -> Delivery:
    digest_id = new_id()
    return Delivery(
        id=digest_id,
        kind=DIGEST,
        key=f"{DIGEST}:{digest_id}",
        user_id=user.id,
        address=user.email,
        subject_type=DIGEST,
        subject_id=user.id,
        context={},
    )


def parts_of(digest_id: UUID) -> Sequence[Delivery]:
    """Return what a digest still has to carry, oldest first."""
    statement = select(Delivery).where(Delivery.digest_id == digest_id, Delivery.state == "pending")
    return session().scalars(statement.order_by(Delivery.id).with_for_update()).all()


def close_parts(digest_id: UUID, **values: Any) -> None:
    """Let the parts that were still wanted share the fate of their digest."""
    mine = (Delivery.digest_id == digest_id) & (Delivery.state == "pending")
    session().execute(update(Delivery).where(mine).values(**values))


def reopen_parts(digest_id: UUID) -> None:
    """Let the parts of a digest that failed go with it once more."""
    mine = (Delivery.digest_id == digest_id) & (Delivery.state == "failed")
    session().execute(update(Delivery).where(mine).values(state="pending", error=None))


def context_of(parts: Sequence[Delivery]) -> dict[str, Any]:
    """Return what the words of a digest may use, and its list."""
    listed = list(_listed(parts[:LISTED]))
    more = len(parts) - len(listed)
    company = session().get_one(Company, current_actor().company_id)
    return {
        "count": "1 message" if len(parts) == 1 else f"{len(parts)} messages",
        "first": listed[0]["heading"],
        "company": company.name,
        "parts": listed,
        "notes": [f"And {more} more, on the page of your notices."] if more else [],
        "url": f"{get_settings().public_url}/notifications",
    }


def _listed(parts: Iterable[Delivery]) -> Iterable[dict[str, str]]:
    words = {code: rendering.words_of(KINDS[code]) for code in {part.kind for part in parts}}
    for part in parts:
        heading = rendering.one_line(rendering.fill(words[part.kind].heading, part.context))
        yield {
            "heading": heading,
            "text": rendering.one_line(rendering.fill(words[part.kind].body, part.context)),
            "url": str(part.context.get("url", "")),
        }
