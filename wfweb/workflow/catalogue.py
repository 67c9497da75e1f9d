"""What a definition may refer to, as plain values, so that checking it needs no database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Checks a condition for a record type (or none): pairs of place inside it and sentence.
ConditionCheck = Callable[[Any, str | None], list[tuple[str, str]]]


def _no_check(_condition: Any, _record_type: str | None) -> list[tuple[str, str]]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The names that exist. ``None`` means unknown here, and is then not checked.

    :param roles: role code -> number of active people who hold it.
    :param people: e-mail addresses of active people.
    :param permissions: permission codes.
    :param record_types: record type code -> its field codes with their types.
    :param matrices: codes of the approval matrices.
    :param calendars: codes of the business calendars.
    :param definitions: codes of other definitions.
    :param actions: action code -> its JSON Schema.
    """

    roles: Mapping[str, int] | None = None
    people: frozenset[str] | None = None
    permissions: frozenset[str] | None = None
    record_types: Mapping[str, Mapping[str, str]] | None = None
    matrices: frozenset[str] | None = None
    calendars: frozenset[str] | None = None
    definitions: frozenset[str] | None = None
    actions: Mapping[str, Mapping[str, Any]] | None = None
    condition: ConditionCheck = field(default=_no_check)
