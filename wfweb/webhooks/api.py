"""Webhook endpoints and what was sent to them."""

from uuid import UUID

from wfweb.events import retry
from wfweb.kernel.api import PREFIX, Answer, ApiBlueprint, PageQuery, endpoint, page_of
from wfweb.kernel.errors import NotFound
from wfweb.webhooks import queries, service
from wfweb.webhooks.models import WebhookCall, WebhookEndpoint
from wfweb.webhooks.schemas import (
    CallOut,
    CallPage,
    EndpointChange,
    EndpointIn,
    EndpointOut,
    EndpointPage,
    EndpointWithSecretOut,
)

bp = ApiBlueprint(
    "webhooks", __name__, title="Webhooks", about="Other systems that are told, signed and retried."
)
PERMISSION = "webhooks.manage"


@endpoint(
    bp,
    "GET",
    "/webhooks",
    response=EndpointPage,
    query=PageQuery,
    permission=PERMISSION,
    summary="List webhook endpoints",
)
def list_webhooks(query: PageQuery) -> EndpointPage:
    """Return the endpoints by name."""
    order = [WebhookEndpoint.name, WebhookEndpoint.id]
    return page_of(EndpointPage, queries.endpoints(), order, query)


@endpoint(
    bp,
    "POST",
    "/webhooks",
    request=EndpointIn,
    response=EndpointWithSecretOut,
    status=201,
    scope="admin",
    permission=PERMISSION,
    summary="Add a webhook endpoint",
)
def create_webhook(body: EndpointIn) -> Answer:
    """Add an endpoint; the answer alone carries its secret."""
    made = service.create_endpoint(body.code, body.name, body.url)
    return Answer(
        model=EndpointWithSecretOut.model_validate(made), location=f"{PREFIX}/webhooks/{made.id}"
    )


@endpoint(
    bp,
    "GET",
    "/webhooks/<uuid:endpoint_id>",
    response=EndpointOut,
    permission=PERMISSION,
    summary="Get a webhook endpoint",
)
def get_webhook(endpoint_id: UUID) -> EndpointOut:
    """Return one endpoint."""
    return EndpointOut.model_validate(queries.endpoint(endpoint_id))


@endpoint(
    bp,
    "PATCH",
    "/webhooks/<uuid:endpoint_id>",
    request=EndpointChange,
    response=EndpointOut,
    versioned=True,
    scope="admin",
    permission=PERMISSION,
    summary="Change a webhook endpoint",
)
def update_webhook(endpoint_id: UUID, body: EndpointChange, version: int) -> EndpointOut:
    """Change name or address, or switch it on or off."""
    changed = service.update_endpoint(
        endpoint_id, version=version, name=body.name, url=body.url, active=body.active
    )
    return EndpointOut.model_validate(changed)


@endpoint(
    bp,
    "GET",
    "/webhooks/<uuid:endpoint_id>/calls",
    response=CallPage,
    query=PageQuery,
    permission=PERMISSION,
    summary="List what an endpoint was sent",
)
def list_webhook_calls(endpoint_id: UUID, query: PageQuery) -> CallPage:
    """Return the messages to an endpoint, newest first."""
    queries.endpoint(endpoint_id)
    return page_of(CallPage, queries.calls(endpoint_id), [WebhookCall.id], query, falling=True)


@endpoint(
    bp,
    "POST",
    "/webhooks/calls/<uuid:call_id>/retry",
    response=CallOut,
    status=202,
    scope="admin",
    permission=PERMISSION,
    errors=[NotFound],
    summary="Send a given-up message again",
)
def retry_webhook_call(call_id: UUID) -> CallOut:
    """Give a message that was given up all its tries back."""
    service.send_again(call_id, retry.retry_message)
    return CallOut.model_validate(queries.call(call_id))
