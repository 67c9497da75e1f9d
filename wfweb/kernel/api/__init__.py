"""The thin layer of the API: one decorator carries what every operation needs.

Models in and out, tokens and scopes, strict JSON, problem documents, ``ETag`` and
``If-Match``, ``Idempotency-Key``, cursors and limits; and the registry that the OpenAPI
document, its pages and the tests of every route are made from.
"""

from wfweb.kernel.api import openapi
from wfweb.kernel.api.access import provide
from wfweb.kernel.api.answering import Answer, Download, register
from wfweb.kernel.api.endpoint import endpoint
from wfweb.kernel.api.pages import page_of
from wfweb.kernel.api.reading import under
from wfweb.kernel.api.registry import PREFIX, ApiBlueprint, Operation, operations
from wfweb.kernel.api.schemas import (
    In,
    Money,
    Out,
    Page,
    PageQuery,
    Problem,
    ProblemField,
    Query,
    VersionIn,
    example,
    money,
)

__all__ = [
    "PREFIX",
    "Answer",
    "ApiBlueprint",
    "Download",
    "In",
    "Money",
    "Operation",
    "Out",
    "Page",
    "PageQuery",
    "Problem",
    "ProblemField",
    "Query",
    "VersionIn",
    "endpoint",
    "example",
    "money",
    "openapi",
    "operations",
    "page_of",
    "provide",
    "register",
    "under",
]
