"""The application for any WSGI server: ``gunicorn wsgi:app``."""

from wfweb.app import create_app

app = create_app()
