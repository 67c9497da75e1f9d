"""The mail catcher keeps what it accepts, and its pages show it without running it."""

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask

from wfweb.app import create_app
from wfweb.dev import maildrop
from wfweb.dev.environment import CHECKOUT
from wfweb.dev.supervisor import free_port
from wfweb.kernel.settings import load_settings


def letter(subject: str, *, to: str = "ada@wfweb.example", html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "approvals@wfweb.example", to, subject
    message.set_content(f"{subject}: see http://localhost/requests/APR-1\n")
    if html:
        message.add_alternative(html, subtype="html")
    return message


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def catcher(folder: Path) -> Iterator:
    """Start the catcher (again); answers a function that sends through it."""
    running: list[subprocess.Popen] = []
    port = free_port()

    def start() -> smtplib.SMTP:
        argv = [sys.executable, "-m", "wfweb.dev.mailcatcher", str(port), str(folder)]
        running.append(subprocess.Popen(argv, cwd=CHECKOUT))
        deadline = time.monotonic() + 10
        while True:
            try:
                return smtplib.SMTP("127.0.0.1", port, timeout=5)
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def stop() -> None:
        for process in running:
            process.terminate()
            assert process.wait(5) == 0
        running.clear()

    start.stop = stop
    yield start
    stop()


def test_mail_is_on_disk_when_it_is_accepted_and_survives_a_restart(catcher, folder):
    with catcher() as smtp:
        smtp.send_message(letter("First"))
        assert [mail.subject for mail in maildrop.newest_first(folder)] == ["First"]
    catcher.stop()
    with catcher() as smtp:
        smtp.send_message(letter("Second – žluťoučký", html="<p>Žluťoučký</p>"))
    assert [mail.subject for mail in maildrop.newest_first(folder)] == [
        "Second – žluťoučký",
        "First",
    ]


def test_who_gets_it_is_taken_from_the_envelope_not_the_headers(catcher, folder):
    with catcher() as smtp:
        smtp.send_message(letter("To many"), to_addrs=["rui@wfweb.example", "mia@wfweb.example"])
        smtp.send_message(letter("To one"))
    rui = maildrop.newest_first(folder, to="RUI@wfweb.example")
    assert [(mail.subject, mail.recipients) for mail in rui] == [
        ("To many", ("rui@wfweb.example", "mia@wfweb.example"))
    ]
    assert maildrop.newest_first(folder, to="rui") == rui, "a part of the address is enough"
    assert len(maildrop.newest_first(folder)) == 2
    assert len(maildrop.newest_first(folder, limit=1)) == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "x", "", "0" * 20, ".hidden"])
def test_only_names_the_catcher_gave_are_read(folder, name):
    folder.mkdir()
    assert maildrop.find(folder, name) is None


@pytest.fixture
def pages(app: Flask, folder: Path):
    folder.mkdir()
    settings = load_settings(mail_catcher_dir=str(folder))
    return create_app(settings).test_client()


def kept(folder: Path, message: EmailMessage, number: int) -> str:
    name = f"{1_700_000_000_000_000_000 + number:020d}-abcdef"
    (folder / f"{name}.eml").write_bytes(bytes(message))
    return name


def test_the_list_shows_newest_first_and_says_when_there_is_nothing(pages, folder):
    assert "No mail yet" in pages.get("/dev/mail/").text
    kept(folder, letter("Older"), 1)
    kept(folder, letter("Newer"), 2)
    text = pages.get("/dev/mail/").text
    assert text.index("Newer") < text.index("Older")
    assert "No mail to rui@" in pages.get("/dev/mail/?to=rui@wfweb.example").text


def test_a_message_shows_its_text_links_and_headers_escaped(pages, folder):
    name = kept(folder, letter("<script>alert(1)</script>", html="<b>Decide</b>"), 1)
    text = pages.get(f"/dev/mail/{name}").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert 'href="http://localhost/requests/APR-1"' in text
    assert f'src="/dev/mail/{name}/html"' in text


def test_the_html_part_runs_nothing_and_fetches_nothing(pages, folder):
    name = kept(folder, letter("Styled", html='<p style="color:red">Decide</p>'), 1)
    response = pages.get(f"/dev/mail/{name}/html")
    assert '<p style="color:red">Decide</p>' in response.text
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy


def test_a_message_that_does_not_exist_is_not_found(pages):
    assert pages.get(f"/dev/mail/{'1' * 20}-abcdef").status_code == 404


def test_without_a_mail_catcher_there_is_no_mail_page(app):
    assert [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/dev")] == []
