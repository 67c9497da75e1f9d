"""Refusals carry what a page or a program needs to show them."""

from wfweb.kernel.errors import FieldError, by_field


def test_each_field_shows_its_first_message():
    errors = [
        FieldError("/name", "Enter a name"),
        FieldError("/name", "Names have no line breaks"),
        FieldError("/lines/0/amount", "Write a number"),
        FieldError("", "Not saved"),
    ]
    assert by_field(errors) == {
        "name": "Enter a name",
        "lines/0/amount": "Write a number",
        "": "Not saved",
    }
    assert by_field([]) == {}
