"""A few pages and answers that put the scripts on stage."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from markupsafe import Markup

from tests.face.environment import FRAME, environment

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FORM = """{% import "components/ui.html" as ui %}
<form class="form" {{ ui.form_attrs('talk', '/talk', '#said') }}>{{ ui.form_notice('talk') }}
{{ ui.csrf_field() }}{{ ui.error_summary(errors or []) }}
{{ ui.field('body', 'Comment', 'textarea', body or '') }}
<input type="hidden" name="how" id="how">{{ ui.btn('Comment', 'primary') }}</form>"""
ROW = """<li class="rq" id="row-{{ key }}" data-row data-id="{{ key }}"
 data-url="/pane/{{ key }}"><label class="hit">
<input class="check" type="checkbox" name="id" value="{{ key }}"><span class="sr">Select {{ key }}
</span></label><div class="ti"><a href="/request/{{ key }}">{{ key }}</a></div></li>"""
PANE = """{% import "components/ui.html" as ui %}<div class="in"><h2 id="shown">{{ key }}</h2></div>
<form class="decision" method="post" action="/decide/{{ key }}">{{ ui.csrf_field() }}
{{ ui.btn('Approve ' ~ key, 'primary', key='a', name='decision', value='approve') }}</form>"""
PAGE = """{% extends "layouts/app.html" %}{% import "components/ui.html" as ui %}
{% block main_class %}flush{% endblock %}{% block main %}"""
INBOX = (
    PAGE
    + """<div class="split"><section class="pane master"><h1>Inbox</h1>
<ol data-triage data-pane="#pane" id="rows" {{ ui.poll_attrs('/rows', '1') }}>{{ rows }}</ol>
<div class="selbar" id="selbar"><span data-selected-count>0</span></div></section>
<section class="pane read" id="pane" data-pane aria-label="Reading pane">{{ pane }}</section></div>
<div id="said">nothing</div>{{ form }}{% endblock %}"""
)
KEYS = ("APR-1", "APR-2", "APR-3", "APR-4")


@dataclass
class Answer:
    """What the server sends."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Stage:
    """Answers requests and remembers what was posted."""

    url: str = ""
    posts: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    polls: int = 0

    def get(self, path: str) -> Answer:
        """Answer a page, a pane or a poll."""
        if path == "/inbox":
            parts = {"rows": rows(KEYS), "pane": piece(PANE, key="APR-1"), "form": piece(FORM)}
            return Answer(200, piece(INBOX, **parts))
        if path == "/styleguide":
            return Answer(200, environment().get_template("styleguide/index.html").render(**FRAME))
        if path.startswith("/pane/"):
            return Answer(200, piece(PANE, key=path.rsplit("/", 1)[1]))
        if path == "/counts":
            menu = [{"label": "", "items": [FRAME_INBOX | {"count": 8}]}]
            template = environment().get_template("layouts/_counts.html")
            return Answer(200, template.render(nav=menu, counts_url="/counts", counts_version="8"))
        if path == "/rows":
            self.polls += 1
            first = [Answer(204), Answer(200, rows(("APR-0", *KEYS)))]
            return first[self.polls - 1] if self.polls <= len(first) else Answer(500, "<p>no</p>")
        return Answer(200, piece(PAGE + "<h1>{{ path }}</h1>{% endblock %}", path=path))

    def post(self, path: str, form: dict[str, str], headers: dict[str, str]) -> Answer:
        """Remember what was sent; answer as the field ``how`` asks."""
        self.posts.append((path, form))
        self.tokens.append(headers.get("X-CSRFToken"))
        how = form.get("how", "")
        if path != "/talk":
            time.sleep(0.3)
            return Answer(303, headers={"Location": "/inbox"})
        answers: dict[str, Callable[[], Answer]] = {
            "422": lambda: Answer(422, piece(FORM, errors=[WRONG], body=form["body"])),
            "0422": lambda: Answer(422, refusal(422)),
            "401": lambda: Answer(401, headers={"HX-Reswap": "none"}),
        }
        if how in answers:
            return answers[how]()
        if how:
            return Answer(int(how), refusal(int(how)))
        done = json.dumps({"wf:done": {"say": "Comment added", "focus": "#f-body"}})
        return Answer(200, "<p>new</p>", {"HX-Trigger": done})


FRAME_INBOX = {"id": "inbox", "label": "Inbox", "url": "/inbox", "icon": "inbox"}
WRONG = {"pointer": "/body", "message": "Say something"}


def piece(source: str, **context: object) -> str:
    """Draw a template; texts in the context are markup of this file."""
    marked = {
        name: Markup(value) if name in {"rows", "pane", "form"} else value
        for name, value in context.items()
    }
    return environment().from_string(source).render(**(FRAME | marked))


def rows(keys: tuple[str, ...]) -> str:
    """Draw the rows of a list."""
    return "".join(piece(ROW, key=key) for key in keys)


def refusal(status: int) -> str:
    """Draw what htmx gets when an act is refused as a whole."""
    template = environment().get_template("components/_refusal.html")
    return template.render(status=status, title="Not done", detail="Why", is_htmx=lambda: True)
