"""Verbs of definitions: draft, publish, retire, import, export. Draft -> published -> retired."""

from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy import func, select

from wfweb.events import emit
from wfweb.identity import policy
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, FieldError, NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.workflow import exchange, plain
from wfweb.workflow.checks import validate_body
from wfweb.workflow.events import (
    DefinitionDrafted,
    DefinitionPublished,
    DefinitionRetired,
)
from wfweb.workflow.known import catalogue_for
from wfweb.workflow.models import WorkflowDefinition, WorkflowVersion
from wfweb.workflow.problems import BrokenFile, Problem, refuse
from wfweb.workflow.schemas import DefinitionBody, full

EDIT, PUBLISH = "workflows.edit", "workflows.publish"
MAX_COMMENT = 1000

refuse_as(
    "uq_workflow_definitions_code",
    lambda: ValidationFailed.at("/code", "There is a workflow with this code", "taken"),
)
refuse_as("uq_workflow_versions_draft", lambda: Conflict("Somebody has just begun a draft."))
refuse_as("uq_workflow_versions_number", lambda: Conflict("Somebody has just begun a draft."))
refuse_as("uq_workflow_versions_live", lambda: Conflict("Somebody has just published a version."))


def find(code: str, *, lock: bool = False) -> WorkflowDefinition:
    """Return a definition by its code.

    :raises NotFound: when there is none in this company.
    """
    query = select(WorkflowDefinition).where(
        WorkflowDefinition.company_id == current_actor().company_id,
        WorkflowDefinition.code == code,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = None if "\0" in code else session().scalar(query)
    if found is None:
        raise NotFound(f"There is no workflow “{code[:60]}”.")
    return found


def version_of(code: str, number: int | None = None) -> WorkflowVersion:
    """Return one version of a definition; without a number the draft, else the latest.

    :raises NotFound: when there is none.
    """
    query = select(WorkflowVersion).where(WorkflowVersion.definition_id == find(code).id)
    if number is not None:
        query = query.where(WorkflowVersion.number == number)
    found = session().scalar(query.order_by(WorkflowVersion.number.desc()).limit(1))
    if found is None:
        raise NotFound(f"“{code[:60]}” has no version {number}.")
    return found


def body_of(version: WorkflowVersion) -> DefinitionBody:
    """Return a stored body as its model."""
    return DefinitionBody.model_validate(version.body)


def read_body(content: bytes | str | dict[str, Any]) -> DefinitionBody:
    """Read a definition file: the full form, or a plain state machine, which is converted.

    :raises ValidationFailed: with a place for every problem of the form; a file that cannot
        be read at all has the place ``/content``.
    """
    if isinstance(content, dict):
        data = content
    else:
        try:
            data = exchange.read(content)
        except BrokenFile as broken:
            raise ValidationFailed.at("/content", str(broken), "unreadable") from None
    if plain.is_plain(data):
        data, problems = plain.convert(data)
        refuse(problems)
    body, problems = exchange.parse(data)
    refuse(problems)
    assert body is not None  # noqa: S101 - without problems there is a body
    return body


def problems_of(body: DefinitionBody) -> list[Problem]:
    """Return everything that is wrong with a body in the current company."""
    return validate_body(body, catalogue_for(body))


def save_draft(
    content: bytes | str | dict[str, Any],
    *,
    code: str | None = None,
    expected_version: int | None = None,
) -> tuple[WorkflowVersion, list[Problem]]:
    """Write the draft of a definition, making the definition when its code is new.

    A draft may have problems, which are returned; publishing refuses them.

    :param code: the definition that is edited; its code cannot change.
    :param expected_version: the draft's version the editor saw.
    :raises ValidationFailed: when the form is wrong, with every place.
    :raises Conflict: when the draft was changed since.
    :raises Forbidden: without ``workflows.edit``.
    """
    policy.require(EDIT)
    body = read_body(content)
    if code is not None and body.code != code:
        message = f"The code stays “{code}”; start a new workflow for another one"
        raise ValidationFailed.at("/code", message, "fixed")
    definition = _definition_for(body)
    draft = _draft_of(definition)
    if draft is None:
        draft = _new_draft(definition)
    elif expected_version is not None and draft.version != expected_version:
        raise Conflict(
            "Somebody changed this draft after you opened it.",
            current_version=draft.version,
            your_version=expected_version,
        )
    else:
        draft.version += 1
    draft.body, draft.digest = full(body), exchange.digest(body)
    if definition.live_version_id is None:
        definition.name, definition.description = body.name, body.description
    session().flush()
    emit(DefinitionDrafted(**_about(definition, draft), details={"digest": draft.digest}))
    return draft, problems_of(body)


def import_definition(content: bytes | str) -> tuple[WorkflowVersion, list[Problem]]:
    """Save a YAML or JSON file as the draft of the definition it names; see ``save_draft``."""
    return save_draft(content)


def draft_from(code: str, number: int) -> WorkflowVersion:
    """Begin a draft that says what an earlier version says (rollback, or the next change).

    :raises Conflict: when there is a draft already.
    """
    policy.require(EDIT)
    definition = find(code, lock=True)
    if _draft_of(definition) is not None:
        raise Conflict("There is a draft already; publish or discard it first.")
    source = version_of(code, number)
    draft = _new_draft(definition)
    draft.body, draft.digest = source.body, source.digest
    session().flush()
    details = {"from_version": number, "digest": draft.digest}
    emit(DefinitionDrafted(**_about(definition, draft), details=details))
    return draft


def discard_draft(code: str) -> None:
    """Throw a draft away.

    :raises NotFound: when there is none.
    """
    policy.require(EDIT)
    definition = find(code, lock=True)
    draft = _draft_of(definition)
    if draft is None:
        raise NotFound(f"“{code}” has no draft.")
    emit(DefinitionDrafted(**_about(definition, draft), details={"discarded": True}))
    session().delete(draft)
    session().flush()


def publish(code: str, *, comment: str, expected_version: int | None = None) -> WorkflowVersion:
    """Make the draft the rule for new work; what runs stays on its version.

    :param comment: what changed and why, for the list of versions.
    :raises ValidationFailed: with every problem that stops it, or without a comment.
    :raises Conflict: when the draft was changed since ``expected_version``.
    :raises NotFound: when there is no draft.
    :raises Forbidden: without ``workflows.publish``.
    """
    policy.require(PUBLISH)
    if not comment.strip() or len(comment) > MAX_COMMENT:
        message = f"Write what changed, in at most {MAX_COMMENT:,} characters"
        raise ValidationFailed([FieldError("/comment", message, "required")])
    definition = find(code, lock=True)
    draft = _draft_of(definition)
    if draft is None:
        raise NotFound(f"“{code}” has no draft to publish.")
    if expected_version is not None and draft.version != expected_version:
        raise Conflict(
            "Somebody changed this draft after you opened it.",
            current_version=draft.version,
            your_version=expected_version,
        )
    body = body_of(draft)
    refuse(problems_of(body))
    _retire_live(definition)
    draft.status, draft.comment = "published", comment.strip()
    draft.published_at, draft.published_by_id = clock.now(), current_actor().id
    draft.version += 1
    session().flush()
    _point_to(definition, draft, body)
    emit(
        DefinitionPublished(
            **_about(definition, draft),
            after={"version": draft.number, "digest": draft.digest},
            details={"comment": draft.comment},
            risk="MEDIUM",
        )
    )
    return draft


def retire(code: str) -> WorkflowDefinition:
    """Let a definition start nothing any more; what runs goes on.

    :raises NotFound: when nothing is published.
    :raises Forbidden: without ``workflows.publish``.
    """
    policy.require(PUBLISH)
    definition = find(code, lock=True)
    live = _retire_live(definition)
    if live is None:
        raise NotFound(f"“{code}” is not published.")
    definition.live_version_id = definition.next_start_at = None
    definition.version += 1
    emit(DefinitionRetired(**_about(definition, live), risk="MEDIUM"))
    return definition


def export_definition(
    code: str, number: int | None = None, form: Literal["yaml", "json"] = "yaml"
) -> str:
    """Return a version as a file; importing and exporting it again gives the same bytes."""
    body = body_of(version_of(code, number))
    return exchange.export_json(body) if form == "json" else exchange.export_yaml(body)


def next_start(body: DefinitionBody, after: datetime) -> datetime | None:
    """Return when a scheduled definition starts next, in UTC; nothing when it does not.

    Counted in the schedule's own time zone, so 8 o'clock stays 8 o'clock over the change of
    summer time.
    """
    if body.schedule is None:
        return None
    local = after.astimezone(ZoneInfo(body.schedule.time_zone))
    return next(CronSim(body.schedule.cron, local)).astimezone(ZoneInfo("UTC"))


def _definition_for(body: DefinitionBody) -> WorkflowDefinition:
    query = select(WorkflowDefinition).where(
        WorkflowDefinition.company_id == current_actor().company_id,
        WorkflowDefinition.code == body.code,
    )
    found = session().scalar(query.with_for_update())
    if found is None:
        found = WorkflowDefinition(
            id=new_id(), code=body.code, name=body.name, description=body.description
        )
        session().add(found)
        session().flush()
    return found


def _draft_of(definition: WorkflowDefinition) -> WorkflowVersion | None:
    return session().scalar(
        select(WorkflowVersion).where(
            WorkflowVersion.definition_id == definition.id, WorkflowVersion.status == "draft"
        )
    )


def _new_draft(definition: WorkflowDefinition) -> WorkflowVersion:
    last = session().scalar(
        select(func.max(WorkflowVersion.number)).where(
            WorkflowVersion.definition_id == definition.id
        )
    )
    draft = WorkflowVersion(id=new_id(), definition_id=definition.id, number=(last or 0) + 1)
    session().add(draft)
    return draft


def _retire_live(definition: WorkflowDefinition) -> WorkflowVersion | None:
    if definition.live_version_id is None:
        return None
    live = session().get_one(WorkflowVersion, definition.live_version_id)
    live.status, live.retired_at = "retired", clock.now()
    live.version += 1
    # The unique index on the live version must see this one leave before the next arrives.
    session().flush()
    return live


def _point_to(definition: WorkflowDefinition, live: WorkflowVersion, body: DefinitionBody) -> None:
    definition.live_version_id = live.id
    definition.name, definition.description = body.name, body.description
    definition.record_type, definition.trigger = body.record_type, body.trigger
    definition.next_start_at = next_start(body, clock.now())
    definition.version += 1
    session().flush()


def _about(definition: WorkflowDefinition, version: WorkflowVersion) -> dict[str, Any]:
    return {
        "target_type": "workflow_definition",
        "target_id": definition.id,
        "target_label": f"{definition.name} version {version.number}",
        "code": definition.code,
        "number": version.number,
    }
