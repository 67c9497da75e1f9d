"""Races with real threads and real commits."""

import threading
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import make_company
from tests.people import PASSWORD, add_person, make_people
from wfweb.identity import doors, queries, rules, service
from wfweb.identity.errors import LastAdministrator
from wfweb.identity.models import User, UserSession
from wfweb.kernel.db import attempt, session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, Gone, ValidationFailed

pytestmark = pytest.mark.committed


def together(app: Flask, *acts):
    """Run acts at the same moment, each in a thread; return results or exceptions, in order."""
    gate = threading.Barrier(len(acts))
    outcomes: list[object] = [None] * len(acts)

    def run(index, act):
        with app.app_context():
            gate.wait(10)
            try:
                outcomes[index] = act()
            except Exception as error:  # noqa: BLE001 - the outcome is what is asked for
                outcomes[index] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


@pytest.fixture
def people(committed_app):
    return make_people(make_company())


def roles_of(user_id: UUID):
    with transaction(system=True):
        user = session().get(User, user_id, populate_existing=True)
        version = user.version
    with transaction(company_id=user.company_id):
        return {role.code for role in queries.roles_of([user_id])[user_id]}, version


def test_two_tabs_change_roles_one_wins_and_the_other_is_told(committed_app, people):
    def give(*codes):
        def act():
            with transaction(actor=people.alma.actor):
                service.set_roles(people.rui.id, codes, version=1)
            return set(codes)

        return act

    outcomes = together(committed_app, give("member", "operator"), give("member", "auditor"))
    won = [outcome for outcome in outcomes if isinstance(outcome, set)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert len(won) == len(lost) == 1
    assert (lost[0].current_version, lost[0].your_version) == (2, 1)
    assert roles_of(people.rui.id) == (won[0], 2)


def test_two_administrators_who_close_each_other_leave_one(committed_app, people):
    second = add_person(people.ada.company_id, "bo@kestrel.example", "Bo Second", "administrator")

    def close(actor, victim):
        def act():
            with transaction(actor=actor.actor):
                service.deactivate_user(victim.id, version=None)

        return act

    outcomes = together(committed_app, close(people.alma, second), close(second, people.alma))
    assert sorted(type(outcome) for outcome in outcomes if outcome) == [LastAdministrator]
    with transaction(company_id=people.ada.company_id):
        active = queries.users_with_permission("roles.manage")
    assert len(active) == 1


def test_two_edits_do_not_close_a_circle_of_managers(committed_app, people):
    def under(person, manager):
        def act():
            with transaction(actor=people.alma.actor):
                service.update_user(person.id, {"manager_id": manager.id}, version=1)

        return act

    outcomes = together(
        committed_app, under(people.ada, people.cleo), under(people.cleo, people.ada)
    )
    assert [type(outcome) for outcome in outcomes if outcome] == [ValidationFailed]
    with transaction(company_id=people.ada.company_id):
        managers = queries.managers()
    assert (people.ada.id in managers) != (people.cleo.id in managers)


def test_a_hundred_guesses_at_once_are_counted_guesses(committed_app, people):
    def guess():
        return doors.sign_in(people.rui.email, "wrong-wrong", "10.0.0.1")

    looked_at = 0
    for _ in range(2):
        outcomes = together(committed_app, *[guess] * 12)
        assert all(outcome.session is None for outcome in outcomes)
        looked_at += sum(1 for outcome in outcomes if not outcome.wait_seconds)
    assert looked_at == rules.ACCOUNT_ATTEMPTS
    assert doors.sign_in(people.rui.email, PASSWORD, "10.0.0.1").session is None


def test_many_tabs_sign_in_at_once_and_all_get_a_session_of_their_own(committed_app, people):
    def enter():
        return attempt(lambda: doors.sign_in(people.rui.email, PASSWORD, "10.0.0.2"))

    outcomes = together(committed_app, *[enter] * 8)
    tokens = {outcome.session.token for outcome in outcomes}
    assert len(tokens) == 8
    with transaction(system=True):
        count = select(func.count()).where(UserSession.user_id == people.rui.id)
        assert session().scalar(count) == 8


def test_a_link_used_in_two_tabs_works_in_one(committed_app, people):
    with transaction(company_id=people.rui.company_id):
        _user, code = service.start_reset(people.rui.id)

    def use(password):
        return lambda: doors.reset_password(code, password)

    outcomes = together(committed_app, use("first-good-password"), use("second-good-password"))
    assert [type(outcome) for outcome in outcomes if outcome] == [Gone]
    winner = ["first-good-password", "second-good-password"][
        next(index for index, outcome in enumerate(outcomes) if outcome is None)
    ]
    assert doors.sign_in(people.rui.email, winner, "10.0.0.3").session is not None


def test_roles_taken_while_acting_count_for_the_next_act(committed_app, people):
    def rename():
        with transaction(actor=people.alma.actor):
            service.create_role("late", "Late")

    def take():
        with transaction(company_id=people.ada.company_id):
            service.set_roles(people.rui.id, ["auditor"], version=None)

    assert together(committed_app, rename, take) == [None, None]
    from wfweb.identity import access

    with pytest.raises(Forbidden), transaction(actor=access.actor_for(people.rui.id)):
        service.create_role("mine", "Mine")
