"""The versions of a workflow: read, go back to one, export."""

from sqlalchemy import select

from wfweb.kernel.api import Download, PageQuery, endpoint, page_of
from wfweb.kernel.errors import Conflict, Forbidden
from wfweb.workflow import definitions
from wfweb.workflow.api import VIEW, bp
from wfweb.workflow.api_schemas import (
    ExportQuery,
    WorkflowVersionFull,
    WorkflowVersionPage,
)
from wfweb.workflow.models import WorkflowVersion


@endpoint(
    bp,
    "GET",
    "/workflows/<code>/versions",
    response=WorkflowVersionPage,
    query=PageQuery,
    permission=VIEW,
    summary="List the versions of a workflow",
)
def list_workflow_versions(code: str, query: PageQuery) -> WorkflowVersionPage:
    """Return versions, latest first."""
    statement = select(WorkflowVersion).where(
        WorkflowVersion.definition_id == definitions.find(code).id
    )
    return page_of(WorkflowVersionPage, statement, [WorkflowVersion.number], query, falling=True)


@endpoint(
    bp,
    "GET",
    "/workflows/<code>/versions/<int:number>",
    response=WorkflowVersionFull,
    permission=VIEW,
    summary="Get a version with what it says",
)
def get_workflow_version(code: str, number: int) -> WorkflowVersionFull:
    """Return one version."""
    return WorkflowVersionFull.model_validate(definitions.version_of(code, number))


@endpoint(
    bp,
    "POST",
    "/workflows/<code>/versions/<int:number>/draft",
    response=WorkflowVersionFull,
    status=201,
    permission="workflows.edit",
    errors=[Conflict, Forbidden],
    summary="Begin a draft that says what a version says",
)
def copy_workflow_version(code: str, number: int) -> WorkflowVersionFull:
    """Begin the next change, or go back to an earlier version."""
    return WorkflowVersionFull.model_validate(definitions.draft_from(code, number))


@endpoint(
    bp,
    "GET",
    "/workflows/<code>/versions/<int:number>/export",
    query=ExportQuery,
    download="application/yaml",
    permission=VIEW,
    summary="Export a version as a file",
)
def export_workflow_version(code: str, number: int, query: ExportQuery) -> Download:
    """Return a version as a file that can be imported again."""
    content = definitions.export_definition(code, number, query.form)
    return Download(
        content=content.encode(),
        media_type=f"application/{query.form}",
        filename=f"{code}-{number}.{query.form}",
    )
