"""The shapes of conditions in the API."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from wfweb.kernel.api import In, Out, example

Condition = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": (
                'A triple `{"field": "amount", "operator": ">", "value": 1000}`, a combination '
                '`{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}`, or `{}` (always).'
            ),
            "additionalProperties": True,
        }
    ),
]
_LARGE = {"field": "amount", "operator": ">", "value": "1000.00"}


class ConditionIn(In):
    """A condition about records of a type."""

    model_config = example({"condition": _LARGE, "type": "order"})

    condition: Condition
    type: Annotated[str, Field(max_length=63)] = Field(description="Code of the record type.")


class ConditionProblemOut(Out):
    """One fault of a condition."""

    path: str = Field(description="Where it is: `all[1].value`.")
    message: str


class ConditionCheckOut(Out):
    """Whether a condition may be saved, and how it reads."""

    valid: bool
    problems: list[ConditionProblemOut]
    text: str | None = Field(description="The condition in words.")
    fields: list[str] = Field(description="What it reads.")


class SubjectIn(In):
    """What a question is asked about: a record that exists, or data of a type."""

    model_config = example({"record": "ORD-1042"}, {"type": "order", "data": {"reason": "Stock"}})

    record: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="Id or key."
    )
    type: Annotated[str, Field(max_length=63)] | None = None
    data: dict[str, Any] | None = Field(default=None, max_length=200)


class EvaluateIn(SubjectIn):
    """A condition, and what it is asked of."""

    model_config = example(
        {"condition": _LARGE, "record": "ORD-1042"},
        {"condition": _LARGE, "type": "order", "data": {"reason": "Stock"}},
    )

    condition: Condition


class ConditionExplanationOut(Out):
    """One part of a condition: its words, its result, what it compared."""

    kind: str
    text: str
    result: bool
    detail: str
    operator: str | None
    left: Any
    right: Any
    missing: list[str] = Field(description="Fields without a value that made it false.")
    children: list["ConditionExplanationOut"]


class EvaluateOut(Out):
    """Whether a condition holds, and why."""

    result: bool
    explanation: ConditionExplanationOut
