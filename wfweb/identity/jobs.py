"""Mails of identity and the tidying of rows that have had their time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from wfweb.identity import service
from wfweb.identity.models import PasswordReset, Throttle, UserSession
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Gone, NotFound
from wfweb.kernel.ports import ports
from wfweb.kernel.settings import get_settings

KEEP_ENDED = timedelta(days=30)
"""How long ended sessions and links stay for questions; the audit trail keeps the story."""


def send_reset(payload: dict[str, Any]) -> None:
    """Make a link and mail it; a repeat makes a new link and ends the first.

    The token stands behind ``#``, which browsers send to no server and no log.
    """
    try:
        user, token = service.start_reset(UUID(str(payload["user_id"])))
    except (NotFound, Gone):
        return
    address = f"{get_settings().public_url}/reset"
    ports.send_mail(
        user.email,
        "password_reset",
        {"name": user.name, "link": f"{address}#{token}", "address": address, "code": token},
    )


def send_notice(payload: dict[str, Any]) -> None:
    """Tell somebody that their password or address was changed."""
    ports.send_mail(
        str(payload["to"]),
        str(payload["template"]),
        {"name": str(payload["name"]), "link": f"{get_settings().public_url}/account"},
    )


def tidy() -> None:
    """Remove ended sessions and links, and throttles whose window is over."""
    with transaction(system=True):
        now = clock.now()
        current = session()
        current.execute(delete(UserSession).where(UserSession.expires_at < now - KEEP_ENDED))
        current.execute(delete(UserSession).where(UserSession.revoked_at < now - KEEP_ENDED))
        current.execute(delete(PasswordReset).where(PasswordReset.expires_at < now - KEEP_ENDED))
        current.execute(delete(Throttle).where(Throttle.window_ends_at < now - timedelta(days=1)))
