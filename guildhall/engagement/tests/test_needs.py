"""What employers say they need: asked, kept, taken into the book, told apart and counted."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.engagement import actions
from guildhall.engagement.actions.methodology import load_methodology
from guildhall.engagement.actions.needs import NEEDS_LINK
from guildhall.engagement.models import AlikeEmployers, Need, NeedsInterview, NextStep
from guildhall.engagement.models.needs import normal_form_of
from guildhall.engagement.needs.asking import PART_KEYS, as_text, said_in
from guildhall.engagement.purposes import PLACEMENTS
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory, staff_of
from guildhall.people.actions import load_statements
from guildhall.people.erasure import plan_erasure
from guildhall.people.hooks import personal_data_of, retention_rules
from guildhall.people.models import Mail, Notice, Pass, Role
from guildhall.people.passes import open_pass
from guildhall.people.tests.factories import OrganisationFactory, UserFactory
from tests.world import methodology

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)


@pytest.fixture
def school():
    return OrganisationFactory(country="PT", name="Escola Norte")


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Rita", language="en")


@pytest.fixture
def employer(school, coordinator):
    return EmployerFactory(school=school, owner=coordinator, organisation__name="Metalúrgica Alfa")


@pytest.fixture
def ana(employer):
    person = PersonFactory(school=employer.school, name="Ana", email="ana@alfa.example", language="pt")
    return PositionFactory(employer=employer, person=person).person


def row(words, now=None, later=None):
    return {"words": words, "now": now, "later": later}


def asked(employer, by, person=None, at=None, **given):
    facts = {"by_letter": person is not None, "valid_for": MONTH, **given}
    interview, address = actions.ask_by_link(employer, person=person, by=by, at=at or now(), **facts)
    return interview, address.rstrip("/").rpartition("/")[2]


def held_with(employer, by, *, at=None, said=None, **more):
    """An interview that is in the book; ``said`` are the occupations."""
    at = at or now()
    interview = actions.begin_needs_interview(employer, language="en", by=by, at=at)
    rows = said if said is not None else [row("Welder", 2, 5)]
    actions.answer_needs(interview, part="occupations", said={"rows": rows}, by=by, at=at)
    for part, answers in more.items():
        actions.answer_needs(interview, part=part, said=answers, by=by, at=at)
    return actions.take_over_needs(interview, kind="visit", held_at=at, by=by, at=at)


def sent(interview, token, at=None, **answers):
    held = open_pass(token, at=at or now())
    for part, said in (answers or {"occupations": {"rows": [row("Soldador", 1, 3)]}}).items():
        interview = actions.answer_needs(interview, part=part, said=said, by=held, at=at or now())
    return actions.answer_needs(interview, part="together", said={"offers": []}, is_sent=True, by=held, at=at or now())


# --- Words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("Soldador", "soldador"),
        ("  SOLDADOR ", "soldador"),
        ("Técnico(a) de  frio", "tecnico a de frio"),
        ("Straße", "strasse"),
        ("Ηλεκτρολόγος", "ηλεκτρολογοσ"),
        ("C++ / C#", "c c"),
        ("!!!", ""),
        ("ﬁtter", "fitter"),
    ],
)
def test_words_are_told_apart_without_case_accents_and_signs(said, form):
    assert normal_form_of(said) == form


def test_a_normal_form_is_never_longer_than_its_column():
    assert len(normal_form_of("ﷺ" * 120)) == 120


def test_what_is_written_twice_counts_once_with_the_larger_numbers():
    answers = {"occupations": {"rows": [row("Welder", 1), row("welder ", 3, 2), row("?")]}}
    (said,) = said_in(answers)
    assert (said.kind, said.words, said.people_now, said.people_in_two_years) == ("occupation", "Welder", 3, 2)


def test_the_answers_as_a_text_are_in_the_language_that_is_active():
    answers = {"occupations": {"rows": [row("Welder", 1)]}, "together": {"obstacles": ["time"]}, "work": {"day": "Noise"}}
    with translation.override("en"):
        told = as_text(answers, "en")
    assert told.splitlines() == [
        "What spoils a good day at your place?",
        "– Noise",
        "People you need",
        "– Welder: 1 person now",
        "What holds you back?",
        "– Too little time",
    ]


# --- In a talk -----------------------------------------------------------------------------------------------------


def test_an_interview_is_gone_on_with_not_begun_twice(employer, coordinator):
    one = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    assert actions.begin_needs_interview(employer, language="en", by=coordinator, at=now()) == one
    other = actions.begin_needs_interview(employer, language="en", by=staff_of(employer.school, Role.TEACHER), at=now())
    assert other != one


def test_a_part_is_kept_and_leaves_the_others_as_they_are(employer, coordinator):
    interview = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    actions.answer_needs(interview, part="work", said={"day": "Noise"}, by=coordinator, at=now())
    stale = NeedsInterview.objects.get(pk=interview.pk)
    actions.answer_needs(interview, part="changes", said={"trends": ["green"]}, by=coordinator, at=now())
    interview = actions.answer_needs(stale, part="work", said={"day": "Dust"}, reached="skills", by=coordinator, at=now())
    assert interview.answers == {"work": {"day": "Dust"}, "changes": {"trends": ["green"]}}
    assert interview.reached == "skills"


def test_taking_over_writes_dated_needs_a_contact_and_the_steps_chosen(employer, coordinator, ana):
    interview = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    actions.answer_needs(interview, part="occupations", said={"rows": [row("Welder", 2, 5)]}, by=coordinator, at=now())
    actions.answer_needs(interview, part="skills", said={"rows": [row("TIG")]}, by=coordinator, at=now())
    actions.answer_needs(interview, part="changes", said={"trends": ["green"]}, by=coordinator, at=now())
    together = {"obstacles": ["time"], "offers": ["workplace_tour"]}
    actions.answer_needs(interview, part="together", said=together, by=coordinator, at=now())
    held_at = now() - timedelta(days=2)
    interview = actions.take_over_needs(
        interview, kind="visit", held_at=held_at, people=[ana], steps=["Agree on a tour"], by=coordinator, at=now()
    )
    assert interview.state == "taken"
    needs = Need.objects.order_by("pk").values_list("kind", "form", "words", "people_now", "people_in_two_years", "ended_on")
    assert list(needs) == [
        ("occupation", "welder", "Welder", 2, 5, None),
        ("skill", "tig", "TIG", None, None, None),
        ("trend", "green", "", None, None, None),
        ("obstacle", "time", "", None, None, None),
        ("offer", "workplace_tour", "", None, None, None),
    ]
    assert {need.noted_on for need in Need.objects.all()} == {localdate(held_at)}
    contact = employer.contacts.get()
    assert (contact.kind, contact.held_at, list(contact.people.all())) == ("visit", held_at, [ana])
    assert "Welder: 2 people now, 5 people in two years" in contact.said
    assert interview.contact == contact
    step = NextStep.objects.get()
    assert (step.what, step.owner, step.contact, step.due_on) == (
        "Agree on a tour",
        coordinator,
        contact,
        localdate() + timedelta(days=14),
    )
    employer.refresh_from_db()
    assert employer.last_contact_at == held_at


def test_what_is_said_anew_ends_what_was_said_before(employer, coordinator):
    last_year = now() - timedelta(days=200)
    held_with(employer, coordinator, at=last_year, said=[row("Welder", 2), row("Fitter", 1)])
    held_with(employer, coordinator, said=[row("welder", 7)])
    needs = Need.objects.order_by("pk").values_list("words", "people_now", "ended_on")
    assert list(needs) == [("Welder", 2, localdate()), ("Fitter", 1, None), ("welder", 7, None)]


def test_what_was_said_earlier_does_not_end_what_was_said_later(employer, coordinator):
    waiting = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    actions.answer_needs(waiting, part="occupations", said={"rows": [row("Welder", 1)]}, by=coordinator, at=now())
    colleague = staff_of(employer.school, Role.TEACHER)
    held_with(employer, colleague, said=[row("Welder", 9)])
    actions.take_over_needs(waiting, kind="call", held_at=now() - timedelta(days=3), by=coordinator, at=now())
    assert Need.objects.get().people_now == 9


def test_an_empty_interview_is_not_taken_over(employer, coordinator):
    interview = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    with pytest.raises(Refused, match="Nothing is answered yet"):
        actions.take_over_needs(interview, kind="visit", held_at=now(), by=coordinator, at=now())
    actions.answer_needs(interview, part="work", said={}, by=coordinator, at=now())
    with pytest.raises(Refused, match="Nothing is answered yet"):
        actions.take_over_needs(interview, kind="visit", held_at=now(), by=coordinator, at=now())
    assert not employer.contacts.exists()


def test_an_interview_is_taken_over_once(employer, coordinator):
    interview = held_with(employer, coordinator)
    with pytest.raises(Refused, match="in the school's book already"):
        actions.take_over_needs(interview, kind="visit", held_at=now(), by=coordinator, at=now())
    with pytest.raises(Refused, match="in the school's book already"):
        actions.answer_needs(interview, part="work", said={"day": "x"}, by=coordinator, at=now())
    assert (Need.objects.count(), employer.contacts.count()) == (1, 1)


def test_a_contact_in_the_future_refuses_all_of_it(employer, coordinator):
    interview = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    actions.answer_needs(interview, part="work", said={"day": "Noise"}, by=coordinator, at=now())
    with pytest.raises(Refused, match="lies in the future"):
        actions.take_over_needs(interview, kind="visit", held_at=now() + timedelta(days=2), by=coordinator, at=now())
    interview.refresh_from_db()
    assert interview.state == "open"


def test_an_interview_that_leads_nowhere_is_given_up(employer, coordinator):
    interview = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    assert actions.drop_needs_interview(interview, by=coordinator, at=now()) == employer
    assert not NeedsInterview.objects.exists()


def test_what_is_in_the_book_is_not_given_up(employer, coordinator):
    with pytest.raises(Refused, match="in the school's book already"):
        actions.drop_needs_interview(held_with(employer, coordinator), by=coordinator, at=now())


def test_a_link_is_not_given_up_but_withdrawn(employer, coordinator):
    with pytest.raises(Refused, match="withdrawn, not dropped"):
        actions.drop_needs_interview(asked(employer, coordinator)[0], by=coordinator, at=now())


@pytest.mark.parametrize("who", ["stranger", "neighbour", "learner"])
def test_only_who_works_for_the_school_asks_and_takes_over(employer, coordinator, who):
    somebody = {
        "stranger": UserFactory,
        "neighbour": lambda: staff_of(OrganisationFactory()),
        "learner": lambda: staff_of(employer.school, Role.LEARNER),
    }[who]()
    interview = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    link = asked(employer, coordinator)[0]
    need = held_with(EmployerFactory(school=employer.school), coordinator).needs.get()
    for attempt in (
        lambda: actions.begin_needs_interview(employer, language="en", by=somebody, at=now()),
        lambda: asked(employer, somebody),
        lambda: actions.answer_needs(interview, part="work", said={}, by=somebody, at=now()),
        lambda: actions.take_over_needs(interview, by=somebody, at=now()),
        lambda: actions.drop_needs_interview(interview, by=somebody, at=now()),
        lambda: actions.withdraw_needs_link(link, by=somebody, at=now()),
        lambda: actions.let_go_of_need(need, by=somebody, at=now()),
        lambda: actions.take_need_back(need, by=somebody, at=now()),
        lambda: actions.say_it_is_the_same(employer.school, kind="skill", form="a", means="b", by=somebody, at=now()),
    ):
        with pytest.raises(NotAllowed):
            attempt()


# --- By a link -----------------------------------------------------------------------------------------------------


def test_the_letter_is_in_the_language_and_holds_the_link_that_is_not_kept(
    employer, coordinator, ana, django_capture_on_commit_callbacks
):
    interview, token = asked(employer, coordinator, ana, sentence="Bom dia!\nUma linha")
    letter = Mail.objects.get()
    assert (letter.to, letter.language, letter.sender_name, letter.reply_to) == (ana.email, "pt", "Rita", coordinator.email)
    assert f"/p/{token}/" in letter.text
    assert "Bom dia! Uma linha" in letter.text
    assert interview.language == "pt"
    held = Pass.objects.get()
    assert (held.name, held.email) == ("", "")
    assert token not in str(Pass.objects.values_list().get())
    assert mail.outbox == []


def test_without_a_letter_nothing_is_sent(employer, coordinator):
    interview, token = asked(employer, coordinator, language="el")
    assert not Mail.objects.exists()
    assert interview.language == "el"
    assert open_pass(token, purpose=NEEDS_LINK, at=now()).thing_id == interview.pk


def test_who_asked_not_to_be_written_to_is_not_asked_by_a_link(employer, coordinator, ana):
    actions.forbid_writing(ana, by=coordinator, at=now())
    with pytest.raises(Refused, match="asked not to be written to"):
        asked(employer, coordinator, ana, by_letter=False)


def test_nor_is_who_objected_to_letters_about_placements(employer, coordinator, ana):
    load_statements(by=None, at=now())
    actions.note_answer(ana, purpose=PLACEMENTS, agreed=False, how="talk", given_at=now(), by=coordinator, at=now())
    with pytest.raises(Refused, match="asked not to be written to"):
        asked(employer, coordinator, ana)


def test_a_letter_needs_an_address(employer, coordinator):
    somebody = PositionFactory(employer=employer, person__email="").person
    with pytest.raises(Refused, match="No e-mail address"):
        asked(employer, coordinator, somebody)
    with pytest.raises(Refused, match="Choose who gets the letter"):
        asked(employer, coordinator, by_letter=True)


def test_who_works_elsewhere_is_not_asked_here(employer, coordinator):
    with pytest.raises(Refused, match="does not work at"):
        asked(employer, coordinator, PersonFactory(school=employer.school))


def test_one_person_has_one_open_link_at_a_time(employer, coordinator, ana):
    interview, _token = asked(employer, coordinator, ana)
    with pytest.raises(Refused, match="still open"):
        asked(employer, coordinator, ana)
    actions.withdraw_needs_link(interview, by=coordinator, at=now())
    asked(employer, coordinator, ana)


def test_after_the_last_day_one_may_ask_again(employer, coordinator, ana):
    asked(employer, coordinator, ana, at=now() - 2 * MONTH)
    asked(employer, coordinator, ana)


@pytest.mark.parametrize("days", [0, -1, 91])
def test_a_link_is_not_valid_for_ever(employer, coordinator, days):
    with pytest.raises(Refused, match="three months at most"):
        asked(employer, coordinator, valid_for=timedelta(days=days))


def test_who_asked_and_who_looks_after_the_employer_are_told_once(employer, coordinator):
    teacher = staff_of(employer.school, Role.TEACHER)
    interview, token = asked(employer, teacher)
    interview = sent(interview, token)
    sent(interview, token)
    assert interview.state == "answered"
    assert {notice.user for notice in Notice.objects.all()} == {teacher, coordinator}
    assert Notice.objects.count() == 2
    assert {notice.url for notice in Notice.objects.all()} == {interview.get_absolute_url()}


def test_who_left_the_school_meanwhile_is_not_told(employer, coordinator):
    teacher = staff_of(employer.school, Role.TEACHER)
    interview, token = asked(employer, teacher)
    teacher.memberships.update(until=localdate() - timedelta(days=1))
    sent(interview, token)
    assert [notice.user for notice in Notice.objects.all()] == [coordinator]


def test_what_the_employer_sent_is_taken_over_as_a_message_of_that_day(employer, coordinator, ana):
    interview, token = asked(employer, coordinator, ana, at=now() - timedelta(days=9))
    sent_at = now() - timedelta(days=4)
    interview = sent(interview, token, at=sent_at)
    actions.take_over_needs(interview, kind="visit", held_at=now(), by=coordinator, at=now())
    contact = employer.contacts.get()
    assert (contact.kind, contact.held_at, list(contact.people.all())) == ("message", sent_at, [ana])
    need = Need.objects.get()
    assert (need.words, need.language, need.noted_on) == ("Soldador", "pt", localdate(sent_at))


def test_what_is_not_sent_yet_is_the_employers_own(employer, coordinator):
    interview, token = asked(employer, coordinator)
    held = open_pass(token, at=now())
    actions.answer_needs(interview, part="work", said={"day": "Noise"}, by=held, at=now())
    with pytest.raises(Refused, match="not sent its answers yet"):
        actions.take_over_needs(interview, by=coordinator, at=now())
    with pytest.raises(Refused, match="not sent its answers yet"):
        actions.answer_needs(interview, part="work", said={"day": "Quiet"}, by=coordinator, at=now())


def test_nothing_at_all_is_not_sent(employer, coordinator):
    interview, token = asked(employer, coordinator)
    with pytest.raises(Refused, match="Nothing is answered yet"):
        actions.answer_needs(interview, part="together", said={}, is_sent=True, by=open_pass(token, at=now()), at=now())


def test_a_link_is_not_answered_after_its_last_day(employer, coordinator):
    interview, token = asked(employer, coordinator, at=now() - 2 * MONTH)
    with pytest.raises(Refused, match="could be answered until"):
        actions.answer_needs(interview, part="work", said={"day": "x"}, by=open_pass(token, at=now()), at=now())


def test_withdrawing_deletes_what_was_answered_and_closes_the_link(employer, coordinator):
    interview, token = asked(employer, coordinator)
    held = open_pass(token, at=now())
    actions.answer_needs(interview, part="work", said={"day": "Noise"}, reached="skills", by=held, at=now())
    interview = actions.withdraw_needs_link(interview, by=coordinator, at=now())
    assert (interview.answers, interview.reached, interview.closed_by) == ({}, "", coordinator)
    for attempt in (
        lambda: actions.answer_needs(interview, part="work", said={"day": "x"}, by=held, at=now()),
        lambda: actions.withdraw_needs_link(interview, by=coordinator, at=now()),
        lambda: actions.take_over_needs(interview, by=coordinator, at=now()),
    ):
        with pytest.raises(Refused, match="was withdrawn"):
            attempt()


def test_what_is_in_the_book_is_not_withdrawn(employer, coordinator):
    interview, token = asked(employer, coordinator)
    interview = actions.take_over_needs(sent(interview, token), by=coordinator, at=now())
    with pytest.raises(Refused, match="in the school's book already"):
        actions.withdraw_needs_link(interview, by=coordinator, at=now())


def test_a_talk_is_not_withdrawn(employer, coordinator):
    interview = actions.begin_needs_interview(employer, language="en", by=coordinator, at=now())
    with pytest.raises(Refused, match="not asked by link"):
        actions.withdraw_needs_link(interview, by=coordinator, at=now())


def test_a_pass_for_another_interview_answers_nothing(employer, coordinator):
    interview, _token = asked(employer, coordinator)
    _other, token = asked(EmployerFactory(school=employer.school), coordinator)
    with pytest.raises(ValueError, match="something else"):
        actions.answer_needs(interview, part="work", said={}, by=open_pass(token, at=now()), at=now())


# --- What holds no more --------------------------------------------------------------------------------------------


def test_a_need_is_let_go_of_and_taken_back(employer, coordinator):
    need = held_with(employer, coordinator).needs.get()
    assert actions.let_go_of_need(need, by=coordinator, at=now()).ended_on == localdate()
    assert actions.take_need_back(need, by=coordinator, at=now()).ended_on is None


def test_what_was_said_anew_since_is_not_taken_back(employer, coordinator):
    need = held_with(employer, coordinator).needs.get()
    actions.let_go_of_need(need, by=coordinator, at=now())
    held_with(employer, coordinator)
    with pytest.raises(Refused, match="said anew since"):
        actions.take_need_back(need, by=coordinator, at=now())


def test_the_database_keeps_one_standing_need_for_each_word(employer, coordinator):
    need = held_with(employer, coordinator).needs.get()
    need.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        need.save(force_insert=True)


# --- In the book ----------------------------------------------------------------------------------------------------


def test_a_talk_is_a_needs_interview_and_a_link_a_survey(employer, coordinator):
    load_methodology(content=methodology(), by=None, at=now())
    held_with(employer, coordinator)
    interview, token = asked(employer, coordinator)
    actions.take_over_needs(sent(interview, token), by=coordinator, at=now())
    kinds = employer.contacts.order_by("pk").values_list("activity", flat=True)
    assert list(kinds) == ["needs_interview", "employer_survey"]
    employer.refresh_from_db()
    assert employer.level == 1


# --- Merging, forgetting, personal data ----------------------------------------------------------------------------


def test_a_merge_carries_needs_and_interviews_along_and_gives_them_back(school, coordinator):
    kept, gone = EmployerFactory.create_batch(2, school=school)
    held_with(kept, coordinator, said=[row("Welder", 1)])
    held_with(gone, coordinator, said=[row("Welder", 2), row("Turner", 3)])
    waiting, token = asked(gone, coordinator)
    pair = AlikeEmployers.objects.create(school=school, first=kept, second=gone, score=90, reasons=[], found_at=now())
    merge = actions.merge_employers(pair, facts={}, note="", owner=None, by=coordinator, at=now())
    assert set(kept.needs.values_list("words", "people_now")) == {("Welder", 1), ("Turner", 3)}
    assert kept.needs_interviews.count() == 3
    sent(waiting, token)
    actions.undo_merge(merge, by=coordinator, at=now())
    assert set(gone.needs.values_list("words", "people_now")) == {("Welder", 2), ("Turner", 3)}
    assert gone.needs_interviews.count() == 2
    assert gone.needs_interviews.get(pk=waiting.pk).state == "answered"


def test_links_never_taken_over_go_after_half_a_year_with_their_passes(employer, coordinator):
    old, _token = asked(employer, coordinator, at=now() - timedelta(days=181))
    fresh, _token = asked(employer, coordinator)
    taken, token = asked(employer, coordinator, at=now() - timedelta(days=185), valid_for=timedelta(days=90))
    actions.take_over_needs(sent(taken, token, at=now() - timedelta(days=180)), by=coordinator, at=now())
    rule = next(rule for answer in retention_rules.ask() for rule in answer if rule.key == "engagement.needs_links")
    assert rule.overdue(now() - rule.keep) == 1
    assert rule.delete(now() - rule.keep) == 1
    assert rule.overdue(now() - rule.keep) == 0
    assert set(NeedsInterview.objects.all()) == {fresh, taken}
    assert Pass.objects.filter(thing_id=old.pk, purpose=NEEDS_LINK).count() == 0
    assert Pass.objects.filter(purpose=NEEDS_LINK).count() == 2


def test_answers_go_after_three_years_and_the_needs_stay(employer, coordinator):
    held_with(employer, coordinator, at=now() - timedelta(days=1100))
    begun = now() - timedelta(days=1100)
    left = actions.begin_needs_interview(employer, language="en", by=coordinator, at=begun)
    actions.answer_needs(left, part="work", said={"day": "Noise"}, by=coordinator, at=begun)
    rule = next(rule for answer in retention_rules.ask() for rule in answer if rule.key == "engagement.needs_answers")
    assert rule.overdue(now() - rule.keep) == 2
    assert rule.delete(now() - rule.keep) == 2
    assert all(interview.answers == {} for interview in NeedsInterview.objects.all())
    assert Need.objects.count() == 1


def test_who_is_forgotten_is_not_named_any_more(employer, coordinator, ana):
    interview, _token = asked(employer, coordinator, ana)
    ana.positions.all().delete()
    ana.delete()
    interview.refresh_from_db()
    assert interview.person is None


def test_who_asked_finds_it_among_their_own_data_and_is_told_what_stays(employer, coordinator):
    asked(employer, coordinator)
    held = {part.key: part for answer in personal_data_of.ask(user=coordinator) for part in answer}
    assert held["engagement.needs_interviews"].rows[0]["employer"] == "Metalúrgica Alfa"
    assert any("stays with the school" in step.sentence and step.count == 1 for step in plan_erasure(coordinator, at=now()).steps)


def test_a_day_is_that_of_the_time_zone(employer, coordinator):
    late = datetime(2026, 6, 30, 23, 30, tzinfo=ZoneInfo("Europe/Brussels"))
    held_with(employer, coordinator, at=late)
    assert Need.objects.get().noted_on == date(2026, 6, 30)


def test_the_parts_are_five():
    assert PART_KEYS == ["work", "occupations", "skills", "changes", "together"]
