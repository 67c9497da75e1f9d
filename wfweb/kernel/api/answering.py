"""Turning what a view returns into a response."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson
from flask import Flask, Response, g, request
from pydantic import BaseModel

from wfweb.kernel.api import picking
from wfweb.kernel.api.etags import etag, is_known
from wfweb.kernel.api.idempotency import StoredAnswer
from wfweb.kernel.api.reading import wanted_fields
from wfweb.kernel.api.registry import Operation
from wfweb.kernel.api.schemas import Page
from wfweb.kernel.context import correlation_id
from wfweb.kernel.jsontext import plain
from wfweb.kernel.problem import API_PREFIX
from wfweb.kernel.web import header_safe

NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a view returns when its model alone does not say everything."""

    model: BaseModel | None = None
    status: int | None = None
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file or a document in another form than JSON."""

    content: bytes
    media_type: str
    filename: str


def made(operation: Operation, result: object) -> StoredAnswer:
    """Return the answer of an operation as it goes over the wire.

    :raises ValidationFailed: when ``fields=`` names something that is not there.
    """
    if isinstance(result, Download):
        return _download(result)
    answer = result if isinstance(result, Answer) else Answer(model=_model(result))
    status = answer.status or operation.status
    headers = dict(answer.headers)
    if answer.location:
        headers["Location"] = answer.location
    if answer.model is None:
        return StoredAnswer(status, headers, b"")
    values = answer.model.model_dump(mode="json", by_alias=True)
    if operation.safe and (paths := wanted_fields()):
        picking.require_known(type(answer.model), paths)
        values = picking.only(values, paths)
    body = orjson.dumps(values, default=plain) + b"\n"
    headers["Content-Type"] = "application/json"
    if isinstance(answer.model, Page) and answer.model.next:
        headers["Link"] = _link(answer.model.next)
    version = getattr(answer.model, "version", None)
    if isinstance(version, int):
        headers["ETag"] = etag(version, body)
    return StoredAnswer(status, headers, body)


def _model(result: object) -> BaseModel | None:
    if result is None or isinstance(result, BaseModel):
        return result
    message = f"an operation returned {type(result).__name__}, which is no model"
    raise TypeError(message)


def _download(result: Download) -> StoredAnswer:
    name = result.filename.replace('"', "").replace("\\", "")
    headers = {
        "Content-Type": result.media_type,
        "Content-Disposition": header_safe(f'attachment; filename="{name}"'),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return StoredAnswer(200, headers, result.content)


def _link(cursor: str) -> str:
    """Return the address of the next page (RFC 8288)."""
    arguments = [(k, v) for k, vs in request.args.lists() for v in vs if k != "after"]
    query = urlencode([*arguments, ("after", cursor)])
    return f'<{request.path}?{query}>; rel="next"'


def send(operation: Operation, answer: StoredAnswer, *, replayed: bool = False) -> Response:
    """Return the response of an answer, new or remembered."""
    tag = answer.headers.get("ETag")
    if operation.safe and tag and is_known(tag):
        response = Response(status=NOT_MODIFIED)
        response.headers["ETag"] = tag
    else:
        response = Response(answer.body, status=answer.status)
        if not answer.body:
            response.headers.pop("Content-Type", None)
        for name, value in answer.headers.items():
            response.headers[name] = value
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    if operation.safe:
        response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Authorization")
    return response


def register(app: Flask) -> None:
    """Let every answer under ``/api/`` carry its id and what is left of the limit."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    if not request.path.startswith(API_PREFIX):
        return response
    response.headers.setdefault("X-Request-Id", str(correlation_id()))
    allowance = g.get("wfweb_allowance")
    if allowance is not None:
        policy = f'"calls";q={allowance.limit};w={allowance.window_seconds}'
        left = f'"calls";r={max(0, allowance.remaining)};t={allowance.reset_seconds}'
        response.headers["RateLimit-Policy"] = policy
        response.headers["RateLimit"] = left
    return response
