"""The rules of docs/architecture.md that a program can hold."""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "wfweb"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ROOMS = {
    "models", "rules", "events", "errors", "policy", "service", "queries", "views", "forms",
    "api", "schemas", "jobs", "reactions",
}  # fmt: skip


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[int(len(values) * share)] if values else 0


def test_only_the_kernel_commits():
    found = [
        relative(path)
        for path in SOURCES
        if "kernel" not in path.parts
        and re.search(r"\bsession\(\)\.commit\(|\bdb\.session\.commit\(", path.read_text())
    ]
    assert found == []


def test_files_are_short():
    lengths = {relative(p): len(p.read_text().splitlines()) for p in SOURCES}
    assert {name: n for name, n in lengths.items() if n > 400} == {}
    assert percentile(list(lengths.values()), 0.9) < 250


def test_functions_are_short():
    lengths = {
        f"{relative(path)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in SOURCES
        for node in functions(path)
    }
    assert {name: n for name, n in lengths.items() if n > 60} == {}
    assert percentile(list(lengths.values()), 0.9) < 30


def test_templates_are_short():
    lengths = [len(p.read_text().splitlines()) for p in TEMPLATES]
    assert percentile(lengths, 0.9) < 100


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_public_functions_say_what_they_mean(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body, f"{relative(path)} does not say what it is for"
    undocumented = [
        node.name
        for node in ast.iter_child_nodes(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert undocumented == []


def test_rules_know_no_database_no_web_and_no_clock():
    for path in PACKAGE.glob("*/rules.py"):
        text = path.read_text()
        for name in ("sqlalchemy", "flask", "kernel.db", "kernel.clock", "datetime.now"):
            assert name not in text, f"{relative(path)} mentions {name}"


def test_services_never_see_the_request():
    for path in PACKAGE.glob("*/service*.py"):
        assert "from flask import" not in path.read_text(), relative(path)


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_templates_hold_no_script_style_or_raw_html(path: Path):
    if "email" in path.parts or "emails" in path.parts or path.name == "email.html":
        return
    text = path.read_text(encoding="utf-8")
    for pattern in (
        r"\|\s*safe\b",
        r"<script(?![^>]*\bsrc=)",
        r"\sstyle=",
        r"\shx-on",
        r"\son\w+=",
    ):
        assert not re.search(pattern, text), f"{relative(path)} matches {pattern}"


def test_the_repository_speaks_of_wfweb_alone():
    names = ("/" + "work/", "pypi" + ".org", "registry.npm" + "js", "files.python" + "hosted")
    for folder in (
        "wfweb",
        "migrations",
        "templates",
        "static/js",
        "static/css",
        "tests",
        "docs",
        "requirements",
    ):
        for path in (ROOT / folder).rglob("*"):
            if not path.is_file() or path.suffix in {".png", ".pyc", ".svg"}:
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not [n for n in names if n in text], relative(path)


@pytest.mark.parametrize(
    "package",
    [p for p in SOURCES if p.name == "__init__.py" and "Where things are:" in p.read_text()],
    ids=lambda package: package.parent.name,
)
def test_a_map_names_files_that_exist(package: Path):
    places = package.read_text().partition("Where things are:")[2]
    named = set(re.findall(r"``(\w+)``", places))
    assert len(named) > 10
    assert named <= {path.stem for path in package.parent.glob("*.py")}
