"""The questions behind a link: what they show, what they never show, and that nothing that was answered is lost."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from guildhall.engagement import actions
from guildhall.engagement.actions.needs import EXPLAINED_FOR, NEEDS_LINK
from guildhall.engagement.models import Need, NeedsInterview
from guildhall.engagement.needs.asking import MOST_ROWS, PART_KEYS
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.models import Notice, Pass
from guildhall.people.passes import issue_pass, link
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
MONTH = timedelta(days=30)
SECRETS = ["She never pays", "Call about the strike", "Bruno Secret", "+351 200 010 999", "bruno@alfa.example", "Beta Rival"]


@pytest.fixture
def school():
    return OrganisationFactory(country="PT", name="Escola Norte")


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Rita Cabaço", language="en", email="rita@escola.example")


@pytest.fixture
def employer(school, coordinator):
    """An employer of which the book holds much that is nobody else's business."""
    employer = EmployerFactory(school=school, owner=coordinator, organisation__name="Alfa", note="She never pays")
    ContactFactory(employer=employer, by=coordinator, said="She never pays")
    NextStepFactory(employer=employer, owner=coordinator, what="Call about the strike")
    bruno = PersonFactory(school=school, name="Bruno Secret", email="bruno@alfa.example", phone="+351 200 010 999")
    PositionFactory(employer=employer, person=bruno)
    EmployerFactory(school=school, organisation__name="Beta Rival")
    return employer


@pytest.fixture
def ana(employer):
    return PositionFactory(employer=employer, person__name="Ana", person__school=employer.school).person


class Answering:
    """Somebody at an employer with the link, in a browser that nobody has used before."""

    def __init__(self, employer, by, *, at=None, language="en", person=None, valid_for=MONTH):
        self.interview, address = actions.ask_by_link(
            employer, person=person, by_letter=False, language=language, valid_for=valid_for, by=by, at=at or now()
        )
        self.token = address.rstrip("/").rpartition("/")[2]
        self.client = Client(enforce_csrf_checks=True)

    @property
    def address(self):
        return reverse("engagement:needs_link", args=[self.token])

    def of(self, part):
        return reverse("engagement:needs_link_part", args=[self.token, part])

    def get(self, part="", **given):
        return self.client.get(self.of(part) if part else self.address, given)

    def post(self, part, **given):
        return self.client.post(self.of(part), given)

    def opened(self, part, **given):
        """What a browser would send of a part's form, as it was opened."""
        return fields_of(self.get(part, **given))

    @property
    def answers(self):
        self.interview.refresh_from_db()
        return self.interview.answers


def fields_of(response):
    body = response.content.decode()
    form = body[body.index('<form class="form"') :]
    form = form[: form.index("</form>")]
    given = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if 'type="checkbox"' in tag and "checked" not in tag:
            continue
        if name:
            given.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for name, value in re.findall(r'<textarea name="(\w+)"[^>]*>\n?([^<]*)</textarea>', form):
        given[name] = [unescape(value)]
    return given


@pytest.fixture
def answering(employer, coordinator):
    cache.clear()
    return Answering(employer, coordinator)


def text_of(response):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


# --- From the letter to the thanks -----------------------------------------------------------------------------------


def test_the_link_leads_to_the_questions_and_says_who_asks_and_what_becomes_of_the_answers(answering):
    response = answering.client.get(link(answering.token))
    assert response.url == answering.address
    shown = text_of(answering.get())
    for said in ("Escola Norte", "Alfa", "Rita Cabaço", "Only Escola Norte sees what you write", "about four minutes"):
        assert said in shown


def test_from_the_first_question_to_the_thanks_without_javascript(answering):
    said = {
        "work": {"day": "Noise", "hard": "Welders"},
        "occupations": {"rows": "3", "words_0": "Welder", "now_0": "2", "later_0": "5"},
        "skills": {"rows": "3", "words_0": "TIG"},
        "changes": {"trends": ["green", "digital"]},
        "together": {"obstacles": ["time"], "worth": "Fewer papers"},
    }
    for part, following in zip(PART_KEYS, [*PART_KEYS[1:], ""], strict=True):
        response = answering.post(part, **said[part])
        assert (response.status_code, response.url) == (302, answering.of(following) if following else answering.address)
    shown = text_of(answering.get())
    for each in ("Thank you", "Welder: 2 people now, 5 people in two years", "TIG", "Fewer papers", "Saving energy"):
        assert each in shown
    answering.interview.refresh_from_db()
    assert answering.interview.state == "answered"
    assert Notice.objects.count() == 1


