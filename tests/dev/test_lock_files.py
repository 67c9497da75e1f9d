"""Lock files and configuration say what is installed, never from where."""

import re

import pytest

from wfweb.dev.environment import CHECKOUT

LOCKS = sorted((CHECKOUT / "requirements").glob("*.lock"))
PIN = re.compile(r"^[a-z0-9][a-z0-9.\[\]-]*==\S+( ; .+?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def test_there_are_lock_files():
    assert [path.stem for path in LOCKS] == ["dev", "embedded", "runtime", "uv"]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_line_is_a_pin_or_a_hash(path):
    for line in path.read_text().splitlines():
        assert PIN.match(line) or HASH.match(line), line


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_no_address_is_in_a_lock_file(path):
    assert "://" not in path.read_text()


def test_what_runs_is_what_is_tested():
    everything = set(_pins("dev"))
    assert set(_pins("runtime")) <= everything
    assert set(_pins("embedded")) <= everything


def _pins(name: str) -> list[str]:
    text = (CHECKOUT / "requirements" / f"{name}.lock").read_text()
    return [line.split(" ")[0] for line in text.splitlines() if not line.startswith(" ")]
