"""What the owner of the token is told, and when."""

from wfweb.kernel.api import ApiBlueprint, endpoint
from wfweb.notifications import preferences
from wfweb.notifications.preferences import Mine
from wfweb.notifications.schemas import PreferencesIn, PreferencesOut, body_of

bp = ApiBlueprint(
    "notifications",
    __name__,
    title="Notifications",
    about="What people are told, by which channel, at once or collected.",
)
ADDRESS = "/me/notification-preferences"


def _shown(mine: Mine) -> PreferencesOut:
    values = {**body_of(mine.wishes), "time_zone": mine.zone, "version": mine.version}
    return PreferencesOut.model_validate(values)


@endpoint(
    bp,
    "GET",
    ADDRESS,
    response=PreferencesOut,
    summary="Show what you are told and when",
)
def get_notification_preferences() -> PreferencesOut:
    """Return the choices of the token's owner; every group and channel is named."""
    return _shown(preferences.mine())


@endpoint(
    bp,
    "PUT",
    ADDRESS,
    request=PreferencesIn,
    response=PreferencesOut,
    versioned=True,
    summary="Choose what you are told and when",
)
def put_notification_preferences(body: PreferencesIn, version: int) -> PreferencesOut:
    """Replace all choices. What waits already leaves by the new ones; nothing is dropped."""
    return _shown(preferences.save(body.wishes(), version=version))