def test_who_comes_back_goes_on_where_they_were_and_finds_what_they_said(answering):
    answering.post("work", day="Noise")
    answering.post("occupations", rows="3", words_0="Welder")
    again = Client()
    shown = again.get(answering.address)
    assert shown.context["form"].part == "skills"
    assert "Noise" in again.get(answering.of("work")).content.decode()
    assert 'value="Welder"' in again.get(answering.of("occupations")).content.decode()


def test_one_goes_back_with_what_one_has_typed(answering):
    response = answering.post("occupations", rows="3", words_0="Welder", back="1")
    assert response.url == answering.of("work")
    assert answering.answers["occupations"]["rows"][0]["words"] == "Welder"


def test_one_more_row_keeps_what_is_there(answering):
    response = answering.post("occupations", rows="3", words_0="A", words_1="B", words_2="C", more="1")
    assert response.url == f"{answering.of('occupations')}?rows=4"
    shown = answering.client.get(response.url).context["form"]
    assert [row[0].value() for row in shown.row_fields] == ["A", "B", "C", None]


def test_there_are_no_more_rows_than_fit(answering):
    rows = {f"words_{number}": f"Job {number}" for number in range(40)}
    answering.post("occupations", rows="40", **rows)
    assert len(answering.answers["occupations"]["rows"]) == MOST_ROWS
    assert not answering.get("occupations").context["form"].may_have_more
    assert len(answering.get("occupations", rows="999").context["form"].rows) == MOST_ROWS


def test_what_was_sent_is_corrected_until_the_school_takes_it_over(answering, coordinator):
    answering.post("work", day="Noise")
    answering.post("together", worth="Money")
    response = answering.post("work", day="Dust")
    assert response.url == answering.address
    assert "Dust" in text_of(answering.get())
    assert Notice.objects.count() == 1
    answering.interview.refresh_from_db()
    actions.take_over_needs(answering.interview, by=coordinator, at=now())
    for response in (answering.get(), answering.get("work"), answering.post("work", day="Quiet")):
        assert response.status_code == 410
        assert "has taken your answers into its book" in text_of(response)
        assert "Dust" not in text_of(response)
    assert answering.answers["work"]["day"] == "Dust"


def test_nothing_at_all_is_not_sent_and_says_so(answering):
    response = answering.post("together")
    assert response.status_code == 422
    assert "Nothing is answered yet. One answer is enough." in text_of(response)
    answering.interview.refresh_from_db()
    assert answering.interview.state == "open"


def test_sent_twice_it_is_sent_once(answering):
    answering.post("work", day="Noise")
    for _ in range(2):
        assert answering.post("together", worth="Money").url == answering.address
    assert Notice.objects.count() == 1
    assert NeedsInterview.objects.count() == 1


# --- With htmx -------------------------------------------------------------------------------------------------------


def test_with_htmx_the_next_part_comes_alone_and_the_address_goes_along(answering):
    response = answering.client.post(answering.of("work"), {"day": "Noise"}, headers=HTMX)
    assert response["HX-Push-Url"] == answering.of("occupations")
    assert "<html" not in response.content.decode()
    assert response.context["form"].part == "occupations"


@pytest.mark.parametrize("part", PART_KEYS)
def test_the_fragment_of_a_part_equals_the_reload(answering, part):
    number = PART_KEYS.index(part)
    before = PART_KEYS[number - 1]
    fragment = (
        answering.client.post(answering.of(before), {"rows": "3"}, headers=HTMX)
        if number
        else answering.client.get(answering.of(part), headers=HTMX)
    ).content.decode()
    assert fragment.strip() in answering.get(part).content.decode()


