"""Metrics, rules over them, and the alerts these raise.

One open alert a rule and record; a raised rule clears at its own limit, so that a value that
hovers raises once. Alerts are the truth and are always raised; cooldown, daily cap, silences
and storm folding decide only who is told and when.

Where things are:

metrics
    ``catalogue`` (what is measured), ``reading`` and ``metrics`` (judging and taking readings in),
    ``table`` and ``importing`` (from a pasted table), ``hooks`` (from a signed message),
    ``history`` (reading them back).
rules
    ``body`` (what a rule says), ``checks`` (whether it may be saved), ``rules_admin`` (saving it),
    ``compiled`` (ready to be evaluated), ``preview`` (what it would do now).
when a rule is asked
    readings: ``metrics``; events and service levels: ``happening``, with ``watching`` and
    ``lateness``; a schedule: ``scheduling``. All end in ``evaluating``, which fetches
    ``figures`` of ``subjects``, decides by ``rules`` and says what moves.
what becomes of it
    ``raising`` and ``writing`` (alerts and states), ``announcing`` (events and audit), ``telling``,
    ``storm``, ``recipients`` and ``wording`` (messages), ``moments`` and ``lapsing`` (escalation,
    reminders, late telling, expiry).
what people do
    ``service`` (an alert) and ``silencing``.
"""
