from datetime import timedelta

import pytest
from django.template import Context, Template
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import override

from guildhall.core import search
from guildhall.core.errors import NotAllowed, Refused
from guildhall.engagement import actions
from guildhall.engagement.models import NextStep
from guildhall.engagement.receivers import a_thought_becomes_a_next_step
from guildhall.engagement.search import employer_documents
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, NextStepFactory, staff_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def employer():
    return EmployerFactory()


@pytest.fixture
def coordinator(employer):
    return staff_of(employer.school)


@pytest.fixture
def step(employer, coordinator):
    return NextStepFactory(employer=employer, owner=coordinator)


def test_a_finished_step_says_who_and_when(step, coordinator):
    at = now()
    step = actions.finish_step(step, by=coordinator, at=at)
    assert (step.state, step.closed_by, step.closed_at) == (NextStep.State.DONE, coordinator, at)


def test_a_step_is_not_dropped_without_a_word_why(step, coordinator):
    with pytest.raises(Refused, match="word why"):
        actions.drop_step(step, word="  ", by=coordinator, at=now())
    assert actions.drop_step(step, word="They moved away.", by=coordinator, at=now()).state == NextStep.State.DROPPED


def test_what_is_closed_can_be_closed_only_once(step, coordinator):
    actions.finish_step(step, by=coordinator, at=now())
    with pytest.raises(Refused, match="already done"):
        actions.drop_step(step, word="Too late.", by=coordinator, at=now())
    with pytest.raises(Refused, match="already done"):
        actions.move_step(step, due_on=localdate(), by=coordinator, at=now())


def test_a_moved_step_counts_how_often(step, coordinator):
    step = actions.move_step(step, due_on=localdate() + timedelta(days=7), word="On holiday.", by=coordinator, at=now())
    step = actions.move_step(step, due_on=localdate() + timedelta(days=9), by=coordinator, at=now())
    assert step.times_moved == 2


def test_a_step_can_be_given_to_a_colleague_but_to_nobody_else(step, coordinator, employer):
    teacher = staff_of(employer.school, role=Role.TEACHER)
    step = actions.move_step(step, due_on=step.due_on, owner=teacher, by=coordinator, at=now())
    assert (step.owner, step.times_moved) == (teacher, 0)
    with pytest.raises(Refused, match="does not work for"):
        actions.move_step(step, due_on=step.due_on, owner=staff_of(OrganisationFactory()), by=coordinator, at=now())


def test_closing_can_be_taken_back(step, coordinator):
    actions.drop_step(step, word="A mistake.", by=coordinator, at=now())
    step = actions.reopen_step(step, by=coordinator, at=now())
    assert (step.state, step.closed_at, step.word) == (NextStep.State.OPEN, None, "")


@pytest.mark.parametrize(
    "deed",
    [
        lambda step, by: actions.finish_step(step, by=by, at=now()),
        lambda step, by: actions.drop_step(step, word="Why not.", by=by, at=now()),
        lambda step, by: actions.move_step(step, due_on=localdate(), by=by, at=now()),
        lambda step, by: actions.reopen_step(step, by=by, at=now()),
        lambda step, by: actions.add_step(step.employer, what="Call", due_on=localdate(), owner=by, by=by, at=now()),
    ],
)
def test_a_member_of_another_school_may_not_touch_a_step(step, deed):
    with pytest.raises(NotAllowed):
        deed(step, staff_of(OrganisationFactory()))


def test_the_most_urgent_open_step_of_each_employer_is_its_next(employer, coordinator):
    later = localdate() + timedelta(days=5)
    NextStepFactory(employer=employer, owner=coordinator, due_on=later)
    sooner = NextStepFactory(employer=employer, owner=coordinator, due_on=localdate())
    listed = type(employer).objects.with_next_step().get(pk=employer.pk)
    assert listed.next_due_on == localdate()
    actions.finish_step(sooner, by=coordinator, at=now())
    assert type(employer).objects.with_next_step().get(pk=employer.pk).next_due_on == later


def test_what_can_be_done_about_a_step_is_drawn_once_for_all_of_them():
    actions = Template(
        "{% for pk in numbers %}{% stencil 'engagement/_step_actions.html' number=pk target='' next=next %}{% endfor %}"
    )
    drawn = actions.render(Context({"numbers": [2360, 7], "next": "/a?b=1&c=<2>", "csrf_token": "of-this-page"}))
    assert drawn.count('value="of-this-page"') == 2
    assert f'formaction="{reverse("engagement:step_finish", args=[2360])}"' in drawn
    assert f'formaction="{reverse("engagement:step_finish", args=[7])}"' in drawn
    assert drawn.count('name="next" value="/a?b=1&amp;c=&lt;2&gt;"') == 2
    with override("de"):
        assert "Morgen" in actions.render(Context({"numbers": [1], "next": "", "csrf_token": "another"}))


def test_a_closed_step_stands_on_one_page_of_the_timeline_wherever_the_page_ends(client, monkeypatch):
    employer, at = EmployerFactory(), now() - timedelta(days=60)
    client.force_login(staff_of(employer.school))
    for day in range(0, 40, 10):
        ContactFactory(employer=employer, held_at=at + timedelta(days=day))
        step = NextStepFactory(employer=employer, what=f"Closed on day {day + 5}.")
        NextStep.objects.filter(pk=step.pk).update(
            state=NextStep.State.DONE, closed_by=step.owner, closed_at=at + timedelta(days=day + 5)
        )
    monkeypatch.setattr("guildhall.engagement.timeline.ENTRIES", 2)
    pages = [client.get(employer.get_absolute_url(), {"page": number}).content.decode() for number in (1, 2)]
    assert [[page.count(f"Closed on day {day}.") for day in (35, 25, 15, 5)] for page in pages] == [[1, 1, 1, 0], [0, 0, 0, 1]]


def test_a_thought_at_a_film_becomes_a_next_step_with_the_employer_one_names(client, db):
    school = OrganisationFactory(kind="school")
    teacher = staff_of(school, Role.TEACHER)
    employer = EmployerFactory(school=school, organisation__name="Bäckerei Korn")
    search.index_many(employer_documents([employer]))
    EmployerFactory(school=school)
    client.force_login(teacher)
    request = client.get(reverse("engagement:steps")).wsgi_request
    request.organisation, request.roles = school, {Role.TEACHER}
    (way,) = a_thought_becomes_a_next_step(request, "Ask the mentor & listen")
    assert "Look for the employer" in client.get(way.url).content.decode()
    page = client.get(f"{way.url}&q=korn").content.decode()
    address = f"{reverse('engagement:step_add', args=[employer.pk])}?what=Ask+the+mentor+%26+listen"
    assert address in page
    assert 'value="Ask the mentor &amp; listen"' in client.get(address).content.decode()
    request.roles = {Role.LEARNER}
    assert a_thought_becomes_a_next_step(request, "Ask") == []
