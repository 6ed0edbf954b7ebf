"""Where all employers stand: counted today, in past months, in parts of the book; and which relations cool down."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.engagement import actions
from guildhall.engagement.actions.standing import keep_standings
from guildhall.engagement.methodology.levels import Activity
from guildhall.engagement.models import Employer, PortfolioMonth
from guildhall.engagement.portfolio import by_owner, by_place, by_sector, count_on, counted, month_starts
from guildhall.engagement.tasks import count_portfolio, count_portfolios
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, KeptOrganisationFactory, staff_of
from guildhall.engagement.tests.test_standing import methodology, shipped  # noqa: F401  # fixtures
from guildhall.people.models import Site
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(country="IE", languages=["en"])


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


def employer_with(school, *activities, **given):
    """An employer with whom these things were done, each (kind, days ago)."""
    employer = EmployerFactory(school=school, **given)
    for kind, days in activities:
        ContactFactory(employer=employer, activity=kind, held_at=now() - timedelta(days=days))
    keep_standings(school, [employer.pk], at=now())
    Employer.objects.filter(pk=employer.pk).update(
        last_contact_at=now() - timedelta(days=min([d for _k, d in activities] or [0]))
    )
    return employer


@pytest.mark.usefixtures("methodology")
def test_levels_and_panes_are_counted(school):
    employer_with(school)
    employer_with(school, ("", 3))
    employer_with(school, ("internship", 3), ("guest_speaker", 3))
    employer_with(EmployerFactory().school, ("internship", 3))
    found = counted(school)
    assert found.levels == [1, 1, 1, 0, 0, 0]
    assert (found.touched["1.3"], found.touched["1.1"], found.lively["1.3"]) == (1, 1, 0)


def test_the_past_is_counted_from_what_had_been_done_by_then():
    history = [Activity(date(2026, 3, 10), "internship", "1.3", 3), Activity(date(2026, 5, 2), "internship", "1.3", 3)]
    before, one, two, faded = count_on([date(2026, 3, 1), date(2026, 4, 1), date(2026, 6, 1), date(2029, 6, 1)], [history, []])
    assert [counts.total for counts in (before, one, two, faded)] == [0, 1, 1, 0]
    assert (one.levels[2], one.touched["1.3"], two.lively["1.3"]) == (1, 1, 1)


def test_the_last_twelve_months_end_with_this_one():
    assert month_starts(date(2026, 2, 14), 4) == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]


@pytest.mark.usefixtures("methodology")
def test_a_visit_written_down_late_belongs_to_its_day(school, coordinator):
    employer = employer_with(school)
    count_portfolio(school)
    assert sum(sum(month.levels) for month in PortfolioMonth.objects.in_book_of(school)) == 0
    first = month_starts(localdate())[-2]
    held = datetime.combine(first - timedelta(1), time(12), school.zone)
    actions.record_contact(employer, kind="visit", held_at=held, by=coordinator, at=now())
    count_portfolios.call()
    assert [month.levels[1] for month in PortfolioMonth.objects.in_book_of(school)] == [0] * 10 + [1, 1]


@pytest.mark.usefixtures("methodology")
def test_parts_of_the_book_add_up(school, coordinator):
    shop = KeptOrganisationFactory(kept_by=school, nace="47.11")
    Site.objects.create(organisation=shop, town="Ennis", country="IE")
    Site.objects.create(organisation=shop, town="Kilkee", country="IE")
    employer_with(school, ("internship", 3), organisation=shop, owner=coordinator)
    employer_with(school)
    assert [(part.name, part.total) for part in by_owner(school)] == [("nobody yet", 1), (str(coordinator), 1)]
    sectors = {part.query: part for part in by_sector(school)}
    assert [part.total for part in sectors.values()] == [1, 1]
    assert any(query.startswith("sector=") for query in sectors)
    assert [(part.name, part.levels[2]) for part in by_place(school)] == [("Ennis", 1), ("Kilkee", 1)]


@pytest.mark.usefixtures("methodology")
def test_who_cools_down_is_named_with_the_reason(colleague, school):
    employer_with(school, ("internship", 300))  # falls to level 1 in 65 days
    employer_with(school, ("internship", 370))  # fell 5 days ago
    employer_with(school, ("internship", 3))
    page = colleague.get(reverse("engagement:portfolio")).content.decode()
    assert "2 relationships" in page
    assert "If nothing is added, it falls to level 1 on" in page
    assert "It fell from level 2 to 1 on" in page
    assert "No contact for 10 months." in page
    assert Employer.objects.in_book_of(school).cooling(localdate()).count() == 2


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.usefixtures("methodology")
def test_it_costs_the_same_for_one_and_for_three(colleague, school, count, django_assert_num_queries):
    for _each in range(count):
        employer_with(school, ("internship", 300))
    colleague.get(reverse("engagement:portfolio"))
    with django_assert_num_queries(10):
        colleague.get(reverse("engagement:portfolio"))


@pytest.mark.parametrize("by", ["sector", "place", "owner"])
@pytest.mark.usefixtures("methodology")
def test_each_part_leads_to_its_employers(colleague, school, coordinator, by):
    shop = KeptOrganisationFactory(kept_by=school, nace="47.11")
    Site.objects.create(organisation=shop, town="Ennis", country="IE")
    employer_with(school, ("internship", 3), organisation=shop, owner=coordinator)
    page = colleague.get(reverse("engagement:portfolio_parts", args=[by])).content.decode()
    assert f'href="/engagement/?{by}=' in page


@pytest.mark.usefixtures("methodology")
def test_the_list_is_narrowed_to_a_level_a_pane_and_who_cools_down(colleague, school):
    warm, cool = employer_with(school, *[("internship", 3)] * 4), employer_with(school, ("guest_speaker", 330))
    for query, expected in [("level=3", warm), ("level=2", cool), ("lit=1.3", warm), ("cooling=yes", cool)]:
        page = colleague.get(f"{reverse('engagement:employers')}?{query}").content.decode()
        assert str(expected) in page
        assert page.count('<th scope="row">') == 1
    page = colleague.get(f"{reverse('engagement:employers')}?column=level&sort=-level").content.decode()
    assert page.index(str(warm)) < page.index(str(cool))


def test_an_empty_book_says_so(colleague):
    assert "The book is empty" in colleague.get(reverse("engagement:portfolio")).content.decode()
    assert (
        "There is nothing to count yet." in colleague.get(reverse("engagement:portfolio_parts", args=["owner"])).content.decode()
    )


@pytest.mark.parametrize("address", ["engagement:portfolio", "engagement:portfolio_parts"])
def test_who_works_for_no_school_finds_no_such_page(client, address):
    client.force_login(staff_of(OrganisationFactory(kind="association")))
    assert client.get(reverse(address, args=["owner"] if address.endswith("parts") else [])).status_code == 404
