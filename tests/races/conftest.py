"""One committed database for all races of a file: making fifty people takes longer than racing."""

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import Servers
from tests.races.crowd import Crowd, gather


@pytest.fixture(scope="module")
def crowd(servers: Servers, template: str, app: Flask) -> Iterator[Crowd]:
    from wfweb.app import create_app
    from wfweb.kernel.db import db
    from wfweb.kernel.settings import load_settings

    name = f"wfweb_races_{os.getpid()}"
    url = servers.create(name, template)
    application = create_app(load_settings(database_url=url, pool_size=32))
    application.config["TESTING"] = True
    with application.app_context():
        yield gather(application, 50)
        db.session.remove()
        db.engine.dispose()
    servers.drop(name)
