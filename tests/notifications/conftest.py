"""A mail server that keeps what it is given, for the time of a test."""

import socket

import pytest
from aiosmtpd.controller import Controller

from tests.notifications.smtp import Sink
from wfweb.kernel.settings import load_settings
from wfweb.notifications import jobs


@pytest.fixture
def sink(monkeypatch):
    handler = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setattr(jobs, "get_settings", lambda: load_settings(smtp_port=port))
    yield handler
    controller.stop()
