"""``wfweb up``: everything at once, for trying and for developing.

``wfweb prepare`` is its first step, a process of its own: the supervisor itself never loads the
application.
"""

from __future__ import annotations

import sys

import click


@click.command()
@click.option(
    "--end-with-parent",
    is_flag=True,
    help="Stop when the program that started this one ends (Linux).",
)
def up(*, end_with_parent: bool) -> None:
    """Run everything: servers, web, workers, relay, timers and a mail catcher."""
    from wfweb.dev.supervisor import Supervisor, stop_with_parent

    if end_with_parent:
        stop_with_parent()
    sys.exit(Supervisor().run())


@click.command(hidden=True)
def prepare() -> None:
    """Migrate, load the demo into an empty database, and remember both."""
    from wfweb.app import create_app
    from wfweb.cli.migrate import upgrade
    from wfweb.dev import demo, environment, preparation
    from wfweb.kernel.settings import get_settings

    upgrade()
    data, settings = environment.data_dir(), get_settings()
    if settings.demo:
        with create_app().app_context():
            demo.ensure(data)
    preparation.remember(data, settings.database_url)
