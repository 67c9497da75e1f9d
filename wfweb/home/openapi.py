"""The API described for programs (``openapi.json``) and for people (``/api/docs``), offline.

Both are made from the registry of operations, so they cannot say anything else than what runs.
No token is needed: they describe the program and tell nothing of a company.
"""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, make_response

from wfweb import __version__
from wfweb.kernel.api import ApiBlueprint, Operation, openapi, operations
from wfweb.kernel.errors import NotFound, Refusal
from wfweb.kernel.jsontext import dumps
from wfweb.kernel.web import page

bp = Blueprint("api_docs", __name__, url_prefix="/api")

TITLE = "wfweb"
ABOUT = "Everything that people do on the pages, for programs. See docs/integrator-guide.md."
FIVE_MINUTES = "public, max-age=300"
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence; ``code`` is set in the face of programs."""

    text: str
    code: bool


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a schema, or one parameter."""

    name: str
    kind: str
    link: str | None
    required: bool
    about: list[Part]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """An operation as its page shows it."""

    operation: Operation
    about: list[Part]
    parameters: list[Member]
    members: list[Member]
    example: str
    curl: str
    refusals: list[type[Refusal]]


@lru_cache(maxsize=1)
def document() -> Schema:
    """Return the OpenAPI document; it does not change while a process runs."""
    return openapi.document(TITLE, __version__, ABOUT)


@lru_cache(maxsize=1)
def _text() -> str:
    return dumps(document())


@bp.get("/v1/openapi.json")
def openapi_json() -> Response:
    """Send the document for programs."""
    response = make_response(_text())
    response.content_type = "application/json"
    response.headers["Cache-Control"] = FIVE_MINUTES
    return response


@bp.get("/docs")
def overview() -> Response:
    """Show how to begin, and every operation on one page."""
    return page("api_docs/overview.html", sections=_sections(), refusals=_all_refusals())


@bp.get("/docs/schemas")
def schemas() -> Response:
    """Show what is sent and received, each with an anchor of its own."""
    found = document()["components"]["schemas"]
    listed = [(name, _parts(s.get("description", "")), _members(s)) for name, s in found.items()]
    return page("api_docs/schemas.html", sections=_sections(), schemas=listed)


@bp.get("/docs/<tag>")
def feature(tag: str) -> Response:
    """Show the operations of one feature in full."""
    found = [op for op in operations() if op.blueprint.tag == tag]
    if not found:
        raise NotFound
    return page(
        "api_docs/feature.html",
        sections=_sections(),
        feature=found[0].blueprint,
        described=[_described(op) for op in found],
    )


def _sections() -> list[tuple[ApiBlueprint, list[Operation]]]:
    """Return the features in the order of the table in ``app.py``, with their operations."""
    sections: dict[ApiBlueprint, list[Operation]] = {}
    for operation in operations():
        sections.setdefault(operation.blueprint, []).append(operation)
    shown = list(current_app.blueprints)
    return sorted(sections.items(), key=lambda section: shown.index(section[0].name))


def _all_refusals() -> list[type[Refusal]]:
    kinds = {kind for op in operations() for kind in openapi.refusals_of(op)}
    return sorted(kinds, key=lambda kind: (kind.status, kind.code))


def _described(operation: Operation) -> Described:
    found = document()["paths"][operation.path][operation.method.lower()]
    model = operation.request
    example = openapi.example_of(operation)
    text = json.dumps(example, indent=2, ensure_ascii=False) if example is not None else ""
    schema = document()["components"]["schemas"][model.__name__] if model else {}
    return Described(
        operation=operation,
        about=_parts(found["description"]),
        parameters=[_parameter(one) for one in found["parameters"]],
        members=_members(schema),
        example=text,
        curl=_curl(operation, example),
        refusals=openapi.refusals_of(operation),
    )


def _parameter(given: Schema) -> Member:
    if "$ref" in given:
        given = document()["components"]["parameters"][given["$ref"].rpartition("/")[2]]
    kind, link = _kind(given["schema"])
    return Member(
        name=given["name"],
        kind=kind,
        link=link,
        required=bool(given.get("required")),
        about=_parts(given.get("description", "")),
        place=given["in"],
    )


def _members(schema: Schema) -> list[Member]:
    needed = set(schema.get("required", ()))
    found = []
    for name, given in schema.get("properties", {}).items():
        kind, link = _kind(given)
        found.append(Member(name, kind, link, name in needed, _parts(given.get("description", ""))))
    return found


def _kind(schema: Schema) -> tuple[str, str | None]:
    """Return a schema's type in words, and the name of the schema it leads to."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name, name
    if "anyOf" in schema:
        kinds = [_kind(one) for one in schema["anyOf"]]
        link = next((link for _words, link in kinds if link), None)
        return " or ".join(words for words, _link in kinds), link
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"]), None
    if "const" in schema:
        return str(schema["const"]), None
    if schema.get("type") == "array":
        words, link = _kind(schema.get("items", {}))
        return f"list of {words}", link
    return _plain(schema), None


def _plain(schema: Schema) -> str:
    words = str(schema.get("format") or schema.get("type") or "any value")
    limits = {
        "minimum": "from {}",
        "maximum": "to {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
    }
    said = [text.format(schema[name]) for name, text in limits.items() if name in schema]
    return f"{words}, {', '.join(said)}" if said else words


def _parts(text: str) -> list[Part]:
    """Split a description at its back-ticks; nothing else of Markdown is used in them."""
    pieces = text.split("`")
    return [Part(piece, bool(index % 2)) for index, piece in enumerate(pieces) if piece]


def _curl(operation: Operation, example: Schema | None) -> str:
    """Return a command that can be pasted; address and token come from the environment."""
    return " \\\n".join(_arguments(operation, example))


def _arguments(operation: Operation, example: Schema | None) -> Iterator[str]:
    address = operation.path.replace("{", "<").replace("}", ">")
    method = "" if operation.safe else f" -X {operation.method}"
    yield f'curl{method} "$WFWEB_URL{address}"'
    yield '  -H "Authorization: Bearer $WFWEB_TOKEN"'
    if not operation.safe:
        yield '  -H "Idempotency-Key: $(uuidgen)"'
    if operation.upload:
        yield "  -F file=@quote.pdf"
    elif example is not None:
        yield '  -H "Content-Type: application/json"'
        yield f"  -d {shlex.quote(json.dumps(example, ensure_ascii=False))}"
    elif operation.download:
        yield "  -OJ"
