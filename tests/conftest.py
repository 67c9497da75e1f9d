"""Real servers, a migrated database, and one rolled-back transaction a test.

Servers start once a worker; the schema is migrated once into a template database named by
the hash of ``migrations/``. Ordinary tests work inside a transaction that is rolled back.
Tests marked ``committed`` get a database of their own, because threads and processes need
real commits.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from tests.support.client import PageClient

ROOT = Path(__file__).parent.parent
pytest_plugins = ["tests.people", "tests.support.chromium", "tests.support.estate"]
TEST_DATABASE = "wfweb_test"


@dataclass(frozen=True)
class Servers:
    """Addresses of the servers of this test run."""

    database_url: str
    redis_url: str

    def admin(self) -> psycopg.Connection:
        url = make_url(self.database_url)
        return psycopg.connect(
            host=url.query.get("host") or url.host,
            port=url.port or 5432,
            user=url.username,
            password=url.password,
            dbname=url.database,
            autocommit=True,
        )

    def url_of(self, database: str) -> str:
        url = make_url(self.database_url).set(database=database)
        return url.render_as_string(hide_password=False)

    def create(self, database: str, template: str) -> str:
        with self.admin() as connection:
            connection.execute(f'drop database if exists "{database}" with (force)')
            connection.execute(f'create database "{database}" template "{template}"')
        return self.url_of(database)

    def drop(self, database: str) -> None:
        with self.admin() as connection:
            connection.execute(f'drop database if exists "{database}" with (force)')


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    given = os.environ.get("WFWEB_TEST_DATABASE_URL"), os.environ.get("WFWEB_TEST_REDIS_URL")
    if given[0] and given[1]:
        yield Servers(given[0], given[1])
        return
    from wfweb.dev.servers import EmbeddedServers

    with EmbeddedServers(tmp_path_factory.mktemp("servers"), durable=False) as running:
        yield Servers(running.database_url, running.redis_url)


def migrations_hash() -> str:
    files = sorted(p for p in (ROOT / "migrations").rglob("*") if p.suffix in {".py", ".sql"})
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def migrate(url: str) -> None:
    """Run all migrations as the owner, as ``wfweb migrate`` does."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    engine = create_engine(url)
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    engine.dispose()


@pytest.fixture(scope="session")
def settings_environment(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    from wfweb.kernel.settings import get_settings

    values = {
        "WFWEB_ENVIRONMENT": "test",
        "WFWEB_DATABASE_URL": servers.url_of(TEST_DATABASE),
        "WFWEB_REDIS_URL": servers.redis_url,
        "WFWEB_SECRET_KEY": "only-for-tests-" + "x" * 32,
        "WFWEB_BASE_URL": "http://localhost",
        "WFWEB_STORAGE_DIR": str(tmp_path_factory.mktemp("storage")),
        "WFWEB_LOG_LEVEL": "ERROR",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def template(servers: Servers, settings_environment: None) -> str:
    """The migrated database that others are copied from."""
    name = f"wfweb_template_{migrations_hash()}"
    with servers.admin() as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [name])
        if found.fetchone() is None:
            connection.execute(f'create database "{name}"')
            migrate(servers.url_of(name))
    return name


@pytest.fixture(scope="session")
def app(servers: Servers, template: str) -> Iterator[Flask]:
    from wfweb.app import create_app

    servers.create(TEST_DATABASE, template)
    application = create_app()
    application.test_client_class = PageClient
    application.config["TESTING"] = True
    application.config["PROPAGATE_EXCEPTIONS"] = False
    yield application
    from wfweb.kernel.db import db

    with application.app_context():
        db.engine.dispose()
    servers.drop(TEST_DATABASE)


@pytest.fixture
def rollback(app: Flask) -> Iterator[None]:
    """Everything a test does is undone: ``transaction()`` works in savepoints."""
    from wfweb.kernel.db import db

    with app.app_context():
        connection = db.engine.connect()
        outer = connection.begin()
        db.session.configure(bind=connection)
        try:
            yield
        finally:
            db.session.remove()
            outer.rollback()
            connection.close()
            db.session.configure(bind=None)


@pytest.fixture
def committed_app(
    request: pytest.FixtureRequest, servers: Servers, template: str, app: Flask
) -> Iterator[Flask]:
    """An application on a database of its own, for threads and real commits."""
    from wfweb.app import create_app
    from wfweb.kernel.db import db
    from wfweb.kernel.settings import load_settings

    name = f"wfweb_committed_{os.getpid()}"
    url = servers.create(name, template)
    application = create_app(load_settings(database_url=url, pool_size=32))
    application.test_client_class = PageClient
    application.config["TESTING"] = True
    application.config["PROPAGATE_EXCEPTIONS"] = False
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()
    servers.drop(name)


def make_company(name: str = "Kestrel Dairy") -> UUID:
    """Add a company and return its id; in the current test's transaction."""
    from wfweb.kernel.db import session, transaction
    from wfweb.kernel.tenancy import Company

    with transaction(system=True):
        company = Company(name=name)
        session().add(company)
        session().flush()
        return company.id


@pytest.fixture
def company(rollback: None) -> UUID:
    return make_company()
