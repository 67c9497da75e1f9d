"""The shapes of deadlines in the API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from wfweb.kernel.api import In, Out, Page, PageQuery, example

Level = Literal["GREEN", "YELLOW", "ORANGE", "RED", "BREACHED"]
Status = Literal["active", "paused", "met", "breached", "cancelled"]
Code = Annotated[str, Field(max_length=63)]
PROMISE: dict[str, Any] = {
    "code": "decide_order",
    "name": "Decide an order",
    "record_type": "order",
    "unit": "hours",
    "target": "16",
    "stop": {"when": {"field": "state", "operator": "=", "value": "approved"}},
}


class DefinitionIn(In):
    """What a definition says from now on."""

    model_config = example({"body": PROMISE, "comment": "Two days"})

    body: dict[str, Any] = Field(description="The whole body; see the admin guide.")
    comment: Annotated[str, Field(max_length=1000)] = ""
    version: int | None = Field(default=None, description="Of the definition you saw.")


class SwitchIn(In):
    """Whether a definition starts clocks."""

    model_config = example({"active": False})

    active: bool
    version: int | None = None


class DefinitionOut(Out):
    """A definition; its bodies are in its versions."""

    id: UUID
    code: str
    name: str
    description: str
    active: bool
    subject_type: str
    record_type: str | None = Field(validation_alias="record_type_code")
    current_version: int
    version: int
    updated_at: datetime


class DefinitionPage(Page[DefinitionOut]):
    """Definitions by code."""


class DefinitionVersionOut(Out):
    """One version; it never changes."""

    number: int
    body: dict[str, Any]
    digest: str
    comment: str
    published_at: datetime
    published_by_id: UUID | None


class DefinitionVersionPage(Page[DefinitionVersionOut]):
    """Versions, latest first."""


class ClockQuery(PageQuery):
    """Which clocks are wanted; open ones unless `open` says otherwise."""

    definition: Code | None = None
    level: Level | None = None
    scope: Literal["mine", "team", "everyone"] = "everyone"
    subject_id: UUID | None = None
    open: bool = Field(default=True, description="False: those that have ended.")


class ClockOut(Out):
    """A clock as it stands. Seconds are business seconds except `wall_seconds`."""

    id: UUID
    definition: str = Field(validation_alias="definition_code")
    subject_type: str
    subject_id: UUID
    record_id: UUID | None
    title: str
    status: Status
    level: Level
    target_seconds: int
    elapsed_seconds: int = Field(description="At the moment of the answer.")
    remaining_seconds: int = Field(description="Negative when it is late.")
    wall_seconds: int = Field(description="Since the start, as the wall clock counts.")
    started_at: datetime
    due_at: datetime | None = Field(description="Empty while it is paused.")
    completed_at: datetime | None
    breached_at: datetime | None
    paused_at: datetime | None
    pause_reason: str | None
    next_check_at: datetime | None
    owner_id: UUID | None
    team: str | None
    version: int


class ClockPage(Page[ClockOut]):
    """Clocks in the order they were started."""


class ClockCountsOut(Out):
    """How many open clocks there are at each level, and how many of them stand still."""

    levels: dict[Level, int]
    open: int
    paused: int


class SegmentOut(Out):
    """A stretch in which a clock ran or stood still."""

    kind: Literal["run", "pause"]
    from_: datetime = Field(alias="from", validation_alias="start")
    to: datetime | None = Field(validation_alias="end")
    reason: str | None
    owner_id: UUID | None = Field(validation_alias="owner")


class TurnOut(Out):
    """How long somebody had it."""

    owner_id: UUID | None = Field(validation_alias="owner")
    business_seconds: int
    wall_seconds: int


class CrossingOut(Out):
    """A level that was reached."""

    level: Level
    at: datetime


class ReceiptOut(Out):
    """Everything a due time depends on; adding up what was counted gives it again."""

    clock: ClockOut
    receipt: dict[str, Any] | None
    ledger: list[SegmentOut]
    turns: list[TurnOut]
    crossings: list[CrossingOut]


class PauseIn(In):
    """Why a clock stands still or ends."""

    model_config = example({"reason": "The customer is closed until Monday", "version": 3})

    reason: Annotated[str, Field(max_length=500)]
    version: int | None = None


class ResumeIn(In):
    """Let it run again."""

    model_config = example({"version": 4})

    version: int | None = None


class MoveIn(In):
    """To which version of its definition a clock is moved."""

    model_config = example({"number": 2, "version": 4})

    number: Annotated[int, Field(ge=1, le=1_000_000)]
    version: int | None = None


class HappeningIn(In):
    """Something that happened to a clock."""

    at: AwareDatetime
    what: Literal["start", "pause", "resume", "owner", "stop", "cancel"]
    reason: Annotated[str, Field(max_length=200)] | None = None
    owner: UUID | None = None


class ClockTrialIn(In):
    """A definition, a story, and the instants to look at."""

    model_config = example(
        {
            "definition": {"code": "try", "name": "Try", "unit": "hours", "target": "8"},
            "calendar": {"tz": "Europe/Berlin", "weekly": {"mon": [["09:00", "17:00"]]}},
            "events": [{"at": "2026-11-16T08:00:00Z", "what": "start"}],
            "at": ["2026-11-16T14:00:00Z"],
        }
    )

    definition: dict[str, Any] | None = Field(default=None, description="A body, not saved.")
    code: Code | None = Field(default=None, description="Or the code of a saved definition.")
    number: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    calendar: dict[str, Any] | None = Field(default=None, description="Instead of its calendar.")
    events: Annotated[list[HappeningIn], Field(max_length=1000)]
    at: Annotated[list[AwareDatetime], Field(max_length=100)] = Field(default_factory=list)


class ReadingOut(Out):
    """What the clock shows at an instant."""

    at: datetime
    status: str
    level: Level
    elapsed_seconds: int
    remaining_seconds: int
    wall_seconds: int
    due: datetime | None


class ClockTrialOut(Out):
    """What a clock with this story shows now, at the instants asked for, and why."""

    target_seconds: int
    begins: dict[Level, int] = Field(description="Business seconds at which each level begins.")
    due: datetime | None
    breached_at: datetime | None
    now: ReadingOut
    readings: list[ReadingOut]
    crossings: list[CrossingOut]
    ledger: list[SegmentOut]
    receipt: dict[str, Any] | None
