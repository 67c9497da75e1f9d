"""Verbs of definitions: save a version, switch on and off; and a version ready to run by."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.calendars import queries as calendars
from wfweb.events import emit
from wfweb.identity import policy
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.sla import checking
from wfweb.sla.body import DefinitionBody
from wfweb.sla.events import SlaDefinitionSaved
from wfweb.sla.models import SlaDefinition, SlaDefinitionVersion

EDIT = "sla.edit"
KEPT = 512

refuse_as(
    "uq_sla_definitions_code",
    lambda: ValidationFailed.at("/code", "There is a definition with this code", "taken"),
)
refuse_as("uq_sla_definition_versions_number", lambda: Conflict("Somebody saved a version first."))


@dataclass(frozen=True, slots=True)
class Version:
    """One version, read."""

    id: UUID
    definition_id: UUID
    number: int
    body: DefinitionBody


# Versions never change, so nothing ever has to be forgotten for being old.
_kept: OrderedDict[UUID, Version] = OrderedDict()


def find(code: str, *, lock: bool = False) -> SlaDefinition:
    """Return a definition of the current company.

    :raises NotFound: when there is none.
    """
    query = select(SlaDefinition).where(
        SlaDefinition.company_id == current_actor().company_id, SlaDefinition.code == code
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = None if "\0" in code else session().scalar(query)
    if found is None:
        raise NotFound(f"There is no definition “{code[:60]}”.")
    return found


def versions_of(definition: SlaDefinition) -> list[SlaDefinitionVersion]:
    """Return the versions of a definition, latest first."""
    query = select(SlaDefinitionVersion).where(SlaDefinitionVersion.definition_id == definition.id)
    return list(session().scalars(query.order_by(SlaDefinitionVersion.number.desc())))


def version_numbered(definition: SlaDefinition, number: int) -> Version:
    """Return one version by its number.

    :raises NotFound: when there is none.
    """
    found = session().scalar(
        select(SlaDefinitionVersion.id).where(
            SlaDefinitionVersion.definition_id == definition.id,
            SlaDefinitionVersion.number == number,
        )
    )
    if found is None:
        raise NotFound(f"“{definition.code}” has no version {number}.")
    return version_of(found)


def version_of(version_id: UUID) -> Version:
    """Return a version ready to run by.

    :raises NotFound: when the company has no such version.
    """
    known = _kept.get(version_id)
    if known is not None:
        return known
    row = session().get(SlaDefinitionVersion, version_id)
    if row is None:
        raise NotFound
    body = DefinitionBody.model_validate(row.body)
    found = _kept[version_id] = Version(row.id, row.definition_id, row.number, body)
    if len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found


def save_definition(
    content: Mapping[str, Any], *, comment: str = "", expected_version: int | None = None
) -> SlaDefinition:
    """Save a definition: a new one, or the next version of one. New clocks follow it at once.

    Clocks that run keep their version until somebody moves them. Saving what is said already
    changes nothing.

    :param expected_version: the definition's version that was edited.
    :raises ValidationFailed: naming every wrong place of the body.
    :raises Conflict: when somebody saved it since.
    :raises Forbidden: without ``sla.edit``.
    """
    policy.require(EDIT)
    body = checking.read(content)
    _keep_calendar(body)
    checking.refuse(body)
    definition = _definition_for(body, expected_version)
    plain = body.plain()
    digest = digest_of(plain)
    live = session().get(SlaDefinitionVersion, definition.live_version_id or new_id())
    if live is not None and live.digest == digest:
        return definition
    version = SlaDefinitionVersion(
        id=new_id(),
        definition_id=definition.id,
        number=definition.current_version + 1,
        body=plain,
        digest=digest,
        comment=comment.strip()[:1000],
    )
    session().add(version)
    session().flush()
    definition.live_version_id, definition.current_version = version.id, version.number
    definition.name, definition.description = body.name, body.description
    definition.record_type_code = body.record_type
    definition.version += 1
    session().flush()
    before = live.body if live is not None else None
    _tell(definition, before=before, after=plain, details={"comment": version.comment})
    return definition


def switch(code: str, *, active: bool, expected_version: int | None = None) -> SlaDefinition:
    """Switch a definition on or off; off, it starts no clocks, and those that run go on.

    :raises ValidationFailed: when what it refers to is gone meanwhile, so that it cannot be on.
    :raises Conflict: when somebody saved it since.
    :raises Forbidden: without ``sla.edit``.
    """
    policy.require(EDIT)
    definition = find(code, lock=True)
    _refuse_stale(definition, expected_version)
    if active and definition.live_version_id is not None:
        body = version_of(definition.live_version_id).body
        _keep_calendar(body)
        checking.refuse(body)
    if definition.active != active:
        definition.active = active
        definition.version += 1
        session().flush()
        _tell(definition, before={"active": not active}, after={"active": active})
    return definition


def _keep_calendar(body: DefinitionBody) -> None:
    """Hold the calendar until the act ends, so that nobody deletes it between look and use.

    One that is not there is refused afterwards, with its place.
    """
    if body.calendar is not None:
        with suppress(NotFound):
            calendars.find_calendar(body.calendar, lock=True)


def digest_of(body: Mapping[str, Any]) -> str:
    """Return what names a body's content."""
    return sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _definition_for(body: DefinitionBody, expected_version: int | None) -> SlaDefinition:
    try:
        found = find(body.code, lock=True)
    except NotFound:
        found = SlaDefinition(
            id=new_id(), code=body.code, name=body.name, subject_type=body.subject_type, version=0
        )
        session().add(found)
        session().flush()
        return found
    _refuse_stale(found, expected_version)
    if found.subject_type != body.subject_type:
        message = "What it is about stays the same; start a new definition for something else"
        raise ValidationFailed.at("/subject_type", message, "fixed")
    return found


def _refuse_stale(definition: SlaDefinition, expected: int | None) -> None:
    if expected is not None and expected != definition.version:
        raise Conflict(current_version=definition.version, your_version=expected)


def _tell(definition: SlaDefinition, **more: Any) -> None:
    emit(
        SlaDefinitionSaved(
            target_type="sla_definition",
            target_id=definition.id,
            target_label=f"{definition.name} version {definition.current_version}",
            code=definition.code,
            number=definition.current_version,
            risk="MEDIUM",
            **more,
        )
    )
