"""Remembering that a database is ready.

``wfweb prepare`` migrates and loads demo data. What was done is remembered beside the data, which
saves the second start from loading the application just to find nothing to do.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

import psycopg

from wfweb.dev.environment import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MEMORY: Final = "prepared.json"
_BEGUN: Final = "preparing"
_PREFIX: Final = "postgresql+psycopg://"


def fingerprint() -> str:
    """What the preparation depends on: migrations and the data that ships with the application."""
    digest = hashlib.sha256()
    for folder in ("migrations", "wfweb/packs"):
        for path in sorted((CHECKOUT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(CHECKOUT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def is_prepared(data: Path, settings: Mapping[str, str]) -> bool:
    """Whether this very version prepared this very database before."""
    try:
        found = json.loads((data / _MEMORY).read_text())
    except (OSError, ValueError):
        return False
    url = settings["WFWEB_DATABASE_URL"]
    return bool(found == {"fingerprint": fingerprint(), "database": _identity(url)})


def _identity(url: str) -> str:
    """Which database this is, beyond its address: a restored or new one is another one."""
    try:
        with psycopg.connect(url.replace(_PREFIX, "postgresql://", 1)) as connection:
            row = connection.execute(
                "SELECT s.system_identifier::text || '/' || d.oid::text"
                " FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()"
            ).fetchone()
    except psycopg.Error:
        return "unknown"
    return str(row[0]) if row else "unknown"


def begin(data: Path) -> None:
    """A database that nobody has filled yet is about to be filled."""
    (data / _BEGUN).touch()


def was_interrupted(data: Path) -> bool:
    """Whether filling an empty database began and did not end; nothing in it is anybody's yet."""
    return (data / _BEGUN).exists()


def remember(data: Path, database_url: str) -> None:
    """Keep in mind that this version prepared this database."""
    memory = {"fingerprint": fingerprint(), "database": _identity(database_url)}
    (data / _MEMORY).write_text(json.dumps(memory))
    (data / _BEGUN).unlink(missing_ok=True)
