"""docs/business-time.md says what the code does."""

import json
import re
from datetime import datetime, timedelta

import pytest

from tests.calendars.test_vectors import DOUBTFUL, here
from tests.docs.pages import BY_NAME, blocks
from wfweb.calendars import rules

PAGE = BY_NAME["business-time.md"]
(TEXT,) = blocks(PAGE, "json")
CALENDAR = rules.compile_calendar(json.loads(TEXT))
DAY = r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?"
ROWS = re.findall(
    rf"^\| ({DAY}) \| ([+-]) (\d+) h(?: (\d+) s)? \| ({DAY}) \|", PAGE.read_text(), re.MULTILINE
)


def berlin(text: str) -> datetime:
    return rules.instant(CALENDAR, datetime.fromisoformat(text))


def test_the_table_was_read():
    assert len(ROWS) == 12


@pytest.mark.parametrize(("start", "sign", "hours", "seconds", "leads_to"), ROWS)
def test_each_row_of_the_table(start, sign, hours, seconds, leads_to):
    amount = timedelta(hours=int(hours), seconds=int(seconds or 0))
    act = rules.add if sign == "+" else rules.subtract
    assert act(CALENDAR, berlin(start), amount) == berlin(leads_to)


@here
def test_every_doubtful_case_is_explained():
    assert [v["id"] for v in DOUBTFUL if v["id"] not in PAGE.read_text()] == []
