"""Differences between versions of a record, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wfweb.records.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """One field in three versions: as you found it, as they left it, as you want it."""

    field: str
    label: str
    was: Any
    theirs: Any
    yours: Any

    @property
    def changed_by_them(self) -> bool:
        """Tell whether they changed it."""
        return bool(self.was != self.theirs)

    @property
    def changed_by_you(self) -> bool:
        """Tell whether you changed it."""
        return bool(self.was != self.yours)

    @property
    def contested(self) -> bool:
        """Tell whether both changed it, to different values."""
        return self.changed_by_them and self.changed_by_you and self.theirs != self.yours

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON members."""
        return asdict(self) | {"contested": self.contested}


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the codes whose values differ, sorted."""
    return sorted(c for c in {*before, *after} if before.get(c) != after.get(c))


def three_way(
    fields: Sequence[Field],
    was: Mapping[str, Any],
    theirs: Mapping[str, Any],
    yours: Mapping[str, Any],
) -> list[FieldDifference]:
    """Return every field that either side changed, in the order of the form.

    :param yours: only the fields you sent; the others count as left alone.
    """
    found = []
    for field in fields:
        code = field.code
        old, mine = was.get(code), yours.get(code, was.get(code))
        if old != theirs.get(code) or old != mine:
            found.append(
                FieldDifference(
                    field=code, label=field.label, was=old, theirs=theirs.get(code), yours=mine
                )
            )
    return found
