"""The list of all operations: what documentation, tests and the OpenAPI document read."""

import inspect
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Required, TypedDict

from flask import Blueprint
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage

from wfweb.kernel.api.access import Scope
from wfweb.kernel.errors import Refusal

PREFIX = "/api/v1"
SAFE = frozenset({"GET"})
BODY_LIMIT_BYTES = 1024 * 1024

Receiver = Callable[[FileStorage], AbstractContextManager[Any]]


class ApiBlueprint(Blueprint):
    """The operations of one feature, all under ``/api/v1``."""

    def __init__(self, tag: str, import_name: str, *, title: str, about: str) -> None:
        super().__init__(f"api_{tag}", import_name, url_prefix=PREFIX)
        self.tag = tag
        self.title = title
        self.about = about


class Options(TypedDict, total=False):
    """What can be said about an operation."""

    summary: Required[str]
    """One line that begins with a verb."""
    description: str
    request: type[BaseModel]
    response: type[BaseModel]
    query: type[BaseModel]
    status: int
    scope: Scope
    """What a token has to be made for; by default ``read`` for GET and ``write`` for the rest."""
    permission: str
    """What is refused early; the verb refuses it as well."""
    errors: Sequence[type[Refusal]]
    """The kinds of refusal beyond those that follow from everything else."""
    versioned: bool | Literal["optional"]
    """A change that has to name the version it was made on, in ``If-Match`` or as ``version`` in
    the body; a mismatch is 412 in the first and 409 in the second case. ``optional`` where there
    may be nothing to have seen."""
    upload: Receiver
    """Stores an uploaded file before the transaction, and takes it away again when the act is
    refused; makes the body a form with the part ``file``."""
    download: str
    """Media type of an answer that is not JSON."""
    body_limit_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one address: everything there is to know about it; see :class:`Options`."""

    blueprint: ApiBlueprint
    method: str
    rule: str
    view: Callable[..., Any]
    takes: frozenset[str]
    scope: Scope
    summary: str
    description: str = ""
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200
    permission: str | None = None
    errors: Sequence[type[Refusal]] = ()
    versioned: bool | Literal["optional"] = False
    upload: Receiver | None = None
    download: str | None = None
    body_limit_bytes: int = BODY_LIMIT_BYTES

    @property
    def name(self) -> str:
        """The operation's id, unique over the whole API."""
        return self.view.__name__

    @property
    def safe(self) -> bool:
        """Whether it only reads."""
        return self.method in SAFE

    @property
    def path(self) -> str:
        """The address as OpenAPI writes it: ``/api/v1/records/{key}``."""
        return PREFIX + re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", self.rule)

    @property
    def path_parameters(self) -> list[tuple[str, str]]:
        """Name and converter of every parameter in the address."""
        found = re.findall(r"<(?:([^:<>]+):)?([^<>]+)>", self.rule)
        return [(name, converter or "string") for converter, name in found]


_operations: dict[str, Operation] = {}


def register(operation: Operation) -> None:
    """Add an operation.

    :raises ValueError: when another one has its name: clients are generated from names.
    """
    known = _operations.get(operation.name)
    if known is not None and known.view.__module__ != operation.view.__module__:
        message = f"two operations are called {operation.name}"
        raise ValueError(message)
    _operations[operation.name] = operation


def operations() -> list[Operation]:
    """Return all operations by feature, in the order they were written."""
    return list(_operations.values())


def taken_by(view: Callable[..., Any]) -> frozenset[str]:
    """Return the names of a view's parameters."""
    return frozenset(inspect.signature(view).parameters)
