"""Checks of a whole record: the one gate for page, API, pack and replay.

Nothing here reads the database; whether a person or a record exists is asked in
:mod:`wfweb.records.lookups`. Every error names its place with a JSON pointer.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.records.complaints import complain, missing, unknown
from wfweb.records.fields import Field, pointer, storable
from wfweb.records.shape import Shape
from wfweb.records.totals import compute, wrong_at
from wfweb.records.values import Wrong, clean_value

MAX_NODES: Final = 50_000
MAX_DEPTH: Final = 6


def check_record(
    shape: Shape,
    given: object,
    *,
    before: Mapping[str, Any] | None = None,
    by_engine: bool = False,
) -> dict[str, Any]:
    """Return the complete clean data of a record.

    :param given: all fields of a new record, or the changed fields of an existing one;
        ``None`` and empty text clear a field.
    :param before: what the record holds now.
    :param by_engine: let read-only fields be set (workflow actions only).
    :raises ValidationFailed: naming every wrong place.
    """
    data = _storable_mapping(given)
    errors = list(_not_settable(shape, data, before or {}, by_engine=by_engine))
    wanted = _merged(shape, data, before)
    errors += _schema_errors(shape, wanted)
    bad = {error.pointer.split("/")[1] for error in errors if error.pointer}
    clean: dict[str, Any] = {}
    for field in shape.fields:
        if field.code in wanted and field.code not in shape.computed:
            clean[field.code] = _clean(field, wanted[field.code], pointer(field.code), errors)
    _add_totals(shape, clean, errors, skip=bad)
    _refuse_other_totals(shape, data, clean, errors)
    if errors:
        raise ValidationFailed(_in_order(shape, errors))
    return {**_retired(shape, before), **clean}


def _storable_mapping(given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValidationFailed.at("", "Give the fields as an object.", "type")
    errors = list(_unstorable(given))
    if errors:
        raise ValidationFailed(errors)
    return given


def _unstorable(given: Mapping[str, Any]) -> Iterator[FieldError]:
    """Find what neither the schema check nor the database can take, without recursion."""
    stack: list[tuple[tuple[object, ...], Any]] = [((), given)]
    count = 0
    while stack:
        place, value = stack.pop()
        count += 1
        if count > MAX_NODES or len(place) > MAX_DEPTH:
            yield FieldError(pointer(*place[:1]), "This is too large or too deep.", "too_large")
            return
        if isinstance(value, str) and not storable(value):
            message = "This holds a character that cannot be kept (NUL or half a character)."
            yield FieldError(pointer(*place), message, "character")
        elif isinstance(value, Mapping):
            for key, item in value.items():
                if not isinstance(key, str) or not storable(key):
                    yield FieldError(pointer(*place, key), "This name is not known.", "unknown")
                else:
                    stack.append(((*place, key), item))
        elif isinstance(value, list | tuple):
            stack.extend(((*place, n), item) for n, item in enumerate(value))


def _not_settable(
    shape: Shape, data: Mapping[str, Any], before: Mapping[str, Any], *, by_engine: bool
) -> Iterator[FieldError]:
    for code, value in data.items():
        field = shape.by_code.get(code)
        if field is None:
            yield unknown(shape.name, code)
        elif field.read_only and not by_engine and _emptied(value) != before.get(code):
            message = f"{field.label} is set by wfweb and cannot be changed here"
            yield FieldError(pointer(code), message, "read_only")


def _merged(
    shape: Shape, data: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what the record would hold, without empties, unknown and computed fields."""
    wanted = {code: value for code, value in (before or {}).items() if code not in data}
    if before is None:
        for field in shape.fields:
            if field.default is not None and field.code not in data:
                wanted[field.code] = field.default
    wanted.update(data)
    return {
        code: value
        for code, given in wanted.items()
        if code in shape.by_code
        and code not in shape.computed
        and (value := _emptied(given, shape.by_code[code])) is not None
    }


