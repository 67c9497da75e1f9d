"""A process that reports a failure survives doing so, and the report holds no secrets."""

import pytest
import structlog

from wfweb.kernel.logging import configure_logging


@pytest.fixture
def _configured_as_before():
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("pretty", [True, False])
@pytest.mark.usefixtures("_configured_as_before")
def test_an_exception_is_logged_without_what_its_variables_hold(capsys, pretty):
    configure_logging("ERROR", pretty=pretty)
    secret_of_somebody = "hunter2hunter2"
    try:
        _ = {}[len(secret_of_somebody)]
    except KeyError:
        structlog.get_logger().exception("relay_failed")
    said = capsys.readouterr().err
    assert "relay_failed" in said
    assert "KeyError" in said
    assert "hunter2" not in said
