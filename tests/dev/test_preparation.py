"""What was prepared is remembered for exactly this version and exactly this database."""

import os

import pytest

from wfweb.dev import preparation
from wfweb.dev.servers import EmbeddedServers


@pytest.fixture
def database(servers):
    name = f"wfweb_prepared_{os.getpid()}"
    yield lambda: servers.create(name, "template1")
    servers.drop(name)


def prepared(folder, url: str) -> bool:
    return preparation.is_prepared(folder, {"WFWEB_DATABASE_URL": url})


def test_what_was_prepared_is_remembered(tmp_path, database):
    url = database()
    assert not prepared(tmp_path, url)
    preparation.remember(tmp_path, url)
    assert prepared(tmp_path, url)


def test_another_version_prepares_again(tmp_path, database, monkeypatch):
    url = database()
    preparation.remember(tmp_path, url)
    monkeypatch.setattr(preparation, "fingerprint", lambda: "of another version")
    assert not prepared(tmp_path, url)


def test_a_new_database_of_the_same_name_is_prepared_again(tmp_path, database):
    preparation.remember(tmp_path, database())
    assert not prepared(tmp_path, database())


def test_an_interrupted_first_filling_is_known_until_it_succeeds(tmp_path, database):
    assert not preparation.was_interrupted(tmp_path)
    preparation.begin(tmp_path)
    assert preparation.was_interrupted(tmp_path)
    preparation.remember(tmp_path, database())
    assert not preparation.was_interrupted(tmp_path)


def test_starting_over_leaves_an_empty_database(data):
    import psycopg

    with EmbeddedServers(data, durable=False) as servers:
        where = f"host={servers.socket_dir} user=wfweb dbname=wfweb"
        with psycopg.connect(where) as connection:
            connection.execute("CREATE TABLE half_a_demo (one int)")
        servers.recreate_database()
        with psycopg.connect(where) as connection:
            found = connection.execute("SELECT to_regclass('half_a_demo')").fetchone()
    assert found == (None,)
