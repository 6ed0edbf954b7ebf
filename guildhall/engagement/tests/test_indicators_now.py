"""The page of the indicators shows beside each what the school's own book says, today and a year ago."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.timezone import now

from guildhall.engagement.actions import load_methodology
from guildhall.engagement.methodology.content import Content, read
from guildhall.engagement.methodology.indicators import MEASURES
from guildhall.engagement.models import Contact
from guildhall.engagement.tests.factories import CapturedMailFactory, ContactFactory, EmployerFactory, NextStepFactory, staff_of
from guildhall.people.models import Kind
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

PAGE = "/engagement/methodology/indicators/"


@pytest.fixture(scope="module")
def shipped() -> Content:
    return read(settings.CONTENT / "methodology", list(settings.ALL_LANGUAGES))


@pytest.fixture(autouse=True)
def _methodology(shipped):
    load_methodology(content=shipped, by=None, at=now())


@pytest.fixture
def school():
    return OrganisationFactory(country="BE", languages=["en"])


@pytest.fixture
def colleague(client, school):
    begin_visit(client, staff_of(school))
    return client


def did(employer, activity="", days=1):
    at = now() - timedelta(days=days)
    return ContactFactory(employer=employer, activity=activity, held_at=at, recorded_at=at)


def figure_of(page: str, key: str) -> str:
    """What stands in the figure of an indicator, without its definition, in plain words."""
    item = page.partition(f'id="{key}"')[2].partition("</li>")[0]
    stat = item.partition('<div class="stat">')[2].partition("</div>")[0]
    value = stat.partition('class="stat-value">')[2]
    return " ".join(re.sub(r"<[^>]+>", " ", value).split())


def shown(client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_figures_of_the_school_stand_beside_what_is_counted(colleague, school):
    met, _silent = EmployerFactory(school=school), EmployerFactory(school=school)
    did(met, "internship")
    did(met, "needs_interview", 400)
    page = shown(colleague)
    assert figure_of(page, "in_touch") == "1 of 2 employers in the book A year ago: 1 of 1 employer in the book"
    assert figure_of(page, "needs_asked") == "0 of 1 employer in touch A year ago: 1 of 1 employer in touch"
    assert figure_of(page, "working_relations") == "0.0 % of 1 employer in touch A year ago: 0.0 % of 1 employer in touch"
    assert figure_of(page, "learners_met") == "1 with 1 employer A year ago there was nothing to count."
    assert figure_of(page, "promises_kept").startswith("none yet of 0 next steps that fell due")
    assert figure_of(page, "answered_in").startswith("none yet as the median of 0 answers")
    assert figure_of(page, "colleagues_involved") == "1 with 1 contact A year ago: 1 with 1 contact"
    assert page.count('<div class="stat">') == len(MEASURES)


def test_each_figure_has_its_definition_behind_it(colleague, school, shipped):
    did(EmployerFactory(school=school))
    page = shown(colleague).replace("&#x27;", "'")
    for key, said in shipped.words["en"]["indicators"].items():
        stat = page.partition(f'id="{key}"')[2].partition('<div class="stat">')[2].partition('class="stat-value"')[0]
        assert said["counts"] in stat


def test_a_figure_leads_to_the_list_one_goes_on_from(colleague, school):
    owes = EmployerFactory(school=school)
    did(owes, "workplace_tour", 300)  # its level falls in 65 days
    NextStepFactory(employer=owes, due_on=(now() - timedelta(days=9)).date())
    EmployerFactory(school=school)
    page = shown(colleague)
    lists = {}
    for key in MEASURES:
        item = page.partition(f'id="{key}"')[2].partition("</li>")[0]
        if found := re.findall(r'href="(/engagement/\?[^"]+)"', item):
            lists[key] = found[0]
    assert set(lists) == {"in_touch", "constant_partners", "promises_kept", "cooling"}
    assert str(owes) in colleague.get(lists["promises_kept"]).content.decode()
    for key, rows in {"in_touch": 2, "constant_partners": 0, "promises_kept": 1}.items():
        assert colleague.get(lists[key]).content.count(b'<th scope="row">') == rows, key
    assert colleague.get(lists["cooling"]).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_all_figures_take_the_same_queries_for_one_and_for_three(colleague, school, count, django_assert_num_queries):
    for _ in range(count):
        employer = EmployerFactory(school=school)
        did(employer, "internship")
        did(employer, "mobility", 500)
        CapturedMailFactory(school=school, contact=did(employer))
        NextStepFactory(employer=employer)
    shown(colleague)
    with django_assert_num_queries(11):
        page = shown(colleague)
    assert figure_of(page, "in_touch").startswith(f"{count} of {count} employer")


def test_of_an_empty_book_the_page_says_so_and_still_tells_what_is_counted(colleague, shipped):
    page = shown(colleague)
    assert "Your book has nothing to count yet" in page
    assert f'href="{reverse("engagement:employers")}"' in page
    assert '<div class="stat">' not in page
    assert shipped.words["en"]["indicators"]["in_touch"]["counts"] in page


def test_an_association_reads_what_is_counted_without_figures(client, school, shipped):
    did(EmployerFactory(school=school))
    client.force_login(staff_of(OrganisationFactory(kind=Kind.ASSOCIATION)))
    page = shown(client)
    assert '<div class="stat">' not in page
    assert "Your book" not in page
    assert shipped.words["en"]["indicators"]["in_touch"]["counts"] in page


def test_the_figures_are_those_of_the_school_one_works_for_at_the_moment(client, school):
    did(EmployerFactory(school=school))
    other = OrganisationFactory()
    boss = staff_of(other)
    MembershipFactory(user=staff_of(school))
    client.force_login(boss)
    assert "Your book has nothing to count yet" in shown(client)


def test_an_indicator_of_a_newer_methodology_is_shown_without_a_figure(colleague, school, shipped):
    did(EmployerFactory(school=school))
    same, words = dict(shipped.same), {language: dict(said) for language, said in shipped.words.items()}
    same["version"] = "2030.1"
    same["indicators"] = {**same["indicators"], "happiness": {"unit": "people", "areas": ["1.1"]}}
    first = {**same["areas"]["1.1"], "indicators": [*same["areas"]["1.1"]["indicators"], "happiness"]}
    same["areas"] = {**same["areas"], "1.1": first}
    said = {"name": "Happiness", "counts": "Smiles.", "read_it": "Smile back."}
    for language in words:
        words[language]["indicators"] = {**words[language]["indicators"], "happiness": said}
    load_methodology(content=Content("2030.1", same, words), by=None, at=now())
    page = shown(colleague)
    assert "Smiles." in page
    assert figure_of(page, "happiness") == ""
    assert page.count('<div class="stat">') == len(MEASURES)


def test_the_page_writes_nothing(colleague, school):
    did(EmployerFactory(school=school))
    before = list(Contact.objects.values())
    shown(colleague)
    assert colleague.post(PAGE).status_code == 405
    assert list(Contact.objects.values()) == before
