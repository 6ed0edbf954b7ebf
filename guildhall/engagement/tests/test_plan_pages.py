"""The pages from the interview to the plan on paper, with and without htmx."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pikepdf
import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.engagement import actions
from guildhall.engagement.models import Interview, Plan
from guildhall.engagement.tests.factories import staff_of
from guildhall.engagement.tests.planning import CITY_METAL, RURAL_CARE, held, load_shipped, plan_of, step_of
from guildhall.people.hooks import belongings_of, erasure_of, personal_data_of
from guildhall.people.models import Kind, Role
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.swapping import is_part_of, swapped
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def school():
    load_shipped(now() - timedelta(days=1))
    return OrganisationFactory(languages=["en"])


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def reader(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def teacher(school):
    return staff_of(school, Role.TEACHER)


def shown(client, name, *args, **given):
    answer = client.get(reverse(f"engagement:{name}", args=args), **given)
    assert answer.status_code == 200
    return answer.content.decode()


# The interview.


def test_who_has_no_plan_is_led_to_the_interview_and_back_to_where_it_was_left(reader, school):
    assert "Begin the interview" in shown(reader, "plan_now")
    answer = reader.post(reverse("engagement:interview_begin"), follow=True)
    assert "How many learners at your school" in answer.content.decode()
    reader.post(reverse("engagement:interview"), {"place": "rural", "before": "{}"})
    assert "1 question is answered" in shown(reader, "plan_now")


def test_a_teacher_without_a_plan_is_told_who_makes_it(client, teacher):
    client.force_login(teacher)
    page = shown(client, "plan_now")
    assert "A manager or a placement coordinator makes it" in page
    assert "Begin the interview" not in page


def test_without_a_methodology_it_is_said_who_loads_it(client):
    client.force_login(staff_of(OrganisationFactory()))
    assert "The methodology is not there yet" in shown(client, "plan_now")


def test_an_answer_is_kept_as_it_is_given_and_the_fragment_equals_the_reload(reader, school, coordinator):
    actions.begin_interview(school, by=coordinator, at=now())
    answer = reader.post(reverse("engagement:interview"), {"place": "rural", "hurts": ["image"], "before": "{}"}, **HTMX)
    fragment = answer.content.decode().strip()
    assert "2 of 13 questions are answered" in fragment
    assert fragment in shown(reader, "interview")
    assert Interview.objects.get().answers == {"place": ["rural"], "hurts": ["image"]}


def test_what_a_colleague_answered_meanwhile_stays(reader, school, coordinator):
    interview = actions.begin_interview(school, by=coordinator, at=now())
    actions.answer_interview(interview, answers={"time": ["none"], "place": ["town"]}, by=coordinator, at=now())
    stale = {"place": "rural", "time": "", "before": json.dumps({})}
    reader.post(reverse("engagement:interview"), {**stale, "before": json.dumps({"place": ["city"]})}, **HTMX)
    assert Interview.objects.get().answers == {"time": ["none"], "place": ["rural"]}


def test_an_answer_is_left_open_again(reader, school, coordinator):
    interview = actions.begin_interview(school, by=coordinator, at=now())
    actions.answer_interview(interview, answers={"place": ["rural"]}, by=coordinator, at=now())
    reader.post(reverse("engagement:interview"), {"place": "", "before": json.dumps({"place": ["rural"]})})
    assert Interview.objects.get().answers == {}


@pytest.mark.parametrize("before", ["", "[", '"x"', "[1]", '{"place": 3}', "[" * 9000])
def test_a_page_that_says_nonsense_of_what_stood_there_is_borne(reader, school, coordinator, before):
    actions.begin_interview(school, by=coordinator, at=now())
    assert reader.post(reverse("engagement:interview"), {"place": "rural", "before": before}).status_code == 302
    assert Interview.objects.get().answers == {"place": ["rural"]}


@pytest.mark.parametrize("htmx", [{}, HTMX])
def test_too_many_answers_are_said_and_not_kept(reader, school, coordinator, htmx):
    actions.begin_interview(school, by=coordinator, at=now())
    given = {"hurts": ["no_time", "image", "leaving", "mentors"], "before": "{}"}
    answer = reader.post(reverse("engagement:interview"), given, **htmx)
    assert answer.status_code == 422
    assert "Choose up to 3." in answer.content.decode()
    assert Interview.objects.get().answers == {}


def test_a_teacher_does_not_answer_for_the_school(client, school, coordinator, teacher):
    actions.begin_interview(school, by=coordinator, at=now())
    client.force_login(teacher)
    assert client.get(reverse("engagement:interview")).status_code == 403
    assert client.get(reverse("engagement:proposal")).status_code == 403


def test_without_an_interview_its_pages_are_not_there(reader):
    for name in ("interview", "proposal"):
        assert reader.get(reverse(f"engagement:{name}")).status_code == 404


def test_an_association_has_no_such_pages(client, school):
    network = OrganisationFactory(kind=Kind.ASSOCIATION)
    client.force_login(staff_of(network))
    assert client.get(reverse("engagement:plan_now")).status_code == 404
    assert "Our plan" not in shown(client, "methodology")


def test_the_answers_are_thrown_away(reader, school, coordinator):
    actions.begin_interview(school, by=coordinator, at=now())
    answer = reader.post(reverse("engagement:interview_drop"), follow=True)
    assert "Begin the interview" in answer.content.decode()


# What follows from it.


@pytest.fixture
def answered(school, coordinator):
    interview = actions.begin_interview(school, by=coordinator, at=now())
    return actions.answer_interview(interview, answers=RURAL_CARE, by=coordinator, at=now())


def test_what_follows_is_told_with_reasons_and_nothing_is_written(reader, answered):
    page = shown(reader, "proposal")
    assert "You train for social work, care and health" in page
    assert "You have less than one hour a week" in page  # what speaks against
    assert "up to 10 hours of the school’s time in a quarter" in page
    assert not Plan.objects.exists()


def test_the_other_school_is_told_something_else(client, answered):
    elsewhere = OrganisationFactory(languages=["en"])
    other = staff_of(elsewhere)
    interview = actions.begin_interview(elsewhere, by=other, at=now())
    actions.answer_interview(interview, answers=CITY_METAL, by=other, at=now())
    client.force_login(other)
    page = shown(client, "proposal")
    assert "You train in a field where technology changes fast" in page
    assert "up to 120 hours" in page
    assert "You train for social work" not in page


def test_order_beginning_and_first_day_live_in_the_address(reader, answered):
    address = reverse("engagement:proposal")
    query = {"order": "2.3,1.2,1.1,1.3,2.1,2.2", "begin": "2.3", "on": (localdate() + timedelta(days=5)).isoformat()}
    context = reader.get(address, query).context
    assert [area.read.number for area in context["areas"]][:2] == ["2.3", "1.2"]
    assert [area.number for area in context["begun"]] == ["2.3"]
    assert context["steps"][0][0].starts_on == localdate() + timedelta(days=5)
    fragment = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", reader.get(address, query, **HTMX).content.decode())
    assert is_part_of(fragment.strip(), reader.get(address, query))


@pytest.mark.parametrize("query", [{"order": "9.9", "on": "x"}, {"order": "1.1,1.1", "begin": "<b>"}, {"begin": "," * 300}])
def test_an_address_that_makes_no_sense_shows_what_is_proposed(reader, answered, query):
    context = reader.get(reverse("engagement:proposal"), query).context
    assert [area.number for area in context["begun"]] == ["1.2"]


def test_the_plan_is_made_as_it_is_shown(reader, answered, school):
    chosen = {"order": "2.3,1.2,1.1,1.3,2.1,2.2", "begin": "1.2,2.3", "on": localdate().isoformat()}
    answer = reader.post(reverse("engagement:plan_make"), chosen)
    plan = Plan.objects.get()
    assert (answer.status_code, answer.url) == (302, plan.get_absolute_url())
    assert list(plan.areas.order_by("place").values_list("number", flat=True)) == chosen["order"].split(",")
    assert reader.get(reverse("engagement:plan_now")).url == plan.get_absolute_url()
    assert reader.post(reverse("engagement:plan_make"), chosen).status_code == 404  # pressed twice


# The plan.


@pytest.mark.parametrize("areas", [1, 3])
def test_a_plan_costs_the_same_for_few_and_for_many_steps(reader, school, coordinator, areas, django_assert_num_queries):
    order = ["1.2", "2.1", "1.3", "1.1", "2.2", "2.3"]
    plan = plan_of(coordinator, school, order=order, begin=order[:areas])
    actions.share_out(plan, owners={step.pk: coordinator for step in plan.steps.all()}, by=coordinator, at=now())
    for activity in ["workplace_check", "training_plan", "curriculum_workshop"]:
        held(coordinator, school, activity)
    reader.get(plan.get_absolute_url())
    with django_assert_num_queries(9):
        page = shown(reader, "plan", plan.pk)
    assert page.count("Shown by the book") == (2 if areas == 1 else 3)


def test_a_step_is_ticked_off_on_the_page_and_the_fragment_equals_the_reload(reader, school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    fragment = swapped(reader, reverse("engagement:plan_step_finish", args=[step_of(plan, "mentor").pk]))
    assert is_part_of(fragment, reader.get(plan.get_absolute_url()))
    assert step_of(plan, "mentor").state == "done"


def test_it_is_undone_and_the_book_has_its_say_again(reader, school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    held(coordinator, school, "workplace_check")
    step = step_of(plan, "look")
    reader.post(reverse("engagement:plan_step_reopen", args=[step.pk]))
    assert "the book does not tick it off" in shown(reader, "plan_step", step.pk)
    reader.post(reverse("engagement:plan_step_to_book", args=[step.pk]))
    assert "Shown by the book" in shown(reader, "plan_step", step.pk)


def test_who_does_what_is_said_for_all_steps_at_once(reader, school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE)
    look, mentor = step_of(plan, "look"), step_of(plan, "mentor")
    assert "Say who does what" in shown(reader, "plan", plan.pk)
    given = {f"step-{look.pk}": str(teacher.pk), f"step-{mentor.pk}": str(coordinator.pk)}
    answer = reader.post(reverse("engagement:plan_share", args=[plan.pk]), given, follow=True)
    assert "It is noted who does what." in answer.content.decode()
    assert (step_of(plan, "look").owner, step_of(plan, "mentor").owner) == (teacher, coordinator)
    assert teacher.name in answer.content.decode()


def test_a_step_is_changed_and_says_what_is_wrong(reader, school, coordinator):
    step = step_of(plan_of(coordinator, school, RURAL_CARE), "look")
    address = reverse("engagement:plan_step_change", args=[step.pk])
    given = {"title": "Walk through", "what": "", "owner": "", "hours": "4", "starts_on": "2030-01-02", "ends_on": "2030-01-01"}
    answer = reader.post(address, given)
    assert answer.status_code == 422
    assert "The last day lies before the first." in answer.content.decode()
    today = localdate().isoformat()
    reader.post(address, {**given, "starts_on": today, "ends_on": today})
    assert "Walk through" in shown(reader, "plan_step", step.pk)


def test_what_a_colleague_changed_meanwhile_is_asked(reader, school, coordinator):
    step = step_of(plan_of(coordinator, school, RURAL_CARE), "look")
    address = reverse("engagement:plan_step_change", args=[step.pk])
    form = reader.get(address).context["form"]
    opened = {f"initial-{field.html_name}": field.value() or "" for field in form}
    mine = {field.html_name: field.value() or "" for field in form}
    same = {"what": "", "language": "en", "owner": None, "hours": 5, "starts_on": step.starts_on, "ends_on": step.ends_on}
    actions.change_plan_step(step, title="Theirs", **same, by=coordinator, at=now())
    answer = reader.post(address, {**opened, **mine, "title": "Mine"})
    assert answer.status_code == 422
    assert "Theirs" in answer.content.decode()


def test_a_step_of_ones_own_is_added(reader, school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    day = localdate().isoformat()
    given = {"area": "2.2", "title": "Ask the bishop", "what": "", "owner": "", "hours": "1", "starts_on": day, "ends_on": day}
    answer = reader.post(reverse("engagement:plan_step_add", args=[plan.pk]), given, follow=True)
    assert "Ask the bishop" in answer.content.decode()


def test_a_step_is_dropped_with_a_word_and_undone(reader, school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    step = step_of(plan, "share")
    address = reverse("engagement:plan_step_drop", args=[step.pk])
    assert reader.post(address, {"word": ""}).status_code == 422
    answer = reader.post(address, {"word": "No machines"}, follow=True).content.decode()
    undo = reverse("engagement:plan_step_to_book", args=[step.pk])
    assert "No machines" in answer
    assert undo in answer
    reader.post(undo)
    assert step_of(plan, "share").is_open


def test_wishes_stand_beside_what_is_counted(reader, school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    answer = reader.post(reverse("engagement:plan_wishes", args=[plan.pk]), {"mentors_reached": "6"}, follow=True)
    assert "6 employers" in answer.content.decode()
    assert reader.post(reverse("engagement:plan_wishes", args=[plan.pk]), {"mentors_reached": "-1"}).status_code == 422


def test_an_area_that_waits_begins(reader, school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    reader.post(reverse("engagement:plan_area_begin", args=[plan.pk, "2.2"]), **HTMX)
    assert plan.steps.filter(area="2.2").exists()
    assert reader.post(reverse("engagement:plan_area_begin", args=[plan.pk, "2.2"])).status_code == 409
    assert reader.post(reverse("engagement:plan_area_begin", args=[plan.pk, "7.7"])).status_code == 404


def test_a_plan_is_closed_and_followed_again(reader, school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    answer = reader.post(reverse("engagement:plan_close", args=[plan.pk]), follow=True).content.decode()
    assert "It can only be read." in answer
    assert "The last plan" in shown(reader, "plan_now")
    reader.post(reverse("engagement:plan_reopen", args=[plan.pk]))
    assert Plan.objects.get().is_running


def test_a_teacher_reads_the_plan_and_ticks_off_what_is_theirs(client, school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE)
    mine, other = step_of(plan, "mentor"), step_of(plan, "look")
    actions.share_out(plan, owners={mine.pk: teacher}, by=coordinator, at=now())
    client.force_login(teacher)
    page = shown(client, "plan", plan.pk)
    assert reverse("engagement:plan_step_finish", args=[mine.pk]) in page
    assert reverse("engagement:plan_step_finish", args=[other.pk]) not in page
    assert reverse("engagement:plan_share", args=[plan.pk]) not in page
    assert client.post(reverse("engagement:plan_step_finish", args=[mine.pk])).status_code == 302
    assert client.post(reverse("engagement:plan_step_finish", args=[other.pk])).status_code == 403
    for name in ("plan_share", "plan_wishes", "plan_step_add"):
        assert client.get(reverse(f"engagement:{name}", args=[plan.pk])).status_code == 403
    for name in ("plan_step_change", "plan_step_drop"):
        assert client.get(reverse(f"engagement:{name}", args=[other.pk])).status_code == 403


def test_the_plan_of_another_school_is_not_there(reader):
    elsewhere = OrganisationFactory()
    plan = plan_of(staff_of(elsewhere), elsewhere, RURAL_CARE)
    step = step_of(plan, "look")
    for name in ("plan", "plan_pdf", "plan_share", "plan_wishes", "plan_step_add", "plan_move_on"):
        assert reader.get(reverse(f"engagement:{name}", args=[plan.pk])).status_code == 404
    for name in ("plan_close", "plan_reopen"):
        assert reader.post(reverse(f"engagement:{name}", args=[plan.pk])).status_code == 404
    for name in ("plan_step_finish", "plan_step_reopen", "plan_step_to_book"):
        assert reader.post(reverse(f"engagement:{name}", args=[step.pk])).status_code == 404
    assert reader.get(reverse("engagement:plan_step", args=[step.pk])).status_code == 404


# On paper, on Today, and in somebody's name.


def test_the_plan_on_paper_is_tagged_and_says_whose_it_is(reader, school, coordinator, tmp_path):
    plan = plan_of(coordinator, school, RURAL_CARE)
    answer = reader.get(reverse("engagement:plan_pdf", args=[plan.pk]))
    assert answer["Content-Type"] == "application/pdf"
    file = tmp_path / "plan.pdf"
    file.write_bytes(answer.content)
    with pikepdf.open(file) as pdf:
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.Root.Lang) == "en"
        assert str(pdf.docinfo["/Title"]) == "Plan for working with employers"
        assert str(pdf.docinfo["/Author"]) == str(school)
        assert 1 <= len(pdf.pages) <= 3
        assert b"pdfuaid" in pdf.Root.Metadata.read_bytes()


def test_what_people_write_never_becomes_code_on_paper(reader, school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    days = {"starts_on": localdate(), "ends_on": localdate()}
    hostile = '#panic("x") $ = <a> \\ ' + "x" * 120
    actions.add_plan_step(plan, area="1.2", title=hostile, language="en", hours=1, **days, by=coordinator, at=now())
    assert reader.get(reverse("engagement:plan_pdf", args=[plan.pk])).status_code == 200


def test_steps_that_are_soon_to_be_done_stand_on_the_today_of_who_does_them(client, school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE, starts_on=localdate() - timedelta(weeks=12))
    step = step_of(plan, "look")
    actions.change_plan_step(
        step,
        title="Walk through the homes",
        what="",
        language="en",
        owner=teacher,
        hours=1,
        starts_on=plan.starts_on,
        ends_on=localdate() + timedelta(days=3),
        by=coordinator,
        at=now(),
    )
    client.force_login(teacher)
    page = client.get("/").content.decode()
    assert "From your school’s plan" in page
    assert "Walk through the homes" in page
    client.force_login(coordinator)
    assert "Walk through the homes" not in client.get("/").content.decode()


def test_who_could_make_a_plan_is_told_so_on_a_quiet_day(reader):
    assert "Make a plan for working with employers" in reader.get("/").content.decode()


def test_what_is_in_somebodys_name_is_told_handed_over_and_not_erased_before(school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.share_out(plan, owners={step_of(plan, "mentor").pk: teacher}, by=coordinator, at=now())
    data = {each.key: each for parts in personal_data_of.ask(user=teacher) for each in parts}
    assert [row["what"] for row in data["engagement.plan_steps"].rows] == ["Find the person who really shows"]
    theirs = {each.key: each for parts in personal_data_of.ask(user=coordinator) for each in parts}
    assert {row["what"] for row in theirs["engagement.plans"].rows} == {"a plan", "an interview"}
    steps = [each for parts in erasure_of.ask(user=teacher) for each in parts if "step of a plan" in each.sentence]
    assert steps[0].obstacle
    belongings = [held for held in belongings_of.ask(user=teacher, organisation=school) if held and "plan" in held.sentence]
    belongings[0].hand_over(coordinator, coordinator, now())
    assert step_of(plan, "mentor").owner == coordinator
