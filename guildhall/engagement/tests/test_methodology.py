"""The methodology in the product: it is loaded once for each version, and read by who works for a school or an association."""

from __future__ import annotations

import re
import shutil
from io import StringIO
from itertools import pairwise

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import Refused
from guildhall.core.models import AuditLine
from guildhall.engagement.actions import load_methodology
from guildhall.engagement.methodology.content import Content, read
from guildhall.engagement.models import Methodology
from guildhall.engagement.rules import can_read_methodology
from guildhall.engagement.tests.factories import staff_of
from guildhall.engagement.views.methodology import _hours
from guildhall.library.tests.factories import published
from guildhall.people.models import Kind, Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

SHIPPED = settings.PROJECT / "content" / "methodology"
PAGES = {
    "engagement:methodology": [],
    "engagement:methodology_area": ["1.1"],
    "engagement:methodology_page": ["playbook"],
    "engagement:methodology_activities": [],
    "engagement:indicators_now": [],
}


@pytest.fixture(scope="module")
def shipped() -> Content:
    return read(SHIPPED, list(settings.ALL_LANGUAGES))


@pytest.fixture
def loaded(shipped) -> Methodology:
    return load_methodology(content=shipped, by=None, at=now())


@pytest.fixture
def colleague(client):
    begin_visit(client, staff_of(OrganisationFactory(country="BE", languages=["en"])))
    return client


def shown(client, name="engagement:methodology", *args, **given):
    answer = client.get(reverse(name, args=args), **given)
    assert answer.status_code == 200
    return answer.content.decode()


# It is loaded.


def changed(shipped: Content, version: str, title: str) -> Content:
    words = {language: {**said, "pages": {**said["pages"]}} for language, said in shipped.words.items()}
    words["en"]["pages"]["introduction"] = {**words["en"]["pages"]["introduction"], "title": title}
    return Content(version, {**shipped.same, "version": version}, words)


def test_a_version_is_kept_as_it_is(loaded, shipped):
    kept = Methodology.objects.newest()
    assert str(kept) == shipped.version
    assert kept.same() == shipped.same
    assert kept.words_in(["el"])["areas"] == shipped.words["el"]["areas"]


def test_the_same_once_more_changes_nothing(loaded, shipped):
    again = load_methodology(content=shipped, by=None, at=now())
    assert (again.pk, again.loaded_at) == (loaded.pk, loaded.loaded_at)
    assert Methodology.objects.count() == 1


def test_another_content_under_a_version_that_is_there_is_refused(loaded, shipped):
    with pytest.raises(Refused, match="Give what has changed a new version"):
        load_methodology(content=changed(shipped, shipped.version, "Otherwise"), by=None, at=now())
    assert Methodology.objects.get().words_in(["en"])["pages"] == shipped.words["en"]["pages"]


def test_a_new_version_is_read_from_now_on_and_the_old_one_stays(loaded, shipped, colleague):
    load_methodology(content=changed(shipped, "2027.1", "Working with employers, once more"), by=None, at=now())
    assert str(Methodology.objects.newest()) == "2027.1"
    assert "Working with employers, once more" in shown(colleague)
    assert Methodology.objects.get(version=shipped.version).words_in(["en"])["pages"] == shipped.words["en"]["pages"]


def test_words_are_in_the_first_language_there_is(loaded):
    assert loaded.words_in(["fr", "pl", "en"]).language == "pl"
    assert loaded.words_in(["fr"]).language in settings.ALL_LANGUAGES


def test_the_command_says_version_languages_and_words_and_is_used_twice():
    first, second = StringIO(), StringIO()
    call_command("load_content", stdout=first)
    lines = AuditLine.objects.count()
    call_command("load_content", stdout=second)
    assert re.fullmatch(r"methodology [\d.]+: loaded; words: en \d+, de \d+, el \d+, es \d+, pl \d+, pt \d+\n", first.getvalue())
    assert second.getvalue() == first.getvalue().replace("loaded", "unchanged")
    assert AuditLine.objects.count() == lines
    assert Methodology.objects.count() == 1


