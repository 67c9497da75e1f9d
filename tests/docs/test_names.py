"""Commands, routes, variables and permissions that the documentation names exist."""

import re
from pathlib import Path
from typing import cast

import click
import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

from tests.docs.pages import BY_NAME, PAGES, ROOT, blocks, inline_code
from wfweb.alerts.checks import event_names
from wfweb.cli import root
from wfweb.dev.views import bp as mail_reader
from wfweb.identity.permissions import PERMISSIONS
from wfweb.kernel.settings import PREFIX, Settings

# Read by the supervisor, the tests or a command; the last two are the integrator's own shell.
ELSEWHERE = {"DATA_DIR", "CHROMIUM", "NEW_PASSWORD", "TEST_DATABASE_URL", "URL", "TOKEN"}
# Ways of other programs, and folders of this repository, that look like our addresses.
NOT_OURS = ("/etc", "/opt", "/var", "/states", "/transitions", "/approvals")
COMMAND = re.compile(r"(?:^|\s|/)wfweb ([a-z](?:[a-z-]* ?)+)")


def _commands(page: Path) -> set[str]:
    texts = [*inline_code(page), *"\n".join(blocks(page, "sh", "bash")).splitlines()]
    return {m[1].strip() for text in texts if (m := COMMAND.search(text.split("#")[0]))}


def _known(words: list[str]) -> bool:
    """Whether the words begin with a command and, in a group, one of its verbs."""
    command: click.Command | None = root
    context = click.Context(root)
    while isinstance(command, click.Group) and words:
        command = command.get_command(context, words.pop(0))
    return command is not None and not (isinstance(command, click.Group) and words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    assert [text for text in sorted(_commands(page)) if not _known(text.split())] == []


def test_the_readme_names_the_commands_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = BY_NAME["README.md"].read_text()
    named = set(re.findall(r"\bmake ([a-z]+)\b", text)) - {"and"}
    assert {"run", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_routes_exist(page: Path, app: Flask) -> None:
    demo = Flask("demo")  # the mail reader is only there where mail is caught
    demo.register_blueprint(mail_reader)
    adapters = [one.url_map.bind("localhost") for one in (app, demo)]
    unknown = []
    for text in inline_code(page):
        for path in re.findall(r"(?:^|(?<=[A-Z] ))(/[a-z][\w/.-]*)(?:\?\S*)?$", text):
            known = any(_answers(one, base + path) for one in adapters for base in ("", "/api/v1"))
            if not (known or path.startswith(NOT_OURS) or path == "/api/v1"):
                unknown.append(path)
    assert unknown == []


def _answers(adapter: MapAdapter, path: str) -> bool:
    filled = re.sub(r"\bID\b", "00000000-0000-0000-0000-000000000000", path)
    try:
        adapter.match(filled)
    except NotFound:
        return False
    except (MethodNotAllowed, RequestRedirect):
        return True
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_variables_exist(page: Path) -> None:
    known = {name.upper() for name in Settings.model_fields} | ELSEWHERE
    named = set(re.findall(rf"\b{PREFIX}([A-Z_]+[A-Z])\b", page.read_text()))
    assert {name.removesuffix("_FILE") for name in named} <= known


def test_the_readme_names_every_variable() -> None:
    named = set(re.findall(rf"`{PREFIX}([A-Z_]+)`", BY_NAME["README.md"].read_text()))
    assert {name.upper() for name in Settings.model_fields} <= named


def test_the_demo_people_of_the_readme_can_sign_in() -> None:
    import yaml

    people = yaml.safe_load((ROOT / "wfweb/packs/commerce/people.yaml").read_text())
    text = BY_NAME["README.md"].read_text()
    firsts = {cast("str", person["name"]).split()[0].lower() for person in people["people"]}
    assert f"`{people['password']}`" in text
    assert set(re.findall(r"(\w+)@kestrel\.example", text)) <= firsts


def test_permissions_and_events_of_the_guides_exist() -> None:
    groups = {code.split(".")[0] for code in PERMISSIONS}
    named = {
        text
        for page in PAGES
        for text in inline_code(page)
        if re.fullmatch(rf"(?:{'|'.join(sorted(groups))})\.[a-z_]+", text)
    }
    assert {"audit.view", "operations.retry"} <= named
    known = {*PERMISSIONS, *event_names()}
    assert {text for text in named if text not in known} <= {"records.…"}
