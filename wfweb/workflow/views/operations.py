"""What is stuck, for operators: failed instances, those out of time, moments that failed."""

from flask import url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.web import page
from wfweb.workflow import queries
from wfweb.workflow.service import RETRY
from wfweb.workflow.views import bp
from wfweb.workflow.views.instances import cursor, older_than


@bp.get("/operations/stuck")
@requires(RETRY)
def stuck() -> ResponseReturnValue:
    """List what waits for an operator, newest first."""
    with transaction():
        rows = queries.stuck_instances(before=older_than(), limit=queries.PAGE + 1)
        return page(
            "workflow/stuck.html",
            rows=rows[: queries.PAGE],
            next_url=cursor(rows, url_for("workflow.stuck")),
            timers=queries.stuck_timers(),
        )
