"""A scene that is made once for a file of tests and changed back after each.

Making a company at work takes longer than most tests do. Nothing of it is ever committed: the
scene stands in one transaction, each test works in a savepoint of that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import Flask
from sqlalchemy import Connection

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


@contextmanager
def _bound(connection: Connection) -> Iterator[None]:
    db.session.configure(bind=connection)
    try:
        yield
    finally:
        db.session.remove()
        db.session.configure(bind=None)