def test_the_thanks_as_a_fragment_equal_the_reload(answering):
    fragment = answering.client.post(answering.of("together"), {"worth": "Money"}, headers=HTMX)
    assert fragment["HX-Push-Url"] == answering.address
    assert fragment.content.decode().strip() in answering.get().content.decode()


def test_with_htmx_a_link_that_closed_meanwhile_has_the_page_loaded_anew(answering, coordinator):
    actions.withdraw_needs_link(answering.interview, by=coordinator, at=now())
    response = answering.client.post(answering.of("work"), {"day": "x"}, headers=HTMX)
    assert response["HX-Refresh"] == "true"
    assert answering.answers == {}


def test_one_more_row_with_htmx(answering):
    response = answering.client.post(
        answering.of("skills"), {"rows": "3", "words_0": "a", "words_1": "b", "words_2": "c", "more": "1"}, headers=HTMX
    )
    assert len(response.context["form"].rows) == 4


# --- Two windows -----------------------------------------------------------------------------------------------------


def test_in_two_windows_what_only_one_changed_is_kept(answering):
    one, other = answering.opened("work"), answering.opened("work")
    answering.post("work", **{**one, "day": "Noise"})
    answering.post("work", **{**other, "hard": "Welders"})
    assert answering.answers["work"] == {"day": "Noise", "hard": "Welders"}


def test_in_two_windows_what_both_changed_is_asked_and_nothing_is_lost(answering):
    one, other = answering.opened("work"), answering.opened("work")
    answering.post("work", **{**one, "day": "Noise"})
    response = answering.post("work", **{**other, "day": "Dust"})
    assert response.status_code == 422
    assert "This was changed to “Noise”" in text_of(response)
    assert "Dust" in text_of(response)
    assert answering.answers["work"]["day"] == "Noise"
    answering.post("work", **fields_of(response))
    assert answering.answers["work"]["day"] == "Dust"


def test_a_window_with_fewer_rows_takes_none_away(answering):
    few = answering.opened("occupations")
    answering.post("occupations", rows="5", words_0="A", words_1="B", words_2="C", words_3="D", words_4="E")
    answering.post("occupations", **few)
    assert [row["words"] for row in answering.answers["occupations"]["rows"]] == ["A", "B", "C", "D", "E"]


def test_different_parts_in_two_windows_do_not_touch_each_other(answering):
    one = answering.opened("work")
    answering.post("changes", not_needed="Fax")
    answering.post("work", **{**one, "day": "Noise"})
    assert answering.answers == {"changes": {"not_needed": "Fax"}, "work": {"day": "Noise"}}


# --- What a link never opens -----------------------------------------------------------------------------------------


def test_nothing_of_the_book_is_on_any_page_behind_a_link(answering, coordinator, ana):
    pages = [answering.get(), *(answering.get(part) for part in PART_KEYS)]
    answering.post("work", day="Noise")
    answering.post("together", worth="Money")
    pages.append(answering.get())
    actions.withdraw_needs_link(answering.interview, by=coordinator, at=now())
    pages.append(answering.get())
    for page in pages:
        for secret in [*SECRETS, "rita@escola.example", "Ana"]:
            assert secret not in page.content.decode()


def test_the_link_opens_no_other_page(answering, employer, coordinator):
    other = Answering(EmployerFactory(school=employer.school), coordinator)
    mine = issue_pass(employer, purpose=NEEDS_LINK, valid_for=MONTH, by=coordinator, at=now())[1]
    calendar = issue_pass(answering.interview, purpose="engagement.calendar", valid_for=MONTH, by=coordinator, at=now())[1]
    for token in (mine, calendar):
        for method in ("get", "post"):
            assert getattr(answering.client, method)(reverse("engagement:needs_link", args=[token])).status_code in (404, 405)
            address = reverse("engagement:needs_link_part", args=[token, "work"])
            assert getattr(answering.client, method)(address).status_code == 404
    for name, thing in (
        ("engagement:employer", employer.pk),
        ("engagement:needs_employer", employer.pk),
        ("engagement:needs_interview", answering.interview.pk),
        ("engagement:needs_end", answering.interview.pk),
        ("engagement:needs_interview", other.interview.pk),
    ):
        response = answering.client.get(reverse(name, args=[thing]))
        assert response.status_code == 302
        assert "sign-in" in response.url or "login" in response.url
    assert answering.client.get(reverse("engagement:calendar_feed", args=[answering.token])).status_code == 404
    assert answering.client.get(reverse("people:invitation", args=[answering.token])).status_code == 404


