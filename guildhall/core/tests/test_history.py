from datetime import timedelta

import pytest
from django.utils.timezone import now

from guildhall.core.actions import action
from guildhall.core.errors import Refused
from guildhall.core.history import as_kept, change, forget, last_changes, noted, value_of
from guildhall.core.models import AuditLine, Change, Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned():
    return Schedule.objects.create(task="sweep", timing="daily", next_at=now())


@action
def rename(schedule: Schedule, *, timing: str, by: None) -> Schedule:
    change(schedule, timing=timing)
    return schedule


@action
def rename_or_not(schedule: Schedule, *, timing: str, by: None) -> Schedule:
    rename(schedule, timing=timing, by=by)
    raise Refused("Not now.")


def test_a_change_is_kept_with_who_did_it_and_what_was_before(planned):
    rename(planned, timing="weekly", by=None)
    kept = Change.objects.of(planned).get()
    assert (kept.field, kept.before, kept.after) == ("timing", "daily", "weekly")
    assert kept.line.action == "core.rename"


def test_what_stays_as_it_was_is_neither_saved_nor_kept(planned, django_assert_num_queries):
    with django_assert_num_queries(3):  # the line of the audit, and the savepoint of the test's own transaction
        rename(planned, timing="daily", by=None)
    assert not Change.objects.exists()


def test_what_is_refused_has_no_history(planned):
    with pytest.raises(Refused):
        rename_or_not(planned, timing="weekly", by=None)
    assert not Change.objects.exists()
    assert not AuditLine.objects.filter(action__startswith="core.").exists()


def test_nothing_is_changed_outside_an_action(planned):
    with pytest.raises(RuntimeError):
        change(planned, timing="weekly")


def test_what_was_kept_can_be_put_back(planned):
    moment = planned.next_at
    move_on(planned, by=None)
    kept = Change.objects.of(planned).get()
    assert value_of(Schedule, "next_at", kept.before) == moment
    assert value_of(Schedule, "last_at", None) is None


@action
def move_on(schedule: Schedule, *, by: None) -> Schedule:
    before = {"next_at": as_kept(schedule, "next_at"), "timing": as_kept(schedule, "timing")}
    schedule.next_at += timedelta(days=1)
    schedule.save()
    noted(schedule, before)
    return schedule


def test_the_last_change_of_each_field_is_the_one_that_counts(planned):
    rename(planned, timing="weekly", by=None)
    rename(planned, timing="monthly", by=None)
    assert last_changes([planned])["timing"].before == "weekly"


def test_what_must_be_forgotten_leaves_nothing(planned):
    rename(planned, timing="weekly", by=None)
    forget(Schedule, [planned.pk])
    assert not Change.objects.exists()