def test_the_command_names_all_that_is_wrong_and_changes_nothing(tmp_path):
    folder = tmp_path / "methodology"
    shutil.copytree(SHIPPED, folder)
    (folder / "pl" / "playbook.md").unlink()
    (folder / "el" / "levels.yaml").write_text("ladder: {}")
    with pytest.raises(CommandError) as error:
        call_command("load_content", folder=folder)
    assert "nothing is loaded" in str(error.value)
    assert "pl/playbook.md: It is not there, or cannot be read." in str(error.value)
    assert "el/levels.yaml: who is missing." in str(error.value)
    assert not Methodology.objects.exists()


def test_the_command_says_when_a_version_needs_a_new_number(loaded, tmp_path):
    folder = tmp_path / "methodology"
    shutil.copytree(SHIPPED, folder)
    path = folder / "en" / "introduction.md"
    path.write_text(path.read_text() + "\nOne more sentence.\n")
    with pytest.raises(CommandError, match="Give what has changed a new version"):
        call_command("load_content", folder=folder)


# It is read.


@pytest.mark.parametrize(("name", "args"), PAGES.items(), ids=PAGES)
def test_a_page_costs_the_same_whatever_it_holds(colleague, loaded, name, args, django_assert_num_queries):
    shown(colleague, name, *args)  # what is remembered of the content is read once
    # What the library has on an area; the kinds and what is counted in one’s own book.
    more = {"methodology_area": 1, "methodology_activities": 1, "indicators_now": 5}.get(name.partition(":")[2], 0)
    with django_assert_num_queries(5 + more):
        shown(colleague, name, *args)


@pytest.mark.parametrize("kind", [Kind.SCHOOL, Kind.ASSOCIATION])
@pytest.mark.parametrize(("name", "args"), PAGES.items(), ids=PAGES)
def test_who_works_for_a_school_or_an_association_reads_it(client, loaded, kind, name, args):
    client.force_login(staff_of(OrganisationFactory(kind=kind), role=Role.TEACHER))
    assert f'href="{reverse("engagement:methodology")}"' in shown(client, name, *args)


@pytest.mark.parametrize(("name", "args"), PAGES.items(), ids=PAGES)
@pytest.mark.parametrize(("kind", "role"), [(Kind.EMPLOYER, Role.MANAGER), (Kind.SCHOOL, Role.LEARNER), (None, None)])
def test_for_others_there_is_no_such_page(client, loaded, kind, role, name, args):
    client.force_login(staff_of(OrganisationFactory(kind=kind), role=role) if kind else UserFactory())
    assert client.get(reverse(name, args=args)).status_code == 404
    assert reverse("engagement:methodology") not in client.get("/").content.decode()


@pytest.mark.parametrize(("name", "args"), PAGES.items(), ids=PAGES)
def test_a_visitor_signs_in_first(client, loaded, name, args):
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse(settings.LOGIN_URL))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_sent_to_it(colleague, loaded, name):
    assert colleague.post(reverse(name, args=PAGES[name])).status_code == 405


def test_the_rule_says_for_whom_it_is():
    with pytest.raises(Exception, match="a school or an association"):
        can_read_methodology.require(UserFactory(), OrganisationFactory())


def test_without_a_version_the_page_says_what_to_do_and_the_others_are_not_there(colleague):
    assert "guildhall load_content" in shown(colleague)
    for name, args in list(PAGES.items())[1:]:
        assert colleague.get(reverse(name, args=args)).status_code == 404


@pytest.mark.parametrize("address", ["areas/1.4/", "areas/x/", "pages/introduction/", "pages/nothing/"])
def test_what_it_does_not_have_is_not_there(colleague, loaded, address):
    assert colleague.get(f"{reverse('engagement:methodology')}{address}").status_code == 404


def test_the_window_leads_to_all_areas_and_says_whose_their_names_are(colleague, loaded):
    page = shown(colleague)
    for number in loaded.same()["areas"]:
        assert f'href="{reverse("engagement:methodology_area", args=[number])}"' in page
    assert re.search(r"those of the JOBS4ALL methodology: Innovating [\w ]+ · Networking [\w ]+ · Mobility", page)
    assert "These names are our own: Building training capacity" in page
    assert "nothing yet" not in page, "it is nobody's window"


