"""Definitions to read: the list, one of them in words, its versions, its file."""

from typing import Any, Final

from flask import Response, make_response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from wfweb.calendars import queries as calendars
from wfweb.identity import queries as identity
from wfweb.identity.access import requires
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import NotFound
from wfweb.kernel.web import page, whole_number
from wfweb.sla import board, definitions, wording
from wfweb.sla.body import DefinitionBody
from wfweb.sla.cards import SUBJECTS
from wfweb.sla.models import SlaClock, SlaDefinition, SlaDefinitionVersion
from wfweb.sla.views import bp, text
from wfweb.sla.views.board import VIEW

EDIT: Final = definitions.EDIT


@bp.get("/sla/definitions", endpoint="definitions")
@requires(VIEW)
def index() -> ResponseReturnValue:
    """List the definitions with what runs by each of them."""
    with transaction():
        found = board.visible_definitions()
        return page(
            "sla/definitions.html",
            listed=found,
            bodies=_bodies(found),
            running=_running(),
            subjects=SUBJECTS,
            metrics=wording.METRICS,
        )


def _bodies(found: list[SlaDefinition]) -> dict[Any, DefinitionBody]:
    ids = [one.live_version_id for one in found if one.live_version_id]
    rows = session().scalars(select(SlaDefinitionVersion).where(SlaDefinitionVersion.id.in_(ids)))
    return {row.definition_id: DefinitionBody.model_validate(row.body) for row in rows}


def _running() -> dict[Any, int]:
    rows = session().execute(
        select(SlaClock.definition_id, func.count())
        .where(SlaClock.company_id == current_actor().company_id, SlaClock.completed_at.is_(None))
        .group_by(SlaClock.definition_id)
    )
    return {row[0]: row[1] for row in rows}


@bp.get("/sla/definitions/<code>")
@requires(VIEW)
def definition(code: str) -> ResponseReturnValue:
    """Show what a definition says, in words and as its file; the live version or another."""
    with transaction():
        found = visible(code)
        wanted = whole_number(request.args.get("version")) or found.current_version
        shown = definitions.version_numbered(found, wanted)
        versions = definitions.versions_of(found)
        people = identity.people_by_ids(
            one.published_by_id for one in versions if one.published_by_id is not None
        )
        return page(
            "sla/definition.html",
            definition=found,
            shown=shown,
            said=wording.sentences(shown.body, calendar_name(shown.body)),
            content=text.written(shown.body),
            versions=versions,
            people=people,
            by_version=_by_version(found),
        )


def visible(code: str) -> SlaDefinition:
    """Return a definition the actor may see.

    :raises NotFound: also for one about records that may not be seen.
    """
    found = definitions.find(code)
    if found.id not in {one.id for one in board.visible_definitions()}:
        raise NotFound
    return found


def calendar_name(body: DefinitionBody) -> str:
    """Return the name of the calendar a body means, also of one that is not there any more."""
    try:
        return calendars.current(body.calendar).name
    except NotFound:
        return body.calendar or ""


def _by_version(found: SlaDefinition) -> dict[Any, int]:
    rows = session().execute(
        select(SlaClock.version_id, func.count())
        .where(SlaClock.definition_id == found.id, SlaClock.completed_at.is_(None))
        .group_by(SlaClock.version_id)
    )
    return {row[0]: row[1] for row in rows}


@bp.get("/sla/definitions/<code>/file")
@requires(VIEW)
def definition_file(code: str) -> ResponseReturnValue:
    """Give the live version as a YAML file."""
    with transaction():
        found = visible(code)
        body = definitions.version_numbered(found, found.current_version).body
    response: Response = make_response(text.written(body))
    response.mimetype = "application/yaml"
    response.headers["Content-Disposition"] = f'attachment; filename="{body.code}.yaml"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def address(code: str) -> str:
    """Return the address of a definition."""
    return url_for("sla.definition", code=code)
