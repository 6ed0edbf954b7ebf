"""The methodology's tools on pages: who reads them, filled in for whom, in which language, as which file."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now
from docx import Document

from guildhall.engagement.methodology.tools import tool, tools, values_of
from guildhall.engagement.models import Employer, Methodology
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory, staff_of
from guildhall.engagement.tests.test_papers import KEYS, LANGUAGES, kept
from guildhall.people.models import Kind, Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

AREAS = {"1.1": "Pathways", "1.2": "Training", "1.3": "Matching", "2.1": "Design", "2.2": "Network", "2.3": "Abroad"}


@pytest.fixture
def methodology():
    """The tools as they are, and of all the rest only names."""
    facts = {key: {"areas": ["1.1", "2.2"] if key == "first-call" else ["2.3"], "minutes": 10} for key in KEYS}
    words = {
        language: {
            "areas": {number: {"title": f"{title} ({language})"} for number, title in AREAS.items()},
            "tools": {key: {**kept(language, key)[0], "text": kept(language, key)[1]} for key in KEYS},
        }
        for language in LANGUAGES
    }
    content = {"same": {"tools": facts, "activities": {}}, "words": words}
    return Methodology.objects.create(version="2026.9", digest="tools", content=content, loaded_at=now())


@pytest.fixture
def school(methodology):
    return OrganisationFactory(country="DE", name="Nordschule")


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Cleo Coordinator")


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def employer(school, coordinator):
    employer = EmployerFactory(school=school, organisation__name="Żółć & Söhne", organisation__nace="87.30", owner=coordinator)
    SiteFactory(organisation=employer.organisation, town="Kiel")
    return employer


def address(name="tool", key="first-call", **asked):
    where = reverse(f"engagement:{name}", args=[key] if name != "tools" else [])
    return f"{where}?{'&'.join(f'{name}={value}' for name, value in asked.items())}"


def body(response):
    assert response.status_code == 200
    return response.content.decode()


class TestWords:
    def test_a_tool_is_in_the_first_language_there_is(self, methodology):
        assert tool("first-call", ["fr", "pl", "en"]).language == "pl"
        assert tool("first-call", ["fr", "pl", "en"], methodology=methodology).title == kept("pl", "first-call")[0]["title"]
        assert tool("nothing", ["en"]) is None

    def test_without_a_methodology_there_is_no_tool(self):
        assert tool("first-call", ["en"]) is None

    def test_tools_stand_by_their_area_and_then_by_title(self, methodology):
        found = tools(["en"], methodology=methodology)
        assert found[0].key == "first-call"
        assert [one.title for one in found[1:]] == sorted((one.title for one in found[1:]), key=str.casefold)


class TestValues:
    def test_the_book_fills_in_what_it_knows(self, employer, school):
        PositionFactory(employer=employer, person=PersonFactory(school=school, name="Aaron First"))
        PositionFactory(employer=employer, person=PersonFactory(school=school, name="Zoe Decides"), decides=True)
        values = values_of(employer, language="en", at=now())
        assert values["school"] == "Nordschule"
        assert values["employer"] == "Żółć & Söhne"
        assert values["contact"] == "Zoe Decides"
        assert values["owner"] == "Cleo Coordinator"
        assert values["place"] == "Kiel"
        assert values["date"].endswith(str(localdate().year))
        assert values["sector"] != values_of(employer, language="el", at=now())["sector"]

    def test_what_it_does_not_know_stays_empty(self, school):
        values = values_of(EmployerFactory(school=school), language="en", at=now())
        assert {name for name, value in values.items() if not value} == {"contact", "owner", "place", "sector"}

    def test_who_left_or_asked_not_to_be_written_to_is_not_named(self, employer, school):
        PositionFactory(employer=employer, until=localdate().replace(year=2020))
        PositionFactory(employer=employer, person=PersonFactory(school=school, asked_not_to_be_written_at=now()), decides=True)
        assert values_of(employer, language="en", at=now())["contact"] == ""

    def test_a_place_that_is_closed_is_none(self, employer):
        employer.organisation.sites.update(closed_on=localdate().replace(year=2020))
        assert values_of(employer, language="en", at=now())["place"] == ""


class TestList:
    def test_it_shows_all_tools_by_area(self, colleague):
        page = body(colleague.get(address("tools")))
        assert f"{len(KEYS)} tools" in page
        assert "Also for:" in page
        assert "Network (en)" in page
        assert "Training (en)" not in page

    def test_it_leads_to_tools_filled_in_for_the_employer_it_was_opened_for(self, colleague, employer):
        page = body(colleague.get(address("tools", employer=employer.pk)))
        assert f'href="/engagement/tools/first-call/?employer={employer.pk}"' in page
        assert "Żółć &amp; Söhne" in page

    def test_an_employers_page_leads_to_it(self, colleague, employer):
        page = body(colleague.get(employer.get_absolute_url()))
        assert f'href="/engagement/tools/?employer={employer.pk}"' in page

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_the_same_for_one_and_for_three(self, colleague, school, employer, count, django_assert_num_queries):
        for _ in range(count - 1):
            EmployerFactory(school=school)
        colleague.get(address("tools"))
        with django_assert_num_queries(6):
            colleague.get(address("tools", employer=employer.pk))

    def test_without_a_methodology_it_says_so(self, colleague):
        Methodology.objects.all().delete()
        assert "The methodology is not loaded yet" in body(colleague.get(address("tools")))
        assert colleague.get(address()).status_code == 404


class TestPage:
    @pytest.mark.parametrize("key", KEYS)
    def test_every_tool_has_a_page(self, colleague, employer, key):
        page = body(colleague.get(address(key=key, employer=employer.pk)))
        assert kept("en", key)[0]["title"] in page
        assert "{" not in page.split('<article class="paper"')[1].split("</article>")[0]

    def test_it_has_blanks_to_write_into(self, colleague):
        page = body(colleague.get(address(key="memorandum")))
        assert page.count('<td class="open"></td>') > 30
        assert '<span class="to-fill"><span>Costs, and who bears them: </span> <span class="blank"></span></span>' in page
        assert page.count('<div class="ruled"></div>') == 3
        assert page.count('<span class="box"><span class="hidden">box to tick</span></span>') == 8

    def test_it_is_filled_in_for_an_employer(self, colleague, employer):
        page = body(colleague.get(address(employer=employer.pk)))
        assert "<td>Żółć &amp; Söhne</td>" in page
        assert "<td>Cleo Coordinator</td>" in page
        assert "Żółć" not in body(colleague.get(address()))

    def test_it_is_in_the_language_one_asks_for_and_says_so(self, colleague, employer):
        page = body(colleague.get(address(employer=employer.pk, language="el")))
        assert '<article class="paper" lang="el">' in page
        assert kept("el", "first-call")[0]["title"] in page
        assert f'href="/engagement/tools/first-call.pdf?employer={employer.pk}&amp;language=el"' in page
        assert '<article class="paper">' in body(colleague.get(address(language="xx")))

    def test_names_are_escaped(self, colleague, employer):
        employer.organisation.name = '<script>alert("x")</script>{line}'
        employer.organisation.save()
        page = body(colleague.get(address(employer=employer.pk)))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;{line}" in page

    @pytest.mark.parametrize("count", [1, 3])
    @pytest.mark.parametrize("name", ["tool", "tool_pdf", "tool_docx"])
    def test_it_costs_the_same_with_one_of_each_and_with_three(
        self, colleague, school, employer, name, count, django_assert_num_queries
    ):
        for _ in range(count):
            PositionFactory(employer=employer, person=PersonFactory(school=school))
            SiteFactory(organisation=employer.organisation)
        colleague.get(address(name))
        with django_assert_num_queries({"tool": 9, "tool_pdf": 7, "tool_docx": 7}[name]):
            assert colleague.get(address(name, employer=employer.pk)).status_code == 200


class TestFiles:
    def test_a_pdf_is_shown_and_named_for_the_employer(self, colleague, employer):
        response = colleague.get(address("tool_pdf", employer=employer.pk, language="pl"))
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"].startswith("inline; filename")
        assert "no-store" in response["Cache-Control"]
        assert response.content.startswith(b"%PDF")

    def test_a_word_document_is_saved(self, colleague, employer):
        response = colleague.get(address("tool_docx", employer=employer.pk, language="pl"))
        assert response["Content-Type"].endswith("wordprocessingml.document")
        assert response["Content-Disposition"].startswith("attachment; filename")
        document = Document(BytesIO(response.content))
        assert document.paragraphs[0].text == kept("pl", "first-call")[0]["title"]
        assert document.tables[0].rows[1].cells[1].text == "Żółć & Söhne"


class TestWho:
    NAMES = ["tools", "tool", "tool_pdf", "tool_docx"]

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("employer_of", ["another school", "nobody", "no number", "far too large"])
    def test_an_employer_one_does_not_see_is_not_there(self, colleague, name, employer_of):
        other = EmployerFactory()
        number = {"another school": other.pk, "nobody": 999_999, "no number": "x", "far too large": "9" * 30}[employer_of]
        assert colleague.get(address(name, employer=number)).status_code == 404
        assert Employer.objects.filter(pk=other.pk).exists()

    @pytest.mark.parametrize("name", NAMES)
    def test_learners_and_employers_have_no_tools(self, client, school, name):
        company = OrganisationFactory(kind=Kind.EMPLOYER)
        for user in (staff_of(school, Role.LEARNER), staff_of(company, Role.MANAGER)):
            client.force_login(user)
            assert client.get(address(name)).status_code == 404

    def test_an_association_reads_them_too(self, client, methodology):
        client.force_login(staff_of(OrganisationFactory(kind=Kind.ASSOCIATION, name="Verband"), Role.MANAGER))
        assert "Verband" in body(client.get(address()))

    @pytest.mark.parametrize("name", NAMES)
    def test_who_is_not_signed_in_is_asked_to(self, client, methodology, name):
        assert client.get(address(name)).status_code == 302

    def test_a_tool_nobody_knows_is_not_there(self, colleague):
        assert colleague.get(address(key="nothing")).status_code == 404
