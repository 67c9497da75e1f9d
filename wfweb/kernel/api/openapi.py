"""The OpenAPI 3.1 document, made from the registry, so that it cannot say anything else."""

from collections.abc import Iterable

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from wfweb.kernel import errors
from wfweb.kernel.api.components import CONVERTERS, HEADERS, PARAMETERS, Schema
from wfweb.kernel.api.errors import InFlight, KeyReused, ScopeMissing
from wfweb.kernel.api.registry import Operation, operations
from wfweb.kernel.api.schemas import Problem
from wfweb.kernel.errors import Refusal
from wfweb.kernel.problem import TYPE_PREFIX

REFERENCE = "#/components/schemas/{model}"
EXAMPLES = "#/components/examples"
PROBLEM_TYPE = "application/problem+json"

_ANYWHERE = (errors.SignInRequired, ScopeMissing, errors.RateLimited, errors.ValidationFailed)


def document(title: str, version: str, about: str) -> Schema:
    """Return the whole document."""
    listed = operations()
    schemas = _schemas(listed)
    paths: dict[str, Schema] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, schemas
        )
    inputs = {op.query.__name__ for op in listed if op.query}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": about},
        "servers": [{"url": "/", "description": "This installation"}],
        "tags": _tags(listed),
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {name: s for name, s in sorted(schemas.items()) if name not in inputs},
            "examples": _examples(listed),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "wfp_…",
                    "description": "A personal access token with the scope read, write or admin.",
                }
            },
        },
    }


def _tags(listed: Iterable[Operation]) -> list[Schema]:
    blueprints = {op.blueprint.tag: op.blueprint for op in listed}
    return [{"name": tag, "description": bp.about} for tag, bp in blueprints.items()]


