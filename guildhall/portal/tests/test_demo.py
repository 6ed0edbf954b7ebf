from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils.timezone import localdate, localtime, now

from guildhall.core.errors import Refused
from guildhall.core.models import AuditLine, SearchDocument
from guildhall.core.search import search
from guildhall.engagement.actions import merge_employers
from guildhall.engagement.models import AlikeEmployers, Contact, Employer, NextStep, Person, Position
from guildhall.engagement.purposes import NEWS, PLACEMENTS
from guildhall.engagement.search import scope_of
from guildhall.people.models import Kind, Mail, Membership, Organisation, Site, User
from guildhall.portal import demo

#: It is loaded by actions, and they are tried on both databases.
pytestmark = pytest.mark.same_on_both
COORDINATORS = ["heike.morgenroth@kupferhammer.example", "rita.cabaco@tressobreiros.example"]


@pytest.fixture(scope="module")
def _demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The demo, loaded once for all tests of this module that ask for it, and gone after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("demo", stdout=StringIO())
        yield
        transaction.set_rollback(True)


@pytest.fixture
def loaded(_demo: None, db: None) -> None:
    """The demo, to be looked at."""


def counted() -> dict[str, int]:
    kept = [Organisation, Site, User, Membership, Employer, Person, Position, Contact, NextStep, AuditLine, SearchDocument, Mail]
    return {model.__name__: model.objects.count() for model in kept}


def test_it_is_two_schools_an_association_and_about_150_employers(loaded):
    schools = Organisation.objects.filter(kind=Kind.SCHOOL)
    assert schools.values("country").distinct().count() == 2
    assert Organisation.objects.filter(kind=Kind.ASSOCIATION).count() == 1
    assert 140 <= Employer.objects.count() <= 160
    assert not Employer.objects.filter(positions=None).exists()
    assert not Employer.objects.filter(organisation__sites=None).exists()


def test_a_second_time_changes_nothing_and_says_so(loaded):
    before = counted()
    said = StringIO()
    call_command("demo", stdout=said)
    assert "already" in said.getvalue()
    assert counted() == before
    with pytest.raises(Refused, match="already"):
        demo.load(localdate(), say=print)


def test_nothing_lies_in_the_future_and_nobody_works_on_sundays(loaded):
    held = [localtime(moment) for moment in Contact.objects.values_list("held_at", flat=True)]
    assert max(held).date() < localdate()
    assert min(held).date() > localdate() - timedelta(weeks=64)
    assert {moment.weekday() for moment in held} <= {0, 1, 2, 3, 4, 5}
    assert all(6 <= moment.hour <= 20 for moment in held)


def test_contacts_are_of_all_kinds_and_all_times_of_the_year(loaded):
    assert set(Contact.objects.values_list("kind", flat=True)) == set(Contact.Kind.values)
    months = {(moment.year, moment.month) for moment in Contact.objects.values_list("held_at", flat=True)}
    assert len(months) >= 12


def test_last_contact_is_what_the_contacts_say(loaded):
    for employer in Employer.objects.prefetch_related("contacts"):
        assert employer.last_contact_at == max((contact.held_at for contact in employer.contacts.all()), default=None)


@pytest.mark.parametrize("address", COORDINATORS)
def test_a_coordinator_has_a_full_today(loaded, address):
    steps = NextStep.objects.open().of(User.objects.get(email=address))
    today = localdate()
    monday = today + timedelta(days=max(0, 7 - today.weekday()) if today.weekday() >= 5 else 0)
    assert 3 <= steps.filter(due_on__lt=today).count() <= 8
    assert 2 <= steps.filter(due_on=monday).count() <= 6
    assert steps.filter(due_on__gt=monday).count() >= 5


def test_promises_have_every_ending(loaded):
    for school in Organisation.objects.filter(kind=Kind.SCHOOL):
        steps = NextStep.objects.filter(employer__school=school)
        assert set(steps.values_list("state", flat=True)) == set(NextStep.State.values)
        assert steps.open().filter(times_moved__gt=0).exists()
        assert not steps.filter(state=NextStep.State.DROPPED, word="").exists()
        assert not steps.filter(due_on__week_day__in=[1, 7]).exists()


