"""The shapes of alert rules and their previews in the API."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from wfweb.alerts.body import RuleBody, Severity, Type
from wfweb.kernel.api import In, Out, Query, VersionIn, example

LOW_STOCK: dict[str, Any] = {
    "code": "days_of_stock_low",
    "name": "Less than a week of stock",
    "type": "inventory",
    "severity": "warning",
    "check": "days_of_stock",
    "raise_at": "7",
    "clear_at": "10",
    "stock": {"on_hand": "on_hand", "usage": "usage"},
    "recipients": [{"role": "operator"}],
}
_ONE = {"json_schema_extra": {"examples": [LOW_STOCK]}}
_CHANGED = {"json_schema_extra": {"examples": [{**LOW_STOCK, "version": 1}]}}


class RuleIn(RuleBody):
    """A rule. Which members are needed depends on its type."""

    model_config = ConfigDict(extra="forbid", frozen=True, **_ONE)  # type: ignore[typeddict-item]


class RuleChangeIn(RuleBody):
    """A changed rule, with the version it was changed from."""

    model_config = ConfigDict(extra="forbid", frozen=True, **_CHANGED)  # type: ignore[typeddict-item]

    version: int | None = Field(default=None, description="Needed unless If-Match names it.")


class RuleSwitchIn(VersionIn):
    """Whether the rule is evaluated."""

    model_config = example({"version": 1, "active": False})

    active: bool


class RuleQuery(Query):
    """Which rules are wanted."""

    type: Type | None = None
    active: bool | None = Field(default=None, description="Only those that are on.")


class RuleOut(Out):
    """A rule. `error` says why it cannot be evaluated now; it stays on and is tried again."""

    id: UUID
    code: str
    name: str
    type: Type
    severity: Severity
    active: bool
    body: dict[str, Any] = Field(description="The rule as it can be sent again.")
    error: str | None
    error_at: datetime | None
    last_triggered_at: datetime | None
    triggered_count: int
    next_run_at: datetime | None
    version: int


class RuleList(Out):
    """Rules by name, those that cannot be evaluated first."""

    items: list[RuleOut]


class ExampleOut(Out):
    """A record for which the rule would fire now."""

    record_id: UUID
    record_key: str
    record_title: str
    title: str
    message: str
    value: str | None
    limit: str | None


class RulePreviewOut(Out):
    """What a rule would do with today's figures."""

    looked_at: int
    fires: int
    unknown: int = Field(description="Records without the figures that are needed.")
    examples: list[ExampleOut] = Field(description="The first 50.")
    on_events: bool = Field(description="It fires when something happens, so nothing is known.")
    complete: bool


class RulePreviewIn(In):
    """A rule that need not be saved."""

    model_config = example({"rule": LOW_STOCK})

    rule: RuleIn
