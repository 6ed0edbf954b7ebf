from datetime import timedelta

import pytest
from django.utils.timezone import now

from guildhall.engagement.actions.imports import forget_import_details
from guildhall.engagement.models import EmployerImport, ImportRow
from guildhall.people.hooks import personal_data_of
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


def brought(days_ago, **fields):
    reading = {"rows": 1, "columns": [{"heading": "Name", "samples": ["Maria Sommer"]}], "preview": [{"name": "Maria Sommer"}]}
    school = OrganisationFactory()
    moment = now() - timedelta(days=days_ago)
    brought = EmployerImport.objects.create(
        school=school, file_name="a.csv", state="done", reading=reading, uploaded_at=moment, finished_at=moment, **fields
    )
    ImportRow.objects.create(employer_import=brought, number=2, outcome="wrong", reason="No.", given={"name": "Maria Sommer"})
    return brought


def test_what_is_left_of_an_old_file_goes_and_its_counts_stay():
    old, fresh = brought(100, new=7), brought(10)
    before = now() - timedelta(days=90)
    assert forget_import_details(before=before, by=None) == 1
    assert forget_import_details(before=before, by=None) == 0
    old.refresh_from_db()
    assert "Maria" not in str(old.reading)
    assert old.headings == ["Name"]
    assert old.new == 7
    assert list(ImportRow.objects.values_list("employer_import", flat=True)) == [fresh.pk]


def test_whoever_brought_a_file_finds_it_among_their_data():
    user = UserFactory()
    brought(1, uploaded_by=user)
    parts = {part.key: part for answer in personal_data_of.ask(user=user) for part in answer}
    assert [row["file_name"] for row in parts["engagement.imports"].rows] == ["a.csv"]
