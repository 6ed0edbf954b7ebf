import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, localtime, now

from guildhall.core import search
from guildhall.engagement.models import Contact, Employer, NextStep, Tag
from guildhall.engagement.search import employer_documents
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, NextStepFactory, PositionFactory, staff_of
from guildhall.people.models import Organisation, Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def employer(school):
    return EmployerFactory(school=school, organisation__name="Nordwind Stahlbau")


def lived(school, owner, count):
    """Employers with all that a row can show."""
    for _ in range(count):
        employer = EmployerFactory(school=school, owner=owner, last_contact_at=now())
        SiteFactory(organisation=employer.organisation)
        NextStepFactory(employer=employer, owner=owner)
        PositionFactory(employer=employer)
        ContactFactory(employer=employer, by=owner).people.set([employer.positions.get().person])


def a_contact(**given):
    moment = localtime().strftime("%Y-%m-%dT%H:%M")
    return {"kind": "call", "held_at": moment, "said": "They have two places.", "next_what": "", "next_due_on": "", **given}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(colleague, school, coordinator, count, django_assert_num_queries):
    lived(school, coordinator, count)
    with django_assert_num_queries(11):
        page = colleague.get(reverse("engagement:employers"))
    assert page.content.count(b'<th scope="row">') == count


@pytest.mark.parametrize("count", [1, 3])
def test_the_steps_cost_the_same_for_one_and_for_three(colleague, school, coordinator, count, django_assert_num_queries):
    lived(school, coordinator, count)
    with django_assert_num_queries(6):
        colleague.get(reverse("engagement:steps"))


@pytest.mark.parametrize("count", [1, 3])
def test_an_employers_page_costs_the_same_for_one_contact_and_for_three(
    colleague, school, coordinator, count, django_assert_num_queries
):
    lived(school, coordinator, 1)
    employer = Employer.objects.get()
    for _ in range(count - 1):
        ContactFactory(employer=employer, by=coordinator).people.set([employer.positions.get().person])
    employer.tags.add(Tag.objects.create(school=school, name="summer"))
    with django_assert_num_queries(11):  # one more where somebody looks like them
        colleague.get(employer.get_absolute_url())


def test_the_fragment_of_the_list_is_the_list_you_get_by_reloading(colleague, school, coordinator):
    lived(school, coordinator, 3)
    address = reverse("engagement:employers") + "?sort=-name"
    assert colleague.get(address, headers=HTMX).content.strip() in colleague.get(address).content


def spoken_to_yesterday(employer, by):
    contact = ContactFactory(employer=employer, by=by)
    Employer.objects.filter(pk=employer.pk).update(last_contact_at=contact.held_at)
    return contact


