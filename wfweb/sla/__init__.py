"""Service levels: promises about time, the clocks that keep them, and what follows from them.

A *definition* says how long something may take; its versions never change and a clock keeps
the version it began with. A *clock* is one promise about one subject (a record, a request, a
level of one). Its ledger of running and paused stretches is the truth from which elapsed and
remaining time, due time, level and receipt are computed by :mod:`wfweb.sla.rules`. Instants are
kept in whole seconds, so every figure is exact.

Where things are:

definitions
    ``body`` (what one says), ``checking`` (whether it may be saved), ``definitions`` (saving,
    switching), ``trying`` (one on a told story), ``wording`` (in sentences), ``pinning`` (the
    calendar that counts).
subjects
    ``subjects`` (the registry), ``subject_kinds``, ``record_subject``.
clocks
    ``ledger`` and ``rules`` (pure), ``clocks`` (one as the verbs hold it), ``loading``,
    ``judging`` (what the definition says now), ``beginning``, ``telling`` (writing what happened),
    ``receipts``.
what moves them
    a change of the subject: ``reactions`` and ``service``; time: ``sweeping``, then ``jobs`` for
    what a level wants done; people: ``by_hand``.
reading them
    ``board``, ``cards`` and ``countdown``; ``reports``, ``spent`` and ``plots``; ``forecast`` and
    ``foretelling``.
"""
