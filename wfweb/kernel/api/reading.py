"""Turning a request into typed input."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from wfweb.kernel.api.registry import Operation
from wfweb.kernel.api.strictjson import escaped, read_json, unfit
from wfweb.kernel.errors import (
    FieldError,
    NotFound,
    TooLarge,
    UnsupportedMedia,
    ValidationFailed,
)
from wfweb.kernel.jsontext import canonical
from wfweb.kernel.web import validation_failed

M = TypeVar("M", bound=BaseModel)

JSON = "application/json"
FORM = "multipart/form-data"
FIELDS = "fields"
MOST_FIELDS = 50
_FILTER = re.compile(r"filter\[([^\[\]]{1,100})\]")


def read_body(operation: Operation) -> tuple[BaseModel | None, bytes]:
    """Return the validated body, and the bytes by which a repeated request is recognised.

    :raises UnsupportedMedia: when the content type is another one than the operation takes.
    :raises TooLarge: before anything of a too large body is parsed.
    :raises BadRequest: when it is not JSON.
    :raises ValidationFailed: naming every wrong place.
    """
    if operation.upload:
        return None, _uploaded()
    raw = _raw(operation.body_limit_bytes)
    if operation.request is None:
        if raw.strip() not in {b"", b"{}"}:
            message = "This takes no body"
            raise ValidationFailed.at("", message, "unexpected")
        return None, b""
    _require_type(JSON)
    value = read_json(raw or b"null")
    if not isinstance(value, dict):
        raise ValidationFailed.at("", "Send a JSON object", "object")
    return _validated(operation.request, raw), canonical(value)


def _validated(model: type[M], raw: bytes) -> M:
    try:
        # From the text and not from the parsed value: strict then knows dates and UUIDs as text.
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise validation_failed(error) from None


def _raw(limit_bytes: int) -> bytes:
    request.max_content_length = limit_bytes
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_large(limit_bytes) from None


def _too_large(limit_bytes: int) -> TooLarge:
    message = f"The body may have at most {limit_bytes} bytes"
    return TooLarge(message, limit_bytes=limit_bytes)


def _require_type(wanted: str) -> None:
    if request.mimetype != wanted:
        message = f"Send the body as {wanted}, not as {request.mimetype or 'nothing'}"
        raise UnsupportedMedia(message, accepted=[wanted])


def _uploaded() -> bytes:
    _require_type(FORM)
    try:
        files = request.files
    except RequestEntityTooLarge:
        raise _too_large(request.max_content_length or 0) from None
    if set(files) != {"file"} or len(files.getlist("file")) != 1:
        raise ValidationFailed.at("/file", "Send exactly one file, in the part named file", "file")
    if request.form:
        # A part may come without any name at all.
        place = "/" + escaped(next(iter(request.form)) or "")
        raise ValidationFailed.at(place, "This part is not known", "unknown")
    file = files["file"]
    content = file.stream.read()
    file.stream.seek(0)
    return b"\0".join((str(file.filename).encode(), str(file.mimetype).encode(), content))


def read_query(operation: Operation) -> BaseModel | None:
    """Return the validated query; ``filter[x]=1`` is collected into ``filter``.

    :raises ValidationFailed: for unknown, repeated or wrong parameters.
    """
    _require_utf8()
    known = set(operation.query.model_fields) if operation.query else set()
    values: dict[str, Any] = {}
    problems: list[FieldError] = []
    for name, given in request.args.lists():
        if name == FIELDS and operation.safe and "fields" not in known:
            continue
        if problem := _problem(name, given, known):
            problems.append(FieldError(f"/{escaped(name)}", problem, "query"))
            continue
        found = _FILTER.fullmatch(name) if "filter" in known else None
        if found:
            values.setdefault("filter", {})[found[1]] = given[0]
        else:
            values[name] = given[0]
    if problems:
        raise ValidationFailed(problems)
    if operation.query is None:
        return None
    try:
        return operation.query.model_validate(values)
    except ValidationError as error:
        raise validation_failed(error) from None


def _require_utf8() -> None:
    """Refuse bytes that are no text, which would otherwise be searched for as their escapes."""
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError as error:
        message = f"The query is not UTF-8: byte {error.start} does not belong there"
        raise ValidationFailed.at("", message, "query") from None


def _problem(name: str, given: list[str], known: set[str]) -> str | None:
    if unfit(name) or any(unfit(value) for value in given):
        return "This holds a character that cannot be kept"
    if name not in known - {"filter"} and not ("filter" in known and _FILTER.fullmatch(name)):
        allowed = ", ".join(sorted(known - {"filter"} | ({"filter[…]"} & _filters(known))))
        return f"There is no such parameter here; there is {allowed}" if allowed else "Takes none"
    if len(given) > 1:
        return "Give this once"
    return None


def _filters(known: set[str]) -> set[str]:
    return {"filter[…]"} if "filter" in known else set()


def wanted_fields() -> list[list[str]] | None:
    """Return the members of each item that ``fields=`` asks for, as paths; None for all.

    :raises ValidationFailed: when there are too many.
    """
    text = request.args.get(FIELDS)
    if not text:
        return None
    names = [name for name in text.split(",") if name]
    if len(names) > MOST_FIELDS or len(request.args.getlist(FIELDS)) > 1:
        raise ValidationFailed.at(f"/{FIELDS}", f"Name at most {MOST_FIELDS} fields, once", "query")
    return [name.split(".", 1) for name in names]


def refuse_unfit_address(parameters: dict[str, Any]) -> None:
    """Say "not found" for what no row can be called.

    :raises NotFound: for NUL and half characters in the address.
    """
    if any(isinstance(value, str) and unfit(value) for value in parameters.values()):
        raise NotFound


@contextmanager
def under(place: str) -> Iterator[None]:
    """Let the places a verb names begin where the client put its input, e.g. at ``/data``.

    :raises ValidationFailed: what the block raised, with longer pointers.
    """
    try:
        yield
    except ValidationFailed as refusal:
        raise ValidationFailed(
            [FieldError(place + e.pointer, e.message, e.code) for e in refusal.errors]
        ) from refusal
