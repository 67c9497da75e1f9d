"""Whether this process is alive and can do its work."""

import time
from pathlib import Path
from typing import Any

import redis
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from wfweb.kernel.db import session, transaction
from wfweb.kernel.queue import valkey

MIGRATIONS = Path(__file__).parent.parent.parent / "migrations"
OUTBOX_LAG_LIMIT_SECONDS = 60

_LAG = text(
    "select coalesce(extract(epoch from now() - min(next_at)), 0) from outbox_messages"
    " where state = 'pending' and next_at <= now()"
)


def migration_head() -> str:
    """Return the revision that this code needs."""
    config = Config(str(MIGRATIONS / "alembic.ini"))
    return ScriptDirectory.from_config(config).get_current_head() or ""


_HEAD = migration_head()


def readiness() -> tuple[bool, dict[str, Any]]:
    """Return whether this process can work, and each part's state with times in seconds."""
    parts = {"database": _database(), "queue": _queue()}
    return all(part["ok"] for part in parts.values()), parts


def _database() -> dict[str, Any]:
    started = time.monotonic()
    try:
        with transaction(system=True):
            revision = session().execute(text("select version_num from alembic_version")).scalar()
            lag = float(session().execute(_LAG).scalar() or 0)
    except SQLAlchemyError as error:
        return {"ok": False, "error": type(error).__name__}
    return {
        "ok": revision == _HEAD and lag < OUTBOX_LAG_LIMIT_SECONDS,
        "migration": revision,
        "migration_needed": _HEAD,
        "outbox_lag_seconds": round(lag, 3),
        "seconds": round(time.monotonic() - started, 4),
    }


def _queue() -> dict[str, Any]:
    try:
        valkey().ping()
    except redis.RedisError as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}
