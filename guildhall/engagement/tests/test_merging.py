"""Two entries become one and two again; who asked not to be written to is never written to for it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils.timezone import now

from guildhall.core import tasks
from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import Change
from guildhall.engagement import actions
from guildhall.engagement.actions.alike import keep_search
from guildhall.engagement.actions.standing import keep_standings
from guildhall.engagement.likeness.reasons import Likeness, Reason
from guildhall.engagement.models import (
    AlikeEmployers,
    AlikePeople,
    Contact,
    DuplicateSearch,
    Employer,
    NextStep,
    Person,
    Position,
    Tag,
)
from guildhall.engagement.search import employers_found
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    KeptOrganisationFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.actions import load_statements
from guildhall.people.models import ConsentRecord, Notice, Organisation, Role, Site, Statement
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db

KEPT_WHOLE = [Organisation, Site, Employer, Person, Position, Contact, NextStep, Tag, ConsentRecord]
THROUGH = [Employer.tags.through, Contact.people.through]


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


def employer_of(school, name, **facts):
    kept = KeptOrganisationFactory(kept_by=school, country="DE", name=name, **facts)
    return EmployerFactory(school=school, organisation=kept)


def pair_of(first, second, **more):
    model = AlikePeople if isinstance(first, Person) else AlikeEmployers
    first, second = sorted((first, second), key=lambda each: each.pk)
    return model.objects.create(school=first.school, first=first, second=second, score=90, found_at=now(), **more)


def merged(pair, by, **given):
    if isinstance(pair, AlikePeople):
        person = {name: getattr(pair.first, name) for name in ("name", "email", "phone", "language")}
        return actions.merge_people(pair, person={**person, **given}, by=by, at=now())
    facts = {"name": pair.first.organisation.name}
    given = {"facts": facts, "note": pair.first.note, "owner": pair.first.owner, **given}
    return actions.merge_employers(pair, **given, by=by, at=now())


def everything():
    """All that is kept, row by row."""
    return {
        model._meta.label: sorted(
            model._base_manager.values_list(
                *(f.attname for f in model._meta.concrete_fields if not (model in THROUGH and f.primary_key))
            ),
            key=repr,
        )
        for model in [*KEPT_WHOLE, *THROUGH]
    }


def lived_in(school, owner):
    """Two employers that are one, with all that can hang on them."""
    one = employer_of(school, "Tischlerei Kurz GmbH", website="https://kurz.example")
    two = employer_of(school, "Kurz Tischlerei", register_number="HRB 1", nace="31.00", size_band="10-49")
    for each in (one, two):
        SiteFactory(organisation=each.organisation, street="Werkstraße 3", town="Kiel", postal_code="24103", country="DE")
    Site.objects.filter(organisation=two.organisation).update(phone="0431 1", latitude=54.3, longitude=10.1)
    yard = SiteFactory(organisation=two.organisation, street="Am Hafen 1", town="Kiel")
    ada = PersonFactory(school=school, name="Ada Lamb", email="ada@kurz.example", phone="")
    same = PersonFactory(school=school, name="Frau Ada LAMB", email="Ada@kurz.example", phone="0431 555 12 34")
    ben = PersonFactory(school=school, name="Ben Bell")
    PositionFactory(employer=one, person=ada, decides=True)
    at_second = two.organisation.sites.order_by("pk").first()
    PositionFactory(employer=two, person=same, signs=True, title="Meisterin", since=date(2020, 1, 1), site=at_second)
    PositionFactory(employer=two, person=ben, site=yard)
    PositionFactory(employer=one, person=ben, until=date(2019, 1, 1))
    for at, (each, person) in enumerate([(one, ada), (two, same), (two, ben)]):
        contact = ContactFactory(
            employer=each, by=owner, held_at=now() - timedelta(days=9 - at), said=f"Word {at} vorbeigekommen"
        )
        contact.people.add(person)
        NextStepFactory(employer=each, owner=owner, contact=contact)
        each.last_contact_at = contact.held_at
        each.save()
    fair, canteen = Tag.objects.create(school=school, name="fair"), Tag.objects.create(school=school, name="canteen")
    one.tags.add(fair)
    two.tags.add(fair, canteen)
    return one, two


# --- One of two ----------------------------------------------------------------------------------------------------


def test_all_that_belongs_to_the_second_moves_to_the_first(school, coordinator):
    one, two = lived_in(school, coordinator)
    merge = merged(pair_of(one, two), coordinator, note="Both notes", owner=coordinator, facts={"register_number": "HRB 1"})
    one = Employer.objects.get(school=school)
    assert (one.pk, one.note, one.owner) == (merge.employer_id, "Both notes", coordinator)
    assert one.organisation.register_number == "HRB 1"
    assert one.organisation.website == "https://kurz.example"
    assert one.contacts.count() == one.next_steps.count() == 3
    assert sorted(tag.name for tag in one.tags.all()) == ["canteen", "fair"]
    assert one.last_contact_at == max(contact.held_at for contact in one.contacts.all())
    assert merge.gone_number == two.pk
    assert not Organisation.objects.filter(pk=two.organisation_id).exists()


def test_sites_at_one_address_become_one_and_fill_each_other_in(school, coordinator):
    one, two = lived_in(school, coordinator)
    merged(pair_of(one, two), coordinator)
    workshop, yard = Site.objects.filter(organisation=one.organisation).order_by("pk")
    assert (workshop.street, workshop.phone, workshop.latitude) == ("Werkstraße 3", "0431 1", 54.3)
    assert yard.street == "Am Hafen 1"


def test_sites_with_different_numbers_stay_two_although_their_address_is_one(school, coordinator):
    one, two = employer_of(school, "Kurz"), employer_of(school, "Kurz")
    for each, number in ((one, "1"), (two, "2")):
        SiteFactory(organisation=each.organisation, street="Werkstraße 3", town="Kiel", register_number=number)
    merged(pair_of(one, two), coordinator)
    assert one.organisation.sites.count() == 2


def test_people_who_are_surely_the_same_become_one_with_all_they_do(school, coordinator):
    one, two = lived_in(school, coordinator)
    merged(pair_of(one, two), coordinator)
    held = Position.objects.get(employer=one, person__name="Ada Lamb")
    assert (held.decides, held.signs, held.title, held.since) == (True, True, "Meisterin", date(2020, 1, 1))
    assert (held.person.email, held.person.phone) == ("ada@kurz.example", "0431 555 12 34")
    assert held.site in one.organisation.sites.all()
    assert held.person.contacts.count() == 2
    assert Person.objects.filter(school=school).count() == 2


def test_namesakes_without_a_mail_address_or_telephone_in_common_stay_two(school, coordinator):
    one, two = employer_of(school, "Kurz"), employer_of(school, "Kurz")
    for each in (one, two):
        PositionFactory(employer=each, person=PersonFactory(school=school, name="Ada Lamb"))
    merged(pair_of(one, two), coordinator)
    assert one.positions.count() == 2
    assert AlikePeople.objects.get().first.name == "Ada Lamb", "but somebody is asked"


def test_somebody_who_works_at_both_works_there_once(school, coordinator):
    one, two = employer_of(school, "Kurz"), employer_of(school, "Kurz")
    ada = PersonFactory(school=school, name="Ada Lamb")
    PositionFactory(employer=one, person=ada, trains=True)
    PositionFactory(employer=two, person=ada, signs=True)
    merged(pair_of(one, two), coordinator)
    held = one.positions.get()
    assert held.trains
    assert held.signs


def test_of_two_rests_the_longer_one_holds(school, coordinator):
    one, two = employer_of(school, "Kurz"), employer_of(school, "Kurz")
    Employer.objects.filter(pk=two.pk).update(resting_until=date(2030, 5, 1), resting_why="They asked for peace.")
    merged(pair_of(one, two), coordinator)
    one.refresh_from_db()
    assert (one.resting_until, one.resting_why) == (date(2030, 5, 1), "They asked for peace.")


def test_what_was_said_at_the_second_is_found_under_the_first(school, coordinator):
    one, two = lived_in(school, coordinator)
    merged(pair_of(one, two), coordinator, facts={"name": "Nordholz"})
    assert employers_found("Nordholz", school) == [one.pk]
    assert not Employer.objects.filter(pk__in=employers_found("Tischlerei", school)).filter(pk=two.pk).exists()


def test_the_history_says_what_the_facts_were(school, coordinator):
    one, two = lived_in(school, coordinator)
    merged(pair_of(one, two), coordinator, facts={"name": "Kurz"})
    change = Change.objects.get(thing_type="people.organisation", field="name")
    assert (change.before, change.after) == ("Tischlerei Kurz GmbH", "Kurz")


def test_whom_the_second_is_not_the_first_is_not_either(school, coordinator):
    one, two, other = (employer_of(school, name) for name in ("Kurz", "Kurz", "Kurz & Lang"))
    pair = actions.tell_apart(pair_of(two, other), by=coordinator, at=now())
    merged(pair_of(one, two), coordinator)
    told = AlikeEmployers.objects.get()
    assert (told.first, told.second, told.state, told.decided_at) == (one, other, "different", pair.decided_at)


# --- Do not write --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["the one that stays", "the one that goes"])
@pytest.mark.parametrize("what", ["employers", "people"])
def test_who_asked_not_to_be_written_to_is_not_written_to_after_a_merge(school, coordinator, who, what):
    one, two = lived_in(school, coordinator)
    first, second = Person.objects.filter(name__icontains="lamb").order_by("pk")
    asked_at = now() - timedelta(days=50)
    Person.objects.filter(pk=(first if who == "the one that stays" else second).pk).update(asked_not_to_be_written_at=asked_at)
    merged(pair_of(one, two) if what == "employers" else pair_of(first, second), coordinator)
    kept = Person.objects.get(name__icontains="lamb")
    assert kept.asked_not_to_be_written_at == asked_at
    assert not kept.may_be_written_to


def test_who_asked_since_is_not_written_to_after_the_merge_was_undone(school, coordinator):
    one, two = lived_in(school, coordinator)
    merge = merged(pair_of(one, two), coordinator)
    somebody = Person.objects.get(name="Ada Lamb")
    actions.forbid_writing(somebody, by=coordinator, at=now())
    actions.undo_merge(merge, by=coordinator, at=now())
    assert [person.may_be_written_to for person in Person.objects.filter(name__icontains="lamb")] == [False, False]


def test_who_is_written_down_a_second_time_has_asked_all_the_same(school, coordinator):
    PersonFactory(school=school, name="Ada Lamb", email="Ada@kurz.example", asked_not_to_be_written_at=now())
    elsewhere = PersonFactory(email="ben@kurz.example", asked_not_to_be_written_at=now())
    employer = employer_of(school, "Kurz")
    for name, email, may in [("A. Lamb", "ada@KURZ.example", False), ("Ben", elsewhere.email, True), ("Cy", "", False)]:
        held = actions.add_person(employer, person={"name": name, "email": email}, position={}, by=coordinator, at=now())
        assert held.person.may_be_written_to is may
    assert held.person.asked_not_to_be_written_at is None


def test_of_what_two_records_say_about_consent_the_last_word_counts(school, coordinator):
    load_statements(by=None, at=now())
    statement = Statement.objects.first()
    first, second = PersonFactory(school=school), PersonFactory(school=school)
    about = {"person_type": "engagement.person", "statement": statement, "language": "en", "how": "phone"}
    ConsentRecord.objects.create(person_id=first.pk, given_at=now() - timedelta(days=9), **about)
    withdrawn_at = now() - timedelta(days=2)
    ConsentRecord.objects.create(person_id=second.pk, given_at=now() - timedelta(days=8), withdrawn_at=withdrawn_at, **about)
    before = everything()
    merge = merged(pair_of(first, second), coordinator)
    assert [record.withdrawn_at for record in ConsentRecord.objects.about(first)] == [withdrawn_at, withdrawn_at]
    actions.undo_merge(merge, by=coordinator, at=now())
    assert everything() == before


# --- Two again -----------------------------------------------------------------------------------------------------


def test_undoing_makes_everything_as_it_was(school, coordinator):
    one, two = lived_in(school, coordinator)
    pair_of(one, two)
    keep_standings(school, [one.pk, two.pk], at=now())
    before = everything()
    merge = merged(
        AlikeEmployers.objects.get(), coordinator, note="New", owner=coordinator, facts={"name": "Kurz", "nace": "31.00"}
    )
    assert everything() != before
    actions.undo_merge(merge, by=coordinator, at=now())
    assert everything() == before
    assert len(employers_found("Tischlerei", school)) == 2
    merge.refresh_from_db()
    assert (merge.undone_by, merge.deeds) == (coordinator, None)


def test_the_pair_is_open_again_after_undoing(school, coordinator):
    one, two = lived_in(school, coordinator)
    merge = merged(pair_of(one, two), coordinator)
    actions.undo_merge(merge, by=coordinator, at=now())
    pair = AlikeEmployers.objects.get()
    assert (pair.first, pair.second, pair.state) == (one, two, "open")


def test_undoing_two_people_makes_them_as_they_were(school, coordinator):
    one, two = lived_in(school, coordinator)
    first, second = Person.objects.filter(name__icontains="lamb").order_by("pk")
    pair = pair_of(first, second)
    keep_standings(school, [one.pk, two.pk], at=now())
    before = everything()
    merge = merged(pair, coordinator, name="Ada Lamb-Kurz")
    assert Person.objects.get(name="Ada Lamb-Kurz").positions.count() == 2
    actions.undo_merge(merge, by=coordinator, at=now())
    assert everything() == before


def test_what_came_since_stays_with_the_one_that_stayed(school, coordinator):
    one, two = lived_in(school, coordinator)
    merge = merged(pair_of(one, two), coordinator)
    new = actions.record_contact(Employer.objects.get(), kind="call", held_at=now(), said="Since", by=coordinator, at=now())
    actions.undo_merge(merge, by=coordinator, at=now())
    assert Contact.objects.get(pk=new.pk).employer == one
    assert Employer.objects.get(pk=one.pk).last_contact_at == new.held_at
    assert Employer.objects.get(pk=two.pk).last_contact_at < new.held_at


def test_what_was_removed_since_stays_removed(school, coordinator):
    one, two = lived_in(school, coordinator)
    merge = merged(pair_of(one, two), coordinator)
    actions.remove_contact(Contact.objects.get(said__startswith="Word 1"), by=coordinator, at=now())
    actions.undo_merge(merge, by=coordinator, at=now())
    assert [contact.said[:6] for contact in two.contacts.all()] == ["Word 2"]


def test_what_was_changed_again_since_is_not_overwritten(school, coordinator):
    one, two = lived_in(school, coordinator)
    merge = merged(pair_of(one, two), coordinator, facts={"name": "Kurz"})
    actions.change_employer(Employer.objects.get(), facts={"name": "Kurz und Lang"}, note="", by=coordinator, at=now())
    with transaction.atomic(), pytest.raises(Refused, match=r"“Name” of Kurz und Lang was changed since"):
        actions.undo_merge(merge, by=coordinator, at=now())
    assert Employer.objects.count() == 1, "nothing is done by halves"


def test_whose_number_was_given_away_since_cannot_come_back(school, coordinator):
    one, two = lived_in(school, coordinator)
    merge = merged(pair_of(one, two), coordinator)
    actions.add_employer(school, name="Other", country="DE", register_number="HRB 1", by=coordinator, at=now())
    with transaction.atomic(), pytest.raises(Refused, match="something else has taken its place"):
        actions.undo_merge(merge, by=coordinator, at=now())


def test_the_later_of_two_merges_is_undone_first(school, coordinator):
    one, two, three = (employer_of(school, name) for name in ("Kurz", "Kurz", "Lang"))
    inner = merged(pair_of(two, three), coordinator)
    outer = merged(pair_of(one, two), coordinator)
    inner.refresh_from_db()
    with transaction.atomic(), pytest.raises(Refused, match="by now merged with Kurz"):
        actions.undo_merge(inner, by=coordinator, at=now())
    actions.undo_merge(outer, by=coordinator, at=now())
    inner.refresh_from_db()
    actions.undo_merge(inner, by=coordinator, at=now())
    assert Employer.objects.count() == 3


def test_undoing_twice_is_refused(school, coordinator):
    merge = merged(pair_of(employer_of(school, "Kurz"), employer_of(school, "Kurz")), coordinator)
    merge = actions.undo_merge(merge, by=coordinator, at=now())
    with pytest.raises(Refused, match="undone already"):
        actions.undo_merge(merge, by=coordinator, at=now())


# --- Who may, and how long -----------------------------------------------------------------------------------------


def test_a_teacher_may_say_that_two_are_two_but_not_merge_or_undo(school, coordinator):
    teacher = staff_of(school, Role.TEACHER)
    pair = pair_of(employer_of(school, "Kurz"), employer_of(school, "Kurz"))
    with pytest.raises(NotAllowed):
        merged(pair, teacher)
    merge = merged(pair, coordinator)
    with pytest.raises(NotAllowed):
        actions.undo_merge(merge, by=teacher, at=now())
    other = pair_of(employer_of(school, "Lang"), employer_of(school, "Lang"))
    assert actions.tell_apart(other, by=teacher, at=now()).decided_by == teacher
    assert actions.doubt_again(other, by=teacher, at=now()).decided_by is None


def test_two_that_are_two_are_not_merged(school, coordinator):
    pair = pair_of(employer_of(school, "Kurz"), employer_of(school, "Kurz"))
    actions.tell_apart(pair, by=coordinator, at=now())
    with pytest.raises(Refused, match="two different ones"):
        merged(pair, coordinator)


def test_an_employer_that_keeps_its_own_record_is_not_merged(school, coordinator):
    own = EmployerFactory(school=school, organisation=OrganisationFactory(kind="employer"))
    with pytest.raises(Refused, match="keeps its own record"):
        merged(pair_of(employer_of(school, "Kurz"), own), coordinator)


def test_after_a_while_nothing_is_known_of_the_one_that_went_but_its_number(school, coordinator):
    lived_in(school, coordinator)
    people = merged(pair_of(*Person.objects.filter(name__icontains="lamb").order_by("pk")), coordinator)
    merge = merged(AlikeEmployers.objects.get(), coordinator)
    assert actions.forget_merges(before=now(), by=None) == 2
    for each in (merge, people):
        each.refresh_from_db()
    assert (merge.deeds, merge.gone_name, people.gone_name) == (None, "Kurz Tischlerei", "")
    with pytest.raises(Refused, match="no longer known"):
        actions.undo_merge(merge, by=coordinator, at=now())


def test_forgetting_people_reaches_into_what_merges_hold(school, coordinator):
    one, two = lived_in(school, coordinator)
    merge = merged(pair_of(one, two), coordinator)
    assert "0431 555 12 34" in str(merge.deeds)
    Contact.objects.all().update(held_at=now() - timedelta(days=3000))
    Person.objects.all().update(created_at=now() - timedelta(days=3000))
    actions.forget_people(before=now() - timedelta(days=1000), by=None)
    merge.refresh_from_db()
    assert merge.deeds is None


# --- Finding -------------------------------------------------------------------------------------------------------


def test_the_whole_book_is_searched_and_what_was_decided_stays(school, coordinator):
    one, two = (employer_of(school, name, register_number="") for name in ("Tischlerei Kurz GmbH", "KURZ TISCHLEREI"))
    for each in (one, two, employer_of(school, "Nordholz Metallbau")):
        SiteFactory(organisation=each.organisation, street="Werkstraße 3", town="Kiel")
    stale = pair_of(one, employer_of(school, "Bäckerei Lang"))
    actions.search_duplicates(school, by=coordinator, at=now())
    tasks.run_waiting()
    pair = AlikeEmployers.objects.get()
    assert (pair.first, pair.second) == (one, two)
    assert pair.reasons == [[Reason.NAME, ""], [Reason.ADDRESS, ""]]
    assert not AlikeEmployers.objects.filter(pk=stale.pk).exists()
    assert Notice.objects.filter(user=coordinator, kind="engagement.duplicates_found").count() == 1
    actions.tell_apart(pair, by=coordinator, at=now())
    actions.search_duplicates(school, by=coordinator, at=now())
    tasks.run_waiting()
    pair.refresh_from_db()
    assert pair.state == "different"
    assert Notice.objects.filter(user=coordinator, kind="engagement.duplicates_found").count() == 1
    assert DuplicateSearch.objects.get().finished_at


def test_two_searches_at_once_are_one_too_many(school, coordinator):
    actions.search_duplicates(school, by=coordinator, at=now())
    with pytest.raises(Refused, match="searched already"):
        actions.search_duplicates(school, by=coordinator, at=now())


def test_a_pair_of_which_one_has_gone_during_the_search_is_not_kept(school, coordinator):
    one = employer_of(school, "Kurz")
    found = {(one.pk, one.pk + 999): Likeness(90, ())}
    keep_search(school, employers=found, people={}, keys={one.pk + 999: [1]}, by=None, at=now())
    assert not AlikeEmployers.objects.exists()


def test_whom_a_new_employer_is_alike_to_is_known_at_once(school, coordinator):
    site = {"street": "Werkstr. 3", "town": "Kiel", "postal_code": "24103"}
    facts = {"country": "DE", "by": coordinator, "at": now()}
    one = actions.add_employer(school, name="Tischlerei Kurz", site={**site, "street": "Werkstraße 3"}, **facts)
    elsewhere = OrganisationFactory()
    actions.add_employer(elsewhere, name="Tischlerei Kurz", site=site, country="DE", by=staff_of(elsewhere), at=now())
    two = actions.add_employer(school, name="Kurz Tischlerei GmbH", site=site, **facts)
    pair = AlikeEmployers.objects.get()
    assert (pair.school, pair.first, pair.second) == (school, one, two)
    actions.change_employer(two, facts={"name": "Nordholz Metallbau"}, note="", by=coordinator, at=now())
    assert not AlikeEmployers.objects.exists()


def test_whom_somebody_new_is_alike_to_is_known_at_once(school, coordinator):
    employer = employer_of(school, "Kurz")
    for name in ("Ada Lamb", "Lamb, A."):
        actions.add_person(employer, person={"name": name, "email": "ada@kurz.example"}, position={}, by=coordinator, at=now())
    assert [str(pair.first) for pair in AlikePeople.objects.all()] == ["Ada Lamb"]