def _emptied(value: Any, field: Field | None = None) -> Any:
    """Return ``None`` for what counts as empty; inside lines, leave empty fields out."""
    if value is None or value in ("", []):
        return None
    if field and field.required and isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, list | tuple) and field and field.type == "lines":
        return [_emptied_line(field, line) for line in value]
    return value


def _emptied_line(field: Field, line: Any) -> Any:
    if not isinstance(line, Mapping):
        return line
    pairs = ((name, _emptied(value, field.field(name))) for name, value in line.items())
    return {name: value for name, value in pairs if value is not None}


def _schema_errors(shape: Shape, wanted: dict[str, Any]) -> list[FieldError]:
    if shape.checker.is_valid(wanted):
        return []
    return [
        error for found in shape.checker.iter_errors(wanted) for error in complain(shape, found)
    ]


def _clean(field: Field, value: Any, place: str, errors: list[FieldError]) -> Any:
    """Clean one value unless its shape is already known to be wrong."""
    wrong = any(e.pointer == place or e.pointer.startswith(place + "/") for e in errors)
    if wrong and (field.type != "lines" or not isinstance(value, list)):
        return value
    if field.type == "lines":
        return _clean_lines(field, value, place, errors)
    try:
        return clean_value(field, value)
    except Wrong as wrong:
        errors.append(wrong_at(wrong, place))
        return value


def _clean_lines(field: Field, lines: list[Any], place: str, errors: list[FieldError]) -> list[Any]:
    seen: set[str] = set()
    result = []
    for number, line in enumerate(lines):
        here = f"{place}/{number}"
        if not isinstance(line, Mapping):
            continue
        identity = line.get("id")
        if isinstance(identity, str) and identity in seen:
            errors.append(FieldError(f"{here}/id", "Two lines have this id.", "duplicate"))
        identity = identity if isinstance(identity, str) else str(new_id())
        seen.add(identity)
        cleaned = {"id": identity}
        for inner in field.fields:
            value = line.get(inner.code)
            if value is None and inner.default is not None and "id" not in line:
                value = inner.default
            if value is not None:
                cleaned[inner.code] = _clean(inner, value, f"{here}/{inner.code}", errors)
        result.append(cleaned)
    return result


def _add_totals(
    shape: Shape, clean: dict[str, Any], errors: list[FieldError], *, skip: set[str]
) -> None:
    for total in shape.totals:
        target = shape.by_code[total.field]
        lines_wrong = any(error.pointer.startswith(f"/{total.lines}") for error in errors)
        if total.lines in skip or lines_wrong:
            continue
        try:
            value = compute(total, clean, target)
        except Wrong as wrong:
            errors.append(wrong_at(wrong, ""))
            continue
        if value is not None:
            clean[total.field] = value
        elif target.required:
            errors.append(missing(shape.by_code[total.lines], pointer(total.lines)))


def _refuse_other_totals(
    shape: Shape, data: Mapping[str, Any], clean: Mapping[str, Any], errors: list[FieldError]
) -> None:
    """A computed value may be sent back as it was read, but not be set."""
    if errors:
        return
    for code in shape.computed & set(data):
        given = _emptied(data[code])
        if given is not None and given != clean.get(code):
            field = shape.by_code[code]
            message = f"{field.label} follows from its lines and cannot be set"
            errors.append(FieldError(pointer(code), message, "computed"))


def _retired(shape: Shape, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Values of fields the type no longer has stay as they are: history is not thrown away."""
    return {code: value for code, value in (before or {}).items() if code not in shape.by_code}


def _in_order(shape: Shape, errors: list[FieldError]) -> list[FieldError]:
    """Sort errors as the fields stand in the form, once per place and sentence."""
    place = {field.code: number for number, field in enumerate(shape.fields)}
    unique = {(error.pointer, error.message): error for error in errors}
    return sorted(
        unique.values(),
        key=lambda error: place.get(error.pointer.split("/")[1] if error.pointer else "", -1),
    )