@pytest.mark.parametrize("forged", ["x" * 43, "%25", "a" * 3000, "0", "..%2f..%2f"])
def test_a_guessed_secret_opens_nothing(answering, forged):
    assert answering.client.get(f"/engagement/needs/by-link/{forged}/").status_code == 404
    assert answering.client.post(f"/engagement/needs/by-link/{forged}/work/", {"day": "x"}).status_code == 404
    assert answering.client.get(f"/engagement/needs/by-link/{answering.token[:-1]}/").status_code == 404


@pytest.mark.parametrize("part", ["end", "nothing", "sent", "0", "__class__"])
def test_there_is_no_other_part(answering, part):
    assert answering.get(part).status_code == 404
    assert answering.post(part, day="x").status_code == 404


def test_who_is_signed_in_elsewhere_sees_the_same_in_the_language_of_the_link(answering, coordinator):
    stranger = UserFactory(language="de")
    answering.client.force_login(stranger)
    assert "Only Escola Norte sees what you write" in text_of(answering.get())


# --- How a link ends -------------------------------------------------------------------------------------------------


def test_after_its_last_day_it_says_so_and_keeps_nothing_more(employer, coordinator):
    late = Answering(employer, coordinator, at=now() - MONTH - timedelta(minutes=1))
    for response in (late.get(), late.get("work"), late.post("work", day="x")):
        assert response.status_code == 410
        assert "The time to answer is over. If you would still like to, ask Rita Cabaço for a new link." in text_of(response)
    assert late.answers == {}


def test_what_was_sent_before_the_last_day_is_said_to_have_arrived(employer, coordinator):
    late = Answering(employer, coordinator, at=now() - MONTH - timedelta(minutes=1))
    NeedsInterview.objects.filter(pk=late.interview.pk).update(
        state="answered", answered_at=now() - timedelta(days=9), answers={"work": {"day": "Noise"}}
    )
    shown = late.get()
    assert shown.status_code == 410
    assert "Your answers are with Escola Norte" in text_of(shown)
    assert "Noise" not in text_of(shown)


def test_long_after_its_last_day_it_opens_nothing(employer, coordinator):
    old = Answering(employer, coordinator, at=now() - MONTH - EXPLAINED_FOR - timedelta(minutes=1))
    assert old.get().status_code == 404
    assert old.client.get(link(old.token)).status_code == 404


def test_a_link_that_is_withdrawn_says_so(answering, coordinator):
    answering.post("work", day="Noise")
    actions.withdraw_needs_link(answering.interview, by=coordinator, at=now())
    for response in (answering.get(), answering.get("work"), answering.post("work", day="x")):
        assert response.status_code == 410
        assert "Escola Norte has withdrawn this link" in text_of(response)
    assert answering.answers == {}


def test_a_link_withdrawn_between_reading_and_writing_loses_the_race_politely(answering, coordinator, monkeypatch):
    plain = actions.answer_needs

    def overtaken(interview, **given):
        actions.withdraw_needs_link(interview, by=coordinator, at=now())
        return plain(interview, **given)

    monkeypatch.setattr(actions, "answer_needs", overtaken)
    response = answering.post("work", day="Noise")
    assert response.status_code == 410
    assert answering.answers == {}


def test_a_pass_that_is_revoked_opens_nothing(answering):
    Pass.objects.filter(thing_id=answering.interview.pk, purpose=NEEDS_LINK).update(revoked_at=now())
    assert answering.get().status_code == 404


def test_a_link_to_an_interview_that_is_gone_opens_nothing(answering):
    answering.interview.delete()
    assert answering.get().status_code == 404


