"""The body of a definition: what a person writes, and what is stored, as one schema.

The same models read YAML and JSON, check the API's input and publish the JSON Schema,
so there is one description of the format and not three.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Long = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]


def _plain_number(value: float) -> int | float:
    return int(value) if value == int(value) else value


Hours = Annotated[
    float,
    Field(gt=0, le=24 * 366 * 5, allow_inf_nan=False),
    PlainSerializer(_plain_number, return_type=int | float, when_used="json"),
]
Condition = dict[str, Any]

MAX_STATES = 200
MAX_TRANSITIONS = 1000
MAX_LEVELS = 10
MAX_ACTIONS = 20
SYSTEM_ROLE = "system"

StateType = Literal["start", "normal", "approval", "end", "error"]
Trigger = Literal["user_action", "condition", "timeout", "approval", "rejection"]
# Triggers that only the people an approval asks set off, or a rule of its levels.
ANSWERS = frozenset({"approval", "rejection"})
TimeoutAction = Literal["escalate", "auto_approve", "auto_reject", "notify"]

# The names under which the replaced systems know the four usual pairs (DECISIONS 10).
_APPROVAL_TYPES: dict[str, tuple[str, str]] = {
    "any": ("any", "parallel"),
    "all": ("all", "parallel"),
    "sequential": ("all", "sequential"),
    "majority": ("majority", "parallel"),
}


class Part(BaseModel):
    """A part of a definition: unknown members are refused, so that no typing error is lost."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class ActionCall(BaseModel):
    """One action with its parameters as further members; the registry checks them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    action: Code
    when: Condition | None = None
    on_error: Literal["refuse", "error_state"] = "refuse"

    @property
    def parameters(self) -> dict[str, Any]:
        """The members that belong to the action itself."""
        return dict(self.model_extra or {})


Actions = Annotated[list[ActionCall], Field(max_length=MAX_ACTIONS)]


class Approver(Part):
    """Who is asked: exactly one of a person, a role, a field of the record, managers."""

    user: Annotated[str, StringConstraints(max_length=254)] | None = None
    role: Code | None = None
    field: Annotated[str, StringConstraints(max_length=200)] | None = None
    manager_chain: Annotated[int, Field(ge=1, le=10)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Approver":
        given = [self.user, self.role, self.field, self.manager_chain]
        if sum(value is not None for value in given) != 1:
            message = "name exactly one of user, role, field, manager_chain"
            raise ValueError(message)
        return self


class AutoApproval(Part):
    """A named rule under which a level needs nobody; the audit names it."""

    name: Name
    when: Condition


class Level(Part):
    """One level of an approval: who is asked and how their answers count."""

    name: Name | None = None
    approvers: Annotated[list[Approver], Field(max_length=50)] = Field(default_factory=list)
    quorum: Literal["any", "all", "majority", "n_of_m"] = "any"
    min_approvers: Annotated[int, Field(ge=1, le=50)] | None = None
    ordering: Literal["parallel", "sequential"] = "parallel"
    due_hours: Hours | None = None
    calendar: Code | None = None
    remind_hours: Annotated[list[Hours], Field(max_length=5)] = Field(default_factory=list)
    timeout_action: TimeoutAction | None = None
    escalate_to: Annotated[list[Approver], Field(max_length=10)] = Field(default_factory=list)
    auto_approve: AutoApproval | None = None
    self_approval: bool = False

    @model_validator(mode="before")
    @classmethod
    def _usual_pairs(cls, value: Any) -> Any:
        if isinstance(value, dict) and "approval_type" in value:
            rest = dict(value)
            pair = _APPROVAL_TYPES.get(str(rest.pop("approval_type")))
            if pair is None:
                message = f"approval_type is one of {', '.join(_APPROVAL_TYPES)}"
                raise ValueError(message)
            return {"quorum": pair[0], "ordering": pair[1], **rest}
        return value

    @model_validator(mode="after")
    def _needs_a_number(self) -> "Level":
        if self.quorum == "n_of_m" and self.min_approvers is None:
            message = "quorum n_of_m needs min_approvers"
            raise ValueError(message)
        return self


class RejectReason(Part):
    """A reason an approver can choose."""

    code: Code
    label: Name
    comment_required: bool = False


class Approval(Part):
    """What an approval state asks and whom: by a matrix, or by levels written here."""

    matrix: Code | None = None
    levels: list[Level] = Field(default_factory=list)
    calendar: Code | None = None
    amount_field: Annotated[str, StringConstraints(max_length=200)] | None = None
    about_amount: bool = True
    on_edit: Literal["refuse", "restart", "affected"] = "refuse"
    title: Annotated[str, StringConstraints(max_length=300)] | None = None
    summary_fields: Annotated[list[str], Field(max_length=30)] = Field(default_factory=list)
    reject_reasons: Annotated[list[RejectReason], Field(max_length=30)] = Field(
        default_factory=list
    )
    self_approval: bool = False
    allow_delegate: bool = True


class State(Part):
    """A state. ``final`` marks a resting place that may still be left; ``end`` closes."""

    code: Code
    name: Name
    type: StateType = "normal"
    sequence: int = 0
    final: bool = False
    description: Long = ""
    approval: Approval | None = None
    on_enter: Actions = Field(default_factory=list)
    on_exit: Actions = Field(default_factory=list)
    timeout_hours: Hours | None = None
    timeout_action: TimeoutAction | None = None


class Transition(Part):
    """A way from one state to another, and what has to hold for it."""

    code: Code
    from_state: Code = Field(alias="from")
    to: Code
    trigger: Trigger = "user_action"
    event: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    label: Name | None = None
    style: Literal["primary", "secondary", "danger"] = "secondary"
    sequence: int = 0
    condition: Condition | None = None
    actions: Actions = Field(default_factory=list)
    require_comment: bool = False
    visible: bool = True
    permission: Annotated[str, StringConstraints(max_length=80)] | None = None
    role: Code | None = None


class Schedule(Part):
    """When a scheduled definition starts, as a cron line in a time zone."""

    cron: Annotated[str, StringConstraints(min_length=9, max_length=100)]
    time_zone: Annotated[str, StringConstraints(max_length=64)] = "UTC"


class DefinitionBody(Part):
    """A whole definition."""

    code: Code
    name: Name
    description: Long = ""
    type: Literal["approval", "process", "notification", "escalation", "scheduled"] = "process"
    record_type: Code | None = None
    trigger: Literal["on_create", "on_write", "on_condition", "scheduled", "manual"] = "manual"
    trigger_condition: Condition | None = None
    schedule: Schedule | None = None
    timeout_hours: Hours | None = 72
    allow_parallel: bool = False
    require_comment: bool = False
    states: Annotated[list[State], Field(min_length=1, max_length=MAX_STATES)]
    transitions: Annotated[list[Transition], Field(max_length=MAX_TRANSITIONS)] = Field(
        default_factory=list
    )


def full(body: DefinitionBody) -> dict[str, Any]:
    """Return what is stored: every member written out, so later defaults change nothing."""
    return body.model_dump(mode="json", by_alias=True)


def short(body: DefinitionBody) -> dict[str, Any]:
    """Return what is exported: members that say nothing new are left out."""
    data = body.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    # A limit everybody depends on stays visible even when it is the usual one.
    hours = body.timeout_hours
    kept = hours if hours is None else _plain_number(hours)
    ordered = {"code": body.code, "name": body.name, "timeout_hours": kept}
    return {**ordered, **data}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a definition file."""
    schema = DefinitionBody.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "wfweb workflow definition",
    }
