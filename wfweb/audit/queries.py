"""Reading the trail."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from wfweb.audit.models import AuditEvent
from wfweb.kernel.db import session


def story(target_id: UUID, *, before: UUID | None = None, limit: int = 50) -> Sequence[AuditEvent]:
    """Return the entries about one target, newest first.

    Entries of its instances and requests belong to its story too: they carry its id in
    ``instance_id`` or ``request_id``.

    :param before: only entries older than this one (keyset page).
    """
    about = or_(
        AuditEvent.target_id == target_id,
        AuditEvent.instance_id == target_id,
        AuditEvent.request_id == target_id,
    )
    query = select(AuditEvent).where(about)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return session().scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()


def by_correlation(correlation_id: UUID, *, limit: int = 200) -> Sequence[AuditEvent]:
    """Return everything one act caused, oldest first."""
    query = select(AuditEvent).where(AuditEvent.correlation_id == correlation_id)
    return session().scalars(query.order_by(AuditEvent.id).limit(limit)).all()
