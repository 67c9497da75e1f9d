"""What clocks may be about: a registry that wiring fills, so that tasks and others can come later.

A subject is found by its id and told as plain values; conditions of definitions read its facts.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from wfweb.conditions import FieldTypes

Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a clock may know of its subject.

    ``facts`` are the roots of the condition language: ``record``, ``requester`` and ``instance``.
    ``team`` is the code of the role that looks after it.
    """

    type: str
    id: UUID
    title: str
    created_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None
    record_id: UUID | None = None
    record_type: str | None = None
    owner_id: UUID | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """How subjects of a type are found, what conditions may read, and how they change hands.

    ``find`` leaves out what is gone; it and ``parts`` answer for many at once, because a bulk of
    five hundred decisions asks about them all. ``fields`` gets the code of a record type, or
    nothing when a definition is about all of them. ``reassign`` gives a subject to a person;
    without it a definition cannot ask for that. ``parts`` names the subjects that change with
    each of these: the open requests of a record.
    """

    label: str
    find: Callable[[Collection[UUID]], Mapping[UUID, Subject]]
    fields: Callable[[str | None], FieldTypes]
    reassign: Callable[[UUID, UUID], object] | None = None
    parts: Callable[[Collection[UUID]], Iterable[tuple[UUID, Key]]] = lambda _subject_ids: ()


class Lazy(Mapping[str, Any]):
    """Facts that are found when a condition asks for them, each once."""

    def __init__(self, **makers: Callable[[], Any]) -> None:
        self._makers = makers
        self._made: dict[str, Any] = {}

    def __getitem__(self, root: str) -> Any:
        if root not in self._made:
            self._made[root] = self._makers[root]()
        return self._made[root]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


_kinds: dict[str, SubjectKind] = {}


def register(subject_type: str, kind: SubjectKind) -> None:
    """Let clocks be about subjects of a type; called by wiring."""
    _kinds[subject_type] = kind


def clear() -> None:
    """Forget all kinds, so that an application can be wired anew."""
    _kinds.clear()


def kinds() -> Mapping[str, SubjectKind]:
    """Return every type that clocks may be about."""
    return _kinds


def find(subject_type: str, subject_id: UUID) -> Subject | None:
    """Return a subject as it stands; nothing when it is gone or its type is unknown."""
    return find_all([(subject_type, subject_id)]).get((subject_type, subject_id))


def find_all(keys: Collection[Key]) -> dict[Key, Subject]:
    """Return subjects as they stand, without those that are gone; a few queries a type."""
    found: dict[Key, Subject] = {}
    for subject_type in sorted({key[0] for key in keys}):
        kind = _kinds.get(subject_type)
        ids = [subject_id for wanted, subject_id in keys if wanted == subject_type]
        if kind is not None:
            found |= {(subject_type, key): one for key, one in kind.find(ids).items()}
    return found


def with_parts(keys: Collection[Key], wanted: Collection[str]) -> dict[Key, Key]:
    """Return subjects and those that change with them, each with the one it changes with.

    :param wanted: types that anybody asks about; others are not looked for.
    """
    found = {key: key for key in keys}
    todo = list(keys)
    while todo:
        following: list[Key] = []
        for subject_type in sorted({key[0] for key in todo}):
            kind = _kinds.get(subject_type)
            if kind is None or not set(wanted) - {subject_type}:
                continue
            ids = [subject_id for of_type, subject_id in todo if of_type == subject_type]
            for whole, part in kind.parts(ids):
                if part not in found:
                    found[part] = found[subject_type, whole]
                    following.append(part)
        todo = following
    return found
