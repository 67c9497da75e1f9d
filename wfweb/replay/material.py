"""Cases as records: for definitions that look at a record or ask for an approval of one."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from wfweb.records import service as records
from wfweb.records import types
from wfweb.replay.cases import Case
from wfweb.workflow.compiled import all_actions
from wfweb.workflow.plain import slug
from wfweb.workflow.schemas import DefinitionBody

TYPE = "trial_case"
LONGEST = 2000
MOST_DIGITS = 30
_FACTS = frozenset({"key", "title", "state", "version", "owner", "created_at", "updated_at"})


def needs_records(body: DefinitionBody) -> bool:
    """Tell whether a definition looks at records: for a plain machine none are made."""
    return (
        body.record_type is not None
        or any(state.approval is not None for state in body.states)
        or any(way.condition is not None for way in body.transitions)
        or bool(all_actions(body))
    )


class Records:
    """The record type of a trial, derived from the attributes of the cases."""

    def __init__(self, body: DefinitionBody, cases: Sequence[Case]) -> None:
        self.code = body.record_type or TYPE
        names = dict.fromkeys(name for case in cases for name in case.attributes)
        self._codes: dict[str, str] = {}
        for name in names:
            self._codes[name] = slug(name, [*self._codes.values(), *_FACTS, "case_name"])
        self._numbers = {name for name in names if _all_numbers(cases, name)}

    def install(self) -> None:
        """Make the record type: a number where every case has one, else text."""
        fields: list[dict[str, Any]] = [
            {"code": "case_name", "label": "Case", "type": "text", "required": True}
        ]
        fields += [
            {
                "code": code,
                "label": name[:80],
                "type": "number" if name in self._numbers else "text",
                "material": True,
            }
            for name, code in self._codes.items()
        ]
        definition = {"code": self.code, "name": "Trial case", "plural": "Trial cases"}
        extra = {"key_prefix": "TRY", "title_template": "{case_name}", "fields": fields}
        types.create_type({**definition, **extra})

    def make(self, case: Case) -> UUID:
        """Make the record of a case, as whoever begins it."""
        return records.create_record(self.code, self._data(case)).id

    def _data(self, case: Case) -> Mapping[str, Any]:
        data: dict[str, Any] = {"case_name": case.id[:200]}
        for name, value in case.attributes.items():
            if value not in (None, ""):
                data[self._codes[name]] = str(value)[:LONGEST]
        return data


def _all_numbers(cases: Iterable[Case], name: str) -> bool:
    values = [case.attributes.get(name) for case in cases]
    given = [value for value in values if value not in (None, "")]
    return bool(given) and all(_is_number(value) for value in given)


def _is_number(value: object) -> bool:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    return number.is_finite() and len(number.as_tuple().digits) <= MOST_DIGITS
