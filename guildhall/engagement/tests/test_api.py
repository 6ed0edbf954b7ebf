"""The employer book as programs use it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate, now

from guildhall.engagement.models import Contact, Employer, NextStep, Person
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    KeptOrganisationFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
)
from guildhall.people.actions import load_statements
from guildhall.people.models import Organisation, Role, User
from guildhall.people.tests.factories import OrganisationFactory, member
from guildhall.people.tests.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> Organisation:
    return OrganisationFactory(name="North School", country="PL")


@pytest.fixture
def teacher(school: Organisation) -> User:
    return member(school, Role.TEACHER, name="Tess", language="en")


@pytest.fixture
def program(teacher: User) -> Program:
    return Program(teacher)


@pytest.fixture
def employer(school: Organisation) -> Employer:
    kept = KeptOrganisationFactory(name="Kurz Joinery", kept_by=school)
    return EmployerFactory(school=school, organisation=kept, sort_key="kurz joinery")


def described(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return response.json()


# --- Employers -----------------------------------------------------------------------------------------------------


def test_an_employer_is_written_into_the_book_and_read_again(program: Program, school: Organisation, teacher: User) -> None:
    added = described(program.post(f"schools/{school.pk}/employers", {"name": "Lang Bakery", "town": "Kiel"}), 201)
    assert added["owner"] == {"id": teacher.pk, "name": "Tess"}
    assert added["sites"][0]["town"] == "Kiel"
    assert added["country"] == "PL"
    read = program.get(f"employers/{added['id']}")
    assert read.json() == added
    assert read["ETag"]


def test_what_a_form_would_not_take_the_api_does_not_take_either(program: Program, school: Organisation) -> None:
    told = described(program.post(f"schools/{school.pk}/employers", {"name": "", "country": "ZZ", "email": "no"}), 422)
    assert {error["field"] for error in told["errors"]} == {"name", "country", "email"}
    assert {"field": "name", "sentence": "Please fill this in."} in told["errors"]


def test_a_field_that_there_is_not_is_told(program: Program, school: Organisation) -> None:
    told = described(program.post(f"schools/{school.pk}/employers", {"name": "Lang", "colour": "red"}), 422)
    assert told["errors"] == [{"field": "colour", "sentence": "There is no such field."}]


def test_sentences_are_in_the_language_that_is_asked_for_else_in_ones_own(school: Organisation) -> None:
    program = Program(member(school, Role.TEACHER, language="de"))
    german = program.get("employers/999999").json()["detail"]
    assert program.get("employers/999999", Accept_Language="en").json()["detail"].startswith("There is nothing here")
    form = program.post(f"schools/{school.pk}/employers", {"name": ""}).json()["errors"][0]["sentence"]
    assert form == "Bitte ausfüllen."
    assert german


def test_only_what_is_sent_is_changed(program: Program, employer: Employer) -> None:
    employer.organisation.website = "https://kurz.example"
    employer.organisation.save()
    told = described(program.patch(f"employers/{employer.pk}", {"trade_name": "Kurz", "note": "Ring twice."}))
    assert (told["name"], told["trade_name"], told["website"]) == ("Kurz Joinery", "Kurz", "https://kurz.example")
    assert told["note"] == "Ring twice."


def test_whoever_changes_something_says_which_version_they_have_seen(program: Program, employer: Employer) -> None:
    assert program.ask("PATCH", f"employers/{employer.pk}", {"note": "x"}).status_code == 428


def test_two_who_change_different_fields_both_keep_their_words(
    program: Program, employer: Employer, school: Organisation
) -> None:
    seen = program.get(f"employers/{employer.pk}")["ETag"]
    other = Program(member(school, Role.TEACHER, name="Ben"))
    described(other.patch(f"employers/{employer.pk}", {"website": "https://kurz.example"}, If_Match=seen))
    told = described(program.patch(f"employers/{employer.pk}", {"trade_name": "Kurz"}, If_Match=seen))
    assert (told["website"], told["trade_name"]) == ("https://kurz.example", "Kurz")


def test_the_second_of_two_who_change_the_same_is_told_who_did_what(
    program: Program, employer: Employer, school: Organisation
) -> None:
    seen = program.get(f"employers/{employer.pk}")["ETag"]
    other = Program(member(school, Role.TEACHER, name="Ben"))
    described(other.patch(f"employers/{employer.pk}", {"note": "Ring twice."}, If_Match=seen))
    told = described(program.patch(f"employers/{employer.pk}", {"note": "Ring once."}, If_Match=seen), 412)
    (change,) = told["changes"]
    assert (change["field"], change["before"], change["after"], change["by"]) == ("note", "", "Ring twice.", "Ben")
    assert Employer.objects.get(pk=employer.pk).note == "Ring twice."


@pytest.mark.parametrize("sort", ["name", "-name", "contact", "-contact", "step", "-step", "added", "-added"])
def test_every_order_of_the_list_can_be_leafed_through(program: Program, school: Organisation, sort: str) -> None:
    for number in range(5):
        employer = EmployerFactory(school=school, sort_key="same", last_contact_at=now() if number % 2 else None)
        if number % 3:
            NextStepFactory(employer=employer, due_on=localdate() + timedelta(days=number))
    whole = [each["id"] for each in program.get(f"schools/{school.pk}/employers?sort={sort}").json()["items"]]
    leafed, cursor = [], ""
    while cursor is not None:
        page = program.get(f"schools/{school.pk}/employers?sort={sort}&limit=2&cursor={cursor}").json()
        leafed += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert leafed == whole
    assert len(set(leafed)) == 5


def test_pages_hold_while_the_list_changes(program: Program, school: Organisation) -> None:
    for letter in "bdfh":
        EmployerFactory(school=school, sort_key=letter)
    first = program.get(f"schools/{school.pk}/employers?limit=2").json()
    EmployerFactory(school=school, sort_key="a")
    Employer.objects.get(sort_key="d").delete()
    second = program.get(f"schools/{school.pk}/employers?limit=2&cursor={first['next']}").json()
    assert [Employer.objects.get(pk=each["id"]).sort_key for each in second["items"]] == ["f", "h"]


def test_a_cursor_of_another_order_and_a_forged_one_are_told(program: Program, school: Organisation) -> None:
    EmployerFactory.create_batch(3, school=school)
    cursor = program.get(f"schools/{school.pk}/employers?limit=1").json()["next"]
    for wrong in (f"sort=added&cursor={cursor}", "cursor=forged", f"cursor={cursor}x"):
        assert program.get(f"schools/{school.pk}/employers?{wrong}").json()["errors"][0]["field"] == "cursor"


def test_the_filters_are_those_of_the_page(program: Program, school: Organisation, employer: Employer) -> None:
    EmployerFactory(school=school)
    NextStepFactory(employer=employer, due_on=localdate() - timedelta(days=3))
    found = described(program.get(f"schools/{school.pk}/employers?step=overdue"))
    assert [each["id"] for each in found["items"]] == [employer.pk]


def test_a_filter_that_means_nothing_is_told_and_does_not_show_all(program: Program, school: Organisation) -> None:
    for wrong in ("tag=77", "owner=me", "near=5", "sector=Q9", "km=3"):
        told = described(program.get(f"schools/{school.pk}/employers?{wrong}"), 422)
        assert told["errors"][0]["field"] == wrong.partition("=")[0]


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_and_for_three(
    program: Program, school: Organisation, teacher: User, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        employer = EmployerFactory(school=school, owner=teacher)
        person = PersonFactory(school=school)
        PositionFactory(employer=employer, person=person)
        ContactFactory(employer=employer, by=teacher).people.add(person)
        NextStepFactory(employer=employer, owner=teacher)
    costs = {"employers": 8, "contacts": 7, "steps": 6, "people": 6}
    for name, queries in costs.items():
        with django_assert_num_queries(queries):
            assert len(program.get(f"schools/{school.pk}/{name}").json()["items"]) == count


# --- People, contacts, next steps, tags ----------------------------------------------------------------------------


def test_a_contact_is_written_down_with_what_comes_next(program: Program, employer: Employer, teacher: User) -> None:
    ada = PositionFactory(employer=employer, person=PersonFactory(school=employer.school)).person
    promised = NextStepFactory(employer=employer, owner=teacher)
    sent = {
        "kind": "call",
        "held_at": now().isoformat(),
        "said": "Two places.",
        "people": [ada.pk],
        "next_what": "Send papers",
        "next_due_on": localdate().isoformat(),
        "closes": promised.pk,
    }
    told = described(program.post(f"employers/{employer.pk}/contacts", sent), 201)
    assert [person["id"] for person in told["people"]] == [ada.pk]
    promised.refresh_from_db()
    assert promised.state == NextStep.State.DONE
    assert NextStep.objects.get(contact=told["id"]).what == "Send papers"
    assert program.delete(f"contacts/{told['id']}?reopens={promised.pk}").status_code == 204
    assert not Contact.objects.exists()
    promised.refresh_from_db()
    assert promised.state == NextStep.State.OPEN


def test_a_contact_in_the_future_is_refused_with_the_sentence_of_the_page(program: Program, employer: Employer) -> None:
    sent = {"kind": "call", "held_at": (now() + timedelta(days=2)).isoformat()}
    told = described(program.post(f"employers/{employer.pk}/contacts", sent), 409)
    assert told["detail"] == "This contact lies in the future. Write down what is planned as a next step."


def test_whom_the_book_does_not_know_there_one_cannot_have_spoken_with(program: Program, employer: Employer) -> None:
    elsewhere = PositionFactory(employer=EmployerFactory(school=employer.school)).person
    for _ in range(2):
        sent = {"kind": "call", "people": [elsewhere.pk]}
        told = described(program.post(f"employers/{employer.pk}/contacts", sent), 422)
        assert told["errors"][0]["field"] == "people"
        PositionFactory(employer=employer)


def test_what_a_colleague_wrote_down_is_theirs(program: Program, employer: Employer) -> None:
    contact = ContactFactory(employer=employer, by=member(employer.school, Role.TEACHER))
    told = described(program.patch(f"contacts/{contact.pk}", {"said": "No."}), 403)
    assert told["detail"] == "Only who wrote this down, a manager or a placement coordinator can change it."


def test_a_next_step_goes_through_its_life(program: Program, employer: Employer, teacher: User) -> None:
    due = localdate().isoformat()
    step = described(program.post(f"employers/{employer.pk}/steps", {"what": "Call", "due_on": due}), 201)
    assert step["owner"]["id"] == teacher.pk
    later = (localdate() + timedelta(days=3)).isoformat()
    assert described(program.post(f"steps/{step['id']}/move", {"due_on": later}))["times_moved"] == 1
    assert described(program.post(f"steps/{step['id']}/move-back", {"due_on": due}))["times_moved"] == 0
    assert described(program.post(f"steps/{step['id']}/finish", {"word": "Went well."}))["state"] == "done"
    assert described(program.post(f"steps/{step['id']}/finish"), 409)["detail"] == "“Call” is already done."
    assert described(program.post(f"steps/{step['id']}/reopen"))["state"] == "open"
    assert program.post(f"steps/{step['id']}/drop", {"word": ""}).status_code == 422
    assert described(program.post(f"steps/{step['id']}/drop", {"word": "Closed down"}))["state"] == "dropped"


def test_somebody_comes_moves_and_leaves(program: Program, employer: Employer, school: Organisation) -> None:
    held = described(program.post(f"employers/{employer.pk}/people", {"name": "Ada Lamb", "decides": True}), 201)
    changed = described(program.patch(f"positions/{held['id']}", {"title": "Head"}))
    assert (changed["title"], changed["decides"], changed["person"]["name"]) == ("Head", True, "Ada Lamb")
    elsewhere = EmployerFactory(school=school)
    moved = described(program.post(f"positions/{held['id']}/move", {"to": elsewhere.pk, "stays": True}), 201)
    assert moved["employer"] == elsewhere.pk
    assert described(program.post(f"positions/{held['id']}/end"))["until"]
    known = described(program.get(f"people/{held['person']['id']}"))
    assert [each["employer"] for each in known["positions"]] == [employer.pk, elsewhere.pk]


def test_a_wish_not_to_be_written_to_is_kept(program: Program, school: Organisation) -> None:
    ada = PersonFactory(school=school)
    described(program.post(f"people/{ada.pk}/wishes", {"purpose": "any", "agreed": False}))
    assert Person.objects.get(pk=ada.pk).asked_not_to_be_written_at
    described(program.post(f"people/{ada.pk}/wishes", {"purpose": "any", "agreed": True}))
    assert not Person.objects.get(pk=ada.pk).asked_not_to_be_written_at


def test_tags_come_and_go(program: Program, employer: Employer, school: Organisation) -> None:
    (tag,) = described(program.post(f"employers/{employer.pk}/tags", {"name": "fair"}))["tags"]
    assert described(program.get(f"schools/{school.pk}/tags")) == [tag]
    assert described(program.delete(f"employers/{employer.pk}/tags/{tag['id']}"))["tags"] == []
    assert described(program.get(f"schools/{school.pk}/tags")) == []


# --- The rest of the book ------------------------------------------------------------------------------------------


def test_many_are_tagged_planned_for_rested_and_handed_over(program: Program, school: Organisation, teacher: User) -> None:
    numbers = [each.pk for each in EmployerFactory.create_batch(2, school=school)]
    many = f"schools/{school.pk}/many"
    assert described(program.post(f"{many}/tag", {"employers": numbers, "tag": "fair"})) == {"count": 2}
    plan = {"all_that": {"step": "none"}, "what": "Invite", "due_on": localdate().isoformat()}
    assert described(program.post(f"{many}/plan", plan)) == {"count": 2}
    rest = {"employers": numbers[:1], "until": (localdate() + timedelta(days=9)).isoformat(), "why": "Holidays"}
    assert described(program.post(f"{many}/rest", rest)) == {"count": 1}
    assert described(program.post(f"{many}/hand-over", {"employers": numbers, "owner": teacher.pk})) == {"count": 2}
    assert Employer.objects.filter(owner=teacher, tags__name="fair").count() == 2
    assert Employer.objects.get(pk=numbers[0]).resting_why == "Holidays"


@pytest.mark.parametrize("sent", [{}, {"employers": [1], "all_that": {}}, {"employers": [999_999]}])
def test_which_many_are_meant_must_be_clear(program: Program, school: Organisation, sent: dict[str, Any]) -> None:
    told = described(program.post(f"schools/{school.pk}/many/tag", {**sent, "tag": "fair"}), 422)
    assert told["errors"][0]["field"] == "employers"


def test_a_change_is_put_back(program: Program, employer: Employer) -> None:
    program.patch(f"employers/{employer.pk}", {"note": "Wrong."})
    (change,) = described(program.get(f"employers/{employer.pk}/history"))["items"]
    assert (change["after"], change["who"], change["may_go_back"]) == ("Wrong.", "Tess", True)
    assert described(program.post(f"employers/{employer.pk}/history/{change['id']}/put-back"))["note"] == ""


def test_employers_are_taken_along_in_the_file_of_the_page(program: Program, school: Organisation, employer: Employer) -> None:
    response = program.post(f"schools/{school.pk}/exports", {"file_format": "csv"})
    assert response.status_code == 200
    assert "Kurz Joinery" in b"".join(response.streaming_content).decode("utf-8-sig")
    refused = described(program.post(f"schools/{school.pk}/exports/book"), 403)
    assert refused["detail"] == "Only managers and placement coordinators can take the whole book along."


def test_a_calendar_address_is_told_once(program: Program, school: Organisation) -> None:
    assert program.get(f"schools/{school.pk}/calendar").status_code == 404
    made = described(program.post(f"schools/{school.pk}/calendar"), 201)
    assert "/by-link/" in made["address"]
    assert described(program.get(f"schools/{school.pk}/calendar"))["address"] is None
    assert program.delete(f"schools/{school.pk}/calendar").status_code == 204


def test_a_contact_fulfils_no_step_of_another_employer(program: Program, employer: Employer, teacher: User) -> None:
    step = NextStepFactory(employer=EmployerFactory(school=employer.school), owner=teacher)
    told = described(program.post(f"employers/{employer.pk}/contacts", {"kind": "call", "closes": step.pk}), 422)
    assert told["errors"][0]["field"] == "closes"


def test_a_wish_is_not_dated_ahead(program: Program, school: Organisation) -> None:
    load_statements(by=None, at=now())
    ada = PersonFactory(school=school)
    wish = {"purpose": "news", "agreed": True, "given_at": "2199-01-01T00:00:00Z"}
    assert described(program.post(f"people/{ada.pk}/wishes", wish), 409)["detail"] == "That day is still to come."
    described(program.post(f"people/{ada.pk}/wishes", {"purpose": "news", "agreed": False}))


def test_a_text_that_cannot_be_kept_is_told(program: Program, school: Organisation, employer: Employer, teacher: User) -> None:
    step, held = NextStepFactory(employer=employer, owner=teacher), PositionFactory(employer=employer)
    for address, sent, field in (
        (f"steps/{step.pk}/finish", {"word": "a\0b"}, "word"),
        (f"employers/{employer.pk}/tags", {"name": "\0"}, "name"),
        (f"positions/{held.pk}/move", {"to": employer.pk, "title": "\0"}, "title"),
        (f"people/{held.person_id}/wishes", {"purpose": "news", "agreed": True, "note": "\0"}, "note"),
        (f"schools/{school.pk}/exports", {"file_format": "csv", "filters": {"place": "\0"}}, "filters"),
    ):
        told = described(program.post(address, sent), 422)
        assert told["errors"] == [{"field": field, "sentence": "This is not what belongs here."}]
    assert described(program.get(f"schools/{school.pk}/people?email=%00"), 422)["errors"][0]["field"] == "email"
    for asked in ("q", "place", "owner", "sector"):
        assert program.get(f"schools/{school.pk}/employers?{asked}=%00").status_code in (200, 422)


def test_there_is_no_card_of_who_has_left(program: Program, employer: Employer) -> None:
    held = PositionFactory(employer=employer)
    assert program.get(f"positions/{held.pk}/person.vcf").status_code == 200
    program.post(f"positions/{held.pk}/end")
    assert program.get(f"positions/{held.pk}/person.vcf").status_code == 404
