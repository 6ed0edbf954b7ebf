import pytest
from django.utils.timezone import localdate, now

from guildhall.engagement import actions
from guildhall.engagement.tests.factories import EmployerFactory, staff_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def employer():
    return EmployerFactory()


@pytest.fixture
def record(employer, django_capture_on_commit_callbacks):
    def record(**given):
        with django_capture_on_commit_callbacks(execute=True):
            actions.record_contact(employer, **{"held_at": now(), **given}, by=staff_of(employer.school), at=now())

    return record


def test_a_visit_is_followed_by_thanks(employer, record):
    record(kind="visit")
    assert employer.next_steps.get().what == "Say thank you for the visit"


def test_a_call_is_not(employer, record):
    record(kind="call")
    assert not employer.next_steps.exists()


def test_what_is_planned_already_is_enough(employer, record):
    record(kind="visit", next_what="Send the agreement", next_due_on=localdate())
    assert employer.next_steps.count() == 1