# --- Bad input -------------------------------------------------------------------------------------------------------

HOSTILE = ["<script>alert(1)</script>", "{{ settings }}", "'; DROP TABLE x; --", "\u202eevil", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_words(answering, words, coordinator):
    answering.post("work", day=words)
    answering.post("occupations", rows="3", words_0=words)
    answering.post("together", worth=words)
    body = answering.get().content.decode()
    assert "<script>alert" not in body
    assert words in unescape(body)
    answering.interview.refresh_from_db()
    actions.take_over_needs(answering.interview, by=coordinator, at=now())
    assert Need.objects.filter(kind="occupation", words=words).exists()


@pytest.mark.parametrize(
    ("part", "given", "field"),
    [
        ("work", {"day": "x" * 601}, "day"),
        ("work", {"day": "a\0b"}, "day"),
        ("occupations", {"rows": "3", "words_0": "x" * 121}, "words_0"),
        ("occupations", {"rows": "3", "words_0": "Welder", "now_0": "5001"}, "now_0"),
        ("occupations", {"rows": "3", "words_0": "Welder", "now_0": "-1"}, "now_0"),
        ("occupations", {"rows": "3", "words_0": "Welder", "later_0": "many"}, "later_0"),
        ("occupations", {"rows": "3", "words_0": "Welder", "now_0": "9" * 400}, "now_0"),
        ("skills", {"rows": "3", "now_0": "2"}, "words_0"),
        ("changes", {"trends": ["green", "purple"]}, "trends"),
        ("together", {"obstacles": "nothing"}, "obstacles"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field_and_nothing_is_kept(answering, part, given, field):
    response = answering.post(part, **given)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert answering.answers == {}


@pytest.mark.parametrize("rows", ["-1", "1e9", "", "x", "٣", "99999999999999999999"])
def test_no_number_of_rows_breaks_the_form(answering, rows):
    assert answering.post("occupations", rows=rows, words_0="Welder").status_code == 302
    assert answering.get("occupations", rows=rows).status_code == 200


def test_unknown_fields_are_not_kept(answering):
    answering.post("work", day="Noise", state="taken", employer="1", is_admin="on", rows="4")
    assert answering.answers == {"work": {"day": "Noise"}}


def test_who_answers_faster_than_one_types_is_slowed_down(answering):
    statuses = [answering.post("work", day=str(number)).status_code for number in range(62)]
    assert statuses[:60] == [302] * 60
    assert statuses[-1] == 429


# --- Headers and cookies ---------------------------------------------------------------------------------------------


def test_no_cookie_is_set_nothing_is_cached_and_nobody_is_told_the_address(answering):
    answers = [answering.get(), answering.get("work"), answering.post("work", day="x"), answering.post("work", day="x" * 999)]
    answers += [answering.post("together", worth="Money"), answering.get()]
    for response in answers:
        assert "noindex" in response["X-Robots-Tag"]
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "same-origin"
    assert not answering.client.cookies


def test_the_page_is_in_the_language_of_the_link_and_says_so(employer, coordinator):
    answering = Answering(employer, coordinator, language="pt")
    response = answering.client.get(answering.address, headers={"Accept-Language": "de"})
    assert '<html lang="pt">' in response.content.decode()
    assert response["Content-Language"] == "pt"


def test_who_chooses_another_language_gets_it(employer, coordinator):
    answering = Answering(employer, coordinator, language="pt")
    browser = Client()
    browser.post(reverse("people:language"), {"language": "en", "next": answering.address})
    assert '<html lang="en">' in browser.get(answering.address).content.decode()


def test_opening_a_link_writes_nothing(answering):
    before = Pass.objects.values().get(thing_id=answering.interview.pk)
    answering.get()  # a GET that writes fails by itself
    assert Pass.objects.values().get(thing_id=answering.interview.pk) == before


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three(answering, rows, django_assert_num_queries):
    answering.post("occupations", rows=str(rows), **{f"words_{number}": "Welder" for number in range(rows)})
    with django_assert_num_queries(3):
        answering.get("occupations")
