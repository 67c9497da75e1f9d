"""The page on which people choose what they are told, and when."""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for

from wfweb.identity.access import signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, ValidationFailed
from wfweb.kernel.web import page, respond, validated, version_posted
from wfweb.notifications import forms, preferences
from wfweb.notifications.rules import GROUPS
from wfweb.notifications.schemas import PreferencesIn

bp = Blueprint("notification_settings", __name__)


def _page(values: dict[str, Any], *, version: int, zone: str, **context: Any) -> Response:
    errors = context.pop("errors", [])
    return page(
        "notifications/preferences.html",
        status=context.pop("status", 200),
        values=values,
        version=version,
        zone=zone,
        errors=errors,
        messages={error.pointer[1:].replace("/", "."): error.message for error in errors},
        groups=GROUPS,
        forms=forms,
        **context,
    )


@bp.get("/settings/notifications")
@signed_in
def show() -> Response:
    """Show my choices."""
    with transaction():
        mine = preferences.mine()
    return _page(forms.values_of(mine.wishes), version=mine.version, zone=mine.zone)


@bp.post("/settings/notifications")
@signed_in
def save() -> Response:
    """Save my choices; what was typed is never lost."""
    values = forms.typed(request.form)
    version = version_posted()
    try:
        wishes = validated(PreferencesIn, forms.data_of(values)).wishes()
        with transaction():
            preferences.save(wishes, version=version)
    except ValidationFailed as refusal:
        zone = preferences.mine().zone
        return _page(
            values, version=max(version, 0), zone=zone, errors=refusal.errors, status=refusal.status
        )
    except Conflict as refusal:
        mine = preferences.mine()
        return _page(
            values, version=mine.version, zone=mine.zone, conflict=refusal, status=refusal.status
        )
    flash("Your choices are saved. What waits already leaves by them.", "ok")
    return respond(url_for("notification_settings.show"))
