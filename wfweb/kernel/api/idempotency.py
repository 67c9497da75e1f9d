"""``Idempotency-Key``: a request that is sent twice is carried out once.

After the IETF draft (draft-ietf-httpapi-idempotency-key-header-06): the same key with the
same request gets the first answer again, with another request 422, while the first is being
worked on 409. The key's row is written in the transaction of the effect, so an answer is
remembered exactly when its effect was committed; refusals are not remembered and may be
tried again.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from wfweb.kernel import clock
from wfweb.kernel.api.errors import InFlight, KeyReused
from wfweb.kernel.api.models import IdempotencyKey
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import BadRequest

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=48)
WAIT_SECONDS = 2
LOCK_NOT_AVAILABLE = "55P03"
PURGE_AT_ONCE = 5000

_BARE = re.compile(r"[\x21\x23-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"')
_WAIT = text(f"set local lock_timeout = '{WAIT_SECONDS}s'")
_WAIT_AS_USUAL = text("set local lock_timeout to default")


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it went over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def key_of_request() -> str | None:
    """Return the key of the current request; None without one.

    :raises BadRequest: when the header is neither a quoted string nor a plain word.
    """
    values = request.headers.getlist(HEADER)
    if not values:
        return None
    value = values[0].strip()
    if len(values) == 1 and _BARE.fullmatch(value):
        return value
    quoted = _QUOTED.fullmatch(value)
    if len(values) > 1 or quoted is None:
        message = f"{HEADER} takes one text of 1 to 255 visible ASCII characters"
        raise BadRequest(message, header=HEADER)
    return quoted[1].replace('\\"', '"').replace("\\\\", "\\")


def fingerprint(content: bytes) -> bytes:
    """Return what makes the current request the same as another: address and content."""
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.full_path.encode(), content):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def begin(principal_id: UUID, key: str, mark: bytes) -> StoredAnswer | None:
    """Take a key in the current transaction; return the first answer if it was taken before.

    Whoever comes second waits for the first one's transaction to end, at most two seconds.

    :raises InFlight: when the first one takes longer.
    :raises KeyReused: when the key belongs to another request.
    """
    if _take(principal_id, key, mark):
        return None
    row = session().scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.principal_id == principal_id, IdempotencyKey.key == key
        )
    )
    if row is None or row.status is None or row.body is None:
        # Purged or rolled back in this very moment: trying again is right.
        raise _in_flight()
    if bytes(row.fingerprint) != mark:
        message = "Use a fresh key for every request that is not a repetition"
        raise KeyReused(message, header=HEADER)
    return StoredAnswer(row.status, dict(row.headers), bytes(row.body))


def _take(principal_id: UUID, key: str, mark: bytes) -> bool:
    now = clock.now()
    values: dict[str, Any] = {
        "fingerprint": mark,
        "status": None,
        "headers": {},
        "body": None,
        "created_at": now,
        "expires_at": now + KEPT,
    }
    statement = (
        insert(IdempotencyKey)
        .values(principal_id=principal_id, key=key, **values)
        .on_conflict_do_update(
            index_elements=["principal_id", "key"],
            set_=values,
            where=IdempotencyKey.expires_at <= now,
        )
        .returning(IdempotencyKey.key)
    )
    session().execute(_WAIT)
    try:
        taken = session().scalar(statement) is not None
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise _in_flight() from None
        raise
    session().execute(_WAIT_AS_USUAL)
    return taken


def _in_flight() -> InFlight:
    return InFlight("Wait for the first answer, then send this again", retry_after=WAIT_SECONDS)


def finish(principal_id: UUID, key: str, answer: StoredAnswer) -> None:
    """Remember the answer of a request; in the transaction that took its key."""
    session().execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.principal_id == principal_id, IdempotencyKey.key == key)
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
        .execution_options(synchronize_session=False)
    )


def purge() -> int:
    """Forget answers older than 48 hours, some thousands at a time; return how many.

    A recurring job; what it leaves the next run takes.
    """
    with transaction(system=True):
        old = (
            select(IdempotencyKey.principal_id, IdempotencyKey.key)
            .where(IdempotencyKey.expires_at <= clock.now())
            .limit(PURGE_AT_ONCE)
            .with_for_update(skip_locked=True)
            .cte("old")
        )
        statement = delete(IdempotencyKey).where(
            IdempotencyKey.principal_id == old.c.principal_id, IdempotencyKey.key == old.c.key
        )
        done = session().execute(statement.execution_options(synchronize_session=False))
        return int(done.rowcount)  # type: ignore[attr-defined]
