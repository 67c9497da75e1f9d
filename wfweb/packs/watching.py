"""Installing what is measured, which figures raise alerts, and what these lock."""

from wfweb.alerts import catalogue, rules_admin
from wfweb.locks import queries, types
from wfweb.packs.reading import Pack


def install_metrics(pack: Pack) -> int:
    """Install the metrics of a pack; return how many are new or changed."""
    before = {one.code: one.version for one in catalogue.metrics(inactive=True)}
    saved = [catalogue.save_metric(**metric) for metric in pack.metrics]
    return sum(before.get(one.code) != one.version for one in saved)


def install_lock_types(pack: Pack) -> int:
    """Install the kinds of locks of a pack; return how many are new or changed."""
    before = {one.code: one.version for one in queries.lock_types(inactive=True)}
    saved = [types.save_type(kind) for kind in pack.lock_types]
    return sum(before.get(one.code) != one.version for one in saved)


def install_alert_rules(pack: Pack) -> int:
    """Install the alert rules of a pack; return how many are new or changed."""
    before = {one.code: one.version for one in rules_admin.rules()}
    saved = [rules_admin.install_rule(body) for body in pack.alert_rules]
    return sum(before.get(one.code) != one.version for one in saved)
