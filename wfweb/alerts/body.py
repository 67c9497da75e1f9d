"""The body of a rule: what a person writes, what the API takes and what is stored."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

from wfweb.alerts.rules import Band

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Long = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Limit = Annotated[
    Decimal,
    Field(max_digits=28, decimal_places=10, allow_inf_nan=False),
    PlainSerializer(lambda value: format(value, "f"), return_type=str, when_used="json"),
]
Type = Literal["inventory", "sla", "threshold", "schedule", "event"]
Severity = Literal["info", "warning", "critical", "urgent"]
Level = Literal["YELLOW", "ORANGE", "RED", "BREACHED"]
SLA_EVENT = "sla.level_crossed"
MAX_RECIPIENTS = 50
MAX_STEPS = 10
YEAR_HOURS = 366 * 24
WEEK_MINUTES = 7 * 24 * 60


class Part(BaseModel):
    """A part of a rule: unknown members are refused, so that no typing error is lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Recipient(Part):
    """Who is told: exactly one of a person, a role, or a person named by the record."""

    user: str | None = Field(default=None, max_length=254, description="E-mail of a person.")
    role: Code | None = None
    field: Code | None = Field(
        default=None, description="A field of the record that holds a person, or `owner`."
    )

    @model_validator(mode="after")
    def _one(self) -> "Recipient":
        if sum(value is not None for value in (self.user, self.role, self.field)) != 1:
            message = "Name one of user, role and field"
            raise ValueError(message)
        return self


class Step(Part):
    """An escalation step: so long after the alert was raised, unless it is acknowledged."""

    after_minutes: int = Field(ge=1, le=YEAR_HOURS * 60)
    severity: Severity | None = Field(default=None, description="Never below the present one.")
    recipients: list[Recipient] = Field(min_length=1, max_length=MAX_RECIPIENTS)


class Template(Part):
    """What an alert says; ``{{record}} {{title}} {{metric}} {{value}} {{limit}} {{rule}}``."""

    title: Line = "{{rule}}: {{record}}"
    message: Long = ""


class StockSources(Part):
    """Where an inventory check finds its figures: metrics, or a field of the record."""

    on_hand: Code = "on_hand"
    on_order: Code | None = Field(default=None, description="Metric of what is already ordered.")
    usage: Code = "usage"
    reorder_point: Code | None = Field(default=None, description="Metric of the reorder point.")
    reorder_field: Code | None = Field(
        default="reorder_point", description="Field of the record that holds the reorder point."
    )


class RuleBody(Part):
    """A whole rule. Which members are needed depends on ``type``."""

    code: Code
    name: Line
    type: Type
    severity: Severity = "warning"
    record_type: Code | None = None
    condition: dict[str, Any] | None = Field(
        default=None, description="Only records, or events, for which this holds."
    )
    category: list[Line] = Field(default=[], max_length=100)
    category_field: Code = "category"
    channels: list[str] = Field(default=["in_app", "email"], min_length=1, max_length=4)
    template: Template = Template()
    recipients: list[Recipient] = Field(min_length=1, max_length=MAX_RECIPIENTS)
    cooldown_minutes: int = Field(default=60, ge=0, le=WEEK_MINUTES)
    daily_cap: int = Field(default=10, ge=1, le=1000)
    escalation: list[Step] = Field(default=[], max_length=MAX_STEPS)
    expires_hours: int | None = Field(default=None, ge=1, le=YEAR_HOURS)
    auto_resolve: bool = Field(
        default=True, description="Resolve by itself when the value is good again."
    )
    raise_again_hours: int | None = Field(
        default=None,
        ge=1,
        le=YEAR_HOURS,
        description=(
            "Raise once more so long after somebody resolved it although the cause still held; "
            "by default not before the cause has gone once."
        ),
    )
    metric: Code | None = None
    operator: Literal["<", "<=", ">", ">="] | None = None
    raise_at: Limit | None = None
    clear_at: Limit | None = None
    check: Literal["reorder_point", "fixed_threshold", "days_of_stock", "percentage"] | None = None
    stock: StockSources = StockSources()
    cron: str | None = Field(default=None, max_length=100)
    time_zone: str = Field(default="UTC", max_length=64)
    event: str | None = Field(default=None, max_length=100)
    levels: list[Level] = Field(default=[], max_length=4)
    service_level: Code | None = Field(
        default=None, description="Only crossings of this definition (type `sla`)."
    )

    @property
    def band(self) -> Band:
        """The limits of a threshold or an inventory check; percent for the reorder point."""
        raise_at = Decimal(100) if self.raise_at is None else self.raise_at
        clear_at = raise_at if self.clear_at is None else self.clear_at
        return Band(self.operator or "<=", raise_at, clear_at)

    @property
    def reads(self) -> list[str]:
        """The metrics whose readings this rule is evaluated on."""
        if self.type == "threshold":
            return [self.metric] if self.metric else []
        if self.type != "inventory":
            return []
        sources = self.stock
        used = {"days_of_stock": sources.usage}.get(self.check or "")
        point = sources.reorder_point if self.check in {"reorder_point", "percentage"} else None
        return [one for one in (sources.on_hand, sources.on_order, used, point) if one]

    @property
    def waits_for(self) -> str | None:
        """The name of the event this rule is evaluated on."""
        return SLA_EVENT if self.type == "sla" else self.event

    def stored(self) -> dict[str, Any]:
        """Return the body as it is stored and sent: without what says nothing."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"type": self.type}
