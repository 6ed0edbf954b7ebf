"""What happens in the book is told to other programs, whichever way it happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve
from django.utils.timezone import localdate, now
from django_tasks_db.models import DBTaskResult

from guildhall.core import tasks
from guildhall.engagement import actions, telling
from guildhall.engagement.actions import imports, taking_back
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import AlikeEmployers, AlikePeople, Employer, EmployerImport, Person
from guildhall.engagement.telling import EVENTS, tell_outside, thing_of
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.models import Role, WebhookDelivery
from guildhall.people.tests.factories import OrganisationFactory, WebhookFactory

pytestmark = pytest.mark.django_db
MANUAL = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def manager(school):
    return staff_of(school, Role.MANAGER)


@pytest.fixture
def employer(school, manager):
    return EmployerFactory(school=school, owner=manager)


@pytest.fixture
def listening(school, employer):
    webhook = WebhookFactory(organisation=school, events=list(EVENTS))
    for thing in (school, employer.school):
        thing.refresh_from_db()
    return webhook


def told() -> list[tuple[str, str, int | None, int]]:
    """What webhooks are told: the event, the kind and number of the thing, how many things they are."""
    messages = [message for task in DBTaskResult.objects.order_by("enqueued_at") for message in _messages(task)]
    return [(m["type"], m["data"]["thing"]["type"], m["data"]["thing"]["id"], m["data"]["count"]) for m in messages]


def _messages(task: DBTaskResult) -> list[dict[str, Any]]:
    return task.args_kwargs["kwargs"].get("messages", [])


def events() -> list[str]:
    return [event for event, *_ in told()]


def record(employer: Employer, by: Any, **given: Any) -> Any:
    return actions.record_contact(employer, kind="call", held_at=now(), said="They want to talk.", **given, by=by, at=now())


class TestCosts:
    def test_recording_a_contact_costs_nothing_more_where_nobody_listens(self, employer, manager, django_assert_num_queries):
        employer.school = OrganisationFactory._meta.model.objects.get(pk=employer.school_id)
        record(employer, manager)  # warm
        with django_assert_num_queries(9) as asked:
            record(employer, manager)
        assert not [query for query in asked.captured_queries if "webhook" in query["sql"].lower()]

    def test_and_one_statement_where_somebody_does_however_much_came_of_it(
        self, listening, employer, manager, django_assert_num_queries
    ):
        record(employer, manager)  # warm
        step = NextStepFactory(employer=employer, owner=manager)
        before = DBTaskResult.objects.count()
        with django_assert_num_queries(10):
            record(employer, manager)
        record(employer, manager, closes=step, next_what="Visit", next_due_on=localdate())
        assert DBTaskResult.objects.count() == before + 2
        assert events()[-3:] == ["step.done", "step.set", "contact.recorded"]


Deed = Callable[..., Any]
DEEDS: dict[str, tuple[Deed, list[str]]] = {
    "add an employer": (
        lambda e, by: actions.add_employer(e.school, name="Lang", country="PL", by=by, at=now()),
        ["employer.added"],
    ),
    "change an employer": (
        lambda e, by: actions.change_employer(e, facts={"name": "Lang"}, note="", by=by, at=now()),
        ["employer.changed"],
    ),
    "add a site": (lambda e, by: actions.add_site(e, site={"town": "Kiel"}, by=by, at=now()), ["employer.changed"]),
    "hand over": (lambda e, by: actions.hand_over_employer(e, owner=by, by=by, at=now()), ["employer.changed"]),
    "hand over all": (
        lambda e, by: actions.hand_over_work(e.school, of=by, heir=staff_of(e.school), by=by, at=now()),
        ["employer.changed"],
    ),
    "tag": (
        lambda e, by: actions.tag_employers(e.school, employers=Employer.objects.all(), name="fair", by=by, at=now()),
        ["employer.changed"],
    ),
    "let rest": (
        lambda e, by: actions.rest_employers(e.school, employers=Employer.objects.all(), until=localdate(), by=by, at=now()),
        ["employer.changed"],
    ),
    "plan for many": (
        lambda e, by: actions.plan_for_employers(
            e.school, employers=Employer.objects.all(), what="Call", due_on=localdate(), owner=None, by=by, at=now()
        ),
        ["step.set"],
    ),
    "add a person": (
        lambda e, by: actions.add_person(e, person={"name": "Ada Lamb"}, position={}, by=by, at=now()),
        ["person.added"],
    ),
    "change a person": (
        lambda e, by: actions.change_person(
            PositionFactory(employer=e), person={"name": "Ada Lamb"}, position={}, by=by, at=now()
        ),
        ["person.changed"],
    ),
    "end a position": (
        lambda e, by: actions.end_position(PositionFactory(employer=e), until=localdate(), by=by, at=now()),
        ["person.changed"],
    ),
    "ask not to be written to": (
        lambda e, by: actions.forbid_writing(PositionFactory(employer=e).person, by=by, at=now()),
        ["person.wish_changed"],
    ),
    "correct a contact": (
        lambda e, by: actions.change_contact(
            ContactFactory(employer=e, by=by), kind="visit", held_at=now(), said="", people=[], by=by, at=now()
        ),
        ["contact.changed"],
    ),
    "take a contact back": (
        lambda e, by: actions.remove_contact(ContactFactory(employer=e, by=by), by=by, at=now()),
        ["contact.removed"],
    ),
    "set a step": (
        lambda e, by: actions.add_step(e, what="Call", due_on=localdate(), owner=by, by=by, at=now()),
        ["step.set"],
    ),
    "finish a step": (
        lambda e, by: actions.finish_step(NextStepFactory(employer=e, owner=by), by=by, at=now()),
        ["step.done"],
    ),
    "put a step off": (
        lambda e, by: actions.move_step(
            NextStepFactory(employer=e, owner=by), due_on=localdate() + timedelta(days=1), by=by, at=now()
        ),
        ["step.changed"],
    ),
    "drop a step": (
        lambda e, by: actions.drop_step(NextStepFactory(employer=e, owner=by), word="no", by=by, at=now()),
        ["step.changed"],
    ),
}


class TestEvents:
    @pytest.mark.parametrize(("deed", "expected"), DEEDS.values(), ids=DEEDS)
    def test_a_deed_is_told(self, listening, employer, manager, deed, expected):
        deed(employer, manager)
        assert events() == expected

    @pytest.mark.parametrize("kind", ["employers", "people"])
    def test_a_merge_is_told_of_both_and_so_is_its_undoing(self, listening, school, employer, manager, kind):
        alike = {"school": school, "score": 90, "reasons": [], "found_at": now()}
        if kind == "employers":
            second = EmployerFactory(school=school)
            pair = AlikeEmployers.objects.create(first=employer, second=second, **alike)
            merge = actions.merge_employers(pair, facts={}, note="", owner=None, by=manager, at=now())
            both = [("employer.merged", "employer", employer.pk, 1), ("employer.merged", "employer", second.pk, 1)]
        else:
            first, second = PersonFactory.create_batch(2, school=school)
            pair = AlikePeople.objects.create(first=first, second=second, **alike)
            merge = actions.merge_people(pair, person={}, by=manager, at=now())
            both = [("person.merged", "person", first.pk, 1), ("person.merged", "person", second.pk, 1)]
        assert told() == both
        actions.undo_merge(merge, by=manager, at=now())
        assert told() == both + both

    def test_who_is_forgotten_is_to_be_forgotten_elsewhere_too(self, listening, school, employer):
        left = PositionFactory(employer=employer, until=localdate() - timedelta(days=2000)).person
        elsewhere = PositionFactory(until=localdate() - timedelta(days=2000)).person
        Person.objects.update(created_at=now() - timedelta(days=2000))
        assert actions.forget_people(before=now() - timedelta(days=1000), by=None) == 2
        assert not Person.objects.filter(pk=elsewhere.pk).exists()
        assert told() == [("person.forgotten", "person", left.pk, 1)]

    def test_a_file_is_one_message_when_it_is_in_and_one_when_it_is_taken_back(self, listening, school, manager):
        rows = "".join(f"Employer {n};{20000 + n};Kiel\n" for n in range(300))
        upload = SimpleUploadedFile("employers.csv", f"Firma;PLZ;Ort\n{rows}".encode())
        seen = look_over(upload, country=school.country)
        understood = {"reading": seen.reading, "mapping": seen.mapping, "country": seen.country}
        brought = imports.bring_list(school, upload=upload, file_name="employers.csv", by=manager, at=now(), **understood)
        imports.begin_import(brought, by=manager, at=now())
        WebhookDelivery.objects.all().delete()
        listening.paused_at, listening.paused_why = now(), "person"  # nobody is there to post to
        listening.save()
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == EmployerImport.State.DONE
        assert Employer.objects.in_book_of(school).count() >= 300
        assert told() == [("import.finished", "import", brought.pk, 1)]
        taking_back.take_back_import(brought, by=manager, at=now())
        tasks.run_waiting()
        assert events() == ["import.finished", "import.taken_back"]

    def test_an_event_that_is_not_offered_is_an_error(self, school, employer):
        with pytest.raises(LookupError):
            tell_outside(school, "employer.painted", employer, at=now())


class TestWords:
    def test_the_manual_names_every_event(self):
        named = set(re.findall(r"`(\w+\.\w+)`", MANUAL.read_text()))
        assert set(EVENTS) <= named

    def test_every_event_is_told_somewhere(self):
        folder = Path(telling.__file__).parent / "actions"
        source = "".join(path.read_text() for path in folder.glob("*.py"))
        assert [event for event in EVENTS if f'"{event}"' not in source] == []

    def test_what_a_message_names_can_be_opened_on_a_page_and_in_the_api(self, employer, manager):
        brought = EmployerImport.objects.create(
            school=employer.school,
            file_name="a.csv",
            reading={},
            mapping={},
            country="PL",
            uploaded_at=now(),
            uploaded_by=manager,
        )
        things = [
            employer,
            ContactFactory(employer=employer),
            NextStepFactory(employer=employer),
            PositionFactory(employer=employer).person,
            brought,
        ]
        for thing in things:
            named = thing_of(thing)
            assert named.number == thing.pk
            assert resolve(named.page.partition("#")[0])
            assert resolve(named.api)
