"""Records: what organisations work on, described by record types that are data.

Public verbs are in :mod:`wfweb.records.service` (records), :mod:`wfweb.records.talk`
(comments, files, links) and :mod:`wfweb.records.types` (record types); what happens is in
:mod:`wfweb.records.events`; reads are in :mod:`wfweb.records.queries`.
"""
