"""Numbers from forms and addresses: anything may be typed there."""

import pytest

from wfweb.kernel.web import whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("999999999", 999_999_999),
        ("1000000000", None),
        ("9" * 5000, None),
        ("", None),
        (None, None),
        ("-1", None),
        ("1.5", None),
        (" 1", None),
        ("٣", None),
        ("²", None),
    ],
)
def test_only_digits_that_fit_an_integer_column_are_a_number(text: str | None, number: int | None):
    assert whole_number(text) == number


def test_a_form_may_ask_for_shorter_numbers():
    assert whole_number("999", digits=3) == 999
    assert whole_number("1000", digits=3) is None
