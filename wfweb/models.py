"""Every table of the application, for migrations and checks.

Importing this module fills ``Base.metadata``; add a line when a feature gets tables.
"""

import wfweb.alerts.models
import wfweb.approvals.models
import wfweb.audit.models
import wfweb.calendars.models
import wfweb.events.models
import wfweb.identity.models
import wfweb.kernel.api.models
import wfweb.kernel.tenancy
import wfweb.locks.models
import wfweb.notifications.models
import wfweb.records.models
import wfweb.sla.models
import wfweb.tasks.models
import wfweb.webhooks.models
import wfweb.workflow.models
from wfweb.kernel.db import Base

METADATA = Base.metadata
