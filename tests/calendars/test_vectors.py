"""What others' tests say about business time, in one plain form (../shared/data/sla)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import ROOT
from wfweb.calendars import rules

DATA = ROOT.parent / "shared" / "data" / "sla"


def lines(name: str) -> list[dict[str, Any]]:
    path = DATA / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


VECTORS = lines("business_hours_vectors.jsonl")
DOUBTFUL = lines("doubtful_vectors.jsonl")
here = pytest.mark.skipif(not VECTORS, reason="../shared/data/sla is not here")


def moment(calendar: rules.Calendar, text: str) -> datetime:
    told = datetime.fromisoformat(text)
    return rules.instant(calendar, told) if told.tzinfo is None else told.astimezone(UTC)


def answer(vector: dict[str, Any]) -> Any:
    calendar = rules.compile_calendar(vector["calendar"])
    start = moment(calendar, vector["start"])
    match vector["op"]:
        case "add":
            return rules.add(calendar, start, vector["seconds"])
        case "sub":
            return rules.subtract(calendar, start, vector["seconds"])
        case "between":
            return rules.between(calendar, start, moment(calendar, vector["end"]))
        case "is_open":
            return rules.is_open(calendar, start)
        case "roll_forward":
            return rules.next_open(calendar, start)
        case _:
            return rules.previous_open(calendar, start)


def read(vector: dict[str, Any], key: str) -> Any:
    value = vector[key]
    if isinstance(value, str):
        return moment(rules.compile_calendar(vector["calendar"]), value)
    return value


@here
def test_all_vectors_are_here():
    assert len(VECTORS) == 506
    assert len(DOUBTFUL) == 8


@here
@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["id"])
def test_vector(vector: dict[str, Any]):
    assert answer(vector) == read(vector, "canonical")


@here
@pytest.mark.parametrize("vector", DOUBTFUL, ids=lambda v: v["id"])
def test_doubtful_vector_is_answered_by_our_rule(vector: dict[str, Any]):
    """docs/business-time.md says why: [open, close), the hour after a gap, elapsed instants."""
    assert answer(vector) == read(vector, "canonical")
    assert answer(vector) != read(vector, "expected")
