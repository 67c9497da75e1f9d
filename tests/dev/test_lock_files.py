"""Lock files and configuration say what is installed, never from where."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from wfweb.dev.environment import CHECKOUT

LOCKS = sorted((CHECKOUT / "requirements").glob("*.lock"))
PIN = re.compile(r"^[a-z0-9][a-z0-9.\[\]-]*==\S+( ; .+?)? \\$")
# Flask draws with Jinja, gunicorn is a program, and of Flask-Migrate, given, only Alembic runs.
NOT_IMPORTED = {"jinja2", "gunicorn"}
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


def test_every_library_that_is_asked_for_is_imported():
    """What nothing imports would be installed, audited and upgraded for nothing."""
    text = (CHECKOUT / "requirements" / "runtime.in").read_text()
    asked = {match[1].lower() for match in re.finditer(r"^([A-Za-z0-9-]+)", text, re.MULTILINE)}
    modules = {
        name.lower().replace("_", "-"): module
        for module, names in packages_distributions().items()
        for name in names
        if not module.startswith("_")
    }
    imported = set().union(*map(_imports, _sources()))
    assert {name for name in asked if modules[name] not in imported} == NOT_IMPORTED


def _sources() -> Iterator[Path]:
    yield CHECKOUT / "wsgi.py"
    for folder in ("wfweb", "migrations"):
        yield from (CHECKOUT / folder).rglob("*.py")


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
