"""The pages on which a school asks, reads and counts what employers need."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime, now

from guildhall.engagement import actions
from guildhall.engagement.methodology.content import read
from guildhall.engagement.models import Need, NeedsInterview, NextStep, SameNeed
from guildhall.engagement.needs.asking import PART_KEYS
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory, staff_of
from guildhall.engagement.tests.test_needs import MONTH, asked, held_with, row, sent
from guildhall.people.models import Mail, Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def shipped():
    return read(settings.CONTENT / "methodology", ["en"])


@pytest.fixture
def school(shipped):
    actions.load_methodology(content=shipped, by=None, at=now())
    return OrganisationFactory(country="PT", name="Escola Norte")


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Rita", language="en")


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def employer(school, coordinator):
    return EmployerFactory(school=school, owner=coordinator, organisation__name="Alfa")


@pytest.fixture
def ana(employer):
    person = PersonFactory(school=employer.school, name="Ana", email="ana@alfa.example", language="pt")
    return PositionFactory(employer=employer, person=person).person


def page_of(employer, name="needs_employer"):
    return reverse(f"engagement:{name}", args=[employer.pk])


def of(interview, part):
    return reverse("engagement:needs_part", args=[interview.pk, part])


def text_of(response):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


# --- In a talk -------------------------------------------------------------------------------------------------------


def test_from_the_employer_to_needs_a_contact_and_a_next_step(colleague, coordinator, employer, ana):
    assert "Nobody has asked yet what they need" in text_of(colleague.get(employer.get_absolute_url()))
    response = colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    assert response.url == interview.get_absolute_url()
    said = {
        "work": {"day": "Noise"},
        "occupations": {"rows": "3", "words_0": "Welder", "now_0": "2", "later_0": "5"},
        "skills": {"rows": "3", "words_0": "TIG"},
        "changes": {"trends": ["green"]},
        "together": {"obstacles": ["mentor"], "offers": ["workplace_tour"], "others": "The bakery"},
    }
    following = [*[of(interview, part) for part in PART_KEYS[1:]], reverse("engagement:needs_end", args=[interview.pk])]
    for part, address in zip(PART_KEYS, following, strict=True):
        assert colleague.post(of(interview, part), said[part]).url == address
    shown = colleague.get(following[-1])
    offered = dict(shown.context["form"].fields["steps"].choices)
    assert offered["offer-workplace_tour"] == "Workplace tour: agree when and how"
    assert set(offered) == {"offer-workplace_tour", "mentor", "others"}
    moment = localtime().strftime("%Y-%m-%dT%H:%M")
    end = {"kind": "visit", "held_at": moment, "people": [ana.pk], "steps": ["offer-workplace_tour"]}
    assert colleague.post(following[-1], end).url == employer.get_absolute_url()
    assert NextStep.objects.get().what == "Workplace tour: agree when and how"
    assert employer.contacts.get().activity == "needs_interview"
    told = text_of(colleague.get(employer.get_absolute_url()))
    for each in ("What they need", "Welder: 2 people now, 5 people in two years", "Saving energy and material", "Workplace tour"):
        assert each in told


def test_who_comes_back_goes_on_where_they_were(colleague, employer):
    colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    colleague.post(of(interview, "work"), {"day": "Noise"})
    assert colleague.get(interview.get_absolute_url()).context["form"].part == "occupations"
    assert colleague.post(page_of(employer, "needs_begin")).url == interview.get_absolute_url()
    assert "Go on with the talk that was begun" in text_of(colleague.get(employer.get_absolute_url()))


def test_at_the_end_a_part_is_corrected_and_one_is_back_at_the_end(colleague, employer):
    colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    for part in PART_KEYS:
        colleague.post(of(interview, part), {"rows": "0", "day": "Noise"})
    end = reverse("engagement:needs_end", args=[interview.pk])
    assert colleague.post(of(interview, "work"), {"day": "Dust"}).url == end
    assert "Dust" in text_of(colleague.get(interview.get_absolute_url()))


@pytest.mark.parametrize("part", PART_KEYS)
def test_the_fragment_of_a_part_equals_the_reload(colleague, employer, part):
    colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    number = PART_KEYS.index(part)
    if number:
        response = colleague.post(of(interview, PART_KEYS[number - 1]), {"rows": "3"}, headers=HTMX)
        assert response["HX-Push-Url"] == of(interview, part)
    else:
        response = colleague.get(of(interview, part), headers=HTMX)
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    whole = token.sub("", colleague.get(of(interview, part)).content.decode())
    assert token.sub("", response.content.decode()).strip() in whole


def test_the_end_as_a_fragment_equals_the_reload(colleague, employer):
    colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    response = colleague.post(of(interview, "together"), {"worth": "Money"}, headers=HTMX)
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    whole = token.sub("", colleague.get(response["HX-Push-Url"]).content.decode())
    assert token.sub("", response.content.decode()).strip() in whole


def test_what_does_not_fit_is_said_and_keeps_what_was_typed(colleague, employer):
    colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    response = colleague.post(of(interview, "occupations"), {"rows": "3", "words_0": "Welder", "now_0": "many"})
    assert response.status_code == 422
    assert 'value="many"' in response.content.decode()


def test_an_end_without_its_moment_is_said_beside_the_field(colleague, employer):
    colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    colleague.post(of(interview, "work"), {"day": "Noise"})
    response = colleague.post(reverse("engagement:needs_end", args=[interview.pk]), {"kind": "visit", "held_at": "yesterday"})
    assert response.status_code == 422
    assert "held_at" in response.context["form"].errors


def test_a_step_that_was_not_offered_is_not_taken(colleague, employer):
    colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    colleague.post(of(interview, "together"), {"offers": ["workplace_tour"]})
    moment = localtime().strftime("%Y-%m-%dT%H:%M")
    end = reverse("engagement:needs_end", args=[interview.pk])
    assert colleague.post(end, {"kind": "visit", "held_at": moment, "steps": ["offer-mobility"]}).status_code == 422
    assert not NextStep.objects.exists()


def test_an_interview_is_given_up(colleague, employer):
    colleague.post(page_of(employer, "needs_begin"))
    interview = NeedsInterview.objects.get()
    assert colleague.post(reverse("engagement:needs_drop", args=[interview.pk])).url == page_of(employer)
    assert not NeedsInterview.objects.exists()


# --- By a link -------------------------------------------------------------------------------------------------------


def test_a_letter_is_sent_from_the_employers_page(colleague, employer, ana):
    make = page_of(employer, "needs_link_make")
    response = colleague.post(make, {"person": ana.pk, "how": "mail", "days": "30", "language": "", "sentence": "Olá"})
    assert response.url == page_of(employer)
    assert Mail.objects.get().to == ana.email
    shown = text_of(colleague.get(page_of(employer)))
    assert "Link to Ana" in shown
    assert "not answered yet" in shown


def test_a_link_to_be_copied_is_shown_once_and_kept_by_no_cache(colleague, employer):
    response = colleague.post(page_of(employer, "needs_link_make"), {"person": "", "how": "copy", "days": "14", "language": "el"})
    assert re.search(r"/p/[\w-]{43}/", response.content.decode())
    assert "no-store" in response["Cache-Control"]
    assert not Mail.objects.exists()
    assert "/p/" not in colleague.get(page_of(employer)).content.decode()


def test_who_is_not_to_be_written_to_is_not_offered(colleague, coordinator, employer, ana):
    actions.forbid_writing(ana, by=coordinator, at=now())
    make = page_of(employer, "needs_link_make")
    assert "Ana" not in dict(colleague.get(make).context["form"].fields["person"].choices).values()
    response = colleague.post(make, {"person": ana.pk, "how": "mail", "days": "30"})
    assert response.status_code == 422
    assert not NeedsInterview.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"how": "mail", "days": "30"}, "person"),
        ({"how": "mail", "days": "30", "person": "nobody"}, "person"),
        ({"how": "copy", "days": "31"}, "days"),
        ({"how": "pigeon", "days": "30"}, "how"),
        ({"how": "copy", "days": "30", "language": "tlh"}, "language"),
        ({"how": "copy", "days": "30", "sentence": "x" * 401}, "sentence"),
    ],
)
def test_a_link_that_cannot_be_made_says_why(colleague, employer, given, field):
    response = colleague.post(page_of(employer, "needs_link_make"), given)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not NeedsInterview.objects.exists()


def test_somebody_without_an_address_gets_no_letter(colleague, employer):
    somebody = PositionFactory(employer=employer, person__email="", person__school=employer.school).person
    response = colleague.post(page_of(employer, "needs_link_make"), {"person": somebody.pk, "how": "mail", "days": "30"})
    assert "No e-mail address is known" in text_of(response)


def test_what_was_answered_waits_on_today_and_is_corrected_and_taken_over(colleague, coordinator, employer, ana):
    interview, token = asked(employer, coordinator, ana)
    sent(interview, token, occupations={"rows": [row("Soldador", 1, 3)]}, work={"day": "Ruído"})
    assert "Employers that told you what they need" in text_of(colleague.get("/"))
    assert "They told you what they need." in text_of(colleague.get(employer.get_absolute_url()))
    page = colleague.get(interview.get_absolute_url())
    assert '<div lang="pt">' in page.content.decode()
    end = reverse("engagement:needs_end", args=[interview.pk])
    assert colleague.post(of(interview, "occupations"), {"rows": "3", "words_0": "Soldador TIG", "now_0": "1"}).url == end
    assert colleague.post(end).url == employer.get_absolute_url()
    assert list(Need.objects.values_list("words", "people_now")) == [("Soldador TIG", 1)]
    assert employer.contacts.get().activity == "employer_survey"
    assert "Employers that told you what they need" not in text_of(colleague.get("/"))


def test_what_is_not_sent_yet_is_not_shown(colleague, coordinator, employer):
    interview, _token = asked(employer, coordinator)
    NeedsInterview.objects.filter(pk=interview.pk).update(answers={"work": {"day": "A secret draft"}})
    for address in (interview.get_absolute_url(), reverse("engagement:needs_end", args=[interview.pk]), of(interview, "work")):
        assert "A secret draft" not in colleague.get(address, follow=True).content.decode()
    colleague.post(of(interview, "work"), {"day": "Ours"})
    interview.refresh_from_db()
    assert interview.answers == {"work": {"day": "A secret draft"}}


def test_a_link_is_withdrawn(colleague, coordinator, employer):
    interview, _token = asked(employer, coordinator)
    assert colleague.post(reverse("engagement:needs_withdraw", args=[interview.pk])).url == page_of(employer)
    assert "withdrawn" in text_of(colleague.get(page_of(employer)))
    assert "Rita withdrew this link" in text_of(colleague.get(interview.get_absolute_url()))


def test_a_link_whose_time_is_over_says_so(colleague, coordinator, employer):
    asked(employer, coordinator, at=now() - 2 * MONTH)
    assert "expired" in text_of(colleague.get(page_of(employer)))


# --- What they need --------------------------------------------------------------------------------------------------


def test_a_need_holds_no_more_and_that_is_undone(colleague, coordinator, employer):
    need = held_with(employer, coordinator).needs.get()
    response = colleague.post(reverse("engagement:need_let_go", args=[need.pk]), headers=HTMX)
    assert "1 thing that holds no more" in text_of(response)
    undo = reverse("engagement:need_take_back", args=[need.pk])
    assert undo in response.content.decode()
    fragment = colleague.post(undo, headers=HTMX).content.decode()
    fragment = fragment[: fragment.index('<div hx-swap-oob="beforeend:#messages">')]
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert token.sub("", fragment).strip() in token.sub("", colleague.get(page_of(employer)).content.decode())


def test_what_is_more_than_a_year_old_asks_to_be_asked_again(colleague, coordinator, employer):
    held_with(employer, coordinator, at=now() - timedelta(days=400))
    assert "More than a year old: ask again" in text_of(colleague.get(page_of(employer)))
    assert "This is more than a year old: ask again" in text_of(colleague.get(employer.get_absolute_url()))


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_an_employer_costs_the_same_for_one_and_for_three(
    colleague, coordinator, employer, count, django_assert_num_queries
):
    held_with(employer, coordinator, said=[row(f"Job {number}") for number in range(count)], together={"offers": ["internship"]})
    for _ in range(count):
        asked(employer, coordinator)
    with django_assert_num_queries(8):
        colleague.get(page_of(employer))


@pytest.mark.parametrize("count", [1, 3])
def test_needs_cost_the_employers_page_one_query_more(colleague, coordinator, employer, count, django_assert_num_queries):
    held_with(employer, coordinator, said=[row(f"Job {number}") for number in range(count)], together={"offers": ["internship"]})
    with django_assert_num_queries(11):
        colleague.get(employer.get_absolute_url())


@pytest.mark.parametrize("who", ["neighbour", "learner"])
def test_to_others_there_is_no_such_page(client, coordinator, employer, who):
    somebody = staff_of(OrganisationFactory()) if who == "neighbour" else staff_of(employer.school, Role.LEARNER)
    client.force_login(somebody)
    interview, _token = asked(employer, coordinator)
    need = held_with(employer, coordinator).needs.get()
    for name, pk in (
        ("needs_employer", employer.pk),
        ("needs_link_make", employer.pk),
        ("needs_interview", interview.pk),
        ("needs_end", interview.pk),
    ):
        assert client.get(reverse(f"engagement:{name}", args=[pk])).status_code == 404
    assert client.get(of(interview, "work")).status_code == 404
    for name, pk in (
        ("needs_begin", employer.pk),
        ("needs_withdraw", interview.pk),
        ("needs_drop", interview.pk),
        ("need_let_go", need.pk),
        ("need_take_back", need.pk),
    ):
        assert client.post(reverse(f"engagement:{name}", args=[pk])).status_code == 404


def test_there_is_no_other_part_of_an_interview(colleague, employer):
    colleague.post(page_of(employer, "needs_begin"))
    assert colleague.get(of(NeedsInterview.objects.get(), "nothing")).status_code == 404


# --- Over all --------------------------------------------------------------------------------------------------------

OVERVIEW = "/engagement/needs/"


def told(school, coordinator, count, **site):
    for _ in range(count):
        employer = EmployerFactory(school=school, organisation__nace="25.11")
        SiteFactory(organisation=employer.organisation, **{"town": "Elvas", **site})
        held_with(employer, coordinator, said=[row("Welder", 2, 3)], together={"offers": ["internship"], "obstacles": ["time"]})


def test_an_empty_view_says_what_to_do(colleague):
    assert "Nobody was asked yet" in text_of(colleague.get(OVERVIEW))


@pytest.mark.parametrize("count", [1, 3])
def test_the_view_costs_the_same_for_one_and_for_three(colleague, school, coordinator, count, django_assert_num_queries):
    told(school, coordinator, count)
    with django_assert_num_queries(12):
        shown = text_of(colleague.get(OVERVIEW))
    assert f"{count} employer" in shown
    assert "Welder" in shown
    assert "Elvas" in shown
    assert "Internship" in shown


def test_what_grows_is_what_a_larger_part_of_those_asked_say(colleague, school, coordinator):
    a_year_ago = now() - timedelta(days=400)
    for words in ("Welder", "Turner", "Turner", "Fitter"):
        held_with(EmployerFactory(school=school), coordinator, at=a_year_ago, said=[row(words)])
    for words in ("Welder", "Welder", "Turner", "Welder", "Painter"):
        held_with(EmployerFactory(school=school), coordinator, said=[row(words)])
    rows = {one.words: one.change for one in colleague.get(OVERVIEW).context["page"]}
    assert rows == {"Welder": 1, "Turner": -1, "Painter": 0, "Fitter": 0}


def test_without_a_year_before_nothing_is_said_to_grow(colleague, school, coordinator):
    told(school, coordinator, 2)
    assert [one.change for one in colleague.get(OVERVIEW).context["page"]] == [0]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("place=Elvas", 2),
        ("place=Borba", 1),
        ("place=Faro", None),
        ("sector=C", 3),
        ("sector=Q", None),
        ("owner=nobody", 3),
        ("kind=occupation", 3),
        ("kind=skill", None),
        ("kind=offer&sector=%00&owner=x&place=%00", 3),
    ],
)
def test_the_filters_narrow_it_down(colleague, school, coordinator, query, count):
    told(school, coordinator, 2)
    told(school, coordinator, 1, town="Borba")
    shown = colleague.get(f"{OVERVIEW}?{query}")
    assert [one.employers for one in shown.context["page"]] == ([count] if count else [])
    fragment = colleague.get(f"{OVERVIEW}?{query}", headers=HTMX).content.decode()
    assert fragment.strip() in shown.content.decode()


def test_the_view_has_pages(colleague, school, coordinator):
    held_with(EmployerFactory(school=school), coordinator, said=[row(f"Job {number:02}") for number in range(27)])
    assert len(colleague.get(OVERVIEW).context["page"].object_list) == 25
    last = colleague.get(f"{OVERVIEW}?page=2")
    assert [one.words for one in last.context["page"]] == ["Job 25", "Job 26"]
    assert colleague.get(f"{OVERVIEW}?page=x").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_behind_a_row_are_its_employers(colleague, school, coordinator, count, django_assert_num_queries):
    told(school, coordinator, count)
    address = colleague.get(OVERVIEW).context["page"][0].address
    with django_assert_num_queries(10):
        shown = colleague.get(address)
    assert len(shown.context["told"]) == count
    assert "Elvas" in text_of(shown)


def test_behind_an_offer_are_those_that_made_it(colleague, school, coordinator):
    told(school, coordinator, 2)
    shown = text_of(colleague.get("/engagement/needs/employers/?of=offer&form=internship"))
    assert "2 employers" in shown


@pytest.mark.parametrize("query", ["", "of=occupation", "of=nothing&form=x", "of=occupation&form=%00", "of=skill&form=unknown"])
def test_behind_nothing_there_is_no_page(colleague, query):
    assert colleague.get(f"/engagement/needs/employers/?{query}").status_code == 404


def test_two_words_count_together_and_apart_again(colleague, school, coordinator):
    held_with(EmployerFactory(school=school), coordinator, said=[row("Soldador")])
    held_with(EmployerFactory(school=school), coordinator, said=[row("Welder")])
    response = colleague.post("/engagement/needs/same/", {"of": "occupation", "form": "soldador", "means": "Welder"})
    shown = colleague.get(response.url)
    assert "2 employers" in text_of(shown)
    same = SameNeed.objects.get()
    assert reverse("engagement:needs_apart", args=[same.pk]) in shown.content.decode()
    colleague.post(reverse("engagement:needs_apart", args=[same.pk]))
    assert [one.employers for one in colleague.get(OVERVIEW).context["page"]] == [1, 1]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"of": "occupation", "form": "welder", "means": ""}, 409),
        ({"of": "occupation", "form": "welder", "means": "Nobody said this"}, 409),
        ({"of": "trend", "form": "green", "means": "digital"}, 409),
        ({"of": "nothing", "form": "welder", "means": "x"}, 404),
        ({}, 404),
    ],
)
def test_words_that_cannot_count_together_say_why(colleague, school, coordinator, given, status):
    told(school, coordinator, 1)
    assert colleague.post("/engagement/needs/same/", given).status_code == status
    assert not SameNeed.objects.exists()


def test_a_teacher_does_not_say_what_words_mean(client, school, coordinator):
    told(school, coordinator, 1)
    client.force_login(staff_of(school, Role.TEACHER))
    assert client.get("/engagement/needs/employers/?of=occupation&form=welder").context["same_form"] is None
    given = {"of": "occupation", "form": "welder", "means": "Turner"}
    assert client.post("/engagement/needs/same/", given).status_code == 403


def test_who_works_for_no_school_has_no_such_view(client):
    client.force_login(staff_of(OrganisationFactory(kind="association")))
    for address in (OVERVIEW, "/engagement/needs/employers/?of=skill&form=x"):
        assert client.get(address).status_code == 404
