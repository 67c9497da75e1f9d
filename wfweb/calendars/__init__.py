"""Business calendars: working hours, holidays and exact arithmetic on working time.

``rules`` is the pure part: a calendar is compiled from its body once and then answers what is
open, what comes next and how much working time lies between two instants. ``receipts`` keeps,
for one due time, everything it depends on, so that it can be recomputed after any later edit.
docs/business-time.md says what every case means.
"""
