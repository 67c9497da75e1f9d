"""The business calendars that come with a pack."""

from collections.abc import Mapping
from typing import Any

from wfweb.calendars import queries, service
from wfweb.kernel.errors import NotFound


def install_calendar(content: Mapping[str, Any], pack_name: str) -> bool:
    """Publish a pack's calendar; tell whether something changed.

    Hours and holidays are a company's own once it has published a version of its own: then the
    pack changes nothing any more. ``default: true`` makes the calendar the default of a company
    that has none.

    :raises CalendarProblem: for a body that is wrong.
    """
    code, comment = content["code"], f"Installed with the pack {pack_name}"
    if not _wanted(code, content["body"], comment):
        return False
    service.save_calendar(
        code, content["body"], name=content["name"], description=content["description"]
    )
    service.publish(code, effective_from=content.get("effective_from"), comment=comment)
    if content.get("default") and queries.current() is queries.ALWAYS:
        service.set_default(code)
    return True


def _wanted(code: str, body: Mapping[str, Any], comment: str) -> bool:
    try:
        versions = queries.versions_of(queries.find_calendar(code))
    except NotFound:
        return True
    return not versions or (versions[0].comment == comment and versions[0].body != body)
