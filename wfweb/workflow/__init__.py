"""The engine: definitions with versions, instances that run on one of them, and history.

Verbs of instances are in :mod:`wfweb.workflow.service` (start, fire, continue after an
approval, cancel, retry), verbs of definitions in :mod:`wfweb.workflow.definitions` (save a
draft, publish, retire, import, export); what happens is in :mod:`wfweb.workflow.events`.
"""
