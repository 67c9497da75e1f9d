"""Who comes through which door: every route, everybody, as ``doors.txt`` says."""

import re
from pathlib import Path

from werkzeug.test import TestResponse

from tests.api.conftest import token_for
from tests.security.doors import UNSAFE, Door, address, doors, filled
from tests.security.world import World, contents
from tests.support.client import PageClient
from tests.support.ratchet import agrees

FOLDER = Path(__file__).parent
KINDS = """
  in    comes in: the answer is a page, a part, a redirect, or words about what was sent
  sign  is led to the sign-in page (303), or told to sign in (401)
  403   is not allowed, and that is audited
  404   finds nothing there
"""
ABOUT = f"""
Who comes to which page: signed out, somebody without any permission, the default roles, an
administrator of another company. Written by test_doors.py.{KINDS}"""
ABOUT_API = f"""
Which token opens which operation: none, tokens of an administrator with the scopes read, read
and write, all; and one of another company's administrator with all. Written by test_doors.py.
{KINDS}"""
PEOPLE = (None, "nothing", "member", "operator", "auditor", "designer", "administrator", "eve")
TOKENS = {
    "none": None,
    "read": ("administrator", "read"),
    "write": ("administrator", "read", "write"),
    "admin": ("administrator", "read", "write", "admin"),
    "other": ("eve", "read", "write", "admin"),
}


def kind(answer: TestResponse) -> str:
    """Return in which class an answer falls; what falls in none is an accident."""
    status = answer.status_code
    led = status in {302, 303} and answer.location.startswith("/sign-in?")
    if status == 401 or led:
        return "sign"
    if status in {403, 404}:
        return str(status)
    assert status < 500 or not_ready(answer), f"{status}: {answer.text[:500]}"
    assert status != 405
    return "in"


def not_ready(answer: TestResponse) -> bool:
    """Tell whether this is the one address that says by its status that something is missing."""
    return answer.status_code == 503 and answer.request.path == "/readyz"


def form_token(client: PageClient, page: str) -> str:
    """Return the token that a form of this browser needs."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(page).text)
    assert found, page
    return found[1]


def denials(world: World) -> int:
    assert world.connection is not None
    run = world.connection.exec_driver_sql
    run("reset role")
    number = run("select count(*) from audit_events where type = 'PERMISSION_DENIED'")
    found = int(number.scalar() or 0)
    run("set role wfweb_app")
    return found


def ask(world: World, client: PageClient, door: Door, **options: object) -> str:
    """Knock once, and undo what that did."""
    with world.undone():
        with client.open(address(door, world), method=door.method, **options) as answer:
            found = kind(answer)
        if found == "403" and (answer.get_json(silent=True) or {}).get("code") != "scope_missing":
            assert denials(world) == 1, f"{door.name} is not audited"
    return found


def test_who_comes_to_which_page(world: World):
    rows = {door: [] for door in doors(world.app) if not door.is_api}
    for who in PEOPLE:
        client = world.client(who)
        token = form_token(client, "/account" if who else "/sign-in")
        for door, row in rows.items():
            sent = {"csrf_token": token, **filled(world)}
            form = {"data": sent} if door.method in UNSAFE else {}
            row.append(ask(world, client, door, **form))
            if door.rule == "/sign-out":
                world.client_again(client, who)
    agrees(FOLDER / "doors.txt", table(rows, ["out", *map(str, PEOPLE[1:])]), ABOUT)


def test_which_token_opens_which_operation(world: World):
    rows = {door: [] for door in doors(world.app) if door.is_api}
    for held in TOKENS.values():
        client = world.client(None)
        secret = token_for(world.people[held[0]], *held[1:]) if held else ""
        for door, row in rows.items():
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            body = {"json": {}} if door.method in UNSAFE else {}
            row.append(ask(world, client, door, headers=headers, **body))
    agrees(FOLDER / "doors_api.txt", table(rows, [*TOKENS]), ABOUT_API)


def table(rows: dict[Door, list[str]], columns: list[str]) -> list[str]:
    head = [" " * 74 + "".join(f"{name[:7]:8}" for name in columns)]
    return head + [f"{d.name:74}" + "".join(f"{x:8}" for x in row) for d, row in rows.items()]


WRONG = (
    "00000000-0000-7000-8000-000000000000", "%00", "..%2f..%2fetc", "ORD-1'--%F0%9F%92%A9{{7*7}}",
    "9" * 3000,
)  # fmt: skip


def test_what_is_not_there_is_not_found(world: World):
    """Ids that nobody has, in every position of every address, for who may do everything."""
    client = world.client("administrator")
    secret = token_for(world.people["administrator"], "read", "write", "admin")
    token = form_token(client, "/account")
    for door in doors(world.app):
        for name in door.parameters:
            for wrong in WRONG if door.method == "GET" else WRONG[:3]:
                if wrong[0] == "0" and not name.endswith("_id"):
                    continue
                options = sending(door, secret, token)
                with world.undone():
                    path = address(door, world, **{name: wrong})
                    answer = client.open(path, method=door.method, **options)
                    told = answer.status_code
                    seen = f"{door.name} with {name}={wrong[:40]} answered {told}"
                    assert told < 500, seen
                    if wrong[0] == "0" and name not in {"target_id", "correlation_id"}:
                        assert told in {404, 400, 422, 428}, seen


def sending(door: Door, secret: str, token: str) -> dict[str, object]:
    if door.is_api:
        sent: dict[str, object] = {"headers": {"Authorization": f"Bearer {secret}"}}
        return sent | ({"json": {}} if door.method in UNSAFE else {})
    return {"data": {"csrf_token": token}} if door.method in UNSAFE else {}


def test_asking_with_safe_methods_changes_nothing(world: World):
    """HEAD and OPTIONS everywhere, GET where only POST is, and methods written in forms."""
    client = world.client("administrator")
    before = contents(world)
    posts = doors(world.app, "POST")
    gets = {door.rule for door in doors(world.app, "GET")}
    for door in doors(world.app):
        path = address(door, world)
        for method in ("HEAD", "OPTIONS"):
            with client.open(path, method=method) as answer:
                assert answer.status_code < 500 or not_ready(answer)
    for door in posts:
        if door.rule not in gets and not door.is_api:
            path = address(door, world)
            for disguise in ({}, {"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "POST"}):
                answer = client.get(f"{path}?_method=POST", headers=disguise)
                assert answer.status_code in {404, 405}, door.name
    after = contents(world)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"approval_views", "user_sessions"}


def test_another_company_is_not_there(world: World):
    """Each address of one company, asked by an administrator of another, holds nothing of it."""
    client = world.client("eve")
    names = [p.name for p in world.people.values() if p.company_id == world.company]
    secrets = [world.order[0], world.waiting[0], str(world.order[1]), "Heron", *names]
    for door in doors(world.app, "GET"):
        with world.undone():
            answer = client.get(address(door, world))
        told = answer.request.full_path  # who asks may hear again what was said
        betrayed = [word for word in secrets if word in answer.text and word not in told]
        assert betrayed == [], f"{door.name} shows {betrayed}"