def test_a_new_contact_changes_the_page_to_what_you_get_by_reloading(colleague, employer, coordinator):
    spoken_to_yesterday(employer, coordinator)
    sent = a_contact(people=PositionFactory(employer=employer).person.pk, next_what="Visit", next_due_on=localdate().isoformat())
    answer = colleague.post(reverse("engagement:contact_record", args=[employer.pk]), sent, headers=HTMX).content.decode()
    reloaded = without_tokens(colleague.get(employer.get_absolute_url()).content.decode())
    form, steps, standing, entry, _messages = re.split(r"<div hx-swap-oob=[^>]*>", without_tokens(answer))
    places = [reloaded.find(part.strip().removesuffix("</div>").strip()) for part in (form, steps, entry, standing)]
    assert -1 not in places
    assert "With:" in entry
    assert places[2] < reloaded.index('class="entry', places[2] + len(entry) // 2)  # the newest stands first


def test_the_first_contact_takes_the_place_of_nothing(colleague, employer):
    assert 'id="nothing-yet"' in colleague.get(employer.get_absolute_url()).content.decode()
    answer = colleague.post(reverse("engagement:contact_record", args=[employer.pk]), a_contact(), headers=HTMX).content.decode()
    assert '<div hx-swap-oob="delete:#nothing-yet"></div>' in answer
    assert 'id="nothing-yet"' not in colleague.get(employer.get_absolute_url()).content.decode()


@pytest.mark.parametrize("why", ["an older one", "a step was closed since", "another page of the timeline"])
def test_a_contact_that_is_not_simply_the_newest_draws_the_whole_page(colleague, employer, coordinator, why):
    sent, headers = a_contact(), dict(HTMX)
    spoken_to_yesterday(employer, coordinator)
    if why == "an older one":
        sent["held_at"] = (localtime() - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    if why == "a step was closed since":
        NextStepFactory(employer=employer, owner=coordinator, state="done", closed_at=now(), closed_by=coordinator)
    if why == "another page of the timeline":
        headers["HX-Current-URL"] = f"http://testserver{employer.get_absolute_url()}?page=2"
    answer = colleague.post(reverse("engagement:contact_record", args=[employer.pk]), sent, headers=headers)
    assert answer["HX-Retarget"] == "#employer"
    fragment = answer.content.decode().partition("<div hx-swap-oob")[0].strip()
    reloaded = colleague.get(employer.get_absolute_url()).content.decode()
    assert without_tokens(fragment) in without_tokens(reloaded)


def test_a_contact_that_is_wrong_leaves_the_rest_of_the_page_alone(colleague, employer):
    sent = a_contact(held_at="when it rained")
    answer = colleague.post(reverse("engagement:contact_record", args=[employer.pk]), sent, headers=HTMX)
    assert answer.status_code == 422
    assert answer.content.decode().strip().startswith('<article class="card')
    assert "They have two places." in answer.content.decode()


def test_recording_a_contact_takes_no_more_statements_than_a_page(
    colleague, employer, coordinator, django_assert_max_num_queries
):
    spoken_to_yesterday(employer, coordinator)
    sent = a_contact(next_what="Visit", next_due_on=localdate().isoformat())
    with django_assert_max_num_queries(15):  # two of them are the savepoint that the test's own transaction makes of ours
        colleague.post(reverse("engagement:contact_record", args=[employer.pk]), sent, headers=HTMX)


def without_tokens(page):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_a_plain_browser_is_sent_back_to_the_employer(colleague, employer):
    answer = colleague.post(reverse("engagement:contact_record", args=[employer.pk]), a_contact())
    assert answer.status_code == 302
    assert answer.url == employer.get_absolute_url()
    assert "two places" in colleague.get(answer.url).content.decode()


def test_what_was_typed_is_not_lost_when_something_is_wrong(colleague, employer):
    sent = a_contact(held_at="when it rained", next_what="Send the dates")
    answer = colleague.post(reverse("engagement:contact_record", args=[employer.pk]), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "They have two places." in page
    assert "Send the dates" in page
    assert not Contact.objects.exists()


def test_a_contact_written_down_can_be_undone(colleague, employer):
    answer = colleague.post(reverse("engagement:contact_record", args=[employer.pk]), a_contact(), follow=True)
    contact = Contact.objects.get()
    undo = reverse("engagement:contact_remove", args=[contact.pk])
    assert undo in answer.content.decode()
    colleague.post(undo)
    assert not Contact.objects.exists()


def test_a_step_done_from_today_leads_back_to_today(colleague, employer, coordinator):
    step = NextStepFactory(employer=employer, owner=coordinator)
    answer = colleague.post(reverse("engagement:step_finish", args=[step.pk]), {"next": "/"})
    assert (answer.status_code, answer.url) == (302, "/")
    step.refresh_from_db()
    assert step.state == NextStep.State.DONE


def test_nobody_is_led_elsewhere_after_a_step(colleague, employer, coordinator):
    step = NextStepFactory(employer=employer, owner=coordinator)
    answer = colleague.post(reverse("engagement:step_finish", args=[step.pk]), {"next": "https://evil.example/"})
    assert answer.url == employer.get_absolute_url()


def test_a_step_taken_is_written_down_in_one_go(colleague, employer, coordinator):
    step = NextStepFactory(employer=employer, owner=coordinator)
    sent = a_contact(next_what="Visit them", next_due_on=localdate().isoformat(), next="/")
    assert colleague.post(reverse("engagement:step_contact", args=[step.pk]), sent).url == "/"
    step.refresh_from_db()
    assert step.state == NextStep.State.DONE
    assert employer.next_steps.open().get().what == "Visit them"


def test_one_undo_takes_back_the_contact_and_opens_the_step_again(colleague, employer, coordinator):
    step = NextStepFactory(employer=employer, owner=coordinator)
    sent = a_contact(next="/engagement/steps/")
    answer = colleague.post(reverse("engagement:step_contact", args=[step.pk]), sent, follow=True)
    undo = reverse("engagement:step_contact_undo", args=[step.pk, Contact.objects.get().pk])
    assert undo in answer.content.decode()
    assert "the next step is open again" in colleague.post(undo, follow=True).content.decode()
    assert not Contact.objects.exists()
    assert employer.next_steps.open().get() == step
    assert colleague.post(undo).status_code == 404


@pytest.mark.parametrize(("days", "moved_by"), [("1", 1), ("7", 7)])
def test_a_step_is_moved_with_one_click(colleague, employer, coordinator, days, moved_by):
    step = NextStepFactory(employer=employer, owner=coordinator, due_on=localdate() - timedelta(days=3))
    colleague.post(reverse("engagement:step_move", args=[step.pk]), {"days": days})
    step.refresh_from_db()
    assert step.due_on == localdate() + timedelta(days=moved_by)


def test_a_moved_step_can_be_moved_back(colleague, employer, coordinator):
    step = NextStepFactory(employer=employer, owner=coordinator, due_on=localdate() - timedelta(days=3))
    move = reverse("engagement:step_move", args=[step.pk])
    back = reverse("engagement:step_move_back", args=[step.pk, step.due_on.isoformat()])
    answer = colleague.post(move, {"days": "7"}, follow=True)
    assert back in answer.content.decode()
    colleague.post(back)
    moved = NextStep.objects.get(pk=step.pk)
    assert (moved.due_on, moved.times_moved) == (step.due_on, 0)
    assert colleague.post(reverse("engagement:step_move_back", args=[step.pk, "yesterday"])).status_code == 404


def test_an_employer_of_the_same_name_is_added_only_when_one_says_so(colleague, employer):
    sent = {"name": "NORDWIND Stahlbau", "country": "DE"}
    answer = colleague.post(reverse("engagement:add"), sent)
    assert answer.status_code == 422
    assert employer.get_absolute_url() in answer.content.decode()
    colleague.post(reverse("engagement:add"), {**sent, "anyway": "1"})
    assert Employer.objects.count() == 2


def test_what_has_no_digit_is_no_telephone_number(colleague, employer):
    address = reverse("engagement:person_add", args=[employer.pk])
    answer = colleague.post(address, {"name": "Ada", "phone": "ask at the gate"})
    assert "is not a telephone number" in answer.content.decode()


def test_the_list_of_steps_says_whom_to_call(colleague, employer, coordinator):
    NextStepFactory(employer=employer, owner=coordinator)
    PositionFactory(employer=employer, person__phone="+49 5")
    assert 'href="tel:+495"' in colleague.get(reverse("engagement:steps")).content.decode()


def test_a_refusal_is_a_sentence_on_the_page_and_in_the_fragment(colleague, employer, coordinator):
    step = NextStepFactory(employer=employer, owner=coordinator, what="Call the boss")
    finish = reverse("engagement:step_finish", args=[step.pk])
    colleague.post(finish)
    for headers in ({}, HTMX):
        answer = colleague.post(finish, headers=headers)
        assert answer.status_code == 409
        assert "“Call the boss” is already done." in answer.content.decode()


def test_an_employer_added_by_hand_is_mine_and_findable(colleague, coordinator, school):
    sent = {"name": "Café Größe", "country": "DE", "town": "Köln", "nace": "56"}
    answer = colleague.post(reverse("engagement:add"), sent)
    employer = Employer.objects.get()
    assert answer.url == employer.get_absolute_url()
    assert employer.owner == coordinator
    assert employer.organisation.sites.get().town == "Köln"
    listed = colleague.get(reverse("engagement:employers"), {"q": "cafe grosse"}).content.decode()
    assert "Café Größe" in listed


def test_adding_an_employer_asks_for_little_and_folds_the_rest_away(colleague):
    page = colleague.get(reverse("engagement:add")).content.decode()
    assert "<legend>First site</legend>" in page
    shown, folded = page.split('<details class="group">')
    assert shown.count('<div class="field') == 7
    assert 'name="website"' in folded


@pytest.mark.parametrize(
    ("sent", "said"),
    [({"website": "nowhere"}, "Enter a valid URL."), ({"note": "Ask for Ada", "name": ""}, "Please fill this in.")],
)
def test_what_is_wrong_or_filled_in_is_never_folded_away(colleague, sent, said):
    answer = colleague.post(reverse("engagement:add"), {"name": "Alpha", "country": "DE", **sent})
    assert answer.status_code == 422
    assert '<details class="group" open>' in answer.content.decode()
    assert said in answer.content.decode()


FILTERS = [
    ({"q": "nordw"}, {"Nordwind"}),
    ({"q": "nortwind"}, {"Nordwind"}),
    ({"owner": "nobody"}, {"Ahorn"}),
    ({"place": "sie"}, {"Nordwind"}),
    ({"place": "570"}, {"Nordwind"}),
    ({"sector": "F"}, {"Nordwind"}),
    ({"silent": "never"}, {"Ahorn"}),
    ({"silent": "120"}, {"Ahorn", "Birke"}),
    ({"step": "overdue"}, {"Birke"}),
    ({"step": "open"}, {"Birke"}),
    ({"step": "none"}, {"Ahorn", "Nordwind"}),
    ({"q": "nordwind", "step": "overdue"}, set()),
    ({"owner": "not a number", "sector": "?", "silent": "x", "page": "9999", "sort": "'"}, {"Ahorn", "Birke", "Nordwind"}),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_the_list_is_narrowed_down_by_what_stands_in_the_address(colleague, school, coordinator, query, expected):
    nordwind = EmployerFactory(
        school=school, organisation__name="Nordwind", organisation__nace="43.21", owner=coordinator, last_contact_at=now()
    )
    SiteFactory(organisation=nordwind.organisation, town="Siegen", postal_code="57072")
    EmployerFactory(school=school, organisation__name="Ahorn")
    birke = EmployerFactory(
        school=school, organisation__name="Birke", owner=coordinator, last_contact_at=now() - timedelta(days=200)
    )
    NextStepFactory(employer=birke, owner=coordinator, due_on=localdate() - timedelta(days=1))
    search.index_many(employer_documents(Employer.objects.all()))
    page = colleague.get(reverse("engagement:employers"), query).content.decode()
    assert {name for name in ("Nordwind", "Ahorn", "Birke") if f">{name}</a>" in page} == expected


@pytest.mark.parametrize("sort", ["name", "-name", "contact", "-contact", "step", "-step"])
def test_every_order_shows_everybody(colleague, school, coordinator, sort):
    lived(school, coordinator, 2)
    EmployerFactory(school=school)
    page = colleague.get(reverse("engagement:employers"), {"sort": sort}).content
    assert page.count(b'<th scope="row">') == 3


@pytest.mark.parametrize("role", [Role.LEARNER, Role.TRAINER, Role.MEMBER])
def test_who_does_not_work_for_the_school_finds_no_book(client, school, employer, role):
    client.force_login(staff_of(school, role=role))
    for address in (reverse("engagement:employers"), reverse("engagement:steps"), employer.get_absolute_url()):
        assert client.get(address).status_code == 404


def test_an_association_has_no_book(client):
    association = OrganisationFactory(kind=Organisation.Kind.ASSOCIATION)
    client.force_login(staff_of(association))
    assert client.get(reverse("engagement:employers")).status_code == 404


def test_a_visitor_is_asked_to_sign_in(client, employer):
    assert client.get(employer.get_absolute_url()).status_code == 302
