"""Governance locks: what is blocked on a record, why, until when, and who can end it.

A critical alert locks named actions of its record in the transaction of the metric that caused
it. The rows and their rules live in the database (``migrations/sql/locks_*.sql``): seven
functions that any client may call, triggers that keep history, flag and duration true, and a
trigger on the steps of workflows that refuses what a lock blocks whoever writes it.

Verbs, in :mod:`wfweb.locks.service`: ``lock_for_alerts``, ``lock_for_alert``, ``release`` (by the
step of a release workflow, see :mod:`wfweb.locks.actions`), ``override``, ``accept_risk``,
``renew``, ``ask_for_release``, ``expire``. Kinds of locks: :mod:`wfweb.locks.types`.

The guard, :mod:`wfweb.locks.guard`: ``check`` answers, ``require`` lets an act through and keeps
locks away until it is committed. Permits for those who act elsewhere: :mod:`wfweb.locks.permits`.

Reads, in :mod:`wfweb.locks.queries`: ``dashboard``, ``counts``, ``of_record``, ``detail``,
``history``, ``summary``, ``who_can_release``, ``lock_types``.
"""
