"""The integrator's guide, tried out: its program runs on a real server, its addresses exist."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from wfweb.app import api_blueprints
from wfweb.identity.queries import user_by_email
from wfweb.identity.service import create_token
from wfweb.identity.service.companies import create_company
from wfweb.kernel.api import operations
from wfweb.kernel.db import transaction
from wfweb.kernel.ids import new_id
from wfweb.packs import demo, install, read_pack
from wfweb.records.service import create_record

GUIDE = (Path(__file__).parents[2] / "docs" / "integrator-guide.md").read_text()


@pytest.fixture
def address(committed_app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, committed_app, threaded=True)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def tokens(company_id) -> dict[str, str]:
    pack = read_pack("commerce")
    with transaction(company_id=company_id, system=True):
        create_company(company_id, "Kestrel Dairy")
    with transaction(company_id=company_id):
        install(pack)
        demo.add_people(pack)
    with transaction(company_id=company_id):
        create_record("supplier", {"name": "Holm Packaging", "category": "packaging"})
        made = {}
        for name, email in (("WFWEB_TOKEN", "tomas"), ("APPROVER", "pavel")):
            user = user_by_email(f"{email}@kestrel.example")
            assert user is not None, f"the guide names {email}, who is not in the demo"
            made[name] = create_token(user.id, "tutorial")[1]
    return made


@pytest.mark.committed
def test_the_program_of_the_guide_runs(committed_app: Flask, address: str):
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    environment = {**os.environ, "WFWEB_URL": address, **tokens(new_id())}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    created, decided, now = ran.stdout.splitlines()
    assert re.fullmatch(r"created PO-\d+ {'amount': '500.00', 'currency': 'EUR'}", created)
    assert re.fullmatch(r"decided APR-\d+ approved", decided)
    assert now == "now approved"


def test_every_address_in_the_guide_exists():
    api_blueprints()
    known = {re.sub(r"\{[^}]*\}", "*", op.path) for op in operations()}
    concrete = {
        re.sub(r"/(?:purchase_order|supplier)(?=/|$)", "/*", path)
        for path in re.findall(r"/api/v1(/[^\s\"?`#]+)", re.sub(r"<[^>]*>", "*", GUIDE))
    }
    written = {path for path in concrete if path != "/openapi.json"}
    assert len(written) >= 6
    for path in written:
        assert f"/api/v1{path}" in known, path
