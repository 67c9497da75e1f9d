"""``create_app``: settings, extensions, error map, blueprint table, wiring."""

from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, Flask
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from wfweb import models, wiring
from wfweb.home import frame
from wfweb.identity import access
from wfweb.kernel import assets, formats, problem, security, slots, web
from wfweb.kernel.api import ApiBlueprint
from wfweb.kernel.application import Application
from wfweb.kernel.db import become_application_role, connect_options, db
from wfweb.kernel.logging import configure_logging
from wfweb.kernel.settings import Settings, get_settings

ROOT = Path(__file__).parent.parent
csrf = CSRFProtect()

__all__ = ["create_app", "csrf", "models"]


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application that web, workers, timers and command line share.

    :raises SettingsError: when the environment is not complete.
    """
    settings = settings or get_settings()
    configure_logging(settings.log_level, pretty=settings.environment == "development")
    app = Application(
        "wfweb",
        template_folder=str(ROOT / "templates"),
        static_folder=None,
    )
    _configure(app, settings)
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"))
    with app.app_context():
        become_application_role(db.engine)
    access.register(app)  # first, so that whatever is refused later is refused to somebody
    csrf.init_app(app)
    for part in (formats, problem, security, frame):
        part.register(app)
    assets.register(app)
    app.jinja_env.globals.update(slot=slots.slot, dom_id=web.dom_id, is_htmx=web.is_htmx)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    wiring.connect(app)
    for blueprint in blueprints(settings):
        app.register_blueprint(blueprint)
    for operations in api_blueprints():
        csrf.exempt(operations)
        app.register_blueprint(operations)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    secure = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.pool_size,
            "max_overflow": settings.pool_size,
            "pool_timeout": 2,
            "pool_pre_ping": True,
            "connect_args": {"options": connect_options(settings.statement_timeout_seconds)},
        },
        SESSION_COOKIE_NAME="__Host-wfweb_form" if secure else "wfweb_form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=settings.upload_limit_bytes,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        WFWEB=settings,
    )


def blueprints(settings: Settings) -> Sequence[Blueprint]:
    """Return every blueprint: the table of everything that has an address."""
    from wfweb.alerts.views import bp as alerts
    from wfweb.approvals.views import bp as approvals
    from wfweb.audit.views import bp as audit
    from wfweb.calendars.views import bp as calendars
    from wfweb.home.openapi import bp as api_docs
    from wfweb.home.operations import bp as operations
    from wfweb.home.views import bp as home
    from wfweb.identity.views import bp as identity
    from wfweb.locks.views import bp as locks
    from wfweb.notifications.preference_views import bp as notification_settings
    from wfweb.notifications.views import bp as notifications
    from wfweb.records.views import bp as records
    from wfweb.sla.views import bp as sla
    from wfweb.tasks.views import bp as tasks
    from wfweb.webhooks.views import bp as webhooks
    from wfweb.workflow.views import bp as workflow

    table: list[Blueprint] = [home, operations, identity, notifications, audit, records, workflow]
    table += [approvals, tasks, webhooks, sla]
    table += [alerts, locks, calendars, notification_settings]
    table.append(api_docs)
    if settings.mail_catcher_dir:
        from wfweb.dev.views import bp as dev_mail

        table.append(dev_mail)
    return table


def api_blueprints() -> Sequence[ApiBlueprint]:
    """Return the operations of every feature; they read tokens, never cookies, so no form token."""
    from wfweb.alerts.api import bp as alerts
    from wfweb.alerts.api_hooks import bp as hooks
    from wfweb.alerts.api_metrics import bp as metrics
    from wfweb.alerts.api_rules import bp as alert_rules
    from wfweb.approvals import api_acts, api_decisions  # noqa: F401 - add to the approvals
    from wfweb.approvals.api import bp as approvals
    from wfweb.approvals.api_matrices import bp as matrices
    from wfweb.audit.api import bp as audit
    from wfweb.calendars import api_evaluate  # noqa: F401 - adds to the calendars
    from wfweb.calendars.api import bp as calendars
    from wfweb.identity import api_roles  # noqa: F401 - adds to people
    from wfweb.identity.api import bp as identity
    from wfweb.locks import api as _locks  # noqa: F401 - adds to the checks
    from wfweb.locks.api_checks import bp as locks
    from wfweb.notifications.api import bp as notifications
    from wfweb.records import api_talk  # noqa: F401 - adds to the records
    from wfweb.records.api import bp as records
    from wfweb.records.api_conditions import bp as conditions
    from wfweb.records.api_types import bp as record_types
    from wfweb.sla import api_clocks  # noqa: F401 - adds to the deadlines
    from wfweb.sla.api import bp as deadlines
    from wfweb.tasks.api import bp as tasks
    from wfweb.webhooks.api import bp as webhooks
    from wfweb.workflow import api_versions  # noqa: F401 - adds to the workflows
    from wfweb.workflow.api import bp as workflows
    from wfweb.workflow.api_instances import bp as instances

    measured = [alerts, alert_rules, metrics, hooks]
    tables = [record_types, workflows, matrices, calendars, deadlines]
    others = [conditions, audit, webhooks, tasks, locks, notifications, *measured]
    return [identity, records, instances, approvals, *tables, *others]
