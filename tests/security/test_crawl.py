"""Everybody walks every page there is a link to; each is well made, and looking changes nothing."""

from urllib.parse import urljoin, urlsplit

import pytest
from werkzeug.exceptions import HTTPException

from tests.security.world import World, contents
from tests.support.pages import Parsed, problems, read

WALKERS = ("rui", "ada", "otto", "alma", "auditor", "eve", "nothing", None)
# Looking leaves a trace only here: who saw which request, and when a session was last used.
TRACES = {"approval_views", "user_sessions"}
PAGES_A_PATTERN = 3


def addresses(page: Parsed, at: str) -> set[str]:
    """Return the local addresses that a page asks for or offers."""
    found = set()
    for node in page.nodes:
        asked = [node.get("href")] if node.name in {"a", "link"} else []
        asked.append(node.get("hx-get"))
        asked.append(node.get("src") if node.name in {"script", "img"} else "")
        if node.name == "form" and node.get("method").lower() in {"", "get"}:
            asked.append(node.get("action"))
        for one in filter(None, asked):
            parts = urlsplit(urljoin(f"http://localhost{at}", one))
            if parts.hostname == "localhost" and parts.scheme == "http":
                found.add(parts.path + (f"?{parts.query}" if parts.query else ""))
    return found


def walk(
    world: World, who: str | None, start: str = "/", faulty: dict[str, str] | None = None
) -> dict[str, int]:
    """Follow every link from a page on, a few of each kind; return what each answered.

    :param faulty: collects what is wrong with pages, and where it was seen first.
    """
    client = world.client(who)
    match = world.app.url_map.bind("localhost").match
    seen: dict[str, int] = {}
    kinds: dict[tuple[str, ...], int] = {}
    waiting = [start]
    while waiting:
        at = waiting.pop(0)
        if at in seen:
            continue
        path, _, query = at.partition("?")
        names = sorted({part.partition("=")[0] for part in query.split("&")})
        try:
            kind = (match(path, "GET")[0], *names)
        except HTTPException:
            seen[at] = 404
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] > PAGES_A_PATTERN:
            continue
        answer = client.get(at)
        seen[at] = answer.status_code
        if answer.status_code in {301, 302, 303}:
            waiting.append(urlsplit(answer.location)._replace(scheme="", netloc="").geturl())
        elif answer.mimetype == "text/html":
            waiting += sorted(addresses(read(answer.text), at))
            faults = problems(answer.text, world.app.url_map, path)
            for fault in faults if faulty is not None else ():
                faulty.setdefault(fault, at)
        answer.close()
    return seen


@pytest.mark.parametrize("who", WALKERS)
def test_every_page_is_well_made_and_looking_changes_nothing(world: World, who: str | None):
    with world.undone():
        before = contents(world)
        faulty: dict[str, str] = {}
        seen = walk(world, who, faulty=faulty)
        after = contents(world)
    assert faulty == {}, "\n".join(f"{at}: {fault}" for fault, at in faulty.items())
    broken = {at: status for at, status in seen.items() if status not in {200, 204, 303}}
    assert broken == {}, f"{who} was led to what is not there or not theirs"
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= TRACES
