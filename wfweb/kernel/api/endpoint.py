"""``@endpoint``: everything an operation of the API needs, around a view that only acts.

The view gets typed input and returns a model. Around it, in this order: token, limit, scope,
permission, content type, body, query, one transaction, idempotency, answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, Unpack

from flask import Response, request
from pydantic import BaseModel

from wfweb.kernel.api import access, answering, idempotency, reading
from wfweb.kernel.api.etags import matched_version
from wfweb.kernel.api.idempotency import StoredAnswer
from wfweb.kernel.api.registry import (
    SAFE,
    ApiBlueprint,
    Operation,
    Options,
    register,
    taken_by,
)
from wfweb.kernel.db import attempt, transaction
from wfweb.kernel.errors import (
    Conflict,
    PreconditionFailed,
    PreconditionRequired,
    ValidationFailed,
)

View = TypeVar("View", bound=Callable[..., Any])


def endpoint(
    blueprint: ApiBlueprint, method: str, rule: str, **options: Unpack[Options]
) -> Callable[[View], View]:
    """Make a view an operation of the API.

    The view receives the parameters of the address and, where it names them, ``body``,
    ``query``, ``version`` (what the client saw) and ``file`` (what ``upload`` made of it).
    """

    def decorate(view: View) -> View:
        options.setdefault("scope", "read" if method in SAFE else "write")
        operation = Operation(
            blueprint=blueprint,
            method=method,
            rule=rule,
            view=view,
            takes=taken_by(view),
            **options,
        )
        register(operation)

        @wraps(view)
        def handle(**parameters: Any) -> Response:
            return _handle(operation, parameters)

        blueprint.add_url_rule(rule, view.__name__, handle, methods=[method])
        return view

    return decorate


def _handle(operation: Operation, parameters: dict[str, Any]) -> Response:
    principal = access.authenticate()
    access.count_call(principal)
    access.require_scope(principal, operation.scope)
    access.require_permission(operation.permission)
    reading.refuse_unfit_address(parameters)
    query = reading.read_query(operation)
    if operation.safe:
        given = _given(operation, parameters, None, query)
        return answering.send(operation, answering.made(operation, operation.view(**given)))
    body, content = reading.read_body(operation)
    given = _given(operation, parameters, body, query)
    key = idempotency.key_of_request()
    once = (principal, key, idempotency.fingerprint(content)) if key else None
    try:
        with _received(operation, given):
            answer = attempt(lambda: _act(operation, given, once))
    except _ReplayedError as done:
        return answering.send(operation, done.answer, replayed=True)
    return answering.send(operation, answer)


class _ReplayedError(Exception):
    """Leaves transaction and upload as a failure does: what they hold was kept the first time."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__()
        self.answer = answer


@contextmanager
def _received(operation: Operation, given: dict[str, Any]) -> Iterator[None]:
    if operation.upload is None:
        yield
        return
    with operation.upload(request.files["file"]) as given["file"]:
        yield


def _given(
    operation: Operation,
    parameters: dict[str, Any],
    body: BaseModel | None,
    query: BaseModel | None,
) -> dict[str, Any]:
    given = dict(parameters)
    if operation.versioned:
        given["version"] = _version(body, needed=operation.versioned is True)
    typed = {"body": body, "query": query}
    given.update({name: value for name, value in typed.items() if name in operation.takes})
    return given


def _version(body: BaseModel | None, *, needed: bool) -> int | None:
    in_header, in_body = matched_version(), getattr(body, "version", None)
    if needed and in_header is None and in_body is None:
        message = "Name the version you saw: its ETag in If-Match, or version in the body"
        raise PreconditionRequired(message)
    if None not in {in_header, in_body} and in_header != in_body:
        raise ValidationFailed.at("/version", "If-Match names another version", "version")
    return in_body if in_header is None else in_header


def _act(
    operation: Operation,
    given: dict[str, Any],
    once: tuple[access.Principal, str, bytes] | None,
) -> StoredAnswer:
    """Run the act in its one transaction, unless its key says that it was done before."""
    with transaction():
        if once is None:
            return _run(operation, given)
        principal, key, mark = once
        earlier = idempotency.begin(principal.id, key, mark)
        if earlier is not None:
            raise _ReplayedError(earlier)
        answer = _run(operation, given)
        idempotency.finish(principal.id, key, answer)
        return answer


def _run(operation: Operation, given: dict[str, Any]) -> StoredAnswer:
    try:
        return answering.made(operation, operation.view(**given))
    except Conflict as conflict:
        in_header = operation.versioned and "If-Match" in request.headers
        if not in_header or conflict.current_version is None:
            raise
        # A version that came in a header is answered as RFC 9110 wants it (DECISIONS 7).
        refusal = PreconditionFailed(conflict.detail, current_version=conflict.current_version)
        raise refusal from conflict
