"""A record type compiled: its fields by code, its totals, its schema ready to check.

Compiled once per version of a type and kept in the process: checking a record then
costs microseconds (jsonschema-rs), and a pattern of a user cannot run away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from wfweb.records.field_reading import read_fields
from wfweb.records.fields import Field, flat
from wfweb.records.schema import schema_of
from wfweb.records.totals import Total, read_totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a record of one type looks like, ready for checking and for forms."""

    name: str
    fields: tuple[Field, ...]
    by_code: Mapping[str, Field]
    totals: tuple[Total, ...]
    computed: frozenset[str]
    schema: Mapping[str, Any]
    checker: jsonschema_rs.Validator
    title_template: str = ""

    def field(self, path: str) -> Field | None:
        """Return the field of a code or of a dotted path such as ``lines.quantity``."""
        head, _, rest = path.partition(".")
        field = self.by_code.get(head)
        return field.field(rest) if field and rest else field

    def total_of_lines(self, code: str) -> Total | None:
        """Return the first total that multiplies these lines, for showing a line's amount."""
        return next((t for t in self.totals if t.lines == code and len(t.factors) > 1), None)

    def sections(self) -> Sequence[tuple[str, Sequence[Field]]]:
        """Return the fields by section, in the order in which sections appear first."""
        found: dict[str, list[Field]] = {}
        for field in self.fields:
            found.setdefault(field.section, []).append(field)
        return list(found.items())


def compile_shape(
    name: str,
    fields: Sequence[Mapping[str, Any]],
    totals: Sequence[Mapping[str, Any]] = (),
    title_template: str = "",
) -> Shape:
    """Compile the definition of a record type.

    :raises ValidationFailed: when the definition is wrong, naming the places.
    """
    known = read_fields(list(fields))
    by_code = {field.code: field for field in known}
    sums = read_totals(list(totals), by_code)
    computed = frozenset(total.field for total in sums)
    schema = schema_of(known, title=name)
    # What wfweb computes may be missing in the input; it is checked again afterwards.
    given = {**schema, "required": [c for c in schema["required"] if c not in computed]}
    return Shape(
        name=name,
        fields=known,
        by_code=by_code,
        totals=sums,
        computed=computed,
        schema=schema,
        checker=jsonschema_rs.Draft202012Validator(given),
        title_template=title_template,
    )


def paths_of_type(shape: Shape, kind: str) -> list[tuple[str, Field]]:
    """Return dotted paths and fields of one kind, including those in lines."""
    return [(path, field) for path, field in flat(shape.fields) if field.type == kind]
