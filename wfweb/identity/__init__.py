"""Who people are and what they may do: accounts, roles, sessions, tokens.

Verbs in ``service``, reads in ``queries``, view guards in ``access``, all permissions on one
page in ``permissions``.
"""
