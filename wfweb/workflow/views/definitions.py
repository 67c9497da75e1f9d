"""Reading definitions: the list, one of them as table and drawing, its versions, its file."""

from typing import Any

from flask import Response, make_response, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import NotFound
from wfweb.kernel.web import page, whole_number
from wfweb.workflow import definitions, diagram, diff, exchange, present, queries
from wfweb.workflow.models import WorkflowDefinition, WorkflowVersion
from wfweb.workflow.views import bp

VIEW = "workflows.view"


@bp.get("/workflows")
@requires(VIEW)
def index() -> ResponseReturnValue:
    """List the definitions with what is live and what runs."""
    with transaction():
        return page("workflow/index.html", listed=queries.definitions_listed())


@bp.get("/workflows/<code>")
@requires(VIEW)
def show(code: str) -> ResponseReturnValue:
    """Show what is live; the draft or the latest version when nothing is."""
    with transaction():
        definition = definitions.find(code)
        if definition.live_version_id is not None:
            shown = session().get_one(WorkflowVersion, definition.live_version_id)
        else:
            shown = definitions.version_of(code)
        return _page(definition, shown)


@bp.get("/workflows/<code>/versions")
@requires(VIEW)
def versions(code: str) -> ResponseReturnValue:
    """List the versions of a definition and what runs on each."""
    with transaction():
        definition = definitions.find(code)
        return page(
            "workflow/versions.html",
            **head(definition, "versions"),
            counts=queries.running_by_version(definition),
        )


@bp.get("/workflows/<code>/versions/<int:number>")
@requires(VIEW)
def version(code: str, number: int) -> ResponseReturnValue:
    """Show one version, and how it differs from the live one."""
    with transaction():
        return _page(definitions.find(code), definitions.version_of(code, number))


@bp.get("/workflows/<code>/versions/<int:number>/file")
@requires(VIEW)
def version_file(code: str, number: int) -> ResponseReturnValue:
    """Give a version as a YAML or JSON file."""
    form = "json" if request.args.get("form") == "json" else "yaml"
    with transaction():
        body = definitions.body_of(definitions.version_of(code, number))
    text = exchange.export_json(body) if form == "json" else exchange.export_yaml(body)
    response: Response = make_response(text)
    response.mimetype = "application/json" if form == "json" else "application/yaml"
    name = f"{body.code}-{number}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@bp.get("/workflows/<code>/running")
@requires(VIEW)
def running(code: str) -> ResponseReturnValue:
    """List the instances of a definition that run or are stuck."""
    from wfweb.workflow.views.instances import cursor, older_than

    with transaction():
        definition = definitions.find(code)
        rows = queries.instances_of(definition, before=older_than(), limit=queries.PAGE + 1)
        address = url_for("workflow.running", code=code)
        return page(
            "workflow/running.html",
            **head(definition, "running"),
            rows=rows[: queries.PAGE],
            next_url=cursor(rows, address),
        )


def head(definition: WorkflowDefinition, tab: str) -> dict[str, Any]:
    """Return what the head of every page of a definition shows."""
    versions = queries.versions_of(definition)
    draft = next((one for one in versions if one.status == "draft"), None)
    live = next((one for one in versions if one.status == "published"), None)
    counts = queries.running_by_version(definition)
    code = definition.code
    return {
        "definition": definition,
        "versions": versions,
        "draft": draft,
        "live": live,
        "tabs": [
            {
                "label": "Steps",
                "href": url_for("workflow.show", code=code),
                "current": tab == "steps",
            },
            {
                "label": "Versions",
                "href": url_for("workflow.versions", code=code),
                "current": tab == "versions",
                "count": len(versions),
            },
            {
                "label": "Running",
                "href": url_for("workflow.running", code=code),
                "current": tab == "running",
                "count": sum(counts.values()),
            },
        ],
    }


def _page(definition: WorkflowDefinition, shown: WorkflowVersion) -> Response:
    body = definitions.body_of(shown)
    context = head(definition, "steps")
    live = context["live"]
    differences = []
    if live is not None and live.id != shown.id:
        differences = present.change_rows(diff.changes(definitions.body_of(live), body))
    return page(
        "workflow/show.html",
        **context,
        shown=shown,
        body=body,
        rows=present.rows_of(body),
        drawing=diagram.draw(body),
        differences=differences,
        problems=definitions.problems_of(body) if shown.status == "draft" else [],
    )


def known_version(code: str, number: str) -> int:
    """Return a version number from a form.

    :raises NotFound: when it is no number.
    """
    known = whole_number(number)
    if known is None:
        raise NotFound(f"“{code}” has no version {number[:20]}.")
    return known
