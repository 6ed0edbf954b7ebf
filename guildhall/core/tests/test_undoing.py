"""What was done is taken back from the last to the first, or not at all."""

import json

import pytest
from django.db import transaction
from django.utils.timezone import now

from guildhall.core.actions import action
from guildhall.core.errors import Refused
from guildhall.core.models import AuditLine, Change, Schedule
from guildhall.core.undoing import Deeds

pytestmark = pytest.mark.django_db


def a_line(name="core.something"):
    return AuditLine.objects.create(at=now(), action=name)


def a_change(line, field="name"):
    return Change.objects.create(line=line, thing_type="core.thing", thing_id="1", field=field)


@action
def do(what, *, by):
    deeds = Deeds()
    what(deeds)
    return deeds.kept


@action
def take_back(kept, *, by):
    Deeds(kept).take_back()


def rows(model):
    return list(model.objects.order_by("pk").values())


def test_what_points_to_one_thing_points_to_another_and_back_again():
    gone, kept = a_line(), a_line()
    theirs, ours = a_change(gone), a_change(kept)
    before = rows(AuditLine), rows(Change)

    def fold(deeds):
        deeds.lead_elsewhere(gone, kept)
        deeds.remove(gone)

    deeds = do(fold, by=None)
    assert set(kept.changes.all()) == {theirs, ours}
    assert not AuditLine.objects.filter(pk=gone.pk).exists()
    take_back(deeds, by=None)
    numbers = [row["id"] for row in before[0]]
    assert [row for row in rows(AuditLine) if row["id"] in numbers] == before[0]
    assert rows(Change) == before[1]


def test_what_was_changed_again_since_is_not_taken_back():
    schedule = Schedule.objects.create(task="core.sweep", timing="daily at 03:10", next_at=now())
    deeds = do(lambda deeds: deeds.change(schedule, timing="every 1 hours"), by=None)
    Schedule.objects.update(timing="every 2 hours")
    with transaction.atomic(), pytest.raises(Refused, match=r"“Timing” of core\.sweep every 2 hours was changed since"):
        take_back(deeds, by=None)
    Schedule.objects.update(timing="every 1 hours")
    take_back(deeds, by=None)
    assert Schedule.objects.get().timing == "daily at 03:10"


def test_a_part_of_something_removed_since_does_not_come_back():
    line = a_line()
    change = a_change(line)
    deeds = do(lambda deeds: deeds.remove(change), by=None)
    line.delete()
    take_back(deeds, by=None)
    assert not Change.objects.filter(pk=change.pk).exists()


def test_what_was_moved_elsewhere_since_is_not_taken_back():
    one, two, three = a_line(), a_line(), a_line()
    change = a_change(one)
    deeds = do(lambda deeds: deeds.lead_elsewhere(one, two), by=None)
    Change.objects.filter(pk=change.pk).update(line=three)
    with transaction.atomic(), pytest.raises(Refused, match="belongs to somebody else by now"):
        take_back(deeds, by=None)


def test_what_was_added_goes_again():
    deeds = do(lambda deeds: deeds.add(Schedule(task="core.sweep", timing="every 1 hours", next_at=now())), by=None)
    take_back(deeds, by=None)
    assert not Schedule.objects.exists()


def test_what_was_done_outlives_being_written_down():
    line = a_line()
    kept = json.loads(json.dumps(do(lambda deeds: deeds.remove(line), by=None)))
    take_back(kept, by=None)
    assert AuditLine.objects.get(pk=line.pk).at == line.at, "to the microsecond"
