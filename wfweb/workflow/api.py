"""Workflow definitions: drafts, checks, versions, publication, files."""

from sqlalchemy import select

from wfweb.kernel.api import PREFIX, Answer, ApiBlueprint, PageQuery, endpoint, under
from wfweb.kernel.db import session
from wfweb.kernel.paging import keyset
from wfweb.workflow import definitions, schemas
from wfweb.workflow.api_schemas import (
    CheckIn,
    CheckOut,
    DraftIn,
    DraftOut,
    ImportIn,
    ProblemOut,
    PublishIn,
    SchemaOut,
    WorkflowOut,
    WorkflowPage,
    WorkflowVersionFull,
)
from wfweb.workflow.models import WorkflowDefinition, WorkflowVersion
from wfweb.workflow.problems import Problem, errors_only

VIEW = "workflows.view"
bp = ApiBlueprint(
    "workflows",
    __name__,
    title="Workflows",
    about="Definitions: which states there are, which steps lead on, who is asked.",
)
Numbers = dict[str, int | None]


def _shown(definition: WorkflowDefinition, numbers: Numbers) -> WorkflowOut:
    names = [name for name in WorkflowOut.model_fields if not name.endswith("_number")]
    values = {name: getattr(definition, name) for name in names}
    return WorkflowOut(
        **values, live_number=numbers.get("published"), draft_number=numbers.get("draft")
    )


def _with_numbers(found: list[WorkflowDefinition]) -> list[WorkflowOut]:
    rows = session().execute(
        select(WorkflowVersion.definition_id, WorkflowVersion.status, WorkflowVersion.number).where(
            WorkflowVersion.definition_id.in_([one.id for one in found]),
            WorkflowVersion.status.in_(("draft", "published")),
        )
    )
    numbers: dict[object, Numbers] = {}
    for definition_id, status, number in rows:
        numbers.setdefault(definition_id, {})[status] = number
    return [_shown(one, numbers.get(one.id, {})) for one in found]


def _problems(found: list[Problem]) -> list[ProblemOut]:
    return [ProblemOut.model_validate(one) for one in found]


def _draft(saved: tuple[WorkflowVersion, list[Problem]]) -> DraftOut:
    version, problems = saved
    values = {name: getattr(version, name) for name in WorkflowVersionFull.model_fields}
    return DraftOut(**values, problems=_problems(problems))


@endpoint(
    bp,
    "GET",
    "/workflows",
    response=WorkflowPage,
    query=PageQuery,
    permission=VIEW,
    summary="List workflows",
)
def list_workflows(query: PageQuery) -> WorkflowPage:
    """Return the definitions of the company by code."""
    rows, following = keyset(
        select(WorkflowDefinition), [WorkflowDefinition.code], after=query.after, limit=query.limit
    )
    return WorkflowPage(items=_with_numbers(rows), next=following)


@endpoint(
    bp,
    "GET",
    "/workflow-schema",
    response=SchemaOut,
    permission=VIEW,
    summary="Get the JSON Schema of a definition",
)
def get_workflow_schema() -> SchemaOut:
    """Return what a definition file may hold."""
    return SchemaOut(json_schema=schemas.json_schema())


@endpoint(
    bp,
    "GET",
    "/workflows/<code>",
    response=WorkflowOut,
    permission=VIEW,
    summary="Get a workflow",
)
def get_workflow(code: str) -> WorkflowOut:
    """Return one definition."""
    return _with_numbers([definitions.find(code)])[0]


@endpoint(
    bp,
    "PUT",
    "/workflows/<code>/draft",
    request=DraftIn,
    response=DraftOut,
    versioned="optional",
    permission="workflows.edit",
    summary="Write the draft of a workflow",
    description=(
        "Makes the workflow when its code is new. A draft may have problems, which the answer "
        "lists; publishing refuses them. Name the version of the draft you saw to be told when "
        "somebody else changed it."
    ),
)
def save_workflow_draft(code: str, body: DraftIn, version: int | None) -> DraftOut:
    """Save a draft."""
    with under("/body"):
        return _draft(definitions.save_draft(body.body, code=code, expected_version=version))


@endpoint(
    bp,
    "DELETE",
    "/workflows/<code>/draft",
    status=204,
    permission="workflows.edit",
    summary="Throw the draft away",
)
def delete_workflow_draft(code: str) -> None:
    """Discard a draft."""
    definitions.discard_draft(code)


@endpoint(
    bp,
    "POST",
    "/workflows/import",
    request=ImportIn,
    response=DraftOut,
    status=201,
    permission="workflows.edit",
    summary="Import a definition file as a draft",
    description="YAML or JSON, as it was exported, or a plain state machine, which is converted.",
)
def import_workflow(body: ImportIn) -> Answer:
    """Save a file as the draft of the workflow it names."""
    saved = definitions.import_definition(body.content)
    code = definitions.body_of(saved[0]).code
    return Answer(model=_draft(saved), location=f"{PREFIX}/workflows/{code}")


@endpoint(
    bp,
    "POST",
    "/workflows/validate",
    request=CheckIn,
    response=CheckOut,
    scope="read",
    permission=VIEW,
    summary="Check a definition without saving it",
)
def validate_workflow(body: CheckIn) -> CheckOut:
    """Return everything that is wrong with a definition here and now."""
    with under("/body"):
        found = definitions.problems_of(definitions.read_body(body.body))
    return CheckOut(valid=not errors_only(found), problems=_problems(found))


@endpoint(
    bp,
    "POST",
    "/workflows/<code>/publish",
    request=PublishIn,
    response=WorkflowVersionFull,
    versioned="optional",
    scope="admin",
    permission="workflows.publish",
    summary="Publish the draft",
    description="New work follows it; what runs stays on the version it started with.",
)
def publish_workflow(code: str, body: PublishIn, version: int | None) -> WorkflowVersionFull:
    """Make the draft the rule for new work."""
    made = definitions.publish(code, comment=body.comment, expected_version=version)
    return WorkflowVersionFull.model_validate(made)


@endpoint(
    bp,
    "POST",
    "/workflows/<code>/retire",
    response=WorkflowOut,
    scope="admin",
    permission="workflows.publish",
    summary="Let a workflow start nothing any more",
)
def retire_workflow(code: str) -> WorkflowOut:
    """Retire a definition; what runs goes on."""
    found = definitions.retire(code)
    session().flush()
    return _with_numbers([found])[0]
