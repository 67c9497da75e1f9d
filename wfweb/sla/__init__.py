"""Service levels: promises about time, the clocks that keep them, and what follows from them.

A *definition* says how long something may take; its versions never change and a clock keeps
the version it began with. A *clock* is one promise about one subject (a record, a request, a
level of one). Its ledger of running and paused stretches is the truth from which elapsed and
remaining time, due time, level and receipt are computed by :mod:`wfweb.sla.rules`. Instants are
kept in whole seconds, so every figure is exact.
"""
