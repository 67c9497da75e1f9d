"""Webhooks in: their endpoints, and the one door that a signature opens instead of a token."""

from uuid import UUID

from flask import Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from wfweb.alerts import hooks, hooks_admin
from wfweb.alerts.models import HookEndpoint
from wfweb.alerts.schemas_hooks import (
    HookChangeIn,
    HookIn,
    HookList,
    HookOut,
    HookWithSecretOut,
)
from wfweb.kernel import ratelimit
from wfweb.kernel.api import PREFIX, ApiBlueprint, VersionIn, endpoint, example
from wfweb.kernel.errors import Conflict, TooLarge
from wfweb.kernel.settings import get_settings

BODY_LIMIT_BYTES = 5 * 1024 * 1024
MESSAGES_A_MINUTE = 600
bp = ApiBlueprint(
    "hooks", __name__, title="Webhooks in", about="Where other systems tell what they measured."
)


class RotateIn(VersionIn):
    """The version of the endpoint that was seen."""

    model_config = example({"version": 1})


def _with_secret(made: HookEndpoint) -> HookWithSecretOut:
    address = f"{get_settings().public_url}{PREFIX}/hooks/{made.id}"
    shown = HookOut.model_validate(made).model_dump()
    return HookWithSecretOut(**shown, secret=made.secret, address=address)


@endpoint(
    bp,
    "GET",
    "/hook-endpoints",
    response=HookList,
    permission=hooks_admin.MANAGE,
    summary="List endpoints for incoming webhooks",
)
def list_hook_endpoints() -> HookList:
    """Return the endpoints of the company."""
    return HookList(items=[HookOut.model_validate(one) for one in hooks_admin.endpoints()])


@endpoint(
    bp,
    "POST",
    "/hook-endpoints",
    request=HookIn,
    response=HookWithSecretOut,
    status=201,
    scope="admin",
    permission=hooks_admin.MANAGE,
    summary="Make an endpoint for incoming webhooks",
    description="The secret is shown in this answer only.",
)
def create_hook_endpoint(body: HookIn) -> HookWithSecretOut:
    """Make an endpoint."""
    made = hooks_admin.create_endpoint(body.name, body.purpose, secret=body.secret)
    return _with_secret(made)


@endpoint(
    bp,
    "PATCH",
    "/hook-endpoints/<uuid:hook_id>",
    request=HookChangeIn,
    response=HookOut,
    versioned=True,
    scope="admin",
    permission=hooks_admin.MANAGE,
    errors=[Conflict],
    summary="Change an endpoint for incoming webhooks",
)
def update_hook_endpoint(hook_id: UUID, body: HookChangeIn, version: int) -> HookOut:
    """Rename an endpoint, or switch it on or off."""
    changes = {"name": body.name, "active": body.active}
    found = hooks_admin.update_endpoint(hook_id, version=version, **changes)  # type: ignore[arg-type]
    return HookOut.model_validate(found)


@endpoint(
    bp,
    "POST",
    "/hook-endpoints/<uuid:hook_id>/secret",
    request=RotateIn,
    response=HookWithSecretOut,
    versioned=True,
    scope="admin",
    permission=hooks_admin.MANAGE,
    errors=[Conflict],
    summary="Give an endpoint a new secret",
)
def rotate_hook_secret(hook_id: UUID, body: RotateIn, version: int) -> HookWithSecretOut:  # noqa: ARG001 - names the version
    """Replace the secret."""
    return _with_secret(hooks_admin.rotate_secret(hook_id, version=version))


@bp.post("/hooks/<uuid:endpoint_id>")
def receive_hook(endpoint_id: UUID) -> Response:
    """Take a signed message in (Standard Webhooks); described in the integrator guide.

    No token is asked for: whoever knows the secret of the endpoint may send.
    """
    allowance = ratelimit.take(f"hook:{endpoint_id}", limit=MESSAGES_A_MINUTE, window_seconds=60)
    allowance.refuse_if_spent()
    request.max_content_length = BODY_LIMIT_BYTES
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLarge(f"The body may have at most {BODY_LIMIT_BYTES} bytes") from None
    headers = {name.lower(): value for name, value in request.headers.items()}
    return jsonify(hooks.receive(endpoint_id, headers, body))
