"""A scene that is made once for a file of tests and changed back after each.

Making a company at work takes longer than most tests do. Nothing of it is ever committed: the
scene stands in one transaction, each test works in a savepoint of that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest
from flask import Flask
from sqlalchemy import Connection

from wfweb.alerts import compiled, watching
from wfweb.kernel.db import db

T = TypeVar("T")


@dataclass(frozen=True)
class Stage(Generic[T]):
    """What was made, and the connection that alone sees it."""

    app: Flask
    scene: T
    connection: Connection

    @contextmanager
    def undone(self) -> Iterator[T]:
        """Let a test change the scene; take back what it did."""
        with self.app.app_context(), _bound(self.connection):
            point = self.connection.begin_nested()
            try:
                yield self.scene
            finally:
                db.session.remove()
                point.rollback()
                _forget()


@contextmanager
def staged(app: Flask, make: Callable[[], T]) -> Iterator[Stage[T]]:
    """Make a scene; everything is gone at the end."""
    with app.app_context():
        connection = db.engine.connect()
    outer = connection.begin()
    try:
        with app.app_context(), _bound(connection):
            scene = make()
        yield Stage(app, scene, connection)
    finally:
        outer.rollback()
        connection.close()


def shared(make: Callable[[], T]) -> tuple[Any, Any, Any]:
    """Return the fixtures ``stage``, ``rollback`` and the scene, for a file that says so.

    Only for files all of whose tests want the same scene: ``rollback`` goes back to it, not to
    nothing. Tests with threads need a database of their own instead.
    """

    @pytest.fixture(scope="module")
    def stage(app: Flask) -> Iterator[Stage[T]]:
        with staged(app, make) as made:
            yield made

    @pytest.fixture
    def rollback(stage: Stage[T]) -> Iterator[None]:
        with stage.undone():
            yield

    @pytest.fixture
    def scene(stage: Stage[T], rollback: None) -> T:
        return stage.scene

    return stage, rollback, scene


def _forget() -> None:
    """Drop what the process remembers of rows by id and version: they were changed back."""
    watching.forget_watched()
    compiled._cache.clear()


@contextmanager
def _bound(connection: Connection) -> Iterator[None]:
    db.session.configure(bind=connection)
    try:
        yield
    finally:
        db.session.remove()
        db.session.configure(bind=None)
