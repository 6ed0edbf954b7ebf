"""The page of a resource, its versions, what is left of it, its card for other sites, and practice cases side by side."""

from __future__ import annotations

import re

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils.html import escape
from django.utils.timezone import now

from guildhall.library import actions
from guildhall.library.amb import whole
from guildhall.library.kinds import CRITERIA
from guildhall.library.models import Resource
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(name="Lindenhof School")


@pytest.fixture
def manager(school):
    return member_of(school)


@pytest.fixture
def elsewhere():
    return OrganisationFactory(name="Elsewhere")


@pytest.fixture
def reader(elsewhere):
    return member_of(elsewhere, Role.TEACHER, name="Rita Reader")


def shown(client, resource, status=200, **headers):
    response = client.get(resource.get_absolute_url(), headers=headers)
    assert response.status_code == status
    return response.content.decode()


def changed(resource, by, what_changed="", **described):
    """Published anew."""
    actions.change_resource(resource, described=described, by=by, at=now())
    return actions.publish_resource(resource, what_changed=what_changed, by=by, at=now())


def reviewed(resource, by, score=4, text="", language="en"):
    organisation = by.memberships.get().organisation
    scores = dict.fromkeys(CRITERIA, score)
    return actions.review_resource(
        resource, organisation=organisation, scores=scores, text=text, language=language, by=by, at=now()
    )


def used(resource, by, sentence="", language="en"):
    organisation = by.memberships.get().organisation
    return actions.tell_of_use(resource, organisation=organisation, sentence=sentence, language=language, by=by, at=now())


def translation_of(resource, by, language="de", **described):
    organisation = by.memberships.get().organisation
    described = {"title": "Blatt", "summary": "Ein Blatt.", **described}
    return actions.start_translation(resource, organisation=organisation, language=language, described=described, by=by, at=now())


def case(title, **fields):
    account = {"context": f"{title}: a town.", "challenge": "", "figures": [{"value": "9", "label": "firms"}]}
    return published(kind="case_study", title=title, text="", account={**account, **fields})


