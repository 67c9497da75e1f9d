"""The navigation: one table of everything a person can go to, and who sees it.

Items a role cannot use are absent; counts come from the feature that owns them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from wfweb.identity.principal import SignedInUser
from wfweb.records import queries as records


@dataclass(frozen=True, slots=True)
class Item:
    """One entry; ``permission`` empty means that everybody signed in has it."""

    id: str
    label: str
    url: str
    icon: str
    permission: str = ""


WORK = (
    Item("inbox", "Inbox", "/inbox", "inbox"),
    Item("my-requests", "My requests", "/my-requests", "send"),
    Item("sla", "SLA board", "/sla", "clock", "sla.view"),
    Item("alerts", "Alerts", "/alerts", "alert-triangle", "alerts.view"),
    Item("locks", "Locks", "/locks", "lock", "locks.view"),
    Item("tasks", "Tasks", "/tasks", "checkbox"),
    Item("notifications", "Notifications", "/notifications", "bell"),
)
MANAGE = (
    Item("workflows", "Workflows", "/workflows", "sitemap", "workflows.view"),
    Item("matrices", "Approval matrices", "/matrices", "table", "matrices.edit"),
    Item("calendars", "Business calendars", "/calendars", "calendar", "workflows.view"),
    Item("alert-rules", "Alert rules", "/alert-rules", "adjustments", "alerts.manage"),
    Item("record-types", "Record types", "/record-types", "forms", "types.edit"),
    Item("templates", "Messages", "/admin/messages", "mail", "templates.edit"),
)
ADMINISTRATION = (
    Item("users", "People", "/admin/users", "users", "users.manage"),
    Item("roles", "Roles", "/admin/roles", "shield-check", "roles.manage"),
    Item("stuck", "Needs attention", "/operations/stuck", "alert-triangle", "operations.retry"),
    Item("messages", "Given up", "/operations/messages", "refresh", "operations.retry"),
    Item("webhooks", "Webhooks", "/admin/webhooks", "link", "webhooks.manage"),
    Item("deliveries", "Deliveries", "/admin/deliveries", "truck", "deliveries.view"),
)

Counts = Callable[[SignedInUser], dict[str, int]]


def navigation(user: SignedInUser, counts: Counts) -> list[dict[str, Any]]:
    """Return the groups that a person sees on the page that is drawn now."""
    numbers = counts(user)
    groups: list[tuple[str, Sequence[Item]]] = [
        ("", WORK),
        ("Records", _record_types()),
        ("Manage", MANAGE),
        ("Administration", ADMINISTRATION),
    ]
    shown = []
    for label, items in groups:
        mine = [_entry(item, numbers) for item in items if _sees(user, item)]
        if mine:
            shown.append({"label": label, "items": mine})
    return shown


def _record_types() -> list[Item]:
    return [
        Item(f"type-{kind.code}", kind.plural, f"/records/{kind.code}", kind.icon or "file-text")
        for kind in records.types_in_navigation()
    ]


def _sees(user: SignedInUser, item: Item) -> bool:
    return not item.permission or user.may(item.permission)


def _entry(item: Item, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "id": item.id,
        "label": item.label,
        "url": item.url,
        "icon": item.icon,
        "count": numbers.get(item.id),
        "current": _is_here(item),
    }


# Pages that lie under another address than the list they belong to.
_ELSEWHERE = {"inbox": "/requests/", "locks": "/lock-types"}


def _is_here(item: Item) -> bool:
    under = _ELSEWHERE.get(item.id)
    return (
        request.path == item.url
        or request.path.startswith(f"{item.url}/")
        or (under is not None and request.path.startswith(under))
    )
