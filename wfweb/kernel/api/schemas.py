"""The shapes that all of the API shares."""

from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from wfweb.kernel.paging import DEFAULT_LIMIT, MAXIMUM_LIMIT

T = TypeVar("T")


class In(BaseModel):
    """What a program sends: unknown members are refused, values are not converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Out(BaseModel):
    """What a program receives; built from rows by attribute."""

    model_config = ConfigDict(
        from_attributes=True,
        frozen=True,
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )


class Query(BaseModel):
    """Parameters after the question mark; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PageQuery(Query):
    """Which part of a list is wanted."""

    limit: int = Field(
        default=DEFAULT_LIMIT, ge=1, le=MAXIMUM_LIMIT, description="How many items at most."
    )
    after: str | None = Field(
        default=None,
        max_length=500,
        description="The `next` of the page before; opaque, leave it as it is.",
    )


class Page(Out, Generic[T]):
    """One page of a list. `next` is null on the last page."""

    items: list[T]
    next: str | None = Field(
        default=None, description="Send it as `after` to get the next page; null at the end."
    )


def _fixed(value: Decimal) -> str:
    """Write an amount with at least two digits after the point and none that say nothing."""
    text = format(value.normalize(), "f")
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(2, '0')}"


Amount = Annotated[
    Decimal,
    PlainSerializer(_fixed, return_type=str),
    Field(json_schema_extra={"format": "decimal"}),
]


class Money(Out):
    """An exact amount: decimal text, never a binary number."""

    amount: Amount
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    """Return an amount with its currency; None when there is no amount."""
    if amount is None:
        return None
    return Money(amount=amount, currency=currency or "EUR")


class ProblemField(BaseModel):
    """One wrong place of the input."""

    pointer: str = Field(
        description="JSON pointer (RFC 6901) into the body; for the query, the parameter's name."
    )
    message: str
    code: str


class Problem(BaseModel):
    """A refusal, as RFC 9457 describes it; some kinds add members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A URN that names the kind of problem and never changes.")
    title: str
    status: int
    code: str = Field(description="The same kind as a short word.")
    detail: str = Field(description="What happened and what to do, for people.")
    reference: UUID = Field(description="Names this call in logs and audit; also X-Request-Id.")
    errors: list[ProblemField] = Field(default_factory=list)
    current_version: int | None = None


def example(*values: dict[str, Any]) -> ConfigDict:
    """Return the part of ``model_config`` that shows a model's examples in the documentation."""
    return ConfigDict(json_schema_extra={"examples": list(values)})


class VersionIn(In):
    """An act on something that was seen in a version."""

    model_config = example({"version": 3})

    version: int | None = Field(default=None, description="Needed unless If-Match names it.")