class TestWhatItSays:
    def test_it_says_all_that_is_known(self, client, school):
        resource = published(
            organisation=school,
            title="First call sheet",
            kind="worksheet",
            authors=[{"name": "Ada Example", "orcid": "0000-0002-1825-0097", "affiliation": "Example University"}],
            keywords=["call", "firms"],
            skills=["to prepare a call"],
            audience=["trainer"],
            eqf=[4],
            isced="0715",
            nace="25.11",
            area="1.1",
            activity="internship",
            country="PT",
            accessibility=["easyToRead"],
            project="Good Start",
            project_code="2024-1-KA220",
            doi="10.5281/zenodo.1",
            link="https://example.org/sheet",
        )
        page = shown(client, resource)
        for words in [
            "First call sheet</h1>",
            "Worksheet",
            "What to ask an employer on the first call.",
            "<h2>Before</h2>",
            "Ada Example, Example University",
            'href="https://orcid.org/0000-0002-1825-0097"',
            "Lindenhof School",
            'href="https://creativecommons.org/licenses/by/4.0/"',
            "Anyone may use, change and share it who names you.",
            "call, firms",
            "<li>to prepare a call</li>",
            "In-company trainers",
            "EQF level 4",
            "Mechanics and metal trades",
            "Manufacture of metal structures and parts of structures",
            "Innovating educational pathways",
            "Internship",
            "Portugal",
            "Easy to read",
            "2024-1-KA220",
            'href="https://doi.org/10.5281/zenodo.1"',
            'href="https://example.org/sheet"',
        ]:
            assert words in page, words
        assert "Co-funded by the European Union" not in page

    def test_what_erasmus_paid_for_says_so_in_the_language_of_the_resource(self, client):
        page = shown(client, published(is_erasmus=True), **{"accept-language": "de"})
        assert '<p lang="en"><strong>Co-funded by the European Union</strong></p>' in page
        assert "the European Union or the granting authority" in page

    def test_files_can_be_looked_at(self, client, school, manager):
        resource = ResourceFactory(organisation=school)
        upload = ContentFile(b"a;b\n1;2\n", name="table.csv")
        part = actions.add_part(resource, upload=upload, title="Call sheet", by=manager, at=now())
        actions.publish_resource(resource, by=manager, at=now())
        page = shown(client, resource)
        assert f'href="{reverse("oer:part", args=[resource.pk, part.pk])}">Call sheet</a>' in page
        assert reverse("oer:download", args=[resource.pk]) in page

    def test_a_practice_case_is_told_in_its_parts_with_its_figures(self, client):
        page = shown(client, case("Nine firms", done="1. Ring\n2. Visit", travels="It **can**."))
        assert page.index("Where it happened</h2>") < page.index("What was done</h2>") < page.index("Can it travel?</h2>")
        assert "What was difficult</h2>" not in page  # nothing is said
        assert "<li>Visit</li>" in page
        assert "It <strong>can</strong>." in page
        assert '<p class="stat-value">9</p>' in page
        assert "kind=case_study&amp;case=" in page

    def test_an_illustration_says_that_it_is_one(self, client):
        assert "This is made up" in shown(client, published(is_illustration=True))

    def test_what_somebody_wrote_is_shown_and_not_run(self, client, school, manager, reader):
        nasty = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
        resource = published(
            organisation=school,
            kind="case_study",
            title=nasty,
            summary=nasty,
            text=nasty,
            keywords=[nasty],
            skills=[nasty],
            project=nasty,
            language="de",
            area="1.1",
            authors=[{"name": nasty, "orcid": nasty, "affiliation": nasty}],
            account={"context": nasty, "figures": [{"value": nasty, "label": nasty}]},
        )
        actions.add_source(resource, relation="based_on", title=nasty, author=nasty, what_changed=nasty, by=manager, at=now())
        resource = actions.publish_resource(resource, what_changed=nasty, by=manager, at=now())
        reviewed(resource, reader, text=nasty)
        used(resource, reader, sentence=nasty)
        published(area="1.1")
        for address in [
            resource.get_absolute_url(),
            reverse("oer:version", args=[resource.pk, 1]),
            reverse("oer:embed", args=[resource.pk]),
            reverse("oer:resources"),
            reverse("oer:compare") + f"?case={resource.pk}&case={case('Other').pk}",
        ]:
            page = client.get(address).content.decode()
            assert "<script>alert" not in page, address
            assert not re.search(r"<img[^>]*onerror", page), address

    def test_a_resource_in_another_language_is_marked_as_such(self, client):
        page = shown(client, published(title="Jahresplan", summary="Für ein Jahr.", text="Zuerst lesen.", language="de"))
        assert '<h1><span lang="de">Jahresplan</span></h1>' in page
        assert '<div class="prose" lang="de"><p>Zuerst lesen.</p>' in page

    def test_it_carries_its_record_for_other_programs_once(self, client):
        resource = published()
        response = client.get(resource.get_absolute_url())
        assert response.content.decode().count('<script type="application/ld+json">') == 1
        assert 'rel="describedby"' in response["Link"]

    def test_others_on_the_same_area_are_offered_each_once_and_at_most_five(self, client, reader):
        resource = published(area="1.1")
        for number in range(6):
            other = published(area="1.1", title=f"Other {number}")
            actions.publish_resource(
                translation_of(other, reader, title=f"Anderes {number}"),
                by=member_of(reader.memberships.get().organisation),
                at=now(),
            )
        published(area="2.2", title="Elsewhere")
        more = shown(client, resource).partition('id="more"')[2].partition("</section>")[0]
        assert re.findall(r"Other \d", more) == [f"Other {number}" for number in (5, 4, 3, 2, 1)]
        assert "Anderes" not in more

    def test_the_line_that_names_it_can_be_copied_as_text_and_as_html(self, client):
        resource = published(title='A "good" start & more')
        page = shown(client, resource)
        assert "“A &quot;good&quot; start &amp; more” (http" in page
        # What is copied is HTML, so in the page it stands escaped once more.
        assert escape('rel="license noopener">CC BY 4.0</a>') in page

    def test_the_card_for_other_sites_can_be_copied(self, client):
        resource = published(title='A "good" start')
        page = shown(client, resource)
        assert escape(f'{reverse("oer:embed", args=[resource.pk])}" title="A &quot;good&quot; start"') in page


