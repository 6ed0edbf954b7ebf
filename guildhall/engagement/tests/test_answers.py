"""What people at employers agree to: noted once, never loosened by a merge, an import or an undoing, and taken along."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.engagement import actions
from guildhall.engagement.calling import note_whom_to_call
from guildhall.engagement.exporting.whole import whole_book
from guildhall.engagement.models import AlikePeople, Person
from guildhall.engagement.purposes import LEARNERS, NEWS, PLACEMENTS, PURPOSES
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.actions import load_statements
from guildhall.people.models import ConsentRecord, Role, Statement
from guildhall.people.personal_data import held_about
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def statements():
    load_statements(by=None, at=now())


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
def held(school):
    employer = EmployerFactory(school=school, organisation__name="Ahorn")
    person = PersonFactory(school=school, name="Ada Lamb", email="ada@ahorn.example", phone="0431 1")
    return PositionFactory(employer=employer, person=person, title="Boss", decides=True)


@pytest.fixture
def say(coordinator):
    def say(somebody, agreed, purpose=NEWS, *, days_ago=0, **more):
        given_at = now() - timedelta(days=days_ago)
        said = {"how": ConsentRecord.How.PHONE, "by": coordinator, "at": now(), **more}
        return actions.note_answer(somebody, purpose=purpose, agreed=agreed, given_at=given_at, **said)

    return say


def answers_to(purpose, somebody):
    return list(ConsentRecord.objects.about(somebody).to(purpose.statement).order_by("given_at", "pk"))


def merged(first, second, by):
    first, second = sorted((first, second), key=lambda each: each.pk)
    pair = AlikePeople.objects.create(school=first.school, first=first, second=second, score=90, found_at=now())
    person = {name: getattr(first, name) for name in ("name", "email", "phone", "language")}
    return actions.merge_people(pair, person=person, by=by, at=now())


# --- Who may be written to, and for what ---------------------------------------------------------------------------


def test_every_purpose_has_a_text_of_the_right_kind():
    kinds = dict(Statement.objects.values_list("purpose", "kind"))
    assert [kinds[purpose.statement] == "consent" for purpose in PURPOSES] == [purpose.needs_yes for purpose in PURPOSES]


@pytest.mark.parametrize(
    ("purpose", "agreed", "may"),
    [
        (NEWS, True, True),
        (NEWS, None, False),
        (NEWS, False, False),
        (LEARNERS, None, False),
        (PLACEMENTS, None, True),
        (PLACEMENTS, True, True),
        (PLACEMENTS, False, False),
    ],
)
def test_some_purposes_need_a_yes_and_others_no_objection(held, say, purpose, agreed, may):
    say(held.person, agreed, purpose)
    assert Person.objects.to_be_written_to(purpose).exists() is may
    assert Person.objects.refusing(purpose).exists() is (agreed is False)


def test_who_asked_not_to_be_written_to_is_not_written_to_whatever_they_agreed_to(held, say, coordinator):
    for purpose in PURPOSES:
        say(held.person, True, purpose)
    actions.forbid_writing(held.person, by=coordinator, at=now())
    assert not any(Person.objects.allowing(purpose).exists() for purpose in PURPOSES)


def test_who_has_no_address_agrees_but_is_not_written_to(held, say):
    say(held.person, True)
    Person.objects.update(email="")
    assert Person.objects.allowing(NEWS).exists()
    assert not Person.objects.to_be_written_to(NEWS).exists()


def test_the_last_word_counts_and_the_others_are_remembered(held, say):
    say(held.person, True, days_ago=9)
    say(held.person, False, days_ago=3, note="Too many mails.")
    yes, no = answers_to(NEWS, held.person)
    assert (yes.agreed, yes.withdrawn_at, no.agreed, no.withdrawn_at) == (True, no.given_at, False, None)
    assert no.note == "Too many mails."
    say(held.person, True)
    assert [record.agreed for record in ConsentRecord.objects.about(held.person).standing()] == [True]


def test_what_was_noted_by_mistake_leaves_them_not_asked(held, say):
    say(held.person, True)
    say(held.person, None)
    assert not ConsentRecord.objects.about(held.person).standing().exists()
    assert len(answers_to(NEWS, held.person)) == 1


def test_an_earlier_answer_does_not_undo_a_later_one(held, say):
    say(held.person, False)
    with pytest.raises(Refused, match="gave a later answer"):
        say(held.person, True, days_ago=2)


def test_only_the_school_notes_what_people_say(held, say):
    for stranger in (staff_of(OrganisationFactory()), staff_of(held.employer.school, Role.LEARNER)):
        with pytest.raises(NotAllowed):
            say(held.person, True, by=stranger)
    assert say(held.person, True, by=staff_of(held.employer.school, Role.TEACHER))


def test_who_does_not_want_calls_is_not_the_one_to_call(held, say):
    step = NextStepFactory(employer=held.employer)
    note_whom_to_call([step])
    assert step.call == held
    say(held.person, False, PLACEMENTS)
    note_whom_to_call([step])
    assert step.call is None


# --- Never loosened ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["the one that stays", "the one that goes"])
@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda purpose: purpose.key)
@pytest.mark.parametrize("later", ["yes", "no"])
def test_of_two_answers_the_no_wins_in_a_merge_and_undoing_gives_each_their_own(school, say, coordinator, who, purpose, later):
    stays, goes = PersonFactory(school=school), PersonFactory(school=school)
    refuser, other = (stays, goes) if who == "the one that stays" else (goes, stays)
    say(refuser, False, purpose, days_ago=1 if later == "no" else 5)
    say(other, True, purpose, days_ago=5 if later == "no" else 1)
    before = list(ConsentRecord.objects.order_by("pk").values())
    merge = merged(stays, goes, coordinator)
    assert not Person.objects.allowing(purpose).exists()
    assert [record.agreed for record in ConsentRecord.objects.about(stays).standing()] == [False]
    actions.undo_merge(merge, by=coordinator, at=now())
    assert list(ConsentRecord.objects.order_by("pk").values()) == before


def test_a_yes_and_no_answer_make_a_yes(school, say, coordinator):
    stays, goes = PersonFactory(school=school), PersonFactory(school=school)
    say(goes, True)
    merged(stays, goes, coordinator)
    assert Person.objects.allowing(NEWS).get() == stays


def test_two_that_both_refused_have_refused_once(school, say, coordinator):
    stays, goes = PersonFactory(school=school), PersonFactory(school=school)
    say(stays, False)
    say(goes, False)
    merged(stays, goes, coordinator)
    assert len(answers_to(NEWS, stays)) == 1


def test_who_refused_after_a_merge_has_refused_as_both_when_it_is_undone(school, say, coordinator):
    stays, goes = PersonFactory(school=school), PersonFactory(school=school)
    say(goes, True, LEARNERS, days_ago=3)
    merge = merged(stays, goes, coordinator)
    say(stays, False, LEARNERS)
    say(stays, True, NEWS)
    actions.undo_merge(merge, by=coordinator, at=now())
    assert set(Person.objects.refusing(LEARNERS)) == {stays, goes}
    assert Person.objects.allowing(NEWS).get() == stays, "a yes is not spread"


def test_who_is_written_down_again_has_refused_what_their_address_refused(held, say, coordinator):
    say(held.person, False)
    say(held.person, True, LEARNERS)
    for name in ("A. Lamb", "Ada L."):
        given = {"name": name, "email": "ADA@ahorn.example"}
        again = actions.add_person(held.employer, person=given, position={}, by=coordinator, at=now()).person
        assert [record.agreed for record in answers_to(NEWS, again)] == [False]
        assert not answers_to(LEARNERS, again)
    elsewhere = EmployerFactory()
    other = actions.add_person(
        elsewhere, person={"name": "Ada", "email": "ada@ahorn.example"}, position={}, by=staff_of(elsewhere.school), at=now()
    )
    assert not ConsentRecord.objects.about(other.person).exists(), "each school has its own book"


def test_who_moves_to_another_employer_takes_their_answers_along(held, say, coordinator, school):
    say(held.person, False)
    moved = actions.move_person(held, to=EmployerFactory(school=school), stays=False, on=localdate(), by=coordinator, at=now())
    assert Person.objects.refusing(NEWS).get() == moved.person


# --- Shown, taken along, forgotten ---------------------------------------------------------------------------------


def test_the_form_notes_an_answer_and_the_page_tells_it(colleague, held, coordinator):
    Person.objects.update(language="el")
    address = reverse("engagement:person_answer", args=[held.person_id, "news"])
    assert 'lang="el"' in colleague.get(address).content.decode(), "what they are told stands in their language"
    given = {"agreed": "yes", "how": "paper", "said_on": (localdate() - timedelta(days=40)).isoformat(), "note": "Gladly"}
    assert colleague.post(address, given).url == held.person.get_absolute_url()
    page = colleague.get(held.person.get_absolute_url()).content.decode()
    assert "on paper" in page
    assert "“Gladly”" in page
    assert f"noted by {coordinator}" in page
    assert "wants news" in colleague.get(held.employer.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"agreed": ""}, {"agreed": "perhaps"}, {"how": "pigeon"}, {"said_on": "2999-01-01"}, {"said_on": ""}],
)
def test_a_form_that_does_not_say_it_all_is_asked_again(colleague, held, wrong):
    given = {"agreed": "yes", "how": "paper", "said_on": localdate().isoformat(), **wrong}
    address = reverse("engagement:person_answer", args=[held.person_id, "news"])
    assert colleague.post(address, given).status_code == 422
    assert not ConsentRecord.objects.exists()


def test_a_purpose_nobody_knows_and_a_person_of_another_school_are_not_there(client, colleague, held):
    assert colleague.get(reverse("engagement:person_answer", args=[held.person_id, "spam"])).status_code == 404
    client.force_login(staff_of(OrganisationFactory()))
    assert client.get(reverse("engagement:person_answer", args=[held.person_id, "news"])).status_code == 404


def test_what_they_agreed_to_stands_in_every_file(colleague, held, say, coordinator):
    say(held.person, False, PLACEMENTS)
    say(held.person, True)
    card = colleague.get(reverse("engagement:vcard", args=[held.pk])).content.decode()
    assert "NOTE:not about placements\\; wants news" in card.replace("\r\n ", "")
    with whole_book(held.employer.school, at=now()) as file:
        told = json.load(file)["employers"][0]["people"][0]["answers"]
    assert [(answer["purpose"], answer["agreed"], answer["how"]) for answer in told] == [
        ("placements", False, "phone"),
        ("news", True, "phone"),
    ]
    assert told[0]["recorded_by"]["name"] == str(coordinator)


def test_who_noted_it_sees_it_among_their_own_data(held, say, coordinator):
    say(held.person, True)
    (kept,) = [kind for kind in held_about(coordinator) if kind.key == "engagement.answers"]
    assert [(row["person"], row["agreed"]) for row in kept.rows] == [("Ada Lamb", True)]


def test_who_is_forgotten_is_forgotten_with_their_answers(held, say):
    say(held.person, False)
    Person.objects.update(created_at=now() - timedelta(days=3000))
    actions.forget_people(before=now() - timedelta(days=1000), by=None)
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_answers_cost_the_same_for_one_and_for_three(colleague, held, say, school, count, django_assert_num_queries):
    say(held.person, True)
    for _ in range(count - 1):
        other = PositionFactory(employer=held.employer, person=PersonFactory(school=school))
        say(other.person, False)
        say(held.person, False)
    ContactFactory(employer=held.employer)
    with django_assert_num_queries(8):
        colleague.get(held.person.get_absolute_url())
    with django_assert_num_queries(10):
        assert colleague.get(held.employer.get_absolute_url()).content.count(b"no news") == count - 1 + (count > 1)


def test_an_answer_is_not_dated_ahead(held, say):
    with pytest.raises(Refused, match="still to come"):
        say(held.person, True, days_ago=-2)


def test_a_no_counts_even_where_a_yes_of_days_to_come_was_kept(held, say):
    say(held.person, True)
    ConsentRecord.objects.update(given_at=now() + timedelta(days=60_000))
    say(held.person, False)
    assert [(record.agreed, record.withdrawn_at is None) for record in answers_to(NEWS, held.person)] == [
        (False, True),
        (True, False),
    ]
