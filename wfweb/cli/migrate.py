"""``wfweb migrate``: bring the database to the schema this version needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wfweb.cli.outcome import REFUSED, answer, json_option
from wfweb.dev.environment import installation

if TYPE_CHECKING:
    from alembic.config import Config


def _config() -> Config:
    from alembic.config import Config

    return Config(Path(__file__).resolve().parents[2] / "migrations" / "alembic.ini")


def upgrade() -> None:
    """Run the migrations that are missing, as the owner; a second runner waits for the first."""
    from alembic import command

    command.upgrade(_config(), "head")


def head() -> str:
    """The revision this version of the application needs."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(database_url: str) -> str:
    """The revision a database has; empty before the first migration."""
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import create_engine

    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""
    finally:
        engine.dispose()


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when something is missing.")
@json_option
def migrate(*, check: bool, as_json: bool) -> None:
    """Bring the database to the schema this version needs."""
    from wfweb.kernel.settings import get_settings

    with installation():
        url = get_settings().owner_database_url
        before, needed = current(url), head()
        if not check and before != needed:
            upgrade()
        after = current(url)
    text = f"At {after or 'nothing yet'}; this version needs {needed}."
    if after != before:
        text = f"Migrated from {before or 'nothing'} to {after}."
    answer({"before": before, "after": after, "needed": needed}, as_json=as_json, text=text)
    if after != needed:
        sys.exit(REFUSED)
