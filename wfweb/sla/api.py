"""Definitions of deadlines: what they say, their versions, trying one."""

from datetime import datetime

from sqlalchemy import select

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.api import ApiBlueprint, PageQuery, endpoint, page_of, under
from wfweb.kernel.errors import NotFound, ValidationFailed
from wfweb.sla import board, definitions, rules
from wfweb.sla.ledger import Happening
from wfweb.sla.models import SlaDefinition, SlaDefinitionVersion
from wfweb.sla.schemas import (
    ClockTrialIn,
    ClockTrialOut,
    CrossingOut,
    DefinitionIn,
    DefinitionOut,
    DefinitionPage,
    DefinitionVersionPage,
    ReadingOut,
    SegmentOut,
    SwitchIn,
)
from wfweb.sla.trying import trial

VIEW = "sla.view"
bp = ApiBlueprint(
    "sla",
    __name__,
    title="Deadlines",
    about="Definitions of how long things may take, and the clocks that count it.",
)


@endpoint(
    bp,
    "GET",
    "/sla/definitions",
    response=DefinitionPage,
    query=PageQuery,
    permission=VIEW,
    summary="List definitions",
)
def list_sla_definitions(query: PageQuery) -> DefinitionPage:
    """Return the definitions of the company by code, those about records one may see."""
    statement = select(SlaDefinition).where(
        SlaDefinition.company_id == current_actor().company_id,
        SlaDefinition.id.in_([one.id for one in board.visible_definitions()]),
    )
    return page_of(DefinitionPage, statement, [SlaDefinition.code], query)


def _visible(code: str) -> SlaDefinition:
    found = definitions.find(code)
    if found.id not in {one.id for one in board.visible_definitions()}:
        raise NotFound
    return found


@endpoint(
    bp,
    "GET",
    "/sla/definitions/<code>",
    response=DefinitionOut,
    permission=VIEW,
    summary="Get a definition",
)
def get_sla_definition(code: str) -> DefinitionOut:
    """Return one definition."""
    return DefinitionOut.model_validate(_visible(code))


@endpoint(
    bp,
    "GET",
    "/sla/definitions/<code>/versions",
    response=DefinitionVersionPage,
    query=PageQuery,
    permission=VIEW,
    summary="List the versions of a definition",
)
def list_sla_definition_versions(code: str, query: PageQuery) -> DefinitionVersionPage:
    """Return versions with their bodies, latest first."""
    statement = select(SlaDefinitionVersion).where(
        SlaDefinitionVersion.definition_id == _visible(code).id
    )
    return page_of(
        DefinitionVersionPage, statement, [SlaDefinitionVersion.number], query, falling=True
    )


@endpoint(
    bp,
    "PUT",
    "/sla/definitions/<code>",
    request=DefinitionIn,
    response=DefinitionOut,
    versioned="optional",
    scope="admin",
    permission=definitions.EDIT,
    summary="Save a definition",
    description="Makes it when its code is new. Clocks that run keep the version they began with.",
)
def save_sla_definition(code: str, body: DefinitionIn, version: int | None) -> DefinitionOut:
    """Save the next version of a definition."""
    with under("/body"):
        if body.body.get("code", code) != code:
            raise ValidationFailed.at("/code", f"The address says “{code}”", "fixed")
        saved = definitions.save_definition(
            {**body.body, "code": code}, comment=body.comment, expected_version=version
        )
    return DefinitionOut.model_validate(saved)


@endpoint(
    bp,
    "POST",
    "/sla/definitions/<code>/switch",
    request=SwitchIn,
    response=DefinitionOut,
    versioned="optional",
    scope="admin",
    permission=definitions.EDIT,
    summary="Switch a definition on or off",
    description="Off, it starts no clocks; those that run go on.",
)
def switch_sla_definition(code: str, body: SwitchIn, version: int | None) -> DefinitionOut:
    """Switch a definition."""
    switched = definitions.switch(code, active=body.active, expected_version=version)
    return DefinitionOut.model_validate(switched)


@endpoint(
    bp,
    "POST",
    "/sla/evaluate",
    request=ClockTrialIn,
    response=ClockTrialOut,
    scope="read",
    permission=VIEW,
    errors=[NotFound],
    summary="Try a definition on a story",
    description="Due time, levels at instants and the receipt. Nothing is kept.",
)
def evaluate_sla(body: ClockTrialIn) -> ClockTrialOut:
    """Return what a clock would show."""
    if (body.definition is None) == (body.code is None):
        raise ValidationFailed.at("/definition", "Send either a definition or a code", "one")
    if body.code is not None:
        _visible(body.code)
    happened = [Happening(one.at, one.what, one.reason, one.owner) for one in body.events]
    with under("/definition"):
        made = trial(
            body.definition or body.code or "",
            happened,
            number=body.number,
            calendar=body.calendar,
        )
    now = made.reading(clock.now())
    return ClockTrialOut(
        target_seconds=made.terms.target,
        begins={level: seconds for level, seconds in made.terms.begins},  # noqa: C416 - keys are levels
        due=now.due,
        breached_at=now.breached_at,
        now=_reading(clock.now(), now),
        readings=[_reading(at, made.reading(at)) for at in body.at],
        crossings=[CrossingOut.model_validate(one) for one in now.crossings],
        ledger=[SegmentOut.model_validate(one) for one in made.ledger.segments],
        receipt=made.receipt(),
    )


def _reading(at: datetime, reading: rules.Reading) -> ReadingOut:
    return ReadingOut(
        at=at,
        status=reading.status,
        level=reading.level,
        elapsed_seconds=reading.elapsed,
        remaining_seconds=reading.remaining,
        wall_seconds=reading.wall,
        due=reading.due,
    )
