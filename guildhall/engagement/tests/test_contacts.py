from datetime import timedelta

import pytest
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import AuditLine
from guildhall.engagement import actions
from guildhall.engagement.hooks import contact_recorded
from guildhall.engagement.models import Contact, NextStep
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def employer():
    return EmployerFactory()


@pytest.fixture
def coordinator(employer):
    return staff_of(employer.school)


def record(employer, by, **given):
    return actions.record_contact(
        employer, **{"kind": "call", "held_at": now(), "said": "They want to talk.", **given}, by=by, at=now()
    )


def test_a_contact_is_written_down_with_what_comes_next(employer, coordinator):
    boss = PositionFactory(employer=employer).person
    contact = record(employer, coordinator, people=[boss], next_what="Send the dates", next_due_on=localdate())
    employer.refresh_from_db()
    assert employer.last_contact_at == contact.held_at
    assert list(contact.people.all()) == [boss]
    step = employer.next_steps.get()
    assert (step.what, step.owner, step.contact, step.state) == ("Send the dates", coordinator, contact, NextStep.State.OPEN)


def test_an_older_contact_does_not_become_the_last_one(employer, coordinator):
    latest = record(employer, coordinator)
    record(employer, coordinator, held_at=now() - timedelta(days=30))
    employer.refresh_from_db()
    assert employer.last_contact_at == latest.held_at


def test_one_line_of_the_audit_names_who_did_what(employer, coordinator):
    contact = record(employer, coordinator)
    line = AuditLine.objects.get(action="engagement.record_contact")
    assert (line.actor_type, line.actor_id, line.thing_type, line.thing_id) == (
        "people.user",
        coordinator.pk,
        "engagement.contact",
        str(contact.pk),
    )


def test_a_stranger_may_not_write_in_the_book(employer):
    stranger = staff_of(OrganisationFactory())
    with pytest.raises(NotAllowed):
        record(employer, stranger)
    assert not Contact.objects.exists()
    assert not AuditLine.objects.filter(action="engagement.record_contact").exists()


def test_a_learner_of_the_school_may_not_write_in_the_book(employer):
    with pytest.raises(NotAllowed):
        record(employer, staff_of(employer.school, role=Role.LEARNER))


def test_a_contact_does_not_lie_in_the_future(employer, coordinator):
    with pytest.raises(Refused, match="future"):
        record(employer, coordinator, held_at=now() + timedelta(days=1))


def test_who_does_not_work_there_was_not_spoken_to(employer, coordinator):
    with pytest.raises(Refused, match="does not work at"):
        record(employer, coordinator, people=[PersonFactory(school=employer.school)])


def test_a_next_step_without_its_day_is_refused_and_nothing_is_kept(employer, coordinator):
    with pytest.raises(Refused, match="until when"):
        record(employer, coordinator, next_what="Call again")
    assert not Contact.objects.exists()


def test_a_contact_can_fulfil_a_next_step(employer, coordinator):
    step = NextStepFactory(employer=employer, owner=coordinator)
    record(employer, coordinator, closes=step)
    step.refresh_from_db()
    assert (step.state, step.closed_by) == (NextStep.State.DONE, coordinator)


def test_a_contact_fulfils_no_step_of_another_employer(employer, coordinator):
    step = NextStepFactory(employer=EmployerFactory(school=employer.school), owner=coordinator)
    with pytest.raises(Refused):
        record(employer, coordinator, closes=step)
    step.refresh_from_db()
    assert (step.state, employer.contacts.count()) == (NextStep.State.OPEN, 0)


def test_taking_a_contact_back_takes_its_open_steps_along_and_finds_the_one_before(employer, coordinator):
    earlier = record(employer, coordinator, held_at=now() - timedelta(days=30))
    mistaken = record(employer, coordinator, next_what="Call again", next_due_on=localdate())
    actions.remove_contact(mistaken, by=coordinator, at=now())
    employer.refresh_from_db()
    assert employer.last_contact_at == earlier.held_at
    assert not employer.next_steps.exists()


@pytest.fixture
def fulfilled(employer, coordinator):
    """A step that a contact fulfilled, out of which came another one."""
    step = NextStepFactory(employer=employer, owner=coordinator, what="Call again")
    contact = record(employer, coordinator, closes=step, next_what="Visit them", next_due_on=localdate())
    return step, contact


def test_taking_back_the_contact_that_fulfilled_a_step_opens_the_step_again(employer, coordinator, fulfilled):
    step, contact = fulfilled
    actions.remove_contact(contact, reopens=step, by=coordinator, at=now())
    assert employer.next_steps.get() == step
    step.refresh_from_db()
    assert step.state == NextStep.State.OPEN
    assert not Contact.objects.exists()


def test_a_contact_is_not_taken_back_when_what_came_next_is_done(employer, coordinator, fulfilled):
    step, contact = fulfilled
    actions.finish_step(employer.next_steps.open().get(), by=coordinator, at=now())
    with pytest.raises(Refused, match="“Visit them”, which came next, is closed by now"):
        actions.remove_contact(contact, reopens=step, by=coordinator, at=now())
    assert Contact.objects.get() == contact


def test_a_contact_is_not_taken_back_when_the_step_was_opened_and_closed_again_since(coordinator, fulfilled):
    step, contact = fulfilled
    step = actions.reopen_step(step, by=coordinator, at=now())
    with pytest.raises(Refused, match="Somebody has changed “Call again” since"):
        actions.remove_contact(contact, reopens=step, by=coordinator, at=now())
    step = actions.drop_step(step, word="They moved.", by=coordinator, at=now())
    with pytest.raises(Refused, match="Somebody has changed “Call again” since"):
        actions.remove_contact(contact, reopens=step, by=coordinator, at=now())
    assert Contact.objects.get() == contact


def test_a_contact_opens_no_step_of_another_employer(employer, coordinator, fulfilled):
    _step, contact = fulfilled
    elsewhere = EmployerFactory(school=employer.school)
    closed = {"state": NextStep.State.DONE, "closed_at": contact.recorded_at, "closed_by": coordinator}
    with pytest.raises(Refused):
        actions.remove_contact(
            contact, reopens=NextStepFactory(employer=elsewhere, owner=coordinator, **closed), by=coordinator, at=now()
        )


def test_a_colleague_may_not_correct_what_somebody_else_wrote(employer, coordinator):
    contact = ContactFactory(employer=employer, by=coordinator)
    teacher = staff_of(employer.school, role=Role.TEACHER)
    with pytest.raises(NotAllowed):
        actions.change_contact(contact, kind="visit", held_at=now(), said="No.", people=[], by=teacher, at=now())
    with pytest.raises(NotAllowed):
        actions.remove_contact(contact, by=teacher, at=now())


def test_correcting_the_day_of_a_contact_corrects_the_last_contact(employer, coordinator):
    contact = record(employer, coordinator)
    day = now() - timedelta(days=9)
    actions.change_contact(contact, kind="visit", held_at=day, said="It was a visit.", people=[], by=coordinator, at=now())
    employer.refresh_from_db()
    assert employer.last_contact_at == day


def test_others_hear_of_a_contact_once_it_is_kept(employer, coordinator, django_capture_on_commit_callbacks, monkeypatch):
    told = []
    monkeypatch.setattr(contact_recorded, "_tell", told.append)
    with django_capture_on_commit_callbacks(execute=True):
        contact = record(employer, coordinator)
    assert told == [{"contact": contact, "by": coordinator}]
