"""Refusals that only the API knows."""

from typing import ClassVar

from wfweb.kernel.errors import Refusal


class ScopeMissing(Refusal):
    """The token is good, but was not made for this."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "scope_missing"
    title: ClassVar[str] = "This token was not made for this"


class KeyReused(Refusal):
    """The same ``Idempotency-Key`` came with another request before."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "idempotency_key_reused"
    title: ClassVar[str] = "This idempotency key belongs to another request"


class InFlight(Refusal):
    """The first request with this ``Idempotency-Key`` is still being worked on."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "request_in_flight"
    title: ClassVar[str] = "The same request is still being worked on"
