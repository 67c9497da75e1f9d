"""Signatures of Standard Webhooks 1.0.0: ``id.timestamp.body`` under HMAC-SHA256.

Used in both directions: what wfweb sends is signed, what it receives is verified.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of all secrets, not one
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_SHORTEST_GROUP = 4


class BadSignature(Exception):  # noqa: N818 - an answer about the message
    """The message is not from who it says, or too old; ``str()`` says which."""


def new_secret() -> str:
    """Return a secret that nobody has seen, in the form of the standard."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, at: datetime, body: bytes, *older: str) -> dict[str, str]:
    """Return the three headers that go with a message.

    :param older: secrets that sign beside it, for receivers that have not got the new one yet.
    :raises BadSignature: when a secret is not one.
    """
    stamp = str(int(at.timestamp()))
    signatures = (_signature(_key(one), message_id, stamp, body) for one in (secret, *older))
    signed = " ".join(f"v1,{one}" for one in signatures)
    return dict(zip(HEADERS, (message_id, stamp, signed), strict=True))


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the id of a message whose signature is right and whose time is near.

    :param headers: by name in lower case.
    :raises BadSignature: otherwise; also for a message that is older or newer than
        :data:`TOLERANCE_SECONDS`, so that nobody can send an old one again.
    """
    key = _key(secret)
    message_id, stamp, given = (headers.get(name, "") for name in HEADERS)
    if not (message_id and stamp and given):
        message = "a header is missing"
        raise BadSignature(message)
    if not (stamp.isascii() and stamp.isdigit()):
        message = "the timestamp is no number"
        raise BadSignature(message)
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        message = "the timestamp is too far from now"
        raise BadSignature(message)
    wanted = _signature(key, message_id, stamp, body)
    versions = (part.partition(",") for part in given.split(" "))
    if not any(
        v == "v1" and hmac.compare_digest(s.encode(), wanted.encode()) for v, _, s in versions
    ):
        message = "no signature fits"
        raise BadSignature(message)
    return message_id


def _key(secret: str) -> bytes:
    text = secret.removeprefix(SECRET_PREFIX)
    padded = text + "=" * (-len(text) % _SHORTEST_GROUP)
    try:
        key = base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        message = "the secret is empty or no base64"
        raise BadSignature(message)
    return key


def _signature(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
