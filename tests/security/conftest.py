"""The world under attack: built once a worker, undone after each test."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.security.world import World, build, inside
from tests.support.client import PageClient


@pytest.fixture(scope="session")
def built(app: Flask, servers: Any, template: str) -> Iterator[World]:
    """The world, committed to a database of its own."""
    from wfweb.app import create_app
    from wfweb.kernel.db import db
    from wfweb.kernel.settings import load_settings

    name = f"wfweb_security_{os.getpid()}"
    application = create_app(load_settings(database_url=servers.create(name, template)))
    application.test_client_class = PageClient
    application.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    with application.app_context():
        made = build(application)
        db.session.remove()
    yield made
    with application.app_context():
        db.engine.dispose()
    servers.drop(name)


@pytest.fixture
def world(built: World) -> Iterator[World]:
    with inside(built) as entered:
        yield entered


@pytest.fixture(scope="session")
def texts() -> Path:
    """The folder of naughty strings and payloads, which others collected."""
    folder = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "text"
    if not folder.is_dir():
        pytest.skip("../shared/data/text is not here: naughty strings and payloads are in it")
    return folder
