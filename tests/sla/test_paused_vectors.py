"""Paused clocks of other systems' tests, through the one way in which wfweb reads a clock."""

import json
from datetime import UTC, datetime

import pytest

from tests.conftest import ROOT
from wfweb.calendars import rules as business
from wfweb.sla.ledger import Happening, told
from wfweb.sla.rules import elapsed_within, run, terms

FILE = ROOT.parent / "shared" / "data" / "sla" / "paused_clock_vectors.json"
VECTORS = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
pytestmark = pytest.mark.skipif(not VECTORS, reason="../shared/data is not here")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def story(vector: dict, start: str) -> list[Happening]:
    happened = [Happening(instant(start), "start")]
    for begins, ends in vector["pauses"]:
        happened += [Happening(instant(begins), "pause"), Happening(instant(ends), "resume")]
    return sorted(happened, key=lambda one: one.at)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v.get("note") or v["source"][-40:])
def test_a_paused_clock_of_another_system(vector: dict):
    calendar = business.compile_calendar(vector["calendar"])
    if "life" in vector:
        born, died = vector["life"]
        happened = [*story(vector, born), Happening(instant(died), "stop")]
        first, last = (instant(text) for text in vector["window"])
        spent = elapsed_within(told(happened), calendar, first, last)
        assert spent == vector["expected_elapsed"]
        return
    happened = story(vector, vector["start"])
    late = instant("2024-06-04T00:00:00")
    if "resolved_at" in vector:
        happened.append(Happening(instant(vector["resolved_at"]), "stop"))
    reading = run(terms(vector["target_seconds"]), happened, calendar, late)
    assert reading.due == instant(vector["expected_due"])
    if "resolved_at" in vector:
        assert reading.elapsed == vector["expected_elapsed"]
        assert (reading.status == "met") is vector["met"]
        assert reading.overdue == 900
