"""Trying a definition on one's own past: an event log runs through the engine's verbs.

Everything is on (row-level security, conditions, history, audit, outbox) in a trial company
that is rolled back at the end; nothing is ever sent.
"""
