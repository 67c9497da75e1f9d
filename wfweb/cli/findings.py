"""What the doctor looks at; each part answers even when another one is broken."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import redis
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from wfweb.cli import migrate
from wfweb.kernel.db import APPLICATION_ROLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wfweb.kernel.settings import Settings

_OLDEST_SERVER: Final = 160000
_LAG_SECONDS: Final = 60.0
_CLOCK_SECONDS: Final = 2.0
_FREE_BYTES: Final = 1_000_000_000

_ROLE = text(
    "SELECT rolsuper OR rolbypassrls AS strong,"
    " (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owned"
    " FROM pg_roles r WHERE rolname = :role"
)
# A partition is read through its parent, whose policy holds; it only must not be granted itself.
_OPEN_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
    " AND a.attname = 'company_id' AND NOT a.attisdropped"
    " AND NOT (c.relispartition AND NOT has_table_privilege(:role, c.oid, 'SELECT'))"
    " AND NOT (c.relrowsecurity AND c.relforcerowsecurity"
    " AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)) ORDER BY 1"
)
_LAG = text(
    "SELECT coalesce(extract(epoch FROM now() - min(next_at)), 0), count(*)"
    " FROM outbox_messages WHERE state = 'pending' AND next_at <= now()"
)
_GIVEN_UP = text("SELECT count(*) FROM outbox_messages WHERE state IN ('dead', 'quarantined')")


class Finding(NamedTuple):
    """One part's state: ``fine``, ``watch`` (works, look at it) or ``wrong``."""

    part: str
    state: str
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Look at every part of an installation; never raises, a failure is a finding."""
    found = [_settings(settings)]
    engine = create_engine(settings.database_url)
    try:
        parts: tuple[tuple[str, Callable[[Connection], Iterator[Finding]]], ...] = (
            ("database", _database),
            ("role", _role),
            ("tenancy", _tenancy),
            ("outbox", _outbox),
            ("clock", _clock),
            ("locks", _locks),
        )
        for part, look in parts:
            found += _with_connection(engine, part, look)
        found.append(_migrations(settings))
    finally:
        engine.dispose()
    return [*found, _queue(settings), _disk(settings)]


def _with_connection(
    engine: Engine, part: str, look: Callable[[Connection], Iterator[Finding]]
) -> list[Finding]:
    try:
        with engine.connect() as connection:
            return list(look(connection))
    except SQLAlchemyError as error:
        return [Finding(part, "wrong", str(getattr(error, "orig", error)).strip().split("\n")[0])]


def _settings(settings: Settings) -> Finding:
    if settings.environment == "production" and not settings.public_url.startswith("https://"):
        detail = "production without https: set WFWEB_BASE_URL to the address people use"
        return Finding("settings", "watch", detail)
    return Finding("settings", "fine", f"{settings.environment}, {settings.public_url}")


def _database(connection: Connection) -> Iterator[Finding]:
    started = time.monotonic()
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    milliseconds = (time.monotonic() - started) * 1000
    version = f"PostgreSQL {number // 10000}.{number % 10000}, {milliseconds:.1f} ms"
    if number < _OLDEST_SERVER:
        yield Finding("database", "wrong", f"{version}; 16 or newer is needed")
    else:
        yield Finding("database", "fine", version)


def _role(connection: Connection) -> Iterator[Finding]:
    row = connection.execute(_ROLE, {"role": APPLICATION_ROLE}).one_or_none()
    if row is None:
        yield Finding("role", "wrong", f"there is no role {APPLICATION_ROLE}: run wfweb migrate")
    elif row.strong or row.owned:
        detail = f"{APPLICATION_ROLE} owns {row.owned} tables or may bypass row-level security"
        yield Finding("role", "wrong", detail)
    else:
        connection.execute(text(f"SET ROLE {APPLICATION_ROLE}"))
        yield Finding("role", "fine", f"{APPLICATION_ROLE} owns nothing and bypasses nothing")


def _tenancy(connection: Connection) -> Iterator[Finding]:
    tables = connection.execute(_OPEN_TABLES, {"role": APPLICATION_ROLE}).scalars().all()
    if tables:
        detail = f"no row-level security on {', '.join(tables)}"
        yield Finding("tenancy", "wrong", detail)
    else:
        yield Finding("tenancy", "fine", "row-level security on every table of a company")


def _outbox(connection: Connection) -> Iterator[Finding]:
    connection.execute(text(f"SET ROLE {APPLICATION_ROLE}"))
    connection.execute(text("SELECT set_config('app.scope', 'system', true)"))
    lag, waiting = connection.execute(_LAG).one()
    given_up = connection.execute(_GIVEN_UP).scalar_one()
    detail = f"{waiting} due, the oldest {float(lag):.0f} s ago, {given_up} given up"
    if float(lag) > _LAG_SECONDS:
        yield Finding("outbox", "wrong", f"{detail}: is the relay running?")
    else:
        yield Finding("outbox", "watch" if given_up else "fine", detail)


def _clock(connection: Connection) -> Iterator[Finding]:
    theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    away = abs((datetime.now(UTC) - theirs).total_seconds())
    state = "fine" if away < _CLOCK_SECONDS else "wrong"
    yield Finding("clock", state, f"{away:.2f} s away from the database's")


def _locks(connection: Connection) -> Iterator[Finding]:
    from wfweb.locks import checking

    lacking = checking.missing(connection)
    if lacking:
        detail = f"missing: {', '.join(lacking)}; run wfweb migrate"
        yield Finding("locks", "wrong", detail)
        return
    failed = checking.exercise(connection)
    if failed:
        yield Finding("locks", "wrong", f"tried and rolled back: {'; '.join(failed)}")
    else:
        yield Finding("locks", "fine", "complete; create, block, unblock and expire work")


def _migrations(settings: Settings) -> Finding:
    try:
        current = migrate.current(settings.owner_database_url)
        head = migrate.head()
    except SQLAlchemyError as error:
        return Finding("migrations", "wrong", str(getattr(error, "orig", error)).split("\n")[0])
    if current != head:
        detail = f"at {current or 'nothing'}, {head} is needed: run wfweb migrate"
        return Finding("migrations", "wrong", detail)
    return Finding("migrations", "fine", f"at {head}")


def _queue(settings: Settings) -> Finding:
    client = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=2)
    try:
        client.ping()
        policy = str(client.info("memory").get("maxmemory_policy", "unknown"))
    except redis.RedisError as error:
        return Finding("queue", "wrong", f"Valkey does not answer: {error}")
    finally:
        client.close()
    if policy != "noeviction":
        detail = f"maxmemory-policy is {policy}: it may forget work, set noeviction"
        return Finding("queue", "watch", detail)
    return Finding("queue", "fine", "Valkey answers and evicts nothing")


def _disk(settings: Settings) -> Finding:
    folder = Path(settings.storage_dir or ".").absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    state = "fine" if free > _FREE_BYTES else "watch"
    return Finding("disk", state, f"{free / 1e9:.1f} GB free for files")
