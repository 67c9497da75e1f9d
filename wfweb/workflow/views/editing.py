"""Changing definitions: import and edit as text, new drafts, publish, discard, retire."""

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed
from wfweb.kernel.web import page, respond, whole_number
from wfweb.workflow import definitions, diff, exchange, present
from wfweb.workflow.models import WorkflowVersion
from wfweb.workflow.problems import Problem, errors_only
from wfweb.workflow.views import bp
from wfweb.workflow.views.definitions import head, known_version

UNPROCESSABLE, CONFLICT = 422, 409


@bp.get("/workflows/import")
@requires(definitions.EDIT)
def import_form() -> ResponseReturnValue:
    """Show where to paste or choose a file."""
    return page("workflow/import.html", content="", problems=[], errors=[])


@bp.post("/workflows/import")
@requires(definitions.EDIT)
def import_file() -> ResponseReturnValue:
    """Save a pasted or chosen file as a draft; with problems the text stays to be corrected."""
    content, shown = _content()
    try:
        with transaction():
            draft, problems = definitions.import_definition(content)
            body = definitions.body_of(draft)
            target = url_for("workflow.version", code=body.code, number=draft.number)
    except ValidationFailed as refusal:
        return page(
            "workflow/import.html",
            status=UNPROCESSABLE,
            content=shown,
            problems=_as_problems(refusal),
            errors=[FieldError("/content", "Correct what is listed below, then import again")],
        )
    _say_saved(body.name, draft.number, problems)
    return respond(target)


def _content() -> tuple[bytes | str, str]:
    """Return the chosen file, else the pasted text, and how either is shown again."""
    chosen = request.files.get("file")
    raw = chosen.stream.read(exchange.MAX_BYTES + 1) if chosen is not None else b""
    if raw:
        return raw, raw.decode("utf-8-sig", errors="replace").replace("\x00", "\ufffd")
    text = request.form.get("content", "").replace("\r\n", "\n")
    return text, text


def _as_problems(refusal: ValidationFailed) -> list[Problem]:
    return [
        Problem("" if error.pointer == "/content" else error.pointer, error.message, error.code)
        for error in refusal.errors
    ]


def _say_saved(name: str, number: int, problems: list[Problem]) -> None:
    count = len(errors_only(problems))
    if count:
        flash(f"{name} is saved as draft {number}; {count} problems to solve.", "warn")
    else:
        flash(f"{name} is saved as draft {number}.", "ok")


@bp.get("/workflows/<code>/edit")
@requires(definitions.EDIT)
def edit(code: str) -> ResponseReturnValue:
    """Show the draft as text."""
    with transaction():
        definition = definitions.find(code)
        draft = definitions.version_of(code)
        body = definitions.body_of(draft)
        return page(
            "workflow/edit.html",
            **head(definition, ""),
            content=exchange.export_yaml(body),
            seen=draft.version if draft.status == "draft" else "",
            problems=definitions.problems_of(body) if draft.status == "draft" else [],
            errors=[],
            conflict=None,
        )


@bp.post("/workflows/<code>/edit")
@requires(definitions.EDIT)
def save(code: str) -> ResponseReturnValue:
    """Save the draft from text; what was typed stays whatever is wrong with it."""
    content = request.form.get("content", "").replace("\r\n", "\n")
    seen = request.form.get("version", "")
    try:
        with transaction():
            draft, problems = definitions.save_draft(
                content, code=code, expected_version=whole_number(seen)
            )
            name, number = definitions.body_of(draft).name, draft.number
    except ValidationFailed as refusal:
        errors = [FieldError("/content", "Correct what is listed below, then save again")]
        return _edit_again(code, content, seen, errors, _as_problems(refusal))
    except Conflict as conflict:
        return _edit_again(code, content, seen, [], [], conflict)
    _say_saved(name, number, problems)
    return respond(url_for("workflow.version", code=code, number=number))


def _edit_again(
    code: str,
    content: str,
    seen: str,
    errors: list[FieldError],
    problems: list[Problem],
    conflict: Conflict | None = None,
) -> Response:
    with transaction():
        return page(
            "workflow/edit.html",
            status=CONFLICT if conflict else UNPROCESSABLE,
            **head(definitions.find(code), ""),
            content=content,
            seen=conflict.current_version if conflict else seen,
            problems=problems,
            errors=errors,
            conflict=conflict,
        )


@bp.post("/workflows/<code>/drafts")
@requires(definitions.EDIT)
def begin_draft(code: str) -> ResponseReturnValue:
    """Begin a draft that says what a version says."""
    with transaction():
        number = known_version(code, request.form.get("number", ""))
        draft = definitions.draft_from(code, number)
        flash(f"Draft {draft.number} begins with what version {number} says.", "ok")
        target = url_for("workflow.edit", code=code)
    return respond(target)


@bp.post("/workflows/<code>/discard")
@requires(definitions.EDIT)
def discard(code: str) -> ResponseReturnValue:
    """Throw the draft away."""
    with transaction():
        definitions.discard_draft(code)
        flash("The draft is gone; what is live stays.", "ok")
    return respond(url_for("workflow.show", code=code))


@bp.get("/workflows/<code>/publish")
@requires(definitions.PUBLISH)
def review(code: str) -> ResponseReturnValue:
    """Show what publishing the draft would change, and what stops it."""
    with transaction():
        return _review(code)


@bp.post("/workflows/<code>/publish")
@requires(definitions.PUBLISH)
def publish(code: str) -> ResponseReturnValue:
    """Make the draft the rule for new work."""
    comment, seen = request.form.get("comment", ""), request.form.get("version", "")
    try:
        with transaction():
            live = definitions.publish(code, comment=comment, expected_version=whole_number(seen))
            flash(f"Version {live.number} is live. What runs stays on its version.", "ok")
    except ValidationFailed as refusal:
        with transaction():
            return _review(code, comment, refusal.errors, status=UNPROCESSABLE)
    except Conflict as conflict:
        error = FieldError("", conflict.detail)
        with transaction():
            return _review(code, comment, [error], status=CONFLICT)
    return respond(url_for("workflow.show", code=code))


def _review(
    code: str, comment: str = "", errors: list[FieldError] | None = None, status: int = 200
) -> Response:
    definition = definitions.find(code)
    context = head(definition, "")
    draft: WorkflowVersion | None = context["draft"]
    body = definitions.body_of(draft or definitions.version_of(code))
    live = definitions.body_of(context["live"]) if context["live"] is not None else None
    own = [error for error in errors or [] if error.pointer in {"", "/comment"}]
    return page(
        "workflow/publish.html",
        status=status,
        **context,
        body=body,
        comment=comment,
        errors=own,
        problems=definitions.problems_of(body),
        differences=present.change_rows(diff.changes(live, body)) if live else [],
        text=diff.text_diff(live, body, "live", "draft") if live else "",
    )


@bp.post("/workflows/<code>/retire")
@requires(definitions.PUBLISH)
def retire(code: str) -> ResponseReturnValue:
    """Let a definition start nothing any more."""
    with transaction():
        definition = definitions.retire(code)
        flash(f"{definition.name} starts nothing any more. What runs goes on.", "ok")
    return respond(url_for("workflow.show", code=code))
