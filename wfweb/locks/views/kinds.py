"""The kinds of locks on pages: the list with what each blocks, and the form that edits one."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from wfweb.alerts.catalogue import metrics
from wfweb.identity.access import requires
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed, by_field
from wfweb.kernel.web import page, respond, version_posted
from wfweb.locks import policy, queries, types
from wfweb.locks.models import DEFAULT_DAYS, IN_FLIGHT, ON_EXPIRY, SEVERITIES, LockType
from wfweb.locks.rows import action_words
from wfweb.locks.views import bp
from wfweb.locks.views import presenting as words
from wfweb.records.queries import record_types
from wfweb.workflow.models import WorkflowDefinition

LISTS: Final = ("causes", "blocked_actions")
CHECKS: Final = ("fallback", "ask_at_once", "active")
PLAIN: Final = (
    "name", "description", "record_type", "severity", "expiry_days", "on_expiry", "in_flight",
    "release_workflow",
)  # fmt: skip
EXPIRY: Final = {
    "unlock": "It ends by itself",
    "renew": "It stays for another period while its cause holds",
    "accept": "It stays until somebody accepts the risk in words, while its cause holds",
}
MOST_FIGURES: Final = 12
Typed = dict[str, Any]


@bp.get("/lock-types")
@requires(policy.VIEW)
def kinds() -> ResponseReturnValue:
    """List the kinds of locks."""
    with transaction():
        types_of_records = {one.code: one for one in record_types(inactive=True)}

        def blocks(kind: LockType) -> str:
            about = types_of_records.get(kind.record_type_code or "")
            return words.listed(action_words(kind.blocked_actions, about.actions if about else ()))

        return page(
            "locks/kinds.html",
            rows=queries.lock_types(inactive=True),
            days=DEFAULT_DAYS,
            expiry=words.ENDS,
            plurals={one.code: one.plural for one in types_of_records.values()},
            figures={one.code: one.name for one in metrics(inactive=True)},
            workflows=dict(_workflows()),
            blocks=blocks,
        )


@bp.get("/lock-types/new")
@requires(policy.MANAGE)
def new_kind() -> ResponseReturnValue:
    """Show the form of a new kind of lock."""
    typed = {"on_expiry": "unlock", "in_flight": "stop", "ask_at_once": "true", "active": "true"}
    with transaction():
        return _form(typed, None)


@bp.post("/lock-types/new")
@requires(policy.MANAGE)
def create_kind() -> ResponseReturnValue:
    """Make a kind of lock, or show what is wrong with it."""
    return _save(None)


@bp.get("/lock-types/<code>/edit")
@requires(policy.MANAGE)
def edit_kind(code: str) -> ResponseReturnValue:
    """Show the form of a kind of lock."""
    with transaction():
        found = types.get(code)
        return _form(_typed_of(found), found)


@bp.post("/lock-types/<code>/edit")
@requires(policy.MANAGE)
def save_kind(code: str) -> ResponseReturnValue:
    """Change a kind of lock, or show what is wrong with it."""
    return _save(code)


def _save(code: str | None) -> Response:
    typed: Typed = {name: value.replace("\r\n", "\n") for name, value in request.form.items()}
    try:
        with transaction():
            if code:
                types.get(code)
            body = _body({**typed, "code": code or typed.get("code", "")})
            saved = types.save_type(body, version=version_posted() if code else 0)
            flash(f"{saved.name} is saved. Locks that stand keep what they block.", "ok")
    except ValidationFailed as refusal:
        return _again(typed, code, refusal.errors, refusal.status)
    except Conflict as conflict:
        if code is None:
            taken = FieldError("/code", "There is a kind of lock with this code", "taken")
            return _again(typed, None, [taken], ValidationFailed.status)
        now = {**typed, "version": str(conflict.current_version or "")}
        return _again(now, code, [FieldError("", conflict.detail)], conflict.status)
    return respond(url_for("locks.kinds"))


def _again(typed: Typed, code: str | None, errors: Sequence[FieldError], status: int) -> Response:
    with transaction():
        return _form(typed, types.get(code) if code else None, errors, status)


def _body(typed: Typed) -> dict[str, Any]:
    """Return what was typed as the verb takes it; empty fields say nothing."""
    body: dict[str, Any] = {"code": typed["code"].strip()}
    body |= {name: typed[name].strip() for name in PLAIN if typed.get(name, "").strip()}
    body |= {name: typed.get(name) == "true" for name in CHECKS}
    for name in LISTS:
        parts = typed.get(name, "").replace("\n", ",").split(",")
        body[name] = [part.strip() for part in parts if part.strip()]
    return {"name": "", **body}


def _typed_of(found: LockType) -> Typed:
    typed: Typed = {name: getattr(found, name, None) or "" for name in PLAIN}
    typed |= {name: "true" if getattr(found, name) else "" for name in CHECKS}
    typed |= {name: ", ".join(getattr(found, name)) for name in LISTS}
    return {**typed, "record_type": found.record_type_code or "", "version": found.version}


def _form(
    typed: Typed, found: LockType | None, errors: Sequence[FieldError] = (), status: int = 200
) -> Response:
    shown = [FieldError(_place(one.pointer), one.message, one.code) for one in errors]
    return page(
        "locks/kind_form.html",
        status=status,
        kind=found,
        typed=typed,
        errors=shown,
        wrong=by_field(shown),
        types=[(one.code, one.plural) for one in record_types()],
        severities=[(one, one.capitalize()) for one in SEVERITIES],
        expiry=[(one, EXPIRY[one]) for one in ON_EXPIRY],
        in_flight=[(one, words.IN_FLIGHT[one]) for one in IN_FLIGHT],
        workflows=_workflows(),
        figures=", ".join(one.code for one in metrics()[:MOST_FIGURES]),
        days=DEFAULT_DAYS,
    )


def _place(pointer: str) -> str:
    name = pointer.strip("/").split("/")[0]
    return f"/{name}" if name in {"code", *PLAIN, *LISTS, *CHECKS} else ""


def _workflows() -> list[tuple[str, str]]:
    query = select(WorkflowDefinition.code, WorkflowDefinition.name).where(
        WorkflowDefinition.company_id == current_actor().company_id,
        WorkflowDefinition.live_version_id.is_not(None),
    )
    return [(row.code, row.name) for row in session().execute(query.order_by("name"))]