def test_the_book_has_its_odd_cases(loaded):
    employers = Employer.objects.select_related("organisation")
    assert any(len(employer.organisation.name) > 120 for employer in employers)
    assert any(employer.organisation.sites.count() == 5 for employer in employers)
    assert employers.filter(last_contact_at=None).count() >= 10
    assert any(" " not in name for name in Person.objects.values_list("name", flat=True))
    assert Person.objects.filter(asked_not_to_be_written_at__isnull=False).count() == 3
    assert Position.objects.filter(decides=True, trains=True, signs=False).exists()
    assert Position.objects.filter(until__isnull=False).exists()


def test_some_stand_in_the_book_twice_and_are_found_and_merged(loaded):
    heike = User.objects.get(email=COORDINATORS[0])
    twice = {str(pair.second): pair for pair in AlikeEmployers.objects.visible_to(heike).open()}
    assert {str(pair.first) for pair in twice.values()} >= {"Elektro Wackelkontakt e. K.", "Kältetechnik Pinguin & Söhne GmbH"}
    with transaction.atomic():
        pair = twice["ELEKTRO WACKELKONTAKT Inh. Wackernagel-Stumpf"]
        kept = merge_employers(pair, facts={}, note="", owner=heike, by=heike, at=now()).employer
        (uwe,) = kept.positions.all()
        assert uwe.person.email
        assert not uwe.person.may_be_written_to
        transaction.set_rollback(True)


def test_people_have_said_what_they_agree_to(loaded):
    heike = User.objects.get(email=COORDINATORS[0])
    mine = Person.objects.visible_to(heike)
    assert mine.to_be_written_to(NEWS).count() == 2
    assert mine.refusing(PLACEMENTS).count() == 1


def test_no_number_or_address_is_anybodys(loaded):
    german = [*Person.objects.filter(phone__startswith="+49").values_list("phone", flat=True)]
    assert all(number.startswith("+49 30 23125 ") and len(number) == len("+49 30 23125 000") for number in german)
    others = Person.objects.exclude(phone__startswith="+49").exclude(phone="").values_list("phone", flat=True)
    assert all(number.startswith(("+351 200 ", "+34 100 ", "+48 10 ")) for number in others)
    addresses = [*Person.objects.exclude(email="").values_list("email", flat=True), *User.objects.values_list("email", flat=True)]
    assert all(address.endswith(".example") and address.isascii() for address in addresses)
    websites = Organisation.objects.exclude(website="").values_list("website", flat=True)
    assert all(website.startswith("https://") and website.endswith(".example") for website in websites)
    numbers = [number for number in Organisation.objects.values_list("register_number", flat=True) if number]
    assert len(set(numbers)) == len(numbers)


def test_nobody_is_written_to(loaded):
    assert not Mail.objects.exists()


def test_what_was_said_is_found_at_once_by_its_school_and_no_other(loaded):
    own, other = (Organisation.objects.get(memberships__user__email=address) for address in COORDINATORS)
    assert search("Pumpernickel", scopes=[scope_of(own)]).hits
    assert not any("Pumpernickel" in hit.title for hit in search("Pumpernickel", scopes=[scope_of(other)]).hits)


def test_every_persona_is_somebody_and_their_languages_are_all_six(loaded, settings):
    personas = demo.personas()
    assert {persona.user for persona in personas} == set(User.objects.all())
    assert {persona.user.language for persona in personas} == set(settings.ALL_LANGUAGES)
    assert all(persona.role and persona.sentence and persona.organisation for persona in personas)
    assert (
        User.objects.filter(memberships__organisation__kind=Kind.SCHOOL)
        .filter(memberships__organisation__kind=Kind.ASSOCIATION)
        .exists()
    )
    said = StringIO()
    call_command("demo", "--print", stdout=said)
    assert all(persona.user.email in said.getvalue() for persona in personas)


def test_who_did_what_is_in_the_audit_at_the_time_it_was_done(loaded):
    recorded = AuditLine.objects.filter(action="engagement.record_contact")
    assert recorded.count() == Contact.objects.count()
    first: datetime = recorded.order_by("at").first().at
    assert localtime(first).date() < localdate() - timedelta(weeks=45)
