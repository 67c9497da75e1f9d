"""Approvals: who is asked, what exactly, how answers count, and what follows from them.

Verbs (all inside ``transaction()``; they act as ``current_actor()`` and raise refusals of
``kernel.errors``), in :mod:`wfweb.approvals.service`:

``decide(target_id, decision, *, digest, reason_code=None, comment="", idempotency_key=None)``
    The one verb. ``target_id`` is a request or, better, an assignment; ``decision`` is
    ``approve``, ``reject`` or ``send_back``. Returns an :class:`Outcome`. Raises ``Stale``
    (``difference``, ``current_digest``: post again with it to say "still yes"),
    ``AlreadyDecided``, ``Forbidden``, ``ValidationFailed`` (``/reason_code``, ``/comment``).
``decide_many(target_ids, decision, *, digests, reason_code=None, comment="",
rollback_on_error=False)``
    The same for up to 1000 in one transaction; returns one :class:`ItemResult` each.
``withdraw(request_id, *, comment="")``, ``resubmit(request_id) -> UUID``
    Requester: take it back; ask again (a new round under the same key).
``delegate(assignment_id, to_user_id, *, comment="")``
    Holder of a seat: let somebody else decide for you.
``reassign(assignment_id, to_user_id, *, comment="")``, ``add_approver(request_id, user_id, *,
comment="")``, ``re_resolve(request_id)``, ``escalate(request_id, reason=)``
    Permission ``approvals.reassign``: repair a request, above all one at risk.
``ask(request_id, question) -> UUID``
    Ask the requester; returns the comment's id. ``mark_seen(request_id) -> Seen``
    remembers what the actor was shown and answers what changed since the last time.
``save_matrix(code, body, ...)``, ``publish_matrix(code, ...)``, ``retire_matrix(code)``
    Matrices, in :mod:`wfweb.approvals.matrices`.

Reads in :mod:`wfweb.approvals.queries`:

``waiting_for(user_id, filters=Filters(), *, after=None, limit=50) -> Page``
    THE query of who can act now; also ``decided_by``, ``waiting_on_others``, ``my_requests``.
``counts(user_id) -> Counts``, ``version_for(user_id) -> int``
    Numbers on the tabs; a cheap number that changes when there is news (204 polls).
``request_page(key, round=None) -> RequestPage``
    Everything on the request's page: chain, seats, decisions, rounds, facts, what the
    current actor may do. ``explanation(request_id)`` says why this rule, why these people.

Events in :mod:`wfweb.approvals.events`. What happens here to other features' events is in
:mod:`wfweb.approvals.reactions`.
"""
