"""The stage of the decision benchmarks: real servers, one request by the verbs, many clones."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from alembic import command
from alembic.config import Config
from flask import Flask
from sqlalchemy import create_engine, select

from wfweb.dev.servers import EmbeddedServers

ROOT = Path(__file__).parent.parent
DRIVER = "postgresql+psycopg://"


@dataclass(frozen=True)
class Stage:
    """What the measurements need: the application, who decides, and the request to clone."""

    app: Flask
    url: str
    company_id: UUID
    ada_id: UUID
    request_id: UUID
    digest: str

    def owner(self) -> "psycopg.Connection[Any]":
        """Connect as the owner, who sees every row."""
        return psycopg.connect(self.url.replace(DRIVER, "postgresql://"), autocommit=True)

    def clones(self, count: int) -> list[tuple[UUID, UUID]]:
        """Return ``count`` fresh open requests as (request, assignment), copied row by row."""
        with self.owner() as connection, connection.transaction():
            connection.execute(MAP, {"count": count})
            for statement in CLONES:
                connection.execute(statement, {"request": self.request_id})
            rows = connection.execute("select req, seat from clone_map order by n").fetchall()
            connection.execute("drop table clone_map")
        with self.owner() as connection:
            connection.execute("analyze approval_requests, approval_assignments, approval_levels")
        return rows


MAP = """
create temporary table clone_map as select n, uuidv7() rec, uuidv7() inst, uuidv7() req,
    uuidv7() lvl, uuidv7() seat from generate_series(1, %(count)s) n
"""


def _clone(table: str, source: str, changes: str) -> str:
    return (
        f"insert into {table} select (jsonb_populate_record(t, {changes})).*"
        f" from clone_map m, {table} t where {source} order by m.n"
    )


CLONES = (
    _clone(
        "records",
        "t.id = (select record_id from approval_requests where id = %(request)s)",
        "jsonb_build_object('id', m.rec, 'key', 'C-' || m.rec)",
    ),
    _clone(
        "workflow_instances",
        "t.id = (select instance_id from approval_requests where id = %(request)s)",
        "jsonb_build_object('id', m.inst, 'record_id', m.rec)",
    ),
    _clone(
        "approval_requests",
        "t.id = %(request)s",
        "jsonb_build_object('id', m.req, 'record_id', m.rec, 'instance_id', m.inst,"
        " 'key', 'C-' || m.req, 'amount', m.n, 'title', 'Order ' || m.n)",
    ),
    _clone(
        "approval_levels",
        "t.request_id = %(request)s",
        "jsonb_build_object('id', m.lvl, 'request_id', m.req)",
    ),
    _clone(
        "approval_assignments",
        "t.request_id = %(request)s",
        "jsonb_build_object('id', m.seat, 'request_id', m.req, 'level_id', m.lvl,"
        " 'due_at', now() + m.n * interval '1 minute')",
    ),
)


@contextmanager
def staged(*, pool_size: int = 20) -> Iterator[Stage]:
    """Start servers that are durable as in production, migrate, make the first request."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServers(Path(folder), durable=True) as servers,
    ):
        _environment(servers, folder)
        _migrate(servers.database_url)
        app = application(servers.database_url, pool_size)
        with app.app_context():
            yield _first_request(app, servers.database_url)
            _dispose()


def _environment(servers: EmbeddedServers, folder: str) -> None:
    os.environ.update(
        {
            "WFWEB_ENVIRONMENT": "test",
            "WFWEB_DATABASE_URL": servers.database_url,
            "WFWEB_REDIS_URL": servers.redis_url,
            "WFWEB_SECRET_KEY": "only-for-measuring-" + "x" * 32,
            "WFWEB_BASE_URL": "http://localhost",
            "WFWEB_STORAGE_DIR": folder,
            "WFWEB_LOG_LEVEL": "ERROR",
        }
    )


def _migrate(url: str) -> None:
    engine = create_engine(url)
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    engine.dispose()


def application(url: str, pool_size: int) -> Flask:
    """Return the application as a web process has it, on a database."""
    from wfweb.app import create_app
    from wfweb.kernel.settings import load_settings

    return create_app(load_settings(database_url=url, pool_size=pool_size))


def _dispose() -> None:
    from wfweb.kernel.db import db

    db.session.remove()
    db.engine.dispose()


def _first_request(app: Flask, url: str) -> Stage:
    from tests.approvals.conftest import ORDER_TYPE, World, level
    from tests.conftest import make_company
    from tests.people import make_people
    from wfweb.approvals.models import ApprovalAssignment
    from wfweb.kernel.db import session, transaction
    from wfweb.records import types

    company_id = make_company()
    people = make_people(company_id)
    with transaction(actor=people.alma.actor):
        types.create_type(ORDER_TYPE)
    case = World(people).ask(level("ada"))
    with transaction(actor=people.ada.actor):
        assert session().scalar(select(ApprovalAssignment.user_id)) == people.ada.id
    return Stage(app, url, company_id, people.ada.id, case.request.id, case.request.digest)
