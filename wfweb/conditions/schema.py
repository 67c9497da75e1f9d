"""The types of the fields a condition may read, given by whoever owns the fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from .model import Path

KINDS: Final = (
    *("text", "number", "integer", "money", "date", "datetime", "boolean", "choice"),
    *("person", "reference", "lines", "file", "list"),
)


@dataclass(frozen=True, slots=True)
class FieldType:
    """What one field holds.

    ``choices`` maps the stored values of a choice to their labels; ``lines`` are the fields of a
    sub-row; ``step`` is the smallest difference between two values of a number (1 for integers).
    """

    kind: str
    label: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, FieldType] = field(default_factory=dict)
    step: Decimal | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of field: {self.kind}")


_MONEY_PARTS: Final = {
    "amount": FieldType("number", "amount"),
    "currency": FieldType("text", "currency"),
}

# What every definition may read besides its record; callers add or replace entries.
STANDARD: Final[Mapping[str, FieldType]] = {
    "clock.now": FieldType("datetime", "Now"),
    "clock.today": FieldType("date", "Today"),
    "clock.weekday": FieldType("integer", "Weekday (1 is Monday)"),
    "clock.hour": FieldType("integer", "Hour of the day"),
    "requester.id": FieldType("person", "Requester"),
    "requester.name": FieldType("text", "Name of the requester"),
    "requester.email": FieldType("text", "E-mail of the requester"),
    "requester.title": FieldType("text", "Title of the requester"),
    "requester.manager": FieldType("person", "Manager of the requester"),
    "requester.roles": FieldType("list", "Roles of the requester"),
    "instance.id": FieldType("text", "Instance"),
    "instance.state": FieldType("text", "State"),
    "instance.status": FieldType("text", "Status"),
    "instance.started_at": FieldType("datetime", "Started"),
    "instance.due_at": FieldType("datetime", "Due"),
    "instance.retry_count": FieldType("integer", "Retries"),
}


class FieldTypes(Mapping[str, FieldType]):
    """The readable paths and their types; ``record.amount`` and ``amount`` are the same path."""

    def __init__(
        self,
        record: Mapping[str, FieldType],
        others: Mapping[str, FieldType] = STANDARD,
    ) -> None:
        self._known: dict[str, FieldType] = {
            **others,
            **{str(Path("record", (name,))): kind for name, kind in record.items()},
        }

    def __getitem__(self, path: str) -> FieldType:
        found = self.find(Path.read(path))
        if found is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def find(self, path: Path) -> FieldType | None:
        """Return the type at a path or ``None``, also in sub-rows, money and earlier values."""
        if path.root == "previous":
            path = Path("record", path.keys)
        known = self._known.get(str(path))
        if known is not None or len(path.keys) == 1:
            return known
        parent = self.find(Path(path.root, path.keys[:-1]))
        if parent is None:
            return None
        parts = _MONEY_PARTS if parent.kind == "money" else parent.lines
        return parts.get(path.keys[-1])

    def for_line(self, lines: FieldType) -> FieldTypes:
        """Return the types as seen inside ``where``: the fields of one line besides all others."""
        inner = FieldTypes({})
        inner._known = {
            **self._known,
            **{f"line.{name}": kind for name, kind in lines.lines.items()},
        }
        return inner

    def label(self, path: Path) -> str:
        """Return the words for a path: the label of its field, or its name made readable."""
        kind = self.find(path)
        name = kind.label if kind and kind.label else readable(path)
        if len(path.keys) > 1:
            parent = self.find(Path(path.root, path.keys[:-1]))
            if parent is not None and parent.kind == "money":
                return f"{self.label(Path(path.root, path.keys[:-1]))} ({name})"
        return f"{name} before the change" if path.root == "previous" else name


def readable(path: Path) -> str:
    """Make a label of a path: ``cost_centre.name`` becomes ``Cost centre name``."""
    text = " ".join(path.keys).replace("_", " ").strip()
    if path.root in ("requester", "instance", "clock"):
        text = f"{path.root} {text}"
    return text[:1].upper() + text[1:]


# Kinds of form fields which a condition treats alike.
_SAME: Final = {"longtext": "text", "email": "text", "url": "text"}


def from_fields(fields: Sequence[Mapping[str, Any]]) -> dict[str, FieldType]:
    """Return the types of a record type's field list (``code``, ``type``, ``label``, ``choices``).

    Raises ``ValueError`` for an unknown type.
    """
    return {str(entry["code"]): _from_field(entry) for entry in fields}


def _from_field(entry: Mapping[str, Any]) -> FieldType:
    kind = str(entry["type"])
    choices = entry.get("choices") or ()
    return FieldType(
        kind=_SAME.get(kind, kind),
        label=entry.get("label"),
        choices={
            str(choice["value"]): str(choice.get("label", choice["value"])) for choice in choices
        },
        lines=from_fields(entry.get("fields") or ()),
        step=Decimal(1) if kind == "integer" else None,
    )


NO_FIELDS: Final = FieldTypes({})
