"""A test client that behaves like a browser's process: each request starts from nothing."""

import contextvars
from typing import Any

from flask.testing import FlaskClient

from wfweb.kernel import clock
from wfweb.kernel.db import db


class PageClient(FlaskClient):
    """Requests run in an empty context, as in a server; only a stopped clock goes along."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        db.session.rollback()
        instant = clock.now() if clock.is_fixed() else None
        send = super().open

        def run() -> Any:
            if instant is None:
                return send(*args, **kwargs)
            with clock.at(instant):
                return send(*args, **kwargs)

        return contextvars.Context().run(run)
