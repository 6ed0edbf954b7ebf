"""The same list on a map: sites by distance, counted together where they are too near, told where nothing is known of them."""

from datetime import timedelta
from math import acos, cos, radians, sin

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core.outlines import Box
from guildhall.core.projection import View
from guildhall.engagement.models import Employer, SavedView
from guildhall.engagement.places import Spot, Standing, by_distance, extent_of, joined, middle_of, spread_over
from guildhall.engagement.tests.factories import EmployerFactory, staff_of
from guildhall.people.models import Site, km_squared_from
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

MAP = "engagement:map"
METZ = (49.1193, 6.1757)
#: With the distance from Metz in km along a great circle of a sphere of 6,371 km.
TOWNS = [
    ("Woippy", 49.1512, 6.1513, 3.97),
    ("Luxembourg", 49.6117, 6.1319, 54.85),
    ("Saarbrücken", 49.2402, 6.9969, 61.20),
    ("Strasbourg", 48.5734, 7.7521, 130.25),
    ("Köln", 50.9375, 6.9603, 209.7),
    ("Paris", 48.8566, 2.3522, 280.7),
]


@pytest.fixture
def school():
    return OrganisationFactory(country="FR")


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Odile Marchand")


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def home(school):
    return SiteFactory(organisation=school, name="Main building", latitude=METZ[0], longitude=METZ[1])


def employer_at(school, latitude, longitude, *, name="Ahorn", town="", **fields):
    employer = EmployerFactory(school=school, organisation__name=name, **fields)
    SiteFactory(organisation=employer.organisation, latitude=latitude, longitude=longitude, town=town)
    return employer


def book(school):
    return Employer.objects.in_book_of(school)


def page(client, **query):
    return client.get(reverse(MAP), query).content.decode()


def great_circle_km(latitude, longitude):
    one, other = map(radians, (METZ[0], latitude))
    return 6371 * acos(sin(one) * sin(other) + cos(one) * cos(other) * cos(radians(longitude - METZ[1])))


class TestDistances:
    @pytest.mark.parametrize(("town", "latitude", "longitude", "km"), TOWNS)
    def test_they_are_those_between_towns_on_the_globe(self, school, town, latitude, longitude, km):
        site = SiteFactory(organisation=school, latitude=latitude, longitude=longitude)
        measured = Site.objects.annotate(square=km_squared_from(*METZ)).get(pk=site.pk).square ** 0.5
        assert great_circle_km(latitude, longitude) == pytest.approx(km, rel=0.003)
        assert measured == pytest.approx(great_circle_km(latitude, longitude), rel=0.003)

    def test_what_is_within_a_distance_is_what_the_map_says_is_that_far(self, school):
        for _town, latitude, longitude, _km in TOWNS:
            SiteFactory(organisation=school, latitude=latitude, longitude=longitude)
        for km in (4, 54, 55, 131, 281):
            within = {site.pk for site in Site.objects.within(*METZ, km)}
            assert within == {site.pk for site in Site.objects.alias(far=km_squared_from(*METZ)).filter(far__lte=km**2)}

    def test_the_list_begins_with_the_nearest_site_and_says_how_far_it_is(self, colleague, school, home):
        for town, latitude, longitude, _km in reversed(TOWNS[:3]):
            employer_at(school, latitude, longitude, name=f"Firm {town}")
        shown = page(colleague)
        assert shown.index(">Firm Woippy<") < shown.index(">Firm Luxembourg<") < shown.index(">Firm Saarbrücken<")
        assert "4.0 km" in shown
        assert "from Main building" in shown

    def test_they_are_from_the_site_one_is_looking_around(self, colleague, school, home):
        other = SiteFactory(organisation=school, name="Workshop", latitude=49.6117, longitude=6.1319)
        employer_at(school, 49.62, 6.14)
        shown = page(colleague, near=other.pk, km=5)
        assert "from Workshop" in shown
        assert "1.1 km" in shown