def _schemas(listed: Iterable[Operation]) -> dict[str, Schema]:
    """Return the schema of every model by name; a name stands for one model only."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for op in listed:
        for model, mode in ((op.request, "validation"), (op.query, "validation")):
            if model:
                wanted[model, mode] = None  # type: ignore[index]
        if op.response:
            wanted[op.response, "serialization"] = None
    _references, found = models_json_schema(list(wanted), ref_template=REFERENCE)
    definitions: dict[str, Schema] = found.get("$defs", {})
    missing = {model.__name__ for model, _mode in wanted} - set(definitions)
    if missing:
        message = f"two models share a name: {', '.join(sorted(missing))}"
        raise ValueError(message)
    return definitions


def _operation(operation: Operation, schemas: dict[str, Schema]) -> Schema:
    text = operation.description
    if operation.permission:
        text = f"{text}\n\nNeeds the permission `{operation.permission}`.".strip()
    described: Schema = {
        "operationId": operation.name,
        "tags": [operation.blueprint.tag],
        "summary": operation.summary,
        "description": text,
        "parameters": _parameters(operation, schemas),
        "responses": _responses(operation),
        "security": [{"token": [operation.scope]}],
    }
    body = _body(operation)
    if body:
        described["requestBody"] = body
    return described


def _parameters(operation: Operation, schemas: dict[str, Schema]) -> list[Schema]:
    found: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": CONVERTERS[converter]}
        for name, converter in operation.path_parameters
    ]
    if operation.query:
        found += _query(schemas[operation.query.__name__])
    if operation.safe and not operation.download:
        found.append(_parameter("Fields"))
    if not operation.safe:
        found.append(_parameter("IdempotencyKey"))
    if operation.versioned:
        found.append(_parameter("IfMatch"))
    return [*found, _parameter("RequestId")]


def _parameter(name: str) -> Schema:
    return {"$ref": f"#/components/parameters/{name}"}


def _query(model: Schema) -> list[Schema]:
    found = []
    for name, given in model.get("properties", {}).items():
        schema = {k: v for k, v in given.items() if k not in {"description", "title"}}
        options = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
        if len(options) == 1:
            # A parameter is left out rather than null.
            schema = {k: v for k, v in schema.items() if k not in {"anyOf", "default"}} | options[0]
        parameter = {"name": name, "in": "query", "schema": schema}
        if given.get("description"):
            parameter["description"] = given["description"]
        if name in model.get("required", []):
            parameter["required"] = True
        if name == "filter":
            parameter |= {"style": "deepObject", "explode": True}
        found.append(parameter)
    return found


def _body(operation: Operation) -> Schema | None:
    if operation.upload:
        file = {"type": "string", "contentMediaType": "application/octet-stream"}
        schema = {"type": "object", "required": ["file"], "properties": {"file": file}}
        return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    if operation.request is None:
        return None
    reference = {"$ref": REFERENCE.format(model=operation.request.__name__)}
    return {"required": True, "content": {"application/json": {"schema": reference}}}


def refusals_of(operation: Operation) -> list[type[Refusal]]:
    """Return every kind of refusal that an operation can answer with, by status."""
    found: dict[type[Refusal], None] = dict.fromkeys((*_ANYWHERE, *operation.errors))
    more: list[tuple[object, tuple[type[Refusal], ...]]] = [
        (operation.permission, (errors.Forbidden,)),
        (operation.path_parameters, (errors.NotFound,)),
        (operation.request or operation.upload, (errors.UnsupportedMedia, errors.TooLarge)),
        (not operation.safe, (errors.BadRequest, KeyReused, InFlight, errors.Unavailable)),
        (
            operation.versioned,
            (errors.Conflict, errors.PreconditionFailed, errors.PreconditionRequired),
        ),
    ]
    for holds, kinds in more:
        if holds:
            found.update(dict.fromkeys(kinds))
    return sorted(found, key=lambda kind: (kind.status, kind.code))


def _responses(operation: Operation) -> dict[str, Schema]:
    responses = {str(operation.status): _success(operation)}
    if operation.safe and not operation.download:
        responses["304"] = {"description": "You already hold this version (If-None-Match)"}
    by_status: dict[int, list[type[Refusal]]] = {}
    for kind in refusals_of(operation):
        by_status.setdefault(kind.status, []).append(kind)
    for status, kinds in by_status.items():
        responses[str(status)] = _refused(status, kinds)
    return responses


def _success(operation: Operation) -> Schema:
    names = ["X-Request-Id", "RateLimit"]
    if not operation.safe:
        names.append("Idempotency-Replayed")
    if operation.status == 201:  # noqa: PLR2004 - Created
        names.append("Location")
    fields = operation.response.model_fields if operation.response else {}
    names += ["ETag"] if "version" in fields else []
    names += ["Link"] if {"items", "next"} <= set(fields) else []
    described: Schema = {
        "description": _doc(operation.response) or "Done",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if operation.download:
        described["content"] = {operation.download: {"schema": {"type": "string"}}}
    elif operation.response:
        reference = {"$ref": REFERENCE.format(model=operation.response.__name__)}
        described["content"] = {"application/json": {"schema": reference}}
    return described


def _doc(model: type[BaseModel] | None) -> str:
    return " ".join((model.__doc__ or "").split()) if model else ""


def _refused(status: int, kinds: list[type[Refusal]]) -> Schema:
    described: Schema = {
        "description": "; ".join(kind.title for kind in kinds),
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": REFERENCE.format(model=Problem.__name__)},
                "examples": {kind.code: {"$ref": f"{EXAMPLES}/{kind.code}"} for kind in kinds},
            }
        },
    }
    if status in {409, 429, 503}:
        described["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return described


def _examples(listed: Iterable[Operation]) -> dict[str, Schema]:
    kinds = {kind.code: kind for op in listed for kind in refusals_of(op)}
    return {code: {"value": problem_example(kind)} for code, kind in sorted(kinds.items())}


def problem_example(kind: type[Refusal]) -> Schema:
    """Return how a refusal of this kind looks."""
    return {
        "type": TYPE_PREFIX + kind.code.lower().replace("_", "-"),
        "title": kind.title,
        "status": kind.status,
        "code": kind.code,
        "detail": _first_sentence(kind),
        "reference": "0199c1de-7a10-7c3e-9d1b-2f1f0f3a5b77",
        "errors": [],
        "current_version": 8 if kind in {errors.Conflict, errors.PreconditionFailed} else None,
    }


def _first_sentence(kind: type[Refusal]) -> str:
    return " ".join((kind.__doc__ or kind.title).split()).split(". ")[0].split("; ")[0]


def example_of(operation: Operation) -> Schema | None:
    """Return the first example of what an operation is sent."""
    if operation.request is None:
        return None
    extra = operation.request.model_config.get("json_schema_extra")
    shown = extra.get("examples") if isinstance(extra, dict) else None
    return shown[0] if isinstance(shown, list) and isinstance(shown[0], dict) else None
