"""Hit policies: which of the matching rows of a decision table count (DMN's names and meanings)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

Row = TypeVar("Row")


class HitPolicy(StrEnum):
    """What happens when several rows match. Approval matrices use ``first`` and ``collect``."""

    UNIQUE = "unique"
    ANY = "any"
    FIRST = "first"
    PRIORITY = "priority"
    COLLECT = "collect"
    RULE_ORDER = "rule order"
    OUTPUT_ORDER = "output order"


SINGLE = (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY)


class HitConflictError(ValueError):
    """Several rows match where the hit policy allows one answer only."""


def select(
    policy: HitPolicy,
    matching: Sequence[Row],
    *,
    output: Callable[[Row], Any],
    rank: Callable[[Row], Any] | None = None,
) -> list[Row]:
    """Return the rows that count among the matching ones, which come in table order.

    ``output`` gives what a row answers, ``rank`` its place among the possible answers (lowest
    first). Raises ``HitConflictError`` when ``unique`` or ``any`` is broken, and ``ValueError``
    when an order of answers is needed and none is given.
    """
    rows = list(matching)
    if policy is HitPolicy.UNIQUE and len(rows) > 1:
        raise HitConflictError(f"{len(rows)} rows match where only one may")
    if policy is HitPolicy.ANY and any(output(row) != output(rows[0]) for row in rows):
        raise HitConflictError("the matching rows give different answers")
    if policy in (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER):
        if rank is None:
            raise ValueError(f"{policy} needs the order of the possible answers")
        rows.sort(key=rank)
    return rows[:1] if policy in SINGLE else rows
