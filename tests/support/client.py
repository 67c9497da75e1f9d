"""A test client that behaves like a browser's process: each request starts from nothing.

Every HTML answer is read by ``tests.support.pages``: a test that meets a page with a fault fails.
"""

import contextvars
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient

from tests.support.pages import problems
from wfweb.kernel import clock
from wfweb.kernel.db import db

MARKUP = "text/html"


class PageClient(FlaskClient):
    """Requests run in an empty context, as in a server; only a stopped clock goes along."""

    check_pages = True

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():  # a redirect is followed from inside a request, which has none
            db.session.rollback()
        instant = clock.now() if clock.is_fixed() else None
        send = super().open

        def run() -> Any:
            if instant is None:
                return send(*args, **kwargs)
            with clock.at(instant):
                return send(*args, **kwargs)

        response = contextvars.Context().run(run)
        whole = response.mimetype == MARKUP and response.data and not response.location
        if self.check_pages and whole:
            path = response.request.path
            faults = problems(response.text, self.application.url_map, path)
            shown = "\n".join(faults)
            assert not faults, f"{response.request.method} {path} {response.status_code}:\n{shown}"
        return response
