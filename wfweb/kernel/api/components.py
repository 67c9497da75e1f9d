"""What all operations of the OpenAPI document share: headers and parameters."""

from typing import Any

Schema = dict[str, Any]

CONVERTERS: dict[str, Schema] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    "string": {"type": "string", "minLength": 1},
}
HEADERS: dict[str, Schema] = {
    "ETag": {
        "description": "The version of what was sent; give it back in If-Match.",
        "schema": {"type": "string", "examples": ['"7-1f3a90c2"']},
    },
    "Link": {
        "description": 'The address of the next page, with rel="next"; absent on the last.',
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "Where what was made is.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "X-Request-Id": {
        "description": "Names this call in logs and audit; the one you sent, if it was a UUID.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "Idempotency-Replayed": {
        "description": "`true` when this is the remembered answer of an earlier request.",
        "schema": {"type": "string", "const": "true"},
    },
    "RateLimit": {
        "description": "Calls left in this window (r) and seconds until the next (t).",
        "schema": {"type": "string", "examples": ['"calls";r=11999;t=42']},
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer"},
    },
}
PARAMETERS: dict[str, Schema] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Makes it safe to send this again: the same key with the same request gets the first "
            "answer again, for 48 hours. Use a fresh UUID for every new request."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "7f9c24e8-3b12-4fef-91e0-2d9a5b0f6c11",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": (
            "The ETag you were given. If somebody changed it since, nothing is done and the "
            "answer is 412. Without this header the body has to name the `version`."
        ),
        "schema": {"type": "string", "pattern": '^"[0-9]{1,9}(-[0-9a-f]{8})?"$'},
        "example": '"7-1f3a90c2"',
    },
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "A UUID of yours that names this call in logs and audit.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "Fields": {
        "name": "fields",
        "in": "query",
        "description": "Only these members of each item: `key,title,data.amount`.",
        "schema": {"type": "string", "maxLength": 2000, "pattern": "^[a-z0-9_.,]*$"},
    },
}
