"""Finding the book: what is gathered of it, however large it is."""

import sqlite3

import pytest
from django.db import connection
from django.utils.timezone import now

from guildhall.engagement.models import Employer, Person, Position, sort_key_of
from guildhall.engagement.search import EMPLOYER, everything
from guildhall.people.models import Kind, Organisation
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
EMPLOYERS, PEOPLE_EACH = 510, 3


@pytest.fixture
def as_few_variables_as_anywhere():
    """SQLite as it was until 2020 and as some still build it: 999 variables in a query."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    before = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
    yield
    connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)


def test_a_book_of_more_people_than_a_query_has_variables_is_gathered_whole(as_few_variables_as_anywhere):
    school = OrganisationFactory()
    kept = [Organisation(kind=Kind.EMPLOYER, name=f"Firm {n}", country="DE", kept_by=school) for n in range(EMPLOYERS)]
    employers = Employer.objects.bulk_create(
        Employer(school=school, organisation=organisation, sort_key=sort_key_of(organisation.name), added_at=now())
        for organisation in Organisation.objects.bulk_create(kept)
    )
    people = Person.objects.bulk_create(
        Person(school=school, name=f"Person {n}", email=f"p{n}@firm.example") for n in range(EMPLOYERS * PEOPLE_EACH)
    )
    Position.objects.bulk_create(Position(employer=employers[n // PEOPLE_EACH], person=person) for n, person in enumerate(people))
    gathered = [document for document in everything() if document.kind == EMPLOYER]
    assert len(gathered) == EMPLOYERS
    assert all(f"p{PEOPLE_EACH * n}@firm.example" in document.text for n, document in enumerate(gathered))
