"""Fetch the few third-party browser files that wfweb ships, at exact versions.

Run ``python tools/vendor.py`` only to change a version: edit ``PACKAGES``, run it, review the
difference, commit. It needs npm and nothing else. The digest of each package is pinned here, so
nobody can hand out something else under the same number, and ``static/vendor/MANIFEST.json``
lists every file with its own digest for the test that compares them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "static" / "vendor" / "MANIFEST.json"
SPRITE = "static/vendor/icons.svg"


@dataclass(frozen=True, kw_only=True)
class Package:
    """One npm package at one version, its pinned sha512 and the files we copy out of it."""

    name: str
    version: str
    licence: str
    integrity: str
    files: dict[str, str]  # path inside the package -> path in this repository
    icons: bool = False


PACKAGES = (
    Package(
        name="htmx.org",
        version="4.0.1",
        licence="0BSD",
        integrity="sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==",
        files={
            "dist/htmx.min.js": "static/vendor/htmx-4.0.1.min.js",
            "LICENSE": "static/vendor/licences/htmx.txt",
        },
    ),
    Package(
        name="@tabler/icons",
        version="3.51.0",
        licence="MIT",
        integrity="sha512-0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lxOT0clGIcNGn8xsBr+zKaRGdA/g==",
        files={"LICENSE": "static/vendor/licences/tabler-icons.txt"},
        icons=True,
    ),
    Package(
        name="axe-core",
        version="4.14.1",
        licence="MPL-2.0",
        integrity="sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        files={
            "axe.min.js": "tests/vendor/axe-4.14.1.min.js",
            "LICENSE": "static/vendor/licences/axe-core.txt",
        },
    ),
)

# Names that record types may carry from before, and what they mean here.
ALIASES = {"doc": "file-text"}
ICONS = (ROOT / "tools" / "icons.txt").read_text(encoding="utf-8").split()


def fetch(package: Package, into: Path) -> Path:
    """Download and unpack one package; returns its folder. Raises SystemExit on a wrong digest."""
    packed = subprocess.run(
        ["npm", "pack", "--json", "--ignore-scripts", f"{package.name}@{package.version}"],
        cwd=into,
        check=True,
        capture_output=True,
        text=True,
    )
    tarball = into / str(json.loads(packed.stdout)[0]["filename"])
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        sys.exit(f"{package.name} {package.version}: digest differs from the pinned one")
    folder = into / tarball.stem
    with tarfile.open(tarball) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def sprite(folder: Path) -> str:
    """One SVG with a symbol for each of ``ICONS``; stroke and colour come from our style sheet."""
    symbols = []
    for name in ICONS:
        text = (folder / "icons" / "outline" / f"{name}.svg").read_text(encoding="utf-8")
        inner = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
        if inner is None:
            sys.exit(f"icon {name} has no drawing")
        drawing = re.sub(r'<path stroke="none"[^>]*/>', "", inner.group(1))
        drawing = re.sub(r"\s*\n\s*", "", drawing).replace(" />", "/>")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>')
        symbols += [
            symbols[-1].replace(f'id="{name}"', f'id="{alias}"', 1)
            for alias, meant in ALIASES.items()
            if meant == name
        ]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def install(package: Package, workshop: Path) -> list[dict[str, str]]:
    """Copy the chosen files of one package into the repository; returns their manifest rows."""
    folder = fetch(package, workshop)
    written = []
    for source, target in package.files.items():
        (ROOT / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / source, ROOT / target)
        written.append((source, target))
    if package.icons:
        (ROOT / SPRITE).write_text(sprite(folder), encoding="utf-8")
        written.append((f"icons/outline ({len(ICONS)} files)", SPRITE))
    return [
        {
            "file": target,
            "name": package.name,
            "version": package.version,
            "licence": package.licence,
            "source": f"npm:{package.name}@{package.version}/{source}",
            "package_integrity": package.integrity,
            "sha256": hashlib.sha256((ROOT / target).read_bytes()).hexdigest(),
        }
        for source, target in written
    ]


def main() -> None:
    """Install every package and write the manifest."""
    rows: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as workshop:
        for package in PACKAGES:
            rows += install(package, Path(workshop))
    rows.sort(key=lambda row: row["file"])
    MANIFEST.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print(f"{len(rows)} files, see {MANIFEST.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
