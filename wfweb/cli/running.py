"""Commands that need the application find or start their installation here."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from wfweb.dev.environment import installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


@contextmanager
def application() -> Iterator[Flask]:
    """The application, inside its context.

    It uses the servers named in the environment, else the installation that runs in this
    checkout, else the data of this checkout, whose servers then run meanwhile.

    Raises ServersError or SettingsError, which become one sentence and exit code 2.
    """
    with installation() as started_here:
        from wfweb.app import create_app

        if started_here:
            from wfweb.cli.migrate import upgrade

            upgrade()
        app = create_app()
        with app.app_context():
            try:
                yield app
            finally:
                from wfweb.kernel.db import db

                db.session.remove()
                db.engine.dispose()
