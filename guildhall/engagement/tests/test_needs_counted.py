"""What employers say they need, counted over a whole book."""

from datetime import date, timedelta
from unittest.mock import ANY

import pytest
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.engagement import actions
from guildhall.engagement.models import Need, SameNeed
from guildhall.engagement.needs.told import asked_for, completed
from guildhall.engagement.tests.factories import EmployerFactory, staff_of
from guildhall.engagement.tests.test_needs import held_with, row
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(country="PT")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def employer(school):
    return EmployerFactory(school=school)


def counted(school, kinds=Need.WANTED, on=None):
    on = on or localdate()
    needs = Need.objects.in_book_of(school)
    rows = completed(asked_for(needs, kinds, on), needs, "en", on)
    return [(one.words, one.employers, one.employers_before, one.people_now, one.people_in_two_years) for one in rows]


def test_what_is_asked_for_is_counted_today_and_a_year_ago(school, coordinator):
    one, two, three = EmployerFactory.create_batch(3, school=school)
    a_year_ago = now() - timedelta(days=400)
    held_with(one, coordinator, at=a_year_ago, said=[row("Welder", 1)])
    held_with(one, coordinator, said=[row("welder", 2, 4), row("Painter")])
    held_with(two, coordinator, said=[row("WELDER", 3)])
    held_with(three, coordinator, at=a_year_ago, said=[row("Turner", 9)])
    assert counted(school) == [
        (ANY, 2, 1, 5, 4),
        ("Painter", 1, 0, None, None),
        ("Turner", 0, 1, None, None),
    ]


def test_an_employer_asked_twice_in_a_year_counts_once_with_what_it_said_last(school, employer, coordinator):
    held_with(employer, coordinator, at=now() - timedelta(days=100), said=[row("Welder", 5)])
    held_with(employer, coordinator, said=[row("Welder", 2)])
    assert counted(school) == [("Welder", 1, 0, 2, None)]


def test_what_another_school_hears_is_not_counted(school, employer, coordinator):
    other = OrganisationFactory()
    held_with(EmployerFactory(school=other), staff_of(other))
    assert counted(school) == []


def test_towns_are_those_of_open_sites_the_commonest_first(school, coordinator):
    for towns in (["Elvas"], ["Elvas", "Borba"], ["Évora"]):
        employer = EmployerFactory(school=school)
        for town in towns:
            SiteFactory(organisation=employer.organisation, town=town)
        SiteFactory(organisation=employer.organisation, town="Closed", closed_on=date(2020, 1, 1))
        held_with(employer, coordinator)
    needs = Need.objects.in_book_of(school)
    (one,) = completed(asked_for(needs, Need.WANTED, localdate()), needs, "en", localdate())
    assert one.towns[0] == "Elvas"
    assert sorted(one.towns) == ["Borba", "Elvas", "Évora"]


@pytest.fixture
def two_words(school, coordinator):
    held_with(EmployerFactory(school=school), coordinator, said=[row("Soldador", 1)])
    held_with(EmployerFactory(school=school), coordinator, said=[row("Welder", 2)])
    held_with(EmployerFactory(school=school), coordinator, said=[row("welder", 4), row("SOLDADOR", 3)])
    return school


def test_two_words_that_mean_the_same_count_together_and_apart_again(two_words, coordinator):
    same = actions.say_it_is_the_same(two_words, kind="occupation", form="soldador", means="Welder", by=coordinator, at=now())
    assert counted(two_words) == [(ANY, 3, 0, ANY, None)]
    assert counted(two_words)[0][0].lower() == "welder"
    held_with(EmployerFactory(school=two_words), coordinator, said=[row("soldadór", 1)])
    assert counted(two_words)[0][1] == 4
    actions.say_it_is_another(same, by=coordinator, at=now())
    assert {words.lower(): employers for words, employers, *_ in counted(two_words)} == {"welder": 2, "soldador": 3}
    assert not SameNeed.objects.exists()


def test_what_meant_a_word_means_what_that_word_means(two_words, coordinator):
    held_with(EmployerFactory(school=two_words), coordinator, said=[row("Schweißer")])
    actions.say_it_is_the_same(two_words, kind="occupation", form="schweisser", means="Soldador", by=coordinator, at=now())
    actions.say_it_is_the_same(two_words, kind="occupation", form="soldador", means="Welder", by=coordinator, at=now())
    assert [employers for _words, employers, *_ in counted(two_words)] == [4]
    with pytest.raises(Refused, match="count together already"):
        actions.say_it_is_the_same(two_words, kind="occupation", form="welder", means="Schweißer", by=coordinator, at=now())


def test_a_word_nobody_said_means_nothing(two_words, coordinator):
    for form, means in (("welder", "Astronaut"), ("astronaut", "Welder")):
        with pytest.raises(Refused, match="No employer said"):
            actions.say_it_is_the_same(two_words, kind="occupation", form=form, means=means, by=coordinator, at=now())


def test_what_is_ticked_has_no_other_words(two_words, coordinator):
    with pytest.raises(Refused, match="words of their own"):
        actions.say_it_is_the_same(two_words, kind="trend", form="green", means="digital", by=coordinator, at=now())


def test_only_who_coordinates_says_what_words_mean(two_words):
    with pytest.raises(NotAllowed, match="mean the same"):
        actions.say_it_is_the_same(
            two_words, kind="occupation", form="soldador", means="Welder", by=staff_of(two_words, Role.TEACHER), at=now()
        )
