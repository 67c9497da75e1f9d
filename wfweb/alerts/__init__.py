"""Metrics, rules over them, and the alerts these raise.

One open alert a rule and record; a raised rule clears at its own limit, so that a value that
hovers raises once. Alerts are the truth and are always raised; cooldown, daily cap, silences
and storm folding decide only who is told and when.
"""
