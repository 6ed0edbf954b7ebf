"""Who searches sees why: the person, the number or the words that were meant, and nothing that was forgotten since."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now
from django.utils.translation import override

from guildhall.core import search
from guildhall.core.models import SearchDocument
from guildhall.core.search.reasons import Reason, explain
from guildhall.engagement import actions
from guildhall.engagement.models import Contact, Employer
from guildhall.engagement.search import (
    CONTACT,
    EMPLOYER,
    describe_contacts,
    describe_employers,
    everything,
    scope_of,
)
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, PositionFactory, staff_of
from guildhall.people.actions import erase_person
from guildhall.people.models import Kind
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(kind=Kind.SCHOOL)


@pytest.fixture
def nordwind(school):
    named = {"name": "Nordwind", "trade_name": "Nordwind Fenster & Türen", "register_number": "HRB 90210 KI"}
    employer = EmployerFactory(school=school, note="Their van is blue.", **{f"organisation__{key}": named[key] for key in named})
    SiteFactory(organisation=employer.organisation, name="Yard", street="Hafenstraße 1", postal_code="24103", town="Kiel")
    PositionFactory(employer=employer, person__name="Łucja Kowalska", person__phone="+49 431 5551234", person__email="")
    return employer


def found(text: str, school) -> list[Reason]:
    scopes = [scope_of(school)]
    results = search.search(text, scopes=scopes)
    return explain(results, text, scopes=scopes, describe={EMPLOYER: describe_employers, CONTACT: describe_contacts})


def shown(text: str, school) -> list[str]:
    """What the only hit for a text says beside its title, with what is marked in brackets."""
    search.reindex(everything())
    [reason] = found(text, school)
    lines = [reason.detail, *reason.passages]
    return ["".join(f"[{piece}]" if asked else piece for piece, asked in line) for line in lines]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("kowalska", "Łucja [Kowalska], +49 431 5551234"),
        ("lucja", "[Łucja] Kowalska, +49 431 5551234"),
        ("+49 431 5551234", "Łucja Kowalska, +[49] [431] [5551234]"),
        ("90210", "HRB [90210] KI"),
        ("hafenstr", "Yard, [Hafenstraße] 1, 24103 Kiel"),
        ("blue", "Their van is [blue]."),
    ],
)
def test_an_employer_is_shown_with_what_it_was_found_by(school, nordwind, text, line):
    assert shown(text, school) == ["Kiel", line]


def test_an_employer_found_by_its_name_or_town_needs_no_more(school, nordwind):
    assert shown("nordwind", school) == ["Kiel"]
    assert shown("nordwind kiel", school) == ["[Kiel]"]


def test_a_contact_is_shown_with_the_passage_of_what_was_said(school, nordwind):
    said = "Called about the summer. " * 30 + "She takes two apprentices in March. " + "Then we spoke of the weather. " * 30
    ContactFactory(employer=nordwind, said=said)
    [_, passage] = shown("apprentices", school)
    assert "She takes two [apprentices] in March." in passage
    assert len(passage) < 250


def test_a_contact_is_shown_with_its_date_and_who_wrote_it_down_in_the_reader_s_language(school, nordwind):
    contact = ContactFactory(employer=nordwind, said="She takes two.", kind=Contact.Kind.VISIT, by=staff_of(school, name="Ada"))
    search.reindex(everything())
    with override("de"):
        [reason] = found("takes", school)
        assert reason.document.about.startswith(contact.get_kind_display())
    assert "Ada" in reason.document.about
    assert reason.document.at == contact.held_at


@pytest.mark.parametrize("count", [1, 3])
def test_describing_costs_the_same_for_one_and_for_three(school, count, django_assert_num_queries):
    employers = [PositionFactory(employer__school=school).employer for _ in range(count)]
    contacts = [ContactFactory(employer=employer) for employer in employers]
    with django_assert_num_queries(3):
        assert len(list(describe_employers([employer.pk for employer in employers]))) == count
    with django_assert_num_queries(1):
        assert len(list(describe_contacts([contact.pk for contact in contacts]))) == count


# --- What is forgotten is not found --------------------------------------------------------------------------------


def nothing_is_left_of(word: str) -> bool:
    return not any(word in f"{document.title} {document.tokens}".casefold() for document in SearchDocument.objects.all())


def test_a_person_who_was_forgotten_is_neither_found_nor_kept_nor_shown(school, nordwind):
    search.reindex(everything())
    assert not nothing_is_left_of("kowalska")
    before = now() + timedelta(days=1)
    assert actions.forget_people(before=before, by=None) == 1
    assert found("kowalska", school) == []
    assert nothing_is_left_of("kowalska")
    [reason] = found("nordwind", school)
    assert "Kowalska" not in str(reason)


def test_of_a_contact_that_was_taken_back_nothing_is_left(school, nordwind):
    contact = ContactFactory(employer=nordwind, said="Unmistakable", by=staff_of(school))
    search.reindex(everything())
    actions.remove_contact(contact, by=contact.by, at=now())
    assert found("unmistakable", school) == []
    assert nothing_is_left_of("unmistak")


def test_what_was_said_stays_findable_under_no_name_when_who_wrote_it_is_erased(school, nordwind):
    colleague = staff_of(school, name="Quirinus")
    ContactFactory(employer=nordwind, said="She takes two.", by=colleague)
    search.reindex(everything())
    assert nothing_is_left_of("quirinus")
    erase_person(colleague, by=colleague, at=now())
    [reason] = found("takes", school)
    assert "Quirinus" not in str(reason)
    assert "Erased person" in reason.document.about


def test_what_the_index_still_holds_of_something_gone_is_shown_to_nobody(school, nordwind):
    search.reindex(everything())
    nordwind.positions.all().delete()
    Employer.objects.all().delete()
    assert found("nordwind", school) == []


def test_an_employer_of_another_school_is_not_shown_even_if_the_index_were_wrong(school, nordwind):
    elsewhere = OrganisationFactory(kind=Kind.SCHOOL)
    search.reindex(everything())
    Employer.objects.update(school=elsewhere)
    assert found("nordwind", school) == []
