"""Where places stand on a picture of the earth, what of the earth is drawn, and how one moves it."""

import re

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from guildhall.core.outlines import Box, borders, coasts, rivers
from guildhall.core.projection import FARTHEST_KM, HEIGHT, NEAREST_KM, WIDTH, View
from guildhall.core.ui.maps import Home, Place

METZ = View.of(49.12, 6.18, 25)


def drawn(view=METZ, query="", **given):
    context = Context({"request": RequestFactory().get(f"/map/?{query}"), "view": view, **given})
    names = " ".join(f"{name}={name}" for name in given)
    return Template(f'{{% map view=view label="Here" {names} %}}').render(context)


class TestTheView:
    def test_its_middle_is_the_middle_of_the_picture_and_north_is_up(self):
        assert METZ.xy(49.12, 6.18) == (WIDTH / 2, HEIGHT / 2)
        x, y = METZ.xy(49.22, 6.18)
        assert (x, y < HEIGHT / 2) == (WIDTH / 2, True)

    @pytest.mark.parametrize(("latitude", "longitude"), [(49.12 + 10 / 111.195, 6.18), (49.12, 6.18 + 10 / 72.776)])
    def test_ten_km_are_as_long_eastwards_as_northwards(self, latitude, longitude):
        x, y = METZ.xy(latitude, longitude)
        assert abs(x - WIDTH / 2) + abs(y - HEIGHT / 2) == pytest.approx(80, abs=0.1)

    def test_its_box_is_what_stands_in_the_corners(self):
        south, west, north, east = METZ.box
        assert METZ.xy(north, west) == pytest.approx((0, 0), abs=1e-6)
        assert METZ.xy(south, east) == pytest.approx((WIDTH, HEIGHT))

    def test_an_address_says_it_and_it_is_understood_again(self):
        assert str(METZ) == "49.1200,6.1800,25.00"
        assert View.read(str(METZ)) == METZ

    @pytest.mark.parametrize("text", ["", "49,6", "49,6,x", "nan,6,25", "49,inf,25", "95,6,25", "49,6,-3", "49,6,1e9", "1,2,3,4"])
    def test_what_is_no_view_is_none(self, text):
        assert View.read(text) is None

    def test_it_never_reaches_farther_or_less_far_than_can_be_drawn(self):
        assert METZ.times(1e6).reach_km == FARTHEST_KM
        assert METZ.times(1e-6).reach_km == NEAREST_KM
        assert View.of(90, 0, 25).latitude == 80
        assert View.of(0, 179, 2000).moved(1, 0).longitude < 0

    def test_the_view_over_a_box_holds_it(self):
        view = View.over(Box(48, 5, 50, 9))
        assert all(0 <= number <= WIDTH for corner in ((48, 5), (50, 9)) for number in view.xy(*corner))


class TestTheGround:
    def test_borders_and_rivers_are_where_they_are(self):
        (luxembourg, *_others) = list(borders(Box(49.4, 6.0, 49.55, 6.4)))
        assert any(49.4 < latitude < 49.55 and 6.0 < longitude < 6.4 for longitude, latitude in luxembourg.points)
        assert list(rivers(METZ.box))

    def test_a_view_far_from_any_coast_stands_on_land_and_one_at_sea_on_none(self):
        assert [line.is_water for line in coasts(METZ.box, least_km2=1)] == [False]
        assert list(coasts(View.of(46, -30, 25).box)) == []

    def test_of_a_long_coast_only_what_is_near_is_given(self):
        (land,) = coasts(View.of(40.9, 24.4, 5).box, least_km2=1000)
        assert 10 < len(land.points) < 1000

    def test_a_place_east_of_greenwich_and_one_west_of_it_are_both_found(self):
        for longitude in (-9.1, -1.5, 0.3, 9.0):
            assert any(line.points for line in coasts(View.of(52 if longitude > -5 else 53.3, longitude, 20).box))

    def test_very_near_no_coast_is_drawn_for_it_would_be_wrong(self):
        assert "exact to about 1 km" in drawn()
        near = drawn(METZ.times(0.1))
        assert "exact to" not in near
        assert 'class="river"' not in near


class TestTheMap:
    def test_a_place_is_a_link_that_says_what_it_is(self):
        places = [Place(49.13, 6.2, 'Bakery "Sun" & <Co>', "/employers/1/", "full")]
        picture = drawn(places=places)
        assert 'href="/employers/1/"' in picture
        assert "<title>Bakery &quot;Sun&quot; &amp; &lt;Co&gt;</title>" in picture

    def test_several_at_one_place_lead_to_a_nearer_view_and_keep_the_filters(self):
        picture = drawn(
            query="owner=3&page=7", places=[Place(49.1, 6.2, "1,234 sites", count=1234, closer=View.of(49.1, 6.2, 5))]
        )
        assert 'href="?owner=3&amp;at=49.1000%2C6.2000%2C5.00"' in picture
        assert ">1,234</text>" in picture

    def test_one_moves_by_links_as_far_as_it_makes_sense(self):
        words = ["Closer", "Wider", "West", "North", "South", "East", "Back to the start"]
        assert [word for word in words if f">{word}</span>" in drawn(start=METZ)] == words[:-1]
        assert [word for word in words if f">{word}</span>" in drawn(METZ.times(1e6), start=METZ)] == [words[0], *words[2:]]
        assert "Closer" not in drawn(METZ.times(1e-6))

    def test_names_stand_on_nothing_and_what_finds_no_room_is_left_out(self):
        towns = [("Metz", 49.12, 6.18), ("Metz-Nord", 49.121, 6.18), *[("Queuleu", 49.12, 6.18)] * 5]
        heights = [int(y) for y in re.findall(r'<text class="town" x="\d+" y="(-?\d+)"', drawn(towns=towns))]
        assert len(heights) == len(set(heights)) == 4

    def test_rings_are_round_and_named_where_there_is_room_for_them(self):
        picture = drawn(homes=[Home(49.12, 6.18, "School")], rings=[1, 5, 10, 25, 500])
        assert picture.count('class="ring"') == 3
        assert [km for km in ("5 km", "10 km", "25 km") if f">{km}</text>" in picture] == ["5 km", "10 km", "25 km"]

    @pytest.mark.parametrize(("reach", "said"), [(25, "10 km"), (2000, "1,000 km"), (1, "0.5 km"), (0.25, "0.1 km")])
    def test_the_measure_is_a_round_number_of_km(self, reach, said):
        assert f">{said}</text></g>" in drawn(View.of(49.12, 6.18, reach))
