"""``wfweb workflow``: definitions as files, for those who keep them under version control."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wfweb.cli.outcome import REFUSED, answer, json_option
from wfweb.cli.running import application
from wfweb.cli.user import acting, company_named

if TYPE_CHECKING:
    from wfweb.workflow.problems import Problem
    from wfweb.workflow.schemas import DefinitionBody

FILE: Final = click.Path(dir_okay=False, exists=True, path_type=Path)
COMPANY = click.option("--company", default="", help="Name; needed when there are several.")


@click.group("workflow")
def command() -> None:
    """Check, plan, import, publish and export workflow definitions."""


def _read(path: Path) -> tuple[DefinitionBody | None, list[dict[str, str]]]:
    """Return the definition in a file, or what is wrong with its form."""
    from wfweb.kernel.errors import ValidationFailed
    from wfweb.workflow import definitions

    try:
        return definitions.read_body(path.read_bytes()), []
    except ValidationFailed as wrong:
        return None, [
            {"file": path.name, "path": e.pointer, "message": e.message, "severity": "error"}
            for e in wrong.errors
        ]


def _rows(path: Path, problems: list[Problem]) -> list[dict[str, str]]:
    return [
        {"file": path.name, "path": p.path, "message": p.message, "severity": p.severity}
        for p in problems
    ]


def _finish(rows: list[dict[str, str]], *, as_json: bool, fine: str) -> None:
    lines = [f"{r['file']} {r['path'] or '/'}: {r['message']} ({r['severity']})" for r in rows]
    answer({"problems": rows}, as_json=as_json, text="\n".join([*lines, fine]).strip())
    if any(row["severity"] == "error" for row in rows):
        sys.exit(REFUSED)


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of a definition file."""
    from wfweb.workflow.schemas import json_schema

    answer(json_schema(), as_json=True)


@command.command("validate")
@click.argument("files", nargs=-1, required=True, type=FILE)
@json_option
def validate(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Check files by themselves, without a database; exit 1 when one is wrong."""
    from wfweb.workflow.checks import validate_body

    rows: list[dict[str, str]] = []
    for path in files:
        body, wrong = _read(path)
        rows += wrong if body is None else _rows(path, validate_body(body))
    bad = {row["file"] for row in rows if row["severity"] == "error"}
    _finish(rows, as_json=as_json, fine=f"{len(files) - len(bad)} of {len(files)} files are fine")


@command.command("import")
@click.argument("file", type=FILE)
@click.option("--publish", "comment", help="Publish at once, with this comment.")
@COMPANY
@json_option
def import_file(file: Path, comment: str | None, company: str, *, as_json: bool) -> None:
    """Save a file as the draft of the definition it names."""
    from wfweb.kernel.db import transaction
    from wfweb.workflow import definitions

    with application():
        company_id, _made = company_named(company)
        with transaction(actor=acting(company_id)):
            draft, problems = definitions.import_definition(file.read_bytes())
            code, number = definitions.body_of(draft).code, draft.number
            if comment:
                definitions.publish(code, comment=comment)
    done = f"{code} version {number} is {'live' if comment else 'a draft'}"
    _finish(_rows(file, problems), as_json=as_json, fine=done)


@command.command("publish")
@click.argument("code")
@click.option("--comment", required=True, help="What changed and why.")
@COMPANY
@json_option
def publish(code: str, comment: str, company: str, *, as_json: bool) -> None:
    """Make the draft of a definition the rule for new work."""
    from wfweb.kernel.db import transaction
    from wfweb.workflow import definitions

    with application():
        company_id, _made = company_named(company)
        with transaction(actor=acting(company_id)):
            number = definitions.publish(code, comment=comment).number
    data = {"code": code, "number": number}
    answer(data, as_json=as_json, text=f"{code} version {number} is live")


@command.command("export")
@click.argument("code")
@click.option("--number", type=int, help="Version; the latest when left out.")
@click.option("--form", type=click.Choice(["yaml", "json"]), default="yaml")
@COMPANY
def export(code: str, number: int | None, form: str, company: str) -> None:
    """Print a definition as YAML or JSON."""
    from wfweb.kernel.db import transaction
    from wfweb.workflow import definitions

    with application():
        company_id, _made = company_named(company)
        with transaction(actor=acting(company_id)):
            text = definitions.export_definition(code, number, "json" if form == "json" else "yaml")
    click.echo(text, nl=False)


@command.command("plan")
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@COMPANY
@json_option
def plan(folder: Path, company: str, *, as_json: bool) -> None:
    """Say what applying a folder of files would change; change nothing.

    Exit 1 when a file is wrong.
    """
    _apply(folder, company, None, as_json=as_json)


@command.command("apply")
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--comment", required=True, help="What changed and why.")
@COMPANY
@json_option
def apply(folder: Path, comment: str, company: str, *, as_json: bool) -> None:
    """Import and publish what changed in a folder of files, all of it or nothing."""
    _apply(folder, company, comment, as_json=as_json)


def _apply(folder: Path, company: str, comment: str | None, *, as_json: bool) -> None:
    from wfweb.kernel.db import transaction

    paths = [p for p in sorted(folder.iterdir()) if p.suffix in {".yaml", ".yml", ".json"}]
    bodies = [(path, *_read(path)) for path in paths]
    with application():
        company_id, _made = company_named(company)
        with transaction(actor=acting(company_id)):
            rows = [_planned(path, body, wrong) for path, body, wrong in bodies]
            wrong_files = [row for row in rows if row["problems"]]
            if comment is not None and not wrong_files:
                _publish_changed(rows, bodies, comment)
    lines = [f"{row['action']:<8} {row['code'] or row['file']}" for row in rows]
    for row in rows:
        lines += [f"  {p['path'] or '/'}: {p['message']}" for p in row["problems"]]
        lines += [f"  {line}" for line in row["diff"].splitlines()]
    answer(rows, as_json=as_json, text="\n".join(lines) or f"{folder} holds no definitions")
    if wrong_files:
        sys.exit(REFUSED)


def _planned(
    path: Path, body: DefinitionBody | None, wrong: list[dict[str, str]]
) -> dict[str, Any]:
    from wfweb.workflow import definitions, diff
    from wfweb.workflow.problems import errors_only
    from wfweb.workflow.queries import live_body

    row: dict[str, Any] = {"file": path.name, "code": None, "diff": "", "problems": wrong}
    if body is None:
        return {**row, "action": "wrong"}
    problems = _rows(path, errors_only(definitions.problems_of(body)))
    live = live_body(body.code)
    row |= {"code": body.code, "problems": problems}
    if live is None:
        return {**row, "action": "create"}
    text = diff.text_diff(live, body, f"{body.code} (live)", path.name)
    return {**row, "action": "change" if text else "same", "diff": text}


def _publish_changed(rows: list[dict[str, Any]], bodies: list[Any], comment: str) -> None:
    from wfweb.workflow import definitions
    from wfweb.workflow.schemas import full

    for row, (_path, body, _wrong) in zip(rows, bodies, strict=True):
        if row["action"] in {"create", "change"}:
            definitions.save_draft(full(body))
            definitions.publish(body.code, comment=comment)
