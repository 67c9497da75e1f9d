"""Reading the files of a pack."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from wfweb.kernel.errors import NotFound

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack on disk; parts come in the order in which they refer to each other."""

    code: str
    name: str
    description: str
    roles: list[Mapping[str, Any]]
    record_types: list[Mapping[str, Any]]
    matrices: list[Mapping[str, Any]]
    workflows: list[str]
    calendars: list[Mapping[str, Any]] = field(default_factory=list)
    metrics: list[Mapping[str, Any]] = field(default_factory=list)
    alert_rules: list[Mapping[str, Any]] = field(default_factory=list)
    lock_types: list[Mapping[str, Any]] = field(default_factory=list)
    sla: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return FOLDER / self.code

    def people(self) -> Mapping[str, Any]:
        """Return the people of its demo."""
        described: Mapping[str, Any] = _yaml(self.folder / "people.yaml")
        return described

    def data(self, name: str) -> Any:
        """Return what a file of its demo holds."""
        return _yaml(self.folder / name)

    def story(self) -> list[Mapping[str, Any]]:
        """Return what happens in its demo once the records are there; often nothing."""
        there = (self.folder / "story.yaml").exists()
        told: list[Mapping[str, Any]] = self.data("story.yaml") if there else []
        return told

    def demo_records(self) -> Iterator[Mapping[str, Any]]:
        """Return the records of its demo, oldest first, one after another."""
        with (self.folder / "demo.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def available() -> list[str]:
    """Return the codes of all packs."""
    return sorted(path.parent.name for path in FOLDER.glob("*/pack.yaml"))


def read_pack(code: str) -> Pack:
    """Read a pack.

    :raises NotFound: naming the packs there are.
    """
    if code not in available():
        raise NotFound(f"There is no pack “{code}”. There are: {', '.join(available())}.")
    folder = FOLDER / code
    about = _yaml(folder / "pack.yaml")
    return Pack(
        code=about["code"],
        name=about["name"],
        description=about["description"],
        roles=about["roles"],
        record_types=_parts(folder, about, "record_types"),
        matrices=_parts(folder, about, "matrices"),
        workflows=[
            (folder / "workflows" / f"{n}.yaml").read_text(encoding="utf-8")
            for n in about["workflows"]
        ],
        calendars=_parts(folder, about, "calendars"),
        metrics=about.get("metrics", []),
        alert_rules=_parts(folder, about, "alert_rules"),
        lock_types=_parts(folder, about, "lock_types"),
        sla=_parts(folder, about, "sla"),
    )


def _parts(folder: Path, about: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """Return the described parts of one kind, in the order in which the pack names them."""
    return [_yaml(folder / kind / f"{name}.yaml") for name in about.get(kind, ())]


def _yaml(path: Path) -> Any:
    # Our own files: aliases are welcome here, unlike in what people import.
    return yaml.safe_load(path.read_text(encoding="utf-8"))
