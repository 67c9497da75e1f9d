"""Whatever a body or a receipt holds, it is read, or refused by name; nothing breaks."""

import copy
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calendars.test_document import TEXT
from wfweb.calendars import receipts, rules

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECEIPT = receipts.receipt(rules.compile_calendar(json.loads(TEXT)), START, 72_000)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=12) | st.sampled_from(
    ["24:00", "00:00", "09:00", "2026-12-24", "02-29", "mon", "off", "date", "windows", "UTC"]
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything inside a JSON value."""
    found = [at] if at else []
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(part, (*at, key))
    return found


def replaced(value: Any, at: tuple[Any, ...], by: Any) -> Any:
    changed = copy.deepcopy(value)
    inside = changed
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = by
    return changed


@settings(deadline=None, max_examples=200)
@given(anything)
def test_no_body_breaks_the_reader(body: Any):
    with suppress(rules.CalendarProblem):
        rules.compile_calendar(body)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_change_of_a_good_body_breaks_the_reader(data: st.DataObject):
    body = json.loads(TEXT)
    at = data.draw(st.sampled_from(places(body)))
    with suppress(rules.CalendarProblem, rules.TooFar):
        calendar = rules.compile_calendar(replaced(body, at, data.draw(anything)))
        rules.add(calendar, START, 3600)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_change_of_a_receipt_breaks_the_sum(data: st.DataObject):
    account = json.loads(json.dumps(RECEIPT))
    at = data.draw(st.sampled_from(places(account)))
    with suppress(receipts.ReceiptMismatchError):
        found = receipts.recompute(replaced(account, at, data.draw(anything)))
        assert found is None or found.tzinfo is UTC
