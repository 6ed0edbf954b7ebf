"""What is shared of employers that came into the book by an import, when that is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import now

from guildhall.core import tasks
from guildhall.engagement import actions
from guildhall.engagement.actions import imports
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import CommonEmployer, ConsortiumMember, Employer, ImportedThing, SharedEmployer
from guildhall.engagement.tests.factories import ConsortiumMemberFactory, staff_of
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
LIST = "Firma;Straße;PLZ;Ort\nNordwind GmbH;Werftstr. 5;24143;Kiel\nOstwind GmbH;Ostweg 3;24143;Kiel\n"
AT = now()


@pytest.fixture
def school():
    return ConsortiumMemberFactory(school=OrganisationFactory(country="DE")).school


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def brought(school, coordinator):
    upload = SimpleUploadedFile("list.csv", LIST.encode())
    seen = look_over(upload, country=school.country)
    understood = {"reading": seen.reading, "mapping": seen.mapping, "country": seen.country}
    brought = imports.bring_list(school, upload=upload, file_name="list.csv", by=coordinator, at=AT, **understood)
    brought = imports.begin_import(brought, by=coordinator, at=AT)
    tasks.run_waiting()
    brought.refresh_from_db()
    Employer.objects.update(last_contact_at=AT - timedelta(days=1))  # as if the list had told of it
    return brought


def named(school, name):
    return Employer.objects.get(school=school, organisation__name__startswith=name)


def share(employer, by):
    (consortium,) = (member.consortium for member in ConsortiumMember.objects.filter(school=employer.school))
    return actions.share_employer(employer, consortium=consortium, by=by, at=AT)


def take_back(brought, by):
    actions.take_back_import(brought, by=by, at=AT)
    tasks.run_waiting()


def test_what_other_schools_are_told_of_stays_and_says_why(brought, school, coordinator):
    share(named(school, "Nordwind"), coordinator)
    take_back(brought, coordinator)
    assert Employer.objects.get(school=school).shares.exists()
    stays = brought.things.get(kind=ImportedThing.Kind.EMPLOYER, outcome=ImportedThing.Outcome.TOLD)
    assert stays.get_outcome_display() == "Other schools are told that you talk to it."


def test_what_was_switched_off_again_goes_with_the_rest_and_leaves_nothing(brought, school, coordinator):
    shared = share(named(school, "Nordwind"), coordinator)
    other = ConsortiumMemberFactory(consortium=shared.consortium).school
    by = staff_of(other)
    place = {"street": "Werftstr. 5", "postal_code": "24143", "town": "Kiel"}
    theirs = actions.add_employer(other, name="Nordwind GmbH", country="DE", site=place, by=by, at=AT)
    actions.record_contact(theirs, kind="call", held_at=AT - timedelta(days=3), by=by, at=AT)
    actions.share_employer(theirs, consortium=shared.consortium, by=by, at=AT)
    assert CommonEmployer.objects.count() == 2
    actions.unshare_employer(named(school, "Nordwind"), consortium=shared.consortium, by=coordinator, at=AT)
    take_back(brought, coordinator)
    assert not Employer.objects.filter(school=school).exists()
    assert not CommonEmployer.objects.exists()
    assert SharedEmployer.objects.get().employer == theirs
