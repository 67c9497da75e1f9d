"""Third-party files are exactly those that the manifest names."""

import hashlib
import json
import re

from tests.face.environment import ROOT, STATIC

ROWS = json.loads((STATIC / "vendor/MANIFEST.json").read_text())


def test_each_file_is_the_one_that_was_fetched() -> None:
    for row in ROWS:
        content = (ROOT / row["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"], row["file"]


def test_nothing_lies_beside_the_manifest() -> None:
    present = {
        path.relative_to(ROOT).as_posix()
        for folder in (STATIC / "vendor", ROOT / "tests/vendor")
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert present - {"static/vendor/MANIFEST.json"} == {row["file"] for row in ROWS}


def test_each_file_has_a_version_and_a_licence() -> None:
    for row in ROWS:
        assert re.fullmatch(r"\d+\.\d+\.\d+", row["version"]), row
        assert row["licence"] in {"0BSD", "MIT", "MPL-2.0"}, row
        assert row["package_integrity"].startswith("sha512-"), row


def test_pages_load_the_vendored_htmx() -> None:
    head = (ROOT / "templates/layouts/_head.html").read_text()
    scripts = re.findall(r"vendor/[\w.-]+\.js", head)
    assert scripts == ["vendor/htmx-4.0.1.min.js"]
    assert f"static/{scripts[0]}" in {row["file"] for row in ROWS}