class TestWhoSeesIt:
    def test_a_draft_is_seen_by_those_who_write_for_its_organisation_and_says_so(self, client, school):
        draft = ResourceFactory(organisation=school)
        client.force_login(member_of(school, Role.TEACHER))
        page = shown(client, draft)
        assert "Nobody else sees it but those who write for Lindenhof School." in page
        assert "ld+json" not in page

    def test_for_everybody_else_there_is_no_such_draft(self, client, school):
        draft = ResourceFactory(organisation=school)
        shown(client, draft, status=404)
        for person in (UserFactory(), member_of(OrganisationFactory()), member_of(school, Role.LEARNER)):
            client.force_login(person)
            shown(client, draft, status=404)

    def test_changes_that_are_not_published_are_mentioned_to_those_who_write_only(self, client, school, manager, reader):
        resource = published(organisation=school)
        actions.change_resource(resource, described={"title": "A title to come"}, by=manager, at=now())
        sentence = "There are changes that are not published yet"
        client.force_login(manager)
        assert sentence in shown(client, resource)
        client.force_login(reader)
        page = shown(client, resource)
        assert sentence not in page
        assert "A title to come" not in page

    def test_what_was_handed_in_says_that_it_waits(self, client, school):
        teacher = member_of(school, Role.TEACHER)
        draft = ResourceFactory(organisation=school, owner=teacher)
        actions.hand_in(draft, by=teacher, at=now())
        client.force_login(teacher)
        page = shown(client, draft)
        assert "It is handed in and waits to be published." in page
        assert reverse("library:hand_in", args=[draft.pk]) not in page


class TestWhatIsLeft:
    @pytest.fixture
    def gone(self, school, manager):
        resource = published(organisation=school, title="Old rules", text="Do not read this.")
        return actions.withdraw_resource(resource, why="The law has changed.", by=manager, at=now())

    def test_a_withdrawn_resource_says_that_it_is_gone_and_why(self, client, gone):
        page = shown(client, gone, status=410)
        assert "Old rules" in page
        assert "Lindenhof School has withdrawn this" in page
        assert "The law has changed." in page
        assert "Do not read this." not in page

    def test_its_versions_and_its_card_are_gone_with_it(self, client, gone):
        assert client.get(reverse("oer:version", args=[gone.pk, 1])).status_code == 410
        assert client.get(reverse("oer:embed", args=[gone.pk])).status_code == 404

    def test_who_may_publish_can_take_it_up_again(self, client, gone, manager, school):
        again = reverse("library:take_up_again", args=[gone.pk])
        client.force_login(member_of(school, Role.TEACHER))
        assert again not in shown(client, gone, status=410)
        client.force_login(manager)
        assert again in shown(client, gone, status=410)

    def test_its_translations_are_offered_instead(self, client, school, manager, reader, elsewhere):
        resource = published(organisation=school)
        translation = translation_of(resource, reader, title="Regeln")
        actions.publish_resource(translation, by=member_of(elsewhere), at=now())
        actions.withdraw_resource(resource, why="Out of date.", by=manager, at=now())
        assert f'<a href="{translation.get_absolute_url()}" hreflang="de" lang="de">Regeln</a>' in shown(
            client, resource, status=410
        )
        page = shown(client, translation)
        assert "The original has changed since" not in page


