"""What the tests of servers and commands share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that every account can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="wfweb-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
