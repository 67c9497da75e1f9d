"""What a definition says: the JSON body of one version, read and checked for its form.

Conditions are in the one condition language. ``record`` is the business record, ``instance`` what
the clock is about: the workflow instance of a record, a request, a level.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wfweb.records.schemas_conditions import Condition
from wfweb.sla.rules import SHARES

Metric = Literal["response_time", "resolution_time", "delivery_time", "custom"]
Unit = Literal["seconds", "minutes", "hours", "days"]
LevelName = Literal["YELLOW", "ORANGE", "RED", "BREACHED"]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Threshold = Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,6})?%?$")]

MOST_RULES = 20
UNIT_SECONDS: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3600}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(_Part):
    """A moment: a condition that begins to hold, an event, or a date field that is filled.

    Of several that are given all have to be so; ``field`` also gives the instant.
    """

    when: Condition | None = None
    event: Annotated[str, Field(max_length=60)] | None = None
    field: Annotated[str, Field(max_length=100)] | None = None


class Pause(_Part):
    """Why a clock stands still: while a condition holds or a field is filled."""

    reason: Text
    when: Condition | None = None
    field: Annotated[str, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _needs_one(self) -> "Pause":
        if (self.when is None) == (self.field is None):
            message = "name a condition (when) or a field"
            raise ValueError(message)
        return self


class Zone(_Part):
    """Whose time zone the working hours are read in."""

    source: Literal["calendar", "fixed", "record", "requester"] = Field(
        default="calendar", alias="from"
    )
    zone: Annotated[str, Field(max_length=60)] | None = None
    field: Annotated[str, Field(max_length=100)] | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _complete(self) -> "Zone":
        if (self.source == "fixed") != (self.zone is not None):
            message = "a fixed time zone names its zone, the others do not"
            raise ValueError(message)
        if (self.source == "record") != (self.field is not None):
            message = "a time zone from the record names its field, the others do not"
            raise ValueError(message)
        return self


class Action(_Part):
    """What is done when a level is reached.

    ``to`` names a role for ``alert_team`` and ``reassign``; without it they mean the team of the
    clock and the owner's manager.
    """

    do: Literal["watch", "prepare", "alert_team", "escalate", "notify_manager", "reassign"]
    to: Annotated[str, Field(max_length=63)] | None = None


DEFAULT_ACTIONS: Mapping[str, list[Action]] = {
    "YELLOW": [Action(do="prepare")],
    "ORANGE": [Action(do="alert_team")],
    "RED": [Action(do="escalate")],
    "BREACHED": [Action(do="notify_manager")],
}


class DefinitionBody(_Part):
    """One version of a definition.

    A threshold is a share (``"60%"``) or an amount of the unit (``"30"``): ``warning`` is where
    YELLOW begins and ``critical`` where RED does; ``levels`` says so for each level.
    """

    code: Code
    name: Annotated[str, Field(min_length=1, max_length=120)]
    description: Annotated[str, Field(max_length=1000)] = ""
    metric: Metric = "resolution_time"
    subject_type: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] = "record"
    record_type: Code | None = None
    unit: Unit = "hours"
    target: Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,6})?$")]
    warning: Threshold | None = None
    critical: Threshold | None = None
    levels: dict[Literal["YELLOW", "ORANGE", "RED"], Threshold] = Field(default_factory=dict)
    calendar: Code | None = None
    time_zone: Zone = Field(default_factory=Zone)
    team: Annotated[str, Field(max_length=63)] | None = None
    applies_when: Condition | None = None
    start: When = Field(default_factory=When)
    pause: list[Pause] = Field(default_factory=list, max_length=MOST_RULES)
    stop: When | None = None
    cancel: Condition | None = None
    retroactive: bool = False
    repeat: bool = False
    actions: dict[LevelName, list[Action]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _numbers_as_text(cls, data: Any) -> Any:
        """Take numbers as well as texts, so that files may say ``target: 2``."""
        if not isinstance(data, dict):
            return data
        made = dict(data)
        for name in ("target", "warning", "critical"):
            made[name] = _number_text(made.get(name))
        if isinstance(made.get("levels"), dict):
            made["levels"] = {key: _number_text(value) for key, value in made["levels"].items()}
        return {key: value for key, value in made.items() if value is not None or key in data}

    def plain(self) -> dict[str, Any]:
        """Return the whole body as JSON values, defaults included."""
        return self.model_dump(mode="json", by_alias=True)

    def actions_of(self, level: str) -> list[Action]:
        """Return what is done at a level; what the definition leaves open has a usual answer."""
        chosen: Mapping[str, list[Action]] = self.actions  # type: ignore[assignment]
        return chosen.get(level, DEFAULT_ACTIONS.get(level, []))

    def target_seconds(self, day_seconds: Fraction) -> Fraction:
        """Return the target in business seconds, of which a working day has ``day_seconds``."""
        return Fraction(Decimal(self.target)) * UNIT_SECONDS.get(self.unit, day_seconds)

    def shares(self) -> dict[str, Fraction]:
        """Return at which share of the target each level begins."""
        given: dict[str, str | None] = {"YELLOW": self.warning, "RED": self.critical}
        given |= {str(level): text for level, text in self.levels.items()}
        return {
            level: _share(given[level], self.target) if given.get(level) else usual
            for level, usual in SHARES.items()
        }


def _number_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _share(text: str | None, target: str) -> Fraction:
    assert text is not None  # noqa: S101 - asked by the caller
    if text.endswith("%"):
        return Fraction(Decimal(text[:-1])) / 100
    whole = Fraction(Decimal(target))
    return Fraction(Decimal(text)) / whole if whole else Fraction(0)