class TestVersions:
    def test_old_ones_stay_reachable_and_say_that_there_is_a_newer_one(self, client, school, manager):
        resource = published(organisation=school, text="As it was.")
        first = reverse("oer:version", args=[resource.pk, 1])
        assert "Version 1" not in shown(client, resource)  # one is no list
        resource = changed(resource, manager, what_changed="Shorter", text="As it is.")
        page = shown(client, resource)
        assert f'href="{first}">Version 1</a>' in page
        assert "Shorter" in page
        assert "As it is." in page
        page = client.get(first).content.decode()
        assert "There is a newer version" in page
        assert "As it was." in page
        assert reverse("oer:version_download", args=[resource.pk, 1]) in page
        assert "There is a newer version" not in client.get(reverse("oer:version", args=[resource.pk, 2])).content.decode()

    def test_it_keeps_the_files_it_had(self, client, school, manager):
        resource = ResourceFactory(organisation=school)
        part = actions.add_part(resource, upload=ContentFile(b"a;b\n", name="old.csv"), title="Old table", by=manager, at=now())
        resource = actions.publish_resource(resource, by=manager, at=now())
        actions.remove_part(part, by=manager, at=now())
        resource = actions.publish_resource(Resource.objects.get(pk=resource.pk), by=manager, at=now())
        assert "Old table" not in shown(client, resource)
        assert "Old table" in client.get(reverse("oer:version", args=[resource.pk, 1])).content.decode()

    def test_there_is_no_version_of_another_number_nor_of_a_draft(self, client, school):
        resource, draft = published(), ResourceFactory(organisation=school)
        assert client.get(reverse("oer:version", args=[resource.pk, 2])).status_code == 404
        assert client.get(reverse("oer:version", args=[draft.pk, 1])).status_code == 404


class TestWhatItBelongsTo:
    def test_translations_are_named_with_their_state(self, client, school, manager, reader, elsewhere):
        resource = published(organisation=school, title="Sheet")
        translation = translation_of(resource, reader, title="Blatt")
        assert "In other languages" not in shown(client, resource)  # a draft is nobody else's business
        actions.publish_resource(translation, by=member_of(elsewhere), at=now())
        page = shown(client, resource)
        assert f'<a href="{translation.get_absolute_url()}" hreflang="de" lang="de">Deutsch</a>' in page
        assert "translated by people" in page
        assert "the original has changed since" not in page
        assert f'<link rel="alternate" hreflang="de" href="{whole(translation.get_absolute_url())}">' in page
        page = shown(client, translation)
        assert "the original</small>" in page
        resource = changed(resource, manager, summary="Another summary.")
        assert "translated by people, the original has changed since" in shown(client, resource)
        page = shown(client, translation)
        assert "This translation renders an earlier version of it:" in page
        assert f'<a href="{resource.get_absolute_url()}">Sheet</a>' in page

    def test_lineage_is_told_both_ways(self, client, school, manager):
        source = published(title="The source")
        made = ResourceFactory(organisation=school, title="What was made")
        actions.add_source(made, relation="remix", of=source, what_changed="Shorter", by=manager, at=now())
        actions.add_source(
            made, relation="based_on", title="A book", author="Somebody", address="https://book.example", by=manager, at=now()
        )
        assert "What was made from it" not in shown(client, source)
        made = actions.publish_resource(made, by=manager, at=now())
        page = shown(client, made)
        assert f'mixed from <a href="{source.get_absolute_url()}">The source</a>' in page
        assert '<a href="https://book.example" rel="noopener noreferrer">A book</a>, Somebody' in page
        assert "What was changed: Shorter" in page
        page = shown(client, source)
        assert f'<a href="{made.get_absolute_url()}">What was made</a>, Lindenhof School' in page

    def test_a_translation_is_not_told_twice(self, client, reader, elsewhere):
        resource = published()
        actions.publish_resource(translation_of(resource, reader), by=member_of(elsewhere), at=now())
        assert "What was made from it" not in shown(client, resource)

    def test_public_collections_are_named_and_others_are_not(self, client, school, manager):
        resource = published()
        for title, is_public in [("For everybody", True), ("For ourselves", False)]:
            collection = actions.make_collection(
                school, title=title, summary="", language="en", is_public=is_public, by=manager, at=now()
            )
            actions.collect(collection, resource=resource, word="Read it first", by=manager, at=now())
        client.force_login(manager)
        page = shown(client, resource)
        assert "For everybody</a>, Lindenhof School" in page
        assert "Read it first" in page
        assert "For ourselves" not in page