class TestPlaces:
    VIEW = View.of(*METZ, 25)

    def test_five_sites_are_five_places(self, school):
        employer = employer_at(school, 49.1, 6.1)
        for number in range(1, 5):
            SiteFactory(organisation=employer.organisation, latitude=49.1, longitude=6.1 + number / 10)
        spread = spread_over(book(school), self.VIEW)
        assert (spread.inside, [spot.count for spot in spread.spots]) == (5, [1, 1, 1, 1, 1])

    def test_those_on_each_other_are_one_with_their_number(self, school):
        for number in range(3):
            employer_at(school, 49.1, 6.1 + number / 10_000, last_contact_at=[None, now(), now() - timedelta(days=500)][number])
        (spot,) = spread_over(book(school), self.VIEW).spots
        assert spot.count == 3
        assert spot.standing == {Standing.LATELY: 1, Standing.LONG_AGO: 1, Standing.NEVER: 1, Standing.RESTING: 0}
        assert spot.box == pytest.approx((49.1, 6.1, 49.1, 6.1002))

    def test_no_two_stand_on_each_other(self, school):
        for number in range(60):
            employer_at(school, 49.0 + number * 7 % 60 / 200, 6.0 + number * 13 % 60 / 170)
        spread = spread_over(book(school), self.VIEW)
        points = [self.VIEW.xy(spot.latitude, spot.longitude) for spot in spread.spots]
        gaps = [(a - c) ** 2 + (b - d) ** 2 for n, (a, b) in enumerate(points) for c, d in points[:n]]
        assert min(gaps) >= 34**2
        assert sum(spot.count for spot in spread.spots) == spread.inside == 60

    def test_a_smaller_one_joins_the_larger(self):
        def spot(count, longitude, square):
            standing = {one: count * (one is Standing.NEVER) for one in Standing}
            return Spot(
                49.12, longitude, count, Box(49.12, longitude, 49.12, longitude), square, "A", standing, frozenset([square])
            )

        (kept,) = joined([spot(1, 6.18, 1), spot(5, 6.19, 2)], self.VIEW)
        assert (kept.employer, kept.count, kept.squares, kept.box) == (2, 6, {1, 2}, (49.12, 6.18, 49.12, 6.19))
        assert kept.standing[Standing.NEVER] == 6

    def test_what_is_beyond_the_edge_is_counted_and_how_far_it_reaches(self, school):
        employer_at(school, *METZ)
        employer_at(school, 48.8566, 2.3522)
        spread = spread_over(book(school), self.VIEW)
        assert (spread.inside, spread.outside) == (1, 1)
        assert View.over(spread.box).box.west < 2.3522

    def test_a_closed_site_and_one_of_another_book_are_on_no_map(self, school):
        employer = employer_at(school, *METZ)
        employer.organisation.sites.update(closed_on=localdate())
        employer_at(OrganisationFactory(), *METZ)
        assert spread_over(book(school), self.VIEW).spots == []
        assert extent_of(book(school), METZ).unplaced == 1

    def test_each_row_knows_its_place(self, school):
        for number in range(8):
            employer_at(school, 49.0 + number / 40, 6.0 + number / 30)
        squares = {square for spot in spread_over(book(school), self.VIEW).spots for square in spot.squares}
        assert {row["square"] for row in by_distance(book(school), self.VIEW, METZ)} == squares

    @pytest.mark.parametrize(
        ("days_ago", "standing"),
        [
            ({}, Standing.NEVER),
            ({"last_contact_at": 0}, Standing.LATELY),
            ({"last_contact_at": 366}, Standing.LONG_AGO),
            ({"last_contact_at": 0, "resting_until": 0}, Standing.RESTING),
            ({"resting_until": 1}, Standing.NEVER),
        ],
    )
    def test_its_look_says_how_things_stand(self, school, days_ago, standing):
        moments = {"last_contact_at": now, "resting_until": localdate}
        fields = {name: moments[name]() - timedelta(days=days) for name, days in days_ago.items()}
        employer_at(school, *METZ, **fields)
        (row,) = by_distance(book(school), self.VIEW, METZ)
        assert row["standing"] == standing

    def test_the_town_with_the_most_sites_is_named_first_and_each_once(self, school):
        for number, town in enumerate(["METZ", "Metz", "Woippy", "Metz", "", "Woippy", "Paris"]):
            employer_at(school, 49.1, 6.1 if town != "Paris" else 2.35, name=f"Firm {number}", town=town)
        assert [town for town, *_where in spread_over(book(school), self.VIEW).towns] == ["Metz", "Woippy"]

    def test_a_map_begins_so_near_that_it_shows_most_of_the_sites(self, school):
        for km in (1, 3, 4, 7, 9, 9, 9, 9, 30, 500):
            employer_at(school, METZ[0] + km / 111.195, METZ[1])
        extent = extent_of(book(school), METZ)
        assert (extent.sites, extent.usual_km) == (10, 10)

    def test_without_a_site_of_its_own_a_school_sees_the_middle_of_its_employers(self, colleague, school):
        assert middle_of(book(school)) is None
        employer_at(school, 49.0, 6.0)
        employer_at(school, 49.2, 6.2)
        assert middle_of(book(school)) == pytest.approx((49.1, 6.1))
        shown = page(colleague)
        assert "2 sites on the map" in shown
        assert "Give a site of your own school" in shown
        assert 'class="item-aside"' not in shown


