"""One installation for all tests of this folder: what they leave behind is part of the test."""

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.installation import House, tail_of_logs
from tests.reliability.sink import Sink


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.close()


@pytest.fixture(scope="module")
def house(sink: Sink) -> Iterator[House]:
    if sys.platform != "linux":
        pytest.skip("looks at processes in /proc")
    data = Path(tempfile.mkdtemp(prefix="wfweb-test-"))
    data.chmod(0o755)
    mail = {"WFWEB_SMTP_HOST": "127.0.0.1", "WFWEB_SMTP_PORT": str(sink.port)}
    webhooks = {"WFWEB_WEBHOOK_PRIVATE_ADDRESSES": "true"}  # receivers stand on this machine
    made = House(data, WFWEB_DEMO="false", **mail, **webhooks)
    try:
        made.start()
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.stop(signal.SIGTERM)
        shutil.rmtree(data, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failing test shows what the processes had to say."""
    outcome = yield
    report = outcome.get_result()
    house = getattr(item, "funcargs", {}).get("house")
    if report.when == "call" and report.failed and isinstance(house, House):
        report.sections.append(("logs of the installation", tail_of_logs(house.data)))
