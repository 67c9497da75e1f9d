"""Choices for people and references in a form: a list while it is short, else a search field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import url_for

from wfweb.identity.queries import find_people, people_by_ids
from wfweb.records.fields import Field
from wfweb.records.forms import Typed
from wfweb.records.queries import find_records, records_by_ids
from wfweb.records.schema import UUID_PATTERN
from wfweb.records.shape import Shape, paths_of_type

SHORT: Final = 50
Option = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Picker:
    """How one kind of thing is chosen: options of a list, or where to search."""

    options: Sequence[Option]
    search_url: str
    shown: Mapping[str, str]

    def typed(self, value: str) -> str:
        """Return what the input holds for an id: itself in a list, a name one can read else."""
        return self.shown.get(value, value) if self.search_url else value


@dataclass(frozen=True, slots=True)
class Pickers:
    """The pickers of a form, by kind."""

    people: Picker
    records: Mapping[str, Picker]

    def of(self, field: Field) -> Picker:
        """Return the picker of a person or reference field."""
        return self.people if field.type == "person" else self.records[field.reference or ""]


def pickers_for(shape: Shape, typed: Typed) -> Pickers:
    """Return what a form needs, in two queries for people and two for each referenced type."""
    people = paths_of_type(shape, "person")
    references = {field.reference or "" for _path, field in paths_of_type(shape, "reference")}
    chosen = list(_chosen(shape.fields, typed))
    return Pickers(
        people=_people({i for kind, _ref, i in chosen if kind == "person"}) if people else _NONE,
        records={
            code: _records(code, {i for _k, ref, i in chosen if ref == code}) for code in references
        },
    )


_NONE: Final = Picker((), "", {})


def _chosen(fields: Sequence[Field], typed: Mapping[str, Any]) -> Sequence[tuple[str, str, UUID]]:
    import re

    found: list[tuple[str, str, UUID]] = []
    for field in fields:
        value = typed.get(field.code)
        if field.type == "lines":
            for line in value or []:
                found.extend(_chosen(field.fields, line))
        elif field.type in {"person", "reference"} and re.fullmatch(UUID_PATTERN, str(value or "")):
            found.append((field.type, field.reference or "", UUID(str(value))))
    return found


def _people(chosen: set[UUID]) -> Picker:
    known = people_by_ids(chosen)
    offered = find_people("", limit=SHORT + 1)
    if len(offered) > SHORT:
        shown = {str(i): user.email for i, user in known.items()}
        return Picker((), url_for("records.suggest_people"), shown)
    options = {str(user.id): user.name for user in offered}
    # Somebody who has left stays chosen until another is.
    gone = {str(i): f"{user.name} (has left)" for i, user in known.items() if str(i) not in options}
    return Picker([*options.items(), *gone.items()], "", {})


def _records(type_code: str, chosen: set[UUID]) -> Picker:
    known = records_by_ids(chosen)
    offered = find_records(type_code, limit=SHORT + 1)
    if len(offered) > SHORT:
        shown = {str(i): record.key for i, record in known.items()}
        return Picker((), url_for("records.suggest_records", type_code=type_code), shown)
    options = {str(record.id): record.label for record in offered}
    gone = {str(i): record.label for i, record in known.items() if str(i) not in options}
    return Picker([*options.items(), *gone.items()], "", {})