class TestThePage:
    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_the_same_for_one_and_for_three(self, colleague, school, home, count, django_assert_num_queries):
        for number in range(count):
            employer_at(school, 49.1 + number / 10, 6.1, name=f"Firm {number}", town="Metz")
        with django_assert_num_queries(11):
            assert page(colleague).count('class="place"') == count

    def test_a_place_leads_to_the_employer_and_its_row_belongs_to_it(self, colleague, school, home):
        employer = employer_at(school, 49.1, 6.1, name="Ahorn", last_contact_at=now())
        shown = page(colleague)
        assert f'id="place-1" href="{employer.get_absolute_url()}"' in shown
        assert "<title>Ahorn: spoken with within a year</title>" in shown
        assert 'data-place="place-1"' in shown

    def test_several_lead_to_a_nearer_map_until_only_the_list_can_part_them(self, colleague, school, home):
        for _number in range(2):
            employer_at(school, 49.1, 6.1)
        assert 'href="?at=49.1000%2C6.1000%2C0.25"' in page(colleague)
        assert 'id="place-1" href="#places"' in page(colleague, at="49.1,6.1,0.25")

    def test_the_filters_are_those_of_the_list_and_both_ways_keep_them(self, colleague, school, home, coordinator):
        employer_at(school, 49.1, 6.1, name="Ahorn", owner=coordinator)
        employer_at(school, 49.1, 6.2, name="Birke")
        shown = page(colleague, owner=coordinator.pk, sort="-name", at="49.1,6.1,9")
        assert ">Ahorn</a>" in shown
        assert "Birke" not in shown
        for way in (MAP, "engagement:employers"):
            assert f'href="{reverse(way)}?owner={coordinator.pk}&amp;sort=-name"' in shown
        assert f'href="{reverse(MAP)}?owner={coordinator.pk}"' in colleague.get(
            reverse("engagement:employers"), {"owner": coordinator.pk}
        ).content.decode().replace("&amp;", "&")

    def test_a_saved_view_is_seen_on_the_map_too(self, colleague, school, home, coordinator):
        employer_at(school, 49.1, 6.1)
        SavedView.objects.create(school=school, owner=coordinator, name="Mine", query=f"owner={coordinator.pk}")
        assert f'<a href="?owner={coordinator.pk}">Mine</a>' in page(colleague)

    def test_the_fragment_is_the_part_of_the_page_you_would_get_by_reloading(self, colleague, school, home):
        employer_at(school, 49.1, 6.1)
        fragment = colleague.get(reverse(MAP), headers={"HX-Request": "true"}).content.decode()
        assert fragment.startswith('<div id="employers">')
        assert fragment.strip() in page(colleague)

    def test_who_is_without_a_place_is_counted_and_listed(self, colleague, school, home):
        employer_at(school, 49.1, 6.1, name="Ahorn")
        EmployerFactory(school=school, organisation__name="Birke")
        shown = page(colleague, owner="nobody")
        assert "1 employer without a place on the map" in shown
        assert f'href="{reverse("engagement:employers")}?placed=no&amp;owner=nobody"' in shown
        listed = colleague.get(reverse("engagement:employers"), {"placed": "no", "owner": "nobody"}).content.decode()
        assert ">Birke</a>" in listed
        assert ">Ahorn</a>" not in listed

    def test_what_is_beyond_the_edge_is_one_link_away(self, colleague, school, home):
        for number in range(9):
            employer_at(school, 49.12 + number / 1000, 6.17)
        employer_at(school, 48.85, 2.35)
        shown = page(colleague)
        assert "1 site beyond the edge: show all" in shown

    def test_twenty_five_rows_stand_on_a_page(self, colleague, school, home):
        for number in range(26):
            employer_at(school, 49.12 + number / 1000, 6.17)
        assert page(colleague).count("data-place=") == 25
        assert page(colleague, page=2).count("data-place=") == 1

    @pytest.mark.parametrize("at", ["nonsense", "nan,nan,nan", "91,0,5", "0,0,0", "'"])
    def test_an_address_that_makes_no_sense_shows_where_one_begins(self, colleague, school, home, at):
        employer_at(school, 49.1, 6.1)
        assert "1 site on the map" in page(colleague, at=at)

    def test_a_part_of_the_map_without_anybody_says_so(self, colleague, school, home):
        employer_at(school, 49.1, 6.1)
        assert "No employer in this part of the map" in page(colleague, at="-40,-20,25")

    def test_an_empty_map_says_how_one_comes_onto_it(self, colleague, home):
        assert "Nothing has a place on the map yet" in page(colleague)

    def test_it_is_for_those_who_work_for_the_school(self, client):
        assert client.get(reverse(MAP)).status_code == 302
        client.force_login(staff_of(OrganisationFactory(kind="employer")))
        assert client.get(reverse(MAP)).status_code == 404


