"""The editor of a calendar: a form that works without JavaScript, with a live preview beside it."""

from collections.abc import Sequence
from typing import Any, Final

from babel import Locale
from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.calendars import forms, holidays, queries, service, zones
from wfweb.calendars.forms import Form
from wfweb.calendars.importing import with_holidays
from wfweb.calendars.policy import EDIT, guarded
from wfweb.calendars.previewing import Preview, preview_of_body, problems_shown
from wfweb.calendars.problems import UnanswerableQuestion
from wfweb.calendars.views import bp
from wfweb.calendars.views.acting import seen_version
from wfweb.calendars.years import years_in
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed
from wfweb.kernel.tenancy import Company
from wfweb.kernel.web import fragment, page, respond, whole_number

UNPROCESSABLE: Final = 422
_HEAD: Final = ("code", "name", "description")
_STARTING_WEEK: Final = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@bp.get("/calendars/new")
@guarded(EDIT)
def new_calendar() -> ResponseReturnValue:
    """Show the form of a new calendar: office hours in the company's zone to begin with."""
    with transaction():
        company = session().get_one(Company, current_actor().company_id)
        body = {"tz": company.time_zone, "weekly": _STARTING_WEEK}
        return _form(None, dict.fromkeys(_HEAD, ""), forms.form_of(body))


@bp.get("/calendars/<code>/edit")
@guarded(EDIT)
def edit_calendar(code: str) -> ResponseReturnValue:
    """Show the draft as a form; without a draft, a copy of what is in force."""
    with transaction():
        kept = queries.find_calendar(code)
        head = {"code": kept.code, "name": kept.name, "description": kept.description}
        return _form(code, head, forms.form_of(queries.latest_body(kept)))


@bp.post("/calendars/new")
@guarded(EDIT)
def create_calendar() -> ResponseReturnValue:
    """Create a calendar with its first draft."""
    return _save(None)


@bp.post("/calendars/<code>/edit")
@guarded(EDIT)
def save_calendar(code: str) -> ResponseReturnValue:
    """Save the draft, or show the form again with what is wrong."""
    return _save(code)


@bp.post("/calendars/preview")
@guarded(EDIT)
def preview_calendar() -> ResponseReturnValue:
    """Return what the calendar that is being typed would answer; nothing is saved."""
    return fragment("calendars/_preview.html", p=_preview(forms.read_form(request.form)))


def _save(code: str | None) -> ResponseReturnValue:
    head = {name: request.form.get(name, "").strip() for name in _HEAD}
    head["code"] = code or head["code"]
    form = forms.read_form(request.form)
    act = request.form.get("_act", "")
    try:
        if act == "import":
            return _form(code, head, _imported(form))
        if act == "preview" or forms.apply_act(form, act):
            return _form(code, head, form)
        with transaction():
            service.save_calendar(
                head["code"],
                forms.to_body(form),
                name=head["name"] or None,
                description=head["description"],
                expected_version=_expected(),
                create=code is None,
            )
    except ValidationFailed as refusal:
        return _form(code, head, form, forms.on_form(refusal.errors, form), refusal.status)
    except Conflict as refusal:
        told = [FieldError("", f"Not saved: {refusal.detail}. What you typed is still here")]
        return _form(code, head, form, told, refusal.status, over=refusal.current_version)
    flash("The draft is saved. Nothing counts by it until you publish it.", "ok")
    return respond(url_for("calendars.calendar", code=head["code"], version="draft"))


def _expected() -> int | None:
    """Return the version that may be replaced: the one seen, or the one chosen to write over."""
    over = whole_number(request.form.get("over"))
    return seen_version() if over is None else over


def _imported(form: Form) -> Form:
    country, part = (request.form.get(f"import.{n}", "").strip() for n in ("country", "part"))
    body = forms.to_body(form)
    try:
        years = years_in(request.form.get("import.years", ""))
        body = with_holidays(body, country, part.upper() or None, years)
    except UnanswerableQuestion as refusal:
        raise ValidationFailed([_of_import(one) for one in refusal.errors]) from None
    return {**form, **{name: forms.form_of(body)[name] for name in ("holidays", "source")}}


def _of_import(error: FieldError) -> FieldError:
    field = {"/subdivision": "/part"}.get(error.pointer, error.pointer)
    return FieldError(f"/import{field}", error.message, error.code)


def _form(
    code: str | None,
    head: dict[str, str],
    form: Form,
    errors: Sequence[FieldError] = (),
    status: int = 200,
    *,
    over: int | None = None,
) -> Response:
    year = clock.today().year
    with transaction():
        version = request.form.get("version") or (
            queries.find_calendar(code).version if code else ""
        )
        return page(
            "calendars/edit.html",
            status=status,
            code=code,
            head=head,
            form=form,
            version=version,
            over=over,
            errors=errors,
            wrong={error.pointer: error.message for error in errors},
            zones=_zones(form["tz"]),
            countries=_countries(),
            typed=_typed_import(year),
            p=_preview(form),
        )


def _typed_import(year: int) -> dict[str, str]:
    usual = {"country": "", "part": "", "years": f"{year}-{year + 2}"}
    return {name: request.form.get(f"import.{name}", text) for name, text in usual.items()}


def _preview(form: Form) -> Preview:
    start, hours = (request.form.get(f"preview.{name}", "").strip() for name in ("from", "hours"))
    try:
        return preview_of_body(forms.to_body(form), start, hours)
    except ValidationFailed as refusal:
        return problems_shown(refusal.errors, start, hours)


def _zones(chosen: str) -> list[str]:
    usual = {one for one in zones.names() if "/" in one and not one.startswith("Etc/")}
    return sorted(usual | {"UTC"} | ({chosen} if chosen in zones.names() else set()))


def _countries() -> list[tuple[str, str]]:
    names: Any = Locale.parse("en").territories
    found = [(code, str(names.get(code, code))) for code in holidays.regions()]
    return sorted(found, key=lambda one: one[1])
