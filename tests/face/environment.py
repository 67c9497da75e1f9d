"""Templates without an application: stand-ins for the filters and globals that wfweb gives them."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path

import jinja2

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the environment as ``create_app`` sets it up, as far as drawing needs it."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        when=lambda moment: f"{moment:%d %b %H:%M %Z}",
        datetime=lambda moment: f"{moment:%a %d %b %Y, %H:%M %Z}",
        date=lambda day: f"{day:%d %b %Y}",
        money=lambda amount, currency="EUR": f"{currency} {float(amount):,.2f}",
        filesize=lambda size: f"{size} B",
    )
    env.globals.update(asset=lambda path: f"/static/{path}", csrf_token=lambda: "token")
    return env


def draw(source: str, **context: object) -> str:
    """Render a piece of template in which ``ui`` is imported."""
    template = '{% import "components/ui.html" as ui %}' + source
    return environment().from_string(template).render(**context)


NOON = datetime.fromisoformat("2026-11-21T12:00:00+00:00")
FRAME = {
    "me": {"name": "Ada Lind", "title": "Director", "initials": "AL"},
    "company": {"name": "Kestrel"},
    "now": NOON,
    "theme": "auto",
    "counts_url": "/counts",
    "counts_version": "9",
    "nav": [
        {
            "label": "",
            "items": [
                {
                    "id": "inbox",
                    "label": "Inbox",
                    "url": "/inbox",
                    "icon": "inbox",
                    "count": 9,
                    "current": True,
                },
                {
                    "id": "my-requests",
                    "label": "My requests",
                    "url": "/my-requests",
                    "icon": "send",
                    "count": 0,
                    "current": False,
                },
            ],
        },
        {
            "label": "Records",
            "items": [
                {
                    "id": "type-order",
                    "label": "Sales orders",
                    "url": "/records/order",
                    "icon": "doc",
                    "count": None,
                    "current": False,
                },
            ],
        },
    ],
}