class TestWhereASiteIs:
    @pytest.mark.parametrize(
        ("given", "place"),
        [
            ({"latitude": "49.1193, 6.1757"}, (49.1193, 6.1757)),
            ({"latitude": "49.1193,6.1757"}, (49.1193, 6.1757)),
            ({"longitude": " 49.1193 6.1757 "}, (49.1193, 6.1757)),
            ({"latitude": "49,1193; 6,1757"}, (49.1193, 6.1757)),
            ({"latitude": "49,1193", "longitude": "6,1757"}, (49.1193, 6.1757)),
            ({"latitude": "33.8688° S, 70.6693° W"}, (-33.8688, -70.6693)),
            ({"latitude": "−33.5", "longitude": "151"}, (-33.5, 151)),
            ({}, (None, None)),
        ],
    )
    def test_both_numbers_are_understood_as_maps_give_them(self, colleague, school, given, place):
        employer = EmployerFactory(school=school)
        colleague.post(reverse("engagement:site_add", args=[employer.pk]), {"town": "Metz", **given})
        site = Site.objects.get(organisation=employer.organisation)
        assert (site.latitude, site.longitude) == place

    @pytest.mark.parametrize("given", ["49.1", "Metz", "91, 6", "49.1, 6.1, 7.2"])
    def test_what_is_no_place_is_told_beside_the_field(self, colleague, school, given):
        employer = EmployerFactory(school=school)
        answer = colleague.post(reverse("engagement:site_add", args=[employer.pk]), {"town": "Metz", "latitude": given})
        assert answer.status_code == 422

    def test_the_places_of_the_schools_own_sites_are_pasted_too(self, colleague, school, coordinator):
        coordinator.memberships.update(role="manager")
        colleague.post(reverse("people:site_add", args=[school.slug]), {"town": "Metz", "latitude": "49.1193, 6.1757"})
        assert Site.objects.get(organisation=school).longitude == 6.1757
