"""Finding resources: search, filters with how much each choice leaves, the best language of each work, order, pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core import search
from guildhall.library import actions
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db
LIST = "oer:resources"


@pytest.fixture
def member():
    """Somebody from elsewhere, who may translate and use."""
    return member_of(OrganisationFactory(name="Elsewhere"), Role.TEACHER)


def page(client, **query):
    return client.get(reverse(LIST), query).content.decode()


def titles(client, **query):
    """The titles in the list, in its order, without marks."""
    found = re.findall(r'<h2 class="item-title"><a href="[^"]*">(.*?)</a>', page(client, **query))
    return [re.sub(r"<[^>]+>", "", title) for title in found]


def choices(client, name, **query):
    """What a filter offers: the words and the count of each choice."""
    select = re.search(rf'<select name="{name}".*?</select>', page(client, **query))
    options = re.findall(r'<option value="[^"]+"[^>]*>(.*?) \((\d+)\)</option>', select[0]) if select else []
    return {words: int(count) for words, count in options}


def translated(resource, language, title, by):
    """A published translation."""
    organisation = by.memberships.get().organisation
    described = {"title": title, "summary": f"{title}.", "text": f"{title}."}
    made = actions.start_translation(resource, organisation=organisation, language=language, described=described, by=by, at=now())
    return actions.publish_resource(made, by=member_of(organisation), at=now())


class TestWhatItCosts:
    @pytest.mark.parametrize("count", [1, 3])
    def test_the_list_costs_the_same_for_one_and_for_three(self, client, count, django_assert_num_queries):
        for _ in range(count):
            published(kind="worksheet", audience=["teacher"], eqf=[4], nace="25.11", isced="0715", area="1.1")
        # Whether anything has changed, and what; the names of organisations; the page's rows; other languages.
        with django_assert_num_queries(5):
            assert len(titles(client)) == count

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_search_with_all_filters_costs_the_same_for_a_member(self, client, member, count, django_assert_num_queries):
        for _ in range(count):
            published(kind="worksheet", audience=["teacher"], eqf=[4], nace="25.11", isced="0715", area="1.1")
        begin_visit(client, member)
        asked = {
            "q": "call",
            "kind": "worksheet",
            "audience": "teacher",
            "level": "4",
            "sector": "C",
            "subject": "07",
            "open": "on",
        }
        with django_assert_num_queries(10):
            assert len(titles(client, **asked)) == count


class TestFilters:
    def test_each_narrows_the_list(self, client):
        metal = {"kind": "worksheet", "area": "1.1", "isced": "0715", "nace": "25.11", "eqf": [4, 5], "audience": ["trainer"]}
        school = OrganisationFactory(name="Metal School")
        published(title="Milling", organisation=school, **metal)
        published(
            title="Nursing", kind="slide", area="2.2", isced="0913", nace="86", eqf=[3], audience=["teacher"], licence="by-nc"
        )
        for asked in [
            {"kind": "worksheet"},
            {"area": "1.1"},
            {"subject": "07"},
            {"sector": "C"},
            {"level": "5"},
            {"audience": "trainer"},
            {"organisation": school.pk},
            {"open": "on"},
            {"q": "milling"},
        ]:
            assert titles(client, **asked) == ["Milling"], asked

    @pytest.mark.parametrize("code", ["C", "25", "25.1", "25.11"])
    def test_a_sector_holds_codes_of_every_level(self, client, code):
        published(title="Milling", nace=code)
        assert titles(client, sector="C") == ["Milling"]
        assert titles(client, sector="F") == []

    def test_a_choice_says_how_many_it_leaves_given_the_other_filters(self, client):
        for kind, area in [("worksheet", "1.1"), ("worksheet", "1.2"), ("slide", "1.1")]:
            published(kind=kind, area=area)
        assert choices(client, "kind") == {"Worksheet": 2, "Slides": 1}
        assert choices(client, "kind", area="1.1") == {"Worksheet": 1, "Slides": 1}
        # Its own choice does not narrow what it offers; that of the others does.
        assert choices(client, "kind", kind="slide") == {"Worksheet": 2, "Slides": 1}
        assert choices(client, "area", kind="slide") == {"Innovating educational pathways": 1}

    def test_of_several_values_each_counts(self, client):
        published(audience=["teacher", "trainer"], eqf=[4])
        published(audience=["teacher"], eqf=[5])
        assert choices(client, "audience") == {"Teachers": 2, "In-company trainers": 1}
        assert choices(client, "audience", level="5") == {"Teachers": 1}
        assert choices(client, "level", audience="trainer") == {"EQF level 4": 1}

    def test_a_work_counts_once_in_whatever_languages_it_is_there(self, client, member):
        resource = published(title="Plan", kind="worksheet")
        translated(resource, "de", "Blatt", member)
        assert choices(client, "kind") == {"Worksheet": 1}
        assert choices(client, "language") == {"English": 1, "German": 1}
        assert "1 resource<" in page(client)

    def test_a_filter_in_which_there_is_nothing_to_choose_is_not_there(self, client):
        published()
        drawn = page(client)
        assert 'name="kind"' in drawn
        assert 'name="sector"' not in drawn

    def test_what_is_chosen_stays_though_nothing_answers_to_it(self, client):
        published(kind="worksheet")
        assert choices(client, "kind", kind="video") == {"Worksheet": 1, "Video": 0}
        assert "Nothing in the library answers to this" in page(client, kind="video")

    def test_what_one_searches_for_can_be_searched_for_in_what_films_say(self, client):
        way = f"{reverse('oer:transcripts')}?q=crane%20%26%20hoist"
        published(title="A crane & hoist")
        assert way in page(client, q="crane & hoist")
        assert way in page(client, q="crane & hoist", kind="video")  # where nothing is found, too
        assert reverse("oer:transcripts") not in page(client)

    def test_an_organisation_has_its_name_though_none_of_its_own_is_found(self, client):
        resource = published(kind="worksheet", organisation=OrganisationFactory(name="Metal School"))
        drawn = page(client, organisation=resource.organisation_id, kind="slide")
        assert "<strong>Metal School</strong>" in drawn
        assert titles(client, organisation=resource.organisation_id) == [resource.shown.title]

    def test_an_organisation_that_has_published_nothing_keeps_its_name_to_itself(self, client):
        published()
        hidden = OrganisationFactory(name="Secret School")
        assert "Secret School" not in page(client, organisation=hidden.pk)

    def test_drafts_and_what_was_withdrawn_are_neither_shown_nor_counted(self, client):
        published(kind="worksheet")
        ResourceFactory(kind="slide")
        gone = published(kind="text")
        actions.withdraw_resource(gone, why="Out of date.", by=member_of(gone.organisation), at=now())
        assert choices(client, "kind") == {"Worksheet": 1}
        assert len(titles(client)) == 1

    def test_changes_that_are_not_published_do_not_count(self, client):
        resource = published(kind="worksheet", title="As published")
        by = member_of(resource.organisation)
        actions.change_resource(resource, described={"kind": "slide", "title": "Being changed"}, by=by, at=now())
        assert choices(client, "kind") == {"Worksheet": 1}
        assert titles(client) == ["As published"]

    @pytest.mark.parametrize(
        "asked",
        [
            {"kind": "nonsense"},
            {"level": "9"},
            {"organisation": "9" * 30},
            {"organisation": "²"},
            {"organisation": "-1"},
            {"language": "xx' OR 1=1 --"},
            {"sort": "password"},
            {"page": "99"},
            {"page": "-1"},
            {"q": "a\x00b"},
            {"q": "x" * 500},
            {"case": ["x", "9" * 30]},
            {"audience": "%"},
        ],
    )
    def test_what_cannot_be_understood_narrows_nothing(self, client, asked):
        published(title="Plan", audience=["teacher"])
        assert titles(client, **asked) == ["Plan"]


class TestLanguages:
    @pytest.fixture
    def work(self, member):
        resource = published(title="Plan", summary="For the year.")
        return resource, translated(resource, "de", "Jahresplan", member), translated(resource, "el", "Σχέδιο", member)

    def test_of_each_work_the_pages_language_is_shown_and_the_others_are_named(self, client, work):
        assert titles(client) == ["Plan"]
        assert titles(client, headers={"accept-language": "de"}) == ["Plan"]
        drawn = client.get(reverse(LIST), headers={"accept-language": "el"}).content.decode()
        assert ">Σχέδιο</a>" in drawn
        original, german, _greek = work
        assert f'<a href="{german.get_absolute_url()}" hreflang="de" lang="de">Deutsch</a>' in drawn
        assert f'<a href="{original.get_absolute_url()}" hreflang="en" lang="en">English</a>' in drawn

    def test_then_the_languages_of_ones_organisation_come(self, client, work):
        user = member_of(OrganisationFactory(languages=["de"]), Role.TEACHER, language="pl")
        client.force_login(user)
        drawn = client.get(reverse(LIST)).content.decode()
        assert '<span lang="de">Jahresplan</span>' in drawn

    def test_a_language_that_is_not_the_pages_is_marked(self, client):
        published(title="Jahresplan", summary="Für ein Jahr.", language="de")
        drawn = page(client)
        assert '<span lang="de">Jahresplan</span>' in drawn
        assert '<p lang="de">Für ein Jahr.</p>' in drawn
        assert "German</span>" in drawn

    def test_who_asks_for_a_language_gets_that_of_each_work(self, client, work):
        assert titles(client, language="de") == ["Jahresplan"]
        assert titles(client, language="pl") == []

    def test_a_work_is_found_by_the_words_of_any_language(self, client, work):
        assert titles(client, q="σχέδιο") == ["Σχέδιο"]
        assert titles(client, q="Jahresplan") == ["Jahresplan"]

    def test_a_search_shows_what_one_can_read_first(self, client):
        published(title="Machine", language="fr")
        published(title="Safety at the machine, and what to do when it stops", language="en")
        assert titles(client, q="machine") == ["Safety at the machine, and what to do when it stops", "Machine"]


class TestSearch:
    def test_it_says_why_something_was_found(self, client):
        published(title="Plan", summary="For the year.", text="Move the lathe before the holidays.\n\nThen rest.")
        drawn = page(client, q="lathes")
        assert "Move the <mark>lathe</mark> before the holidays." in drawn
        assert "For the year." not in drawn  # the passage stands in its place

    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("## Before the **lathe**", "Before the <mark>lathe</mark>"),
            ("- [ ] the lathe", "[ ] the <mark>lathe</mark>"),
            ("> * 2. `lathe` moved", "<mark>lathe</mark> moved"),
            ("| What | Lathe 2 | moved |", "What · <mark>Lathe</mark> 2 · moved"),
            ("| Whose | | lathe | |", "Whose · <mark>lathe</mark>"),
            ("A lathe costs 5 * 3 #1 - no more", "A <mark>lathe</mark> costs 5 * 3 #1 - no more"),
        ],
    )
    def test_a_reason_is_shown_without_the_marks_of_its_text(self, client, written, shown):
        published(title="Plan", text=f"Begin.\n\n{written}\n\nEnd.")
        assert f">{shown}</p>" in page(client, q="lathe")

    def test_the_organisation_is_a_reason_too(self, client):
        published(title="Plan", organisation=OrganisationFactory(name="Lindenhof School"))
        assert "<mark>Lindenhof</mark> School" in page(client, q="lindenhof")

    def test_a_mistyped_word_is_forgiven_and_put_right(self, client):
        published(title="Machining plan")
        drawn = page(client, q="machning")
        assert "Nothing is spelled like that. What comes closest, for “Machining”:" in drawn
        assert titles(client, q="machning") == ["Machining plan"]

    def test_the_best_comes_first_unless_one_asks_for_another_order(self, client):
        published(title="Lathe")
        published(title="Something else", text="About a lathe.")
        assert titles(client, q="lathe") == ["Lathe", "Something else"]
        assert titles(client, q="lathe", sort="newest") == ["Something else", "Lathe"]

    def test_more_hits_than_are_ranked_are_all_found(self, client, monkeypatch):
        monkeypatch.setattr(search, "MOST_HITS", 2)
        for number in range(4):
            published(title=f"Lathe {number}")
        assert sorted(titles(client, q="lathe")) == [f"Lathe {number}" for number in range(4)]
        assert "4 resources<" in page(client, q="lathe")

    def test_what_is_searched_for_is_shown_and_not_run(self, client):
        published()
        drawn = page(client, q='"><script>alert(1)</script>')
        assert "<script>alert" not in drawn
        assert "Nothing in the library answers to this" in drawn


class TestOrder:
    def test_the_newest_comes_first_and_other_orders_can_be_had(self, client, member):
        first, second = published(title="Zebra"), published(title="apple")
        third = published(title="Mango")
        for resource, days in [(first, 3), (second, 2), (third, 1)]:
            type(resource).objects.filter(pk=resource.pk).update(public_at=now() - timedelta(days=days))
        actions.tell_of_use(
            second, organisation=member.memberships.get().organisation, sentence="", language="en", by=member, at=now()
        )
        assert titles(client) == ["Mango", "apple", "Zebra"]
        assert titles(client, sort="title") == ["apple", "Mango", "Zebra"]
        assert titles(client, sort="used") == ["apple", "Mango", "Zebra"]
        assert "1 person has used it" in page(client)

    def test_uses_of_a_translation_count_for_the_work(self, client, member):
        resource = published(title="Plan")
        german = translated(resource, "de", "Jahresplan", member)
        published(title="Other")
        elsewhere = OrganisationFactory()
        user = member_of(elsewhere)
        actions.tell_of_use(german, organisation=elsewhere, sentence="", language="de", by=user, at=now())
        assert titles(client, sort="used") == ["Plan", "Other"]

    def test_twenty_stand_on_a_page(self, client):
        for number in range(21):
            published(title=f"Sheet {number:02}")
        assert len(titles(client, sort="title")) == 20
        assert titles(client, sort="title", page="2") == ["Sheet 20"]
        assert "1–20 of 21" in page(client)
        assert "?sort=title&amp;page=2" in page(client, sort="title")


class TestTheFragment:
    def test_the_swapped_fragment_is_the_page_you_would_get_by_reloading(self, client):
        for kind in ("worksheet", "slide"):
            published(kind=kind)
        whole = client.get(reverse(LIST), {"kind": "slide"}).content.decode()
        response = client.get(reverse(LIST), {"kind": "slide"}, headers={"hx-request": "true"})
        part, fields = response.content.decode().split('<div hx-swap-oob="innerHTML:#filters">')
        assert part.strip() in whole
        assert fields.strip().removesuffix("</div>") in whole
        assert response["Vary"].count("HX-Request")

    def test_only_practice_cases_can_be_ticked(self, client):
        account = {"context": "A town."}
        one, _two = (published(kind="case_study", title=title, text="", account=account) for title in ("One", "Two"))
        published(kind="worksheet")
        assert 'type="checkbox"' not in page(client)
        drawn = page(client, kind="case_study", case=one.pk)
        assert drawn.count('name="case"') == 2
        assert f'name="case" value="{one.pk}" checked' in drawn
        assert f'action="{reverse("oer:compare")}"' in drawn

    def test_an_empty_library_says_so(self, client):
        assert "Nothing is published yet" in page(client)

    def test_who_may_write_is_led_to_where_that_is_done_and_others_are_not(self, client, member):
        ways = [reverse("library:start"), reverse("library:mine")]
        assert not any(f'href="{way}"' in page(client) for way in ways)
        client.force_login(member_of(OrganisationFactory(), Role.LEARNER))
        assert not any(f'href="{way}"' in page(client) for way in ways)
        client.force_login(member)
        assert all(f'href="{way}"' in page(client) for way in ways)
