"""What is done to a calendar as a whole: publish, drop the draft, choose as default, delete."""

from collections.abc import Sequence
from datetime import date

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.calendars import service
from wfweb.calendars.errors import InUse
from wfweb.calendars.policy import EDIT, guarded
from wfweb.calendars.views import bp
from wfweb.calendars.views.reading import DRAFT, page_of, shown
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed
from wfweb.kernel.web import page, respond, whole_number


@bp.post("/calendars/<code>/publish")
@guarded(EDIT)
def publish_calendar(code: str) -> ResponseReturnValue:
    """Put the draft in force, from today or from a day on."""
    try:
        start = _day(request.form.get("effective_from", "").strip())
        with transaction():
            version = service.publish(
                code,
                effective_from=start,
                comment=request.form.get("comment", ""),
                expected_version=seen_version(),
            )
            said = f"Version {version.number} is published. What runs keeps its version."
    except ValidationFailed as refusal:
        return _again(code, DRAFT, refusal.errors, refusal.status)
    except Conflict as refusal:
        return _again(code, DRAFT, [FieldError("", refusal.detail)], refusal.status)
    flash(said, "ok")
    return respond(url_for("calendars.calendar", code=code))


@bp.post("/calendars/<code>/discard")
@guarded(EDIT)
def discard_draft(code: str) -> ResponseReturnValue:
    """Drop the draft."""
    try:
        with transaction():
            service.discard_draft(code, expected_version=seen_version())
    except Conflict as refusal:
        return _again(code, DRAFT, [FieldError("", refusal.detail)], refusal.status)
    flash("The draft is dropped.", "ok")
    return respond(url_for("calendars.calendar", code=code))


@bp.post("/calendars/<code>/default")
@guarded(EDIT)
def choose_default(code: str) -> ResponseReturnValue:
    """Make a calendar the default of the company, or let day and night count again."""
    chosen = request.form.get("is_default") == "true"
    with transaction():
        kept = service.set_default(code if chosen else None)
        said = f"“{kept.name}” is the default now." if kept else "There is no default any more."
    flash(said, "ok")
    return respond(url_for("calendars.calendar", code=code))


@bp.post("/calendars/<code>/delete")
@guarded(EDIT)
def delete_calendar(code: str) -> ResponseReturnValue:
    """Take a calendar out of use; refused while something counts with it."""
    try:
        with transaction():
            service.delete_calendar(code, expected_version=seen_version())
    except (InUse, Conflict) as refusal:
        return _again(code, "", [FieldError("", refusal.detail)], refusal.status)
    flash("The calendar is deleted.", "ok")
    return respond(url_for("calendars.list_calendars"))


def seen_version() -> int | None:
    """Return the version of the calendar that the posted form was made from."""
    return whole_number(request.form.get("version"))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationFailed.at("/effective_from", "Choose a day", "date") from None


def _again(code: str, wanted: str, errors: Sequence[FieldError], status: int) -> Response:
    with transaction():
        found = shown(code, wanted)
        # Faults of the draft itself are told here, but their fields are on the other page.
        told = [
            one if one.pointer in {"/effective_from", "/comment"} else FieldError("", one.message)
            for one in errors
        ]
        return page("calendars/show.html", status=status, errors=told, **page_of(found))