class TestOpinions:
    def test_reviews_are_shown_with_their_mean_and_their_language(self, client, reader):
        resource = published()
        reviewed(resource, reader, score=5, text="Sehr gut.", language="de")
        reviewed(resource, member_of(OrganisationFactory(), name="Otto Other"), score=2)
        page = shown(client, resource)
        assert "From 1 to 5, of 2 reviews." in page
        assert page.count('<span class="bar-value">3.5') == len(CRITERIA)
        assert "Rita Reader" in page
        assert "Elsewhere · 5.0 of 5" in page
        assert '<div lang="de"><p>Sehr gut.</p></div>' in page

    def test_a_review_of_an_older_version_says_so(self, client, school, manager, reader):
        resource = published(organisation=school)
        reviewed(resource, reader)
        assert "on version 1" not in shown(client, resource)
        assert "on version 1" in shown(client, changed(resource, manager, summary="Another."))

    def test_who_used_it_is_shown_in_whatever_language_they_did(self, client, reader, elsewhere):
        resource = published()
        translation = translation_of(resource, reader)
        actions.publish_resource(translation, by=member_of(elsewhere), at=now())
        used(translation, member_of(OrganisationFactory(name="Third School"), name="Uta User"), "Ging gut.", "de")
        page = shown(client, resource)
        assert "Uta User" in page
        assert "Third School" in page
        assert '<p lang="de">Ging gut.</p>' in page

    def test_ones_own_can_be_taken_back_and_nobody_elses(self, client, reader):
        resource = published()
        review, use = reviewed(resource, reader), used(resource, reader)
        ways = [reverse("library:review_take_back", args=[review.pk]), reverse("library:use_take_back", args=[use.pk])]
        client.force_login(reader)
        page = shown(client, resource)
        assert all(way in page for way in ways)
        client.force_login(member_of(OrganisationFactory()))
        page = shown(client, resource)
        assert not any(way in page for way in ways)

    def test_nobody_has_said_anything(self, client):
        assert "Nobody has said anything yet." in shown(client, published())


class TestWhatOneMayDo:
    WAYS = ("change", "publish", "withdraw", "translate", "review", "use", "collect", "hand_in")

    def offered(self, client, resource):
        page = shown(client, resource)
        return {way for way in self.WAYS if f'"{reverse(f"library:{way}", args=[resource.pk])}"' in page}

    def test_a_visitor_may_read(self, client):
        assert self.offered(client, published()) == set()

    def test_a_learner_may_read(self, client):
        client.force_login(member_of(OrganisationFactory(), Role.LEARNER))
        assert self.offered(client, published()) == set()

    def test_a_member_of_another_organisation_may_use_it_in_every_way(self, client, reader):
        client.force_login(reader)
        assert self.offered(client, published()) == {"translate", "review", "use", "collect"}

    def test_what_may_not_be_changed_is_not_offered_to_be_translated(self, client, reader):
        client.force_login(reader)
        assert self.offered(client, published(licence="by-nd")) == {"review", "use", "collect"}

    def test_its_own_people_may_change_it_and_do_not_review_it(self, client, school, manager):
        resource = published(organisation=school)
        client.force_login(manager)
        assert self.offered(client, resource) == {"change", "withdraw", "translate", "use", "collect"}
        actions.change_resource(resource, described={"title": "Another"}, by=manager, at=now())
        assert "publish" in self.offered(client, resource)

    def test_of_a_draft_a_teacher_may_hand_it_in_and_a_manager_publish_it(self, client, school, manager):
        teacher = member_of(school, Role.TEACHER)
        draft = ResourceFactory(organisation=school, owner=teacher)
        client.force_login(teacher)
        assert self.offered(client, draft) == {"change", "hand_in"}
        client.force_login(manager)
        assert self.offered(client, draft) == {"change", "publish"}


