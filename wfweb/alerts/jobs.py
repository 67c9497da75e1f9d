"""Doors of outbox messages and recurring work about alerts."""

from typing import Any
from uuid import UUID

from wfweb.alerts import happening, storm, telling
from wfweb.alerts.models import AlertRule
from wfweb.identity import queries as people
from wfweb.kernel.db import session
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify

MANAGE = "alerts.manage"


def tell(payload: dict[str, Any]) -> None:
    """Tell people of alerts."""
    telling.tell(payload)


def tell_storm(payload: dict[str, Any]) -> None:
    """Tell one person of many alerts in one message."""
    storm.tell_storm(payload)


def event_happened(payload: dict[str, Any]) -> None:
    """Let rules look at an event."""
    happening.on_event(payload)


def tell_broken(payload: dict[str, Any]) -> None:
    """Tell those who edit rules that one cannot be evaluated."""
    rule = session().get(AlertRule, UUID(str(payload["target_id"])))
    if rule is None or rule.error is None:
        return
    company = session().get_one(Company, rule.company_id)
    path = f"/alert-rules/{rule.code}"
    notify(
        [user.id for user in people.users_with_permission(MANAGE)],
        "alert_rule_broken",
        {
            "rule": rule.name,
            "reason": rule.error,
            "company": company.name,
            "path": path,
            "url": get_settings().public_url + path,
        },
        subject=("alert_rule", rule.id),
        key=str(payload["message_id"]),
    )
