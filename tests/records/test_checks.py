"""Rules of values as tables: every wrong value of a record is named."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.records.conftest import ORDER, line
from wfweb.kernel.errors import ValidationFailed
from wfweb.records.check import check_record
from wfweb.records.field_reading import read_fields
from wfweb.records.money import exact, text_of
from wfweb.records.shape import Shape, compile_shape
from wfweb.records.sniff import safe_name, serve_as
from wfweb.records.titles import render_title

TEXTS = Path(__file__).parents[3] / "shared" / "data" / "text"


def places(refusal: ValidationFailed) -> set[str]:
    return {error.pointer for error in refusal.errors}


def shape_with(**field: Any) -> Shape:
    return compile_shape("Thing", [{"code": "x", "label": "X", **field}])


def order_shape() -> Shape:
    fields = [f for f in ORDER["fields"] if f["code"] not in {"customer", "buyer", "quote"}]
    return compile_shape("Order", fields, ORDER["totals"])


# ---- values ----

MONEY = {"type": "money", "currencies": ["EUR", "JPY", "BHD"]}


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ({"type": "text"}, "  spaces stay  ", "  spaces stay  "),
        ({"type": "number"}, 0.1, "0.1"),
        ({"type": "number"}, "1.50", "1.5"),
        ({"type": "number"}, "-0.00", "0"),
        ({"type": "number"}, 12, "12"),
        ({"type": "integer"}, 3.0, 3),
        ({"type": "integer"}, -7, -7),
        (MONEY, {"amount": "1200", "currency": "EUR"}, {"amount": "1200.00", "currency": "EUR"}),
        (MONEY, {"amount": "1200", "currency": "JPY"}, {"amount": "1200", "currency": "JPY"}),
        (MONEY, {"amount": "0.001", "currency": "BHD"}, {"amount": "0.001", "currency": "BHD"}),
        (MONEY, {"amount": "1.10000", "currency": "EUR"}, {"amount": "1.10", "currency": "EUR"}),
        (
            {**MONEY, "scale": 4},
            {"amount": "0.1234", "currency": "EUR"},
            {"amount": "0.1234", "currency": "EUR"},
        ),
        (
            {**MONEY, "minimum": -10},
            {"amount": "-9.99", "currency": "EUR"},
            {"amount": "-9.99", "currency": "EUR"},
        ),
        (
            MONEY,
            {"amount": "999999999999.99", "currency": "EUR"},
            {"amount": "999999999999.99", "currency": "EUR"},
        ),
        ({"type": "date"}, "2028-02-29", "2028-02-29"),
        ({"type": "datetime"}, "2026-03-31T14:30+02:00", "2026-03-31T12:30:00Z"),
        ({"type": "boolean"}, False, False),
        ({"type": "email"}, "ada.b+c@sub.example.com", "ada.b+c@sub.example.com"),
        ({"type": "url"}, "https://example.com/a?b=c", "https://example.com/a?b=c"),
    ],
)
def test_good_values_are_kept_in_one_form(field: dict[str, Any], value: Any, kept: Any) -> None:
    shape = shape_with(**field)
    assert check_record(shape, {"x": value}) == {"x": kept}
    assert check_record(shape, {"x": kept}) == {"x": kept}, "its own form is taken again"


BAD_AMOUNTS = [
    "", " ", "NaN", "Infinity", "-Infinity", "1e5", "1E309", "1,000", "1.000,00", "1 000", "+1",
    ".5", "5.", "0x10", "--1", "1" * 13, "9" * 40, "1." + "0" * 11, "1.005", "١٢", "½", "1\n",
    "-1", "-0.01", None, True, 5, 5.5, [], {},
]  # fmt: skip


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
def test_bad_amounts_are_refused_at_the_amount(amount: Any) -> None:
    with pytest.raises(ValidationFailed) as caught:
        check_record(shape_with(**MONEY), {"x": {"amount": amount, "currency": "EUR"}})
    assert places(caught.value) == {"/x/amount"}


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "ZZZ", "USD", None, 978, "€"])
def test_bad_currencies_are_refused_at_the_currency(currency: Any) -> None:
    with pytest.raises(ValidationFailed) as caught:
        check_record(shape_with(**MONEY), {"x": {"amount": "1", "currency": currency}})
    assert places(caught.value) == {"/x/currency"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (MONEY, "12.00"),
        (MONEY, {"amount": "1"}),
        (MONEY, {"amount": "1", "currency": "EUR", "tax": "1"}),
        ({"type": "text"}, 5),
        ({"type": "text"}, "x" * 256),
        ({"type": "text", "max_length": 3}, "abcd"),
        ({"type": "longtext"}, "x" * 10_001),
        ({"type": "number"}, float("nan")),
        ({"type": "number"}, float("inf")),
        ({"type": "number"}, 1e309),
        ({"type": "number"}, 1e40),
        ({"type": "number"}, 10**13),
        ({"type": "number"}, "1e3"),
        ({"type": "number"}, True),
        ({"type": "number", "scale": 2}, "1.234"),
        ({"type": "number", "minimum": 5}, 4),
        ({"type": "number", "maximum": 5}, "5.01"),
        ({"type": "integer"}, 1.5),
        ({"type": "integer"}, "1"),
        ({"type": "integer"}, 2**53),
        ({"type": "integer"}, 10**400),
        ({"type": "date"}, "2026-02-30"),
        ({"type": "date"}, "20260203"),
        ({"type": "date"}, "2026-W10-1"),
        ({"type": "date"}, "31/12/2026"),
        ({"type": "datetime"}, "2026-03-31T14:30:00"),
        ({"type": "datetime"}, "2026-03-31"),
        ({"type": "datetime"}, "0001-01-01T00:00:00+14:00"),
        ({"type": "datetime"}, "2026-03-31T25:00:00Z"),
        ({"type": "boolean"}, "true"),
        ({"type": "boolean"}, 1),
        ({"type": "choice", "choices": ["a"]}, "b"),
        ({"type": "choice", "choices": ["a"]}, ["a"]),
        ({"type": "person"}, "ada"),
        ({"type": "person"}, "{01a1fd33-e729-7e64-ade1-829a538cf39e}"),
        ({"type": "reference", "reference": "y"}, 7),
        ({"type": "email"}, "ada"),
        ({"type": "email"}, "a@b.c\r\nBcc: d@e.f"),
        ({"type": "email"}, "<a@b.example>"),
        ({"type": "url"}, "javascript:alert(1)"),
        ({"type": "url"}, "https://"),
        ({"type": "url"}, "data:text/html,x"),
        ({"type": "url"}, "http://[bad"),
        ({"type": "url"}, "https://a b"),
        ({"type": "text"}, "a\0b"),
        ({"type": "text"}, "half \ud83d"),
        ({"type": "text"}, {"a": 1}),
    ],
)
def test_bad_values_are_refused_at_their_place(field: dict[str, Any], value: Any) -> None:
    with pytest.raises(ValidationFailed) as caught:
        check_record(shape_with(**field), {"x": value})
    [error] = caught.value.errors
    assert error.pointer.split("/")[1] == "x"
    assert error.message
    json.dumps(caught.value.extra).encode()


def test_required_means_something_is_there() -> None:
    shape = shape_with(type="text", required=True)
    for empty in ({}, {"x": None}, {"x": ""}, {"x": "  \n"}):
        with pytest.raises(ValidationFailed) as caught:
            check_record(shape, empty)
        assert caught.value.errors[0].code == "required"
    assert check_record(shape_with(type="boolean", required=True), {"x": False}) == {"x": False}


def test_errors_name_lines_by_number() -> None:
    bad = [line(), line(quantity="0"), {**line(), "unit_price": None}, "text", {**line(), "id": 5}]
    with pytest.raises(ValidationFailed) as caught:
        check_record(order_shape(), {"lines": bad})
    assert places(caught.value) == {
        "/lines/1/quantity",
        "/lines/2/unit_price",
        "/lines/3",
        "/lines/4/id",
    }


def test_lines_keep_their_ids_and_two_of_one_id_are_refused() -> None:
    shape = order_shape()
    first = check_record(shape, {"lines": [line(), line()]})
    ids = [one["id"] for one in first["lines"]]
    assert len(set(ids)) == 2
    again = check_record(shape, {"lines": first["lines"]}, before=first)
    assert again == first
    with pytest.raises(ValidationFailed) as caught:
        check_record(shape, {"lines": [{**line(), "id": "a"}, {**line(), "id": "a"}]})
    assert places(caught.value) == {"/lines/1/id"}


def test_lines_have_a_largest_number() -> None:
    with pytest.raises(ValidationFailed) as caught:
        check_record(order_shape(), {"lines": [line()] * 501})
    assert places(caught.value) == {"/lines"}


def test_totals_are_exact_and_refuse_mixed_currencies_and_too_much() -> None:
    shape = order_shape()
    data = check_record(shape, {"lines": [line(quantity="0.1", price="0.1")] * 3})
    assert data["amount"] == {"amount": "0.03", "currency": "EUR"}
    data = check_record(shape, {"lines": [line(quantity="0.5", price="0.01")]})
    assert data["amount"]["amount"] == "0.01", "half a cent is rounded up, once, at the end"
    with pytest.raises(ValidationFailed) as caught:
        check_record(shape, {"lines": [line(quantity="999999", price="999999999")]})
    assert places(caught.value) == {"/lines"}
    mixed = compile_shape(
        "M",
        [
            {"code": "sum", "type": "money", "currencies": ["EUR", "USD"]},
            {
                "code": "lines",
                "type": "lines",
                "fields": [{"code": "price", "type": "money", "currencies": ["EUR", "USD"]}],
            },
        ],
        [{"field": "sum", "sum": "lines.price"}],
    )
    prices = [{"price": {"amount": "1", "currency": c}} for c in ("USD", "USD", "EUR")]
    with pytest.raises(ValidationFailed) as caught:
        check_record(mixed, {"lines": prices})
    assert places(caught.value) == {"/lines/2/price/currency"}
    assert check_record(mixed, {"lines": prices[:2]})["sum"] == {
        "amount": "2.00",
        "currency": "USD",
    }


def test_values_of_fields_that_have_gone_stay() -> None:
    before = {"x": "old", "gone": "kept"}
    assert check_record(shape_with(type="text"), {"x": "new"}, before=before) == {
        "x": "new",
        "gone": "kept",
    }


def test_deep_and_wide_input_is_refused_quickly() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    wide = {"x": [{"y": n} for n in range(100_000)]}
    begun = time.perf_counter()
    for data in ({"x": deep}, wide, {f"f{n}": n for n in range(60_000)}):
        with pytest.raises(ValidationFailed):
            check_record(shape_with(type="text"), data)
    assert time.perf_counter() - begun < 2


def strings() -> list[str]:
    import gzip

    if not TEXTS.is_dir():
        return []
    naughty = json.loads((TEXTS / "blns.json").read_text(encoding="utf-8"))
    packed = gzip.decompress((TEXTS / "xss_payloads.json.gz").read_bytes())
    return [*naughty, *json.loads(packed)]


def test_every_naughty_string_is_kept_unchanged_or_refused() -> None:
    texts = strings()
    if not texts:
        pytest.skip("the shared text data is not here")
    shape = shape_with(type="longtext", max_length=100_000)
    kept = 0
    for text in texts:
        try:
            result = check_record(shape, {"x": text})
        except ValidationFailed:
            assert "\0" in text or any("\ud800" <= c <= "\udfff" for c in text)
            continue
        assert result == ({"x": text} if text else {})
        kept += 1
    assert kept >= 4300
    for field in ({"type": "number"}, {"type": "date"}, {"type": "url"}, MONEY, {"type": "email"}):
        for text in texts[:520]:
            try:
                check_record(shape_with(**field), {"x": text, text[:20]: text})
            except ValidationFailed as refusal:
                json.dumps(refusal.extra).encode()


@given(st.decimals(min_value="-999999999999", max_value="999999999999", places=10))
@settings(max_examples=200, deadline=None)
def test_numbers_lose_no_digit(number: Any) -> None:
    kept = text_of(number)
    assert exact(kept) == number


# ---- titles, file names ----


def test_titles_stay_on_one_line_and_are_never_evaluated() -> None:
    fields = {f.code: f for f in read_fields([{"code": "x", "type": "longtext"}])}
    assert render_title("A {x}!", fields, {"x": "two\nlines {x} {y}"}, {}) == "A two lines {x} {y}!"
    assert len(render_title("{x}", fields, {"x": "y" * 9999}, {})) == 300


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../x.pdf", "x.pdf"),
        ("C:\\Users\\a\\q.pdf", "q.pdf"),
        ("a\r\nSet-Cookie: b.pdf", "aSet-Cookie: b.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("...", "file"),
        ("", "file"),
        ("Angebot für Büro.pdf", "Angebot für Büro.pdf"),
    ],
)
def test_file_names_are_only_labels(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept
    assert len(safe_name("x" * 500 + ".pdf")) <= 150


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.PNG", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.csv", "naïve;ö".encode(), "text/csv"),
        ("a.csv", "ö".encode()[:1], "text/csv"),
        ("a.txt", b"\xff\xfe\0x", None),
        (
            "a.docx",
            b"PK\x03\x04",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("a.pdf.exe", b"%PDF-1.7", None),
        ("a.svg", b"<svg>", None),
        ("a.html", b"<p>", None),
        ("a.pdf", b"<script>", None),
        ("pdf", b"%PDF-1.7", None),
    ],
)
def test_files_are_what_their_first_bytes_say(name: str, head: bytes, kind: str | None) -> None:
    assert serve_as(name, head) == kind
