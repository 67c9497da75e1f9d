"""``wfweb web``: the web processes."""

from __future__ import annotations

import os
import sys

import click


@click.command()
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=4, show_default=True, help="Threads in each process.")
def web(workers: int, threads: int) -> None:
    """Serve pages and API until told to stop."""
    from wfweb.dev.environment import installation
    from wfweb.kernel.settings import get_settings

    with installation(start=False):
        settings = get_settings()
    argv = [sys.executable, "-m", "gunicorn", "--bind", f"{settings.host}:{settings.port}"]
    argv += ["--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)]
    argv += ["--timeout", "60", "--graceful-timeout", "4", "--keep-alive", "5"]
    argv += ["--no-control-socket", "--log-level", "warning", "wfweb.app:create_app()"]
    # The server replaces this process: signals reach it directly and nothing stands between.
    os.execv(sys.executable, argv)  # noqa: S606 - that is the point
