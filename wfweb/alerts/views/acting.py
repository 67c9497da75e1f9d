"""What people do with an alert from its page: each act a plain form that answers with the page."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.alerts import queries, service, silencing
from wfweb.alerts.models import Alert
from wfweb.alerts.views import asked as addresses
from wfweb.alerts.views import bp, lists
from wfweb.alerts.views.centre import show_page
from wfweb.alerts.views.when import REMINDERS, SILENCES
from wfweb.identity.access import signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, ValidationFailed, by_field
from wfweb.kernel.web import is_htmx, respond, whole_number

FIELDS: Final = {"owner": "to", "remind_minutes": "when", "until": "until"}


def version_seen() -> int | None:
    """Return the version of the alert that the form was drawn from."""
    return whole_number(request.form.get("version"))


def _do(key: str, kind: str, act: Callable[[Alert], object], said: str) -> ResponseReturnValue:
    """Do something to an alert and come back to its page, or show there what is wrong."""
    try:
        with transaction():
            act(queries.alert_by_key(key))
    except ValidationFailed as refusal:
        with transaction():
            shown = [
                FieldError(_place(one.pointer), one.message, one.code) for one in refusal.errors
            ]
            return show_page(
                key,
                status=refusal.status,
                errors=shown,
                failed=kind,
                failures=by_field(shown),
                typed=request.form,
            )
    flash(said, "ok")
    return respond(url_for("alerts.show", key=key))


def _place(pointer: str) -> str:
    name = pointer.strip("/")
    return f"/{FIELDS.get(name, name)}"


@bp.post("/alerts/<key>/acknowledge")
@signed_in
def acknowledge(key: str) -> ResponseReturnValue:
    """Take an alert: the row of the list, or the page, shows whose it is now."""
    back = request.form.get("back")
    with transaction():
        found = queries.alert_by_key(key)
        service.acknowledge(found.id, version=version_seen())
    if is_htmx():
        return _row(key, back or "")
    flash(f"You look after {key} now.", "ok")
    target = url_for("alerts.show", key=key) if back is None else url_for("alerts.index")
    return respond(f"{target}?{back}" if back and addresses.is_plain(back) else target)


def _row(key: str, back: str) -> Response:
    with transaction():
        row = lists.rows_of([queries.alert_by_key(key)])[0]
        context = {"row": row, "back": back, "open": None, "may_handle": True}
        return respond(
            url_for("alerts.show", key=key),
            fragments=[("alerts/_row_taken.html", {**context, "counts": lists.counts()})],
            say=f"Acknowledged {key}",
            focus=f"#alert-{key} .ti a",
        )


@bp.post("/alerts/<key>/owner")
@signed_in
def assign(key: str) -> ResponseReturnValue:
    """Give an alert to somebody."""
    person = request.form.get("to", "")

    def act(found: Alert) -> object:
        try:
            owner = UUID(person)
        except ValueError:
            raise ValidationFailed.at("/owner", "Choose a person", "required") from None
        return service.assign(found.id, owner, version=version_seen())

    return _do(key, "assign", act, f"{key} is given on.")


@bp.post("/alerts/<key>/notes")
@signed_in
def note(key: str) -> ResponseReturnValue:
    """Write something about an alert."""
    body = request.form.get("body", "").replace("\r\n", "\n")
    return _do(key, "note", lambda found: service.note(found.id, body), "The note is added.")


@bp.post("/alerts/<key>/reminder")
@signed_in
def remind(key: str) -> ResponseReturnValue:
    """Be told again after some time, as long as the alert is open."""
    chosen = request.form.get("when", "")

    def act(found: Alert) -> object:
        if chosen not in REMINDERS:
            raise ValidationFailed.at("/when", "Choose when", "required")
        return service.remind(found.id, REMINDERS[chosen][1](), version=version_seen())

    return _do(key, "remind", act, "You are reminded.")


@bp.post("/alerts/<key>/silence")
@signed_in
def silence(key: str) -> ResponseReturnValue:
    """Tell nobody about this rule on this record until a moment."""
    chosen, reason = request.form.get("until", ""), request.form.get("reason", "")

    def act(found: Alert) -> object:
        if chosen not in SILENCES:
            raise ValidationFailed.at("/until", "Choose until when", "required")
        until = SILENCES[chosen][1]()
        return silencing.silence(
            rule_id=found.rule_id, record_id=found.record_id, until=until, reason=reason
        )

    return _do(key, "silence", act, "Nobody is told of it until then.")


@bp.post("/alerts/<key>/resolution")
@signed_in
def resolve(key: str) -> ResponseReturnValue:
    """End an alert with what was done about it."""
    notes = request.form.get("notes", "").replace("\r\n", "\n")
    return _do(
        key,
        "resolve",
        lambda found: service.resolve(found.id, notes, version=version_seen()),
        f"{key} is resolved.",
    )
