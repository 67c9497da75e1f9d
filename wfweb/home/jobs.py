"""Messages that no single feature can send: somebody is mentioned, a webhook was switched off."""

from typing import Any
from uuid import UUID

from wfweb.identity import queries as people
from wfweb.kernel.db import session
from wfweb.kernel.ports import ports
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify
from wfweb.records.models import Comment
from wfweb.webhooks.models import WebhookEndpoint

KEEPS_WEBHOOKS = "webhooks.manage"


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


def tell_webhook_stopped(payload: dict[str, Any]) -> None:
    """Tell those who keep webhooks that wfweb has switched one off; not when it is on again."""
    endpoint = session().get(WebhookEndpoint, UUID(str(payload["target_id"])))
    if endpoint is None or endpoint.active:
        return
    path = f"/admin/webhooks/{endpoint.id}"
    notify(
        [user.id for user in people.users_with_permission(KEEPS_WEBHOOKS)],
        "webhook_stopped",
        {
            "endpoint": endpoint.name,
            "reason": endpoint.stopped_because,
            "company": session().get_one(Company, endpoint.company_id).name,
            "path": path,
            "url": get_settings().public_url + path,
        },
        subject=("webhook_endpoint", endpoint.id),
        key=str(payload["message_id"]),
    )
