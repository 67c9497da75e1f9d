"""Messages that belong to no single feature: somebody is mentioned in a comment."""

from typing import Any
from uuid import UUID

from wfweb.kernel.db import session
from wfweb.kernel.ports import ports
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify
from wfweb.records.models import Comment


def tell_mentioned(payload: dict[str, Any]) -> None:
    """Tell everybody a comment mentions, once each."""
    comment = session().get(Comment, UUID(str(payload["comment_id"])))
    people = [UUID(str(user_id)) for user_id in payload.get("mentioned_ids", ())]
    if comment is None or not people:
        return
    company = session().get_one(Company, comment.company_id)
    label = ports.subject_label(comment.subject_type, comment.subject_id)
    path = label.url or "/notifications"
    context = {
        "author": comment.by_name or "Somebody",
        "subject": label.text,
        "comment": comment.body,
        "company": company.name,
        "path": path,
        "url": get_settings().public_url + path,
    }
    notify(
        people,
        "mentioned",
        context,
        subject=(comment.subject_type, comment.subject_id),
        key=str(comment.id),
    )
