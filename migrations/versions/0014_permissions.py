"""Who of existing companies may do what came with deadlines, alerts, locks, webhooks and tasks.

New companies get these with their default roles; in a company that exists, a role gets a new
permission when it holds a comparable one.
"""

from migrations.helpers import add_permission

revision = "0014_permissions"
down_revision = "0013_tasks"
branch_labels = None
depends_on = None

LIKE = {
    "sla.view": "workflows.view",
    "sla.pause": "operations.retry",
    "sla.edit": "matrices.edit",
    "alerts.view": "workflows.view",
    "alerts.act": "operations.retry",
    "alerts.manage": "matrices.edit",
    "metrics.write": "operations.retry",
    "locks.view": "workflows.view",
    "locks.manage": "matrices.edit",
    "locks.override": "roles.manage",
    "webhooks.manage": "roles.manage",
    "tasks.manage": "roles.manage",
}


def upgrade() -> None:
    for code, like in LIKE.items():
        add_permission(code, like)


def downgrade() -> None:
    """Roles keep their permissions: nobody asks for one that is not known."""
