"""The frame round every page: navigation with counts, the instant, where search goes."""

from typing import Any

from flask import Flask, g, has_request_context, request
from sqlalchemy import select

from wfweb.alerts import queries as alerts
from wfweb.approvals import queries as approvals
from wfweb.home.navigation import navigation
from wfweb.identity.access import user_or_none
from wfweb.identity.principal import SignedInUser
from wfweb.kernel import clock
from wfweb.kernel.db import session
from wfweb.locks import queries as locks
from wfweb.notifications import queries as notifications
from wfweb.tasks import queries as tasks


def register(app: Flask) -> None:
    """Give every template of an application what its frame shows."""
    app.context_processor(_frame)


def counts(user: SignedInUser) -> dict[str, int]:
    """Return the numbers beside navigation items, by item id."""
    waiting = g.get("wfweb_approval_counts") or approvals.counts(user.id)
    asked = {"tasks": tasks.open_for_me(), "notifications": notifications.unread_count(user.id)}
    if user.may("alerts.view"):
        asked["alerts"] = alerts.waiting()
    if user.may("locks.view"):
        asked["locks"] = locks.standing()
    row = session().execute(select(*asked.values())).one()
    return {
        "inbox": waiting.needs_me,
        "my-requests": waiting.requested,
        **dict(zip(asked, row, strict=True)),
    }


def _frame() -> dict[str, Any]:
    """Return the frame's values; navigation is drawn once a request and only for pages."""
    user = user_or_none()
    values: dict[str, Any] = {"now": clock.now(), "direction": "ltr"}
    chosen = request.cookies.get("wfweb_theme") if has_request_context() else None
    if chosen in {"light", "dark"}:  # the switch of this browser wins over the person's setting
        values["theme"] = chosen
    if user is not None:
        values |= {"nav": _Navigation(user), "new_url": "/records", "search_url": "/search"}
    return values


class _Navigation:
    """Navigation that is read when a template walks it: fragments never do."""

    def __init__(self, user: SignedInUser) -> None:
        self._user = user

    def __iter__(self) -> Any:
        if "wfweb_navigation" not in g:
            g.wfweb_navigation = navigation(self._user, counts)
        return iter(g.wfweb_navigation)
