"""Verbs: add and change endpoints, tell one something, tell it again."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from sqlalchemy.dialects.postgresql import insert

from wfweb.events import emit
from wfweb.events.outbox import enqueue
from wfweb.identity import policy
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, FieldError, NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.kernel.jsontext import dumps
from wfweb.webhooks import queries, rules, signing
from wfweb.webhooks.events import EndpointChanged, EndpointCreated, EndpointStopped
from wfweb.webhooks.models import WebhookCall, WebhookEndpoint

DELIVER = "webhooks.deliver"
LONGEST_NAME, LONGEST_URL, LONGEST_CODE = 80, 2000, 63

refuse_as(
    "uq_webhook_endpoints_code",
    lambda: ValidationFailed.at("/code", "Another endpoint has this code"),
)


def create_endpoint(code: str, name: str, url: str) -> WebhookEndpoint:
    """Add an endpoint with a new secret.

    :raises Forbidden: without ``webhooks.manage``.
    :raises ValidationFailed: naming each wrong field.
    """
    policy.require("webhooks.manage")
    code, name, url = code.strip(), name.strip(), url.strip()
    _check(code=code, name=name, url=url)
    endpoint = WebhookEndpoint(code=code, name=name, url=url, secret=signing.new_secret())
    session().add(endpoint)
    session().flush()
    emit(
        EndpointCreated(
            target_type="webhook_endpoint",
            target_id=endpoint.id,
            target_label=name,
            after={"code": code, "url": url},
        )
    )
    return endpoint


def update_endpoint(
    endpoint_id: UUID,
    *,
    version: int,
    name: str | None = None,
    url: str | None = None,
    active: bool | None = None,
    new_secret: bool = False,
) -> WebhookEndpoint:
    """Change an endpoint; what is left out stays.

    A new secret signs from the next message on, the one before it for a day longer beside it. A
    changed address, or being switched on, is a new beginning: it neither rests nor fails.

    :raises Conflict: when somebody else changed it meanwhile.
    """
    policy.require("webhooks.manage")
    endpoint = queries.endpoint(endpoint_id, lock=True)
    if endpoint.version != version:
        raise Conflict(current_version=endpoint.version, your_version=version)
    given = {"name": name, "url": url, "active": active}
    wanted = {
        field: value.strip() if isinstance(value, str) else value
        for field, value in given.items()
        if value is not None
    }
    _check(**{field: value for field, value in wanted.items() if isinstance(value, str)})
    before = {field: getattr(endpoint, field) for field in wanted}
    for field, value in wanted.items():
        setattr(endpoint, field, value)
    if active:
        endpoint.stopped_because = ""
    if active or endpoint.url != before.get("url", endpoint.url):
        endpoint.failing_since = endpoint.rests_until = None
    if new_secret:
        endpoint.older_secret = endpoint.secret
        endpoint.older_until = clock.now() + rules.OLDER_SECRET_SERVES
        endpoint.secret = signing.new_secret()
    endpoint.version += 1
    emit(
        EndpointChanged(
            target_type="webhook_endpoint",
            target_id=endpoint.id,
            target_label=endpoint.name,
            before=before,
            after=wanted,
            details={"signing": "a new secret"} if new_secret else None,
        )
    )
    return endpoint


def stop_endpoint(endpoint: WebhookEndpoint, because: str) -> None:
    """Send nothing more to an endpoint that is gone or failed for days."""
    endpoint.active, endpoint.stopped_because = False, because
    endpoint.version += 1
    emit(
        EndpointStopped(
            target_type="webhook_endpoint",
            target_id=endpoint.id,
            target_label=endpoint.name,
            details={"because": because},
        )
    )


def call(code: str, event: str, payload: Mapping[str, Any], *, key: str) -> UUID | None:
    """Tell an endpoint something, in the current transaction; it leaves after the commit.

    :param key: telling the same endpoint twice under one key tells once.
    :return: the id of the message, or None when it was told already.
    :raises LookupError: when there is no endpoint of that code, or it is switched off.
    """
    endpoint = queries.by_code(code)
    if endpoint is None or not endpoint.active:
        message = f"there is no webhook endpoint “{code}” that is switched on"
        raise LookupError(message)
    call_id = new_id()
    statement = (
        insert(WebhookCall)
        .values(
            id=call_id,
            company_id=current_actor().company_id,
            endpoint_id=endpoint.id,
            key=key,
            event=event,
            payload=orjson.loads(dumps(payload)),
        )
        .on_conflict_do_nothing()
        .returning(WebhookCall.id)
    )
    if session().scalar(statement) is None:
        return None
    enqueue(DELIVER, {"call_id": str(call_id)})
    return call_id


def send_again(call_id: UUID, retry: Callable[[UUID], None]) -> None:
    """Try a call again that was given up.

    :param retry: gives the outbox message its tries back.
    :raises NotFound: when it was not given up.
    """
    policy.require("webhooks.manage")
    found = queries.call(call_id)
    if found.state == "delivered" or found.outbox_id is None:
        raise NotFound
    retry(found.outbox_id)
    found.state, found.error = "pending", None


def _check(**values: str) -> None:
    errors = []
    if "code" in values and not queries.is_code(values["code"]):
        errors.append(
            FieldError("/code", "Use small letters, digits and _, a letter first", "format")
        )
    if "name" in values and not 0 < len(values["name"]) <= LONGEST_NAME:
        errors.append(
            FieldError("/name", f"Enter a name of at most {LONGEST_NAME} characters", "length")
        )
    if "url" in values and (problem := _url_problem(values["url"])):
        errors.append(FieldError("/url", problem, "format"))
    if errors:
        raise ValidationFailed(errors)


def _url_problem(url: str) -> str:
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        return f"Enter an address without blanks, of at most {LONGEST_URL} characters"
    try:
        parts = urlsplit(url)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return "Enter a whole address such as https://example.com/hooks"
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_number:
        return "Enter a whole address such as https://example.com/hooks"
    if parts.username or parts.password:
        return "Leave name and password out of the address; messages are signed instead"
    return ""