def test_an_area_says_whose_its_name_is(colleague, loaded):
    assert "The name of this area is that of the JOBS4ALL methodology" in shown(colleague, "engagement:methodology_area", "1.1")
    assert "The name of this area is our own" in shown(colleague, "engagement:methodology_area", "1.2")


@pytest.mark.parametrize("number", ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"])
def test_an_area_shows_all_there_is_on_it(colleague, loaded, number):
    page = shown(colleague, "engagement:methodology_area", number)
    same, words = loaded.same()["areas"][number], loaded.words_in(["en"])
    said = words["areas"][number]
    titles = [
        *[step["title"] for step in said["steps"].values()],
        *[practice["title"] for practice in said["practices"].values()],
        *[obstacle["helps"] for obstacle in said["obstacles"].values()],
        *[words["indicators"][key]["counts"] for key in same["indicators"]],
        *[words["tools"][key]["title"] for key in same["tools"]],
        *said["questions"],
    ]
    text = page.replace("&#x27;", "'")
    assert [title for title in titles if title not in text] == []
    assert page.count(">illustration<") == len(same["practices"])
    anchors = re.findall(r'<li><a href="#([\w-]+)"', page)
    assert len(anchors) >= 10
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in page] == []


@pytest.mark.parametrize(("name", "args"), PAGES.items(), ids=PAGES)
def test_headings_follow_each_other_and_ids_are_there_once(colleague, loaded, name, args):
    page = shown(colleague, name, *args)
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_catalogue_has_every_activity_the_lowest_rung_of_an_area_first(colleague, loaded):
    page = shown(colleague, "engagement:methodology_activities")
    assert "35 kinds of activities" in page
    places = {key: page.index(f'id="{key}"') for key in loaded.same()["activities"]}
    assert places["needs_interview"] < places["guest_speaker"] < places["project"] < places["workplace_check"]


def test_indicators_say_what_is_counted_and_where_they_are_shown(colleague, loaded):
    page = shown(colleague, "engagement:indicators_now")
    for key, said in loaded.words_in(["en"])["indicators"].items():
        assert f'id="{key}"' in page
        assert said["read_it"].split(".")[0] in page.replace("&#x27;", "'")


@pytest.mark.parametrize("count", [1, 3])
def test_the_library_stands_beside_an_area(colleague, loaded, count, django_assert_num_queries):
    for number in range(count):
        published(area="1.2", language="en", title=f"Mentors in the bakery {number}")
    published(area="1.3", title="Something about another area")
    shown(colleague, "engagement:methodology_area", "1.2")
    with django_assert_num_queries(6):
        page = shown(colleague, "engagement:methodology_area", "1.2")
    more = page.partition('id="more"')[2].partition("</section>")[0]
    assert more.count("Mentors in the bakery") == count
    assert "another area" not in more
    assert f"{reverse('oer:resources')}?area=1.2" in more


def test_pages_speak_the_language_of_who_reads(client, loaded):
    client.force_login(staff_of(OrganisationFactory(), language="el"))
    page = shown(client, "engagement:methodology_area", "1.3")
    assert loaded.words_in(["el"])["areas"]["1.3"]["in_short"] in page
    assert 'class="prose">' in page, "it is the page's language, and needs no mark"


def test_another_language_is_marked_where_the_own_is_not_there(client, shipped):
    client.force_login(staff_of(OrganisationFactory(), language="de"))
    load_methodology(content=Content("2026.9", shipped.same, {"en": shipped.words["en"]}), by=None, at=now())
    page = shown(client, "engagement:methodology_area", "1.3")
    assert 'class="prose" lang="en">' in page
    assert f'<span lang="en">{shipped.words["en"]["areas"]["1.3"]["title"]}</span>' in page
    prose = re.findall(r'<div class="prose"([^>]*)>', page)
    assert set(prose) == {' lang="en"'}


def test_half_an_hour_is_written_as_such():
    assert [_hours(hours) for hours in (0.5, 1, 1.5, 2)] == ["0.5 hours", "1 hour", "1.5 hours", "2 hours"]
