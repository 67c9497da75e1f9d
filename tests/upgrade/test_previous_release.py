"""A database of the previous release comes up to date while people work, and works afterwards.

``release_0007.sql.gz`` is the data of a company that release 0007 made itself, by acting out part
of its demo; it is loaded into the schema of that release, which the migrations still know.
"""

import gzip
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from tests.conftest import ROOT, Servers
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalAssignment, ApprovalRequest
from wfweb.identity import access
from wfweb.kernel.db import db, session, transaction
from wfweb.kernel.settings import load_settings

RELEASE = "0007_api"
DATA = Path(__file__).parent / f"release_{RELEASE[:4]}.sql.gz"
LONGEST_WAIT_SECONDS = 2.0
_COPY = re.compile(r"(COPY .+? FROM stdin;)\n(.*?)\\\.\n", re.DOTALL)


def _load(url: str) -> None:
    dump = gzip.decompress(DATA.read_bytes()).decode()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=False) as connection:
        connection.execute("set session_replication_role = replica")
        for statement, rows in _COPY.findall(dump):
            with connection.cursor().copy(statement) as copy:
                copy.write(rows)


def _counts(connection: Connection) -> dict[str, int]:
    names = connection.execute(
        text(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p') and not relispartition and relname <> 'alembic_version'"
        )
    ).scalars()
    return {name: connection.scalar(text(f'select count(*) from "{name}"')) for name in list(names)}


class _AtWork:
    """Somebody who edits records all the time, and how long the slowest edit took."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("+psycopg", "")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._edit)
        self.slowest = 0.0
        self.edits = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _edit(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._over.is_set():
                began = time.monotonic()
                for table in ("records", "approval_requests", "workflow_instances"):
                    connection.execute(f"update {table} set version = version + 0")  # type: ignore[arg-type]
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.edits += 1


@pytest.fixture(scope="module")
def upgraded(servers: Servers, settings_environment: None) -> Iterator[dict[str, Any]]:
    name = f"wfweb_release_{os.getpid()}"
    url = servers.create(name, "template1")
    engine = create_engine(url)
    config = Config(str(Path(ROOT) / "migrations" / "alembic.ini"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, RELEASE)
        connection.commit()
        _load(url)
        before = _counts(connection)
        connection.commit()
        with _AtWork(url) as work:
            command.upgrade(config, "head")
            connection.commit()
        after = _counts(connection)
    engine.dispose()
    yield {"url": url, "before": before, "after": after, "work": work}
    servers.drop(name)


@pytest.fixture
def released_app(upgraded: dict[str, Any], app: Flask) -> Iterator[Flask]:
    from wfweb.app import create_app

    application = create_app(load_settings(database_url=upgraded["url"]))
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


def test_nothing_is_lost(upgraded):
    assert upgraded["before"]["approval_decisions"] > 10
    kept = {name: upgraded["after"][name] for name in upgraded["before"]}
    assert kept == upgraded["before"]


def test_nobody_waits_long(upgraded):
    work = upgraded["work"]
    assert work.edits > 0
    assert work.slowest < LONGEST_WAIT_SECONDS


def test_those_who_shaped_approvals_may_shape_calendars(released_app):
    company_id = _only_company()
    with transaction(company_id=company_id):
        holders = session().execute(
            text(
                "select bool_and('calendars.edit' = any (permissions)), count(*) from roles"
                " where 'matrices.edit' = any (permissions)"
            )
        )
        every, count = holders.one()
    assert (every, count >= 2) == (True, True)


def test_what_was_asked_before_can_be_decided_after(released_app):
    company_id = _only_company()
    with transaction(company_id=company_id):
        request, person_id = (
            session()
            .execute(
                db.select(ApprovalRequest, ApprovalAssignment.user_id)
                .join(ApprovalAssignment, ApprovalAssignment.request_id == ApprovalRequest.id)
                .where(ApprovalRequest.status == "pending", ApprovalAssignment.status == "pending")
                .order_by(ApprovalRequest.key, ApprovalAssignment.sequence)
                .limit(1)
            )
            .one()
        )
    with transaction(actor=access.actor_for(person_id)):
        approvals.decide(request.id, "approve", digest=request.digest)
    with transaction(company_id=company_id):
        decided = session().scalar(
            text(
                "select count(*) from approval_decisions where request_id = :id and user_id = :by"
            ),
            {"id": request.id, "by": person_id},
        )
    assert decided == 1


def _only_company() -> Any:
    with transaction(system=True):
        return session().scalar(text("select id from companies"))


def test_administrators_of_the_company_hold_every_new_permission(released_app):
    from wfweb.identity.permissions import DEFAULT_ROLES, PERMISSIONS

    with transaction(company_id=_only_company()):
        held = dict(session().execute(text("select code, permissions from roles")).all())
    assert set(PERMISSIONS) <= set(held["administrator"])
    for role in DEFAULT_ROLES:
        assert role.permissions <= set(held[role.code]), role.code