class TestWhatItCosts:
    @pytest.mark.parametrize("count", [1, 3])
    def test_a_page_with_everything_on_it(self, client, school, manager, elsewhere, count, django_assert_num_queries):
        resource = ResourceFactory(organisation=school, area="1.1")
        upload = ContentFile(b"a;b\n", name="table.csv")
        languages = ["de", "el", "pl"]
        for _ in range(count):
            actions.add_part(resource, upload=upload, by=manager, at=now())
            actions.add_source(resource, relation="based_on", of=published(), by=manager, at=now())
            published(area="1.1")
        resource = actions.publish_resource(resource, by=manager, at=now())
        for number in range(count):
            resource = changed(resource, manager, summary=f"Summary {number}.")
            other = member_of(OrganisationFactory())
            reviewed(resource, other)
            used(resource, other)
            translation = translation_of(resource, other, language=languages[number])
            actions.publish_resource(translation, by=other, at=now())
            made = ResourceFactory(organisation=other.memberships.get().organisation)
            actions.add_source(made, relation="remix", of=resource, by=other, at=now())
            actions.publish_resource(made, by=other, at=now())
            collection = actions.make_collection(
                school, title=f"Collection {number}", summary="", language="en", is_public=True, by=manager, at=now()
            )
            actions.collect(collection, resource=resource, by=manager, at=now())
        with django_assert_num_queries(8):
            page = shown(client, resource)
        for words in ("Versions", "Reviews", "In collections", "made from it", "made from<", "More on this area", "Files"):
            assert words in page
        begin_visit(client, member_of(elsewhere))
        with django_assert_num_queries(13):
            shown(client, resource)


class TestTheCard:
    def test_it_may_stand_in_a_frame_anywhere_and_no_other_page_may(self, client):
        resource = published(title="First call sheet")
        response = client.get(reverse("oer:embed", args=[resource.pk]))
        assert "X-Frame-Options" not in response
        assert "frame-ancestors *" in response["Content-Security-Policy"]
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert f'href="{resource.get_absolute_url()}" target="_blank"' in response.content.decode()
        for address in (resource.get_absolute_url(), reverse("oer:resources")):
            response = client.get(address)
            assert response["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in response["Content-Security-Policy"]

    def test_it_says_nothing_of_who_is_looking(self, client, reader):
        resource = published()
        client.force_login(reader)
        page = client.get(reverse("oer:embed", args=[resource.pk])).content.decode()
        assert "Rita Reader" not in page
        assert "csrf" not in page

    def test_a_draft_has_none(self, client, school, manager):
        client.force_login(manager)
        assert client.get(reverse("oer:embed", args=[ResourceFactory(organisation=school).pk])).status_code == 404


class TestSideBySide:
    def compared(self, client, *numbers):
        return client.get(reverse("oer:compare"), {"case": numbers}).content.decode()

    def test_cases_stand_beside_each_other_part_by_part(self, client):
        one = case("One", challenge="Too far.")
        other = published(
            kind="case_study", title="Eins", summary="Kurz.", language="de", text="", account={"context": "Eine Stadt."}
        )
        page = self.compared(client, other.pk, one.pk)
        assert page.index('<th scope="col">Eins</th>') < page.index('<th scope="col">One</th>')
        assert '<td data-heading="Eins" lang="de"><div class="prose"><p>Eine Stadt.</p>' in page
        assert "One: a town." in page
        assert "nothing is said" in page  # of what was difficult, in the other
        assert "What came of it" not in page  # in neither

    def test_three_are_shown_of_more(self, client):
        cases = [case(f"Case {number}") for number in range(4)]
        page = self.compared(client, *[one.pk for one in cases])
        assert "The first 3 are shown" in page
        assert "Case 2" in page
        assert "Case 3" not in page

    def test_only_public_cases_are_compared_and_each_once(self, client, school, manager):
        one = case("One")
        draft = ResourceFactory(organisation=school, kind="case_study", title="A draft")
        sheet = published(kind="worksheet", title="A sheet")
        client.force_login(manager)
        page = self.compared(client, one.pk, one.pk, draft.pk, sheet.pk, "x", "9" * 40)
        assert "Choose one or two more to lay beside “One”." in page
        assert "A draft" not in page
        assert "A sheet" not in page

    def test_who_has_chosen_none_is_led_to_the_list(self, client):
        page = self.compared(client)
        assert "No case is chosen yet" in page
        assert f"{reverse('oer:resources')}?kind=case_study" in page

    def test_three_cost_as_much_as_two(self, client, django_assert_num_queries):
        cases = [case(f"Case {number}").pk for number in range(3)]
        for some in (cases[:2], cases):
            with django_assert_num_queries(1):
                self.compared(client, *some)
