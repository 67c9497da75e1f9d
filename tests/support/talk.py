"""What was said about a record or a request, read from the table itself."""

from uuid import UUID

from sqlalchemy import select

from wfweb.kernel.db import session
from wfweb.records.models import Comment


def said_about(subject_id: UUID) -> list[str]:
    """Return the comments that the actor's company has about a subject, oldest first."""
    found = select(Comment.body).where(Comment.subject_id == subject_id).order_by(Comment.id)
    return list(session().scalars(found))
