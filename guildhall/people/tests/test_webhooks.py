"""Other programs are told what happens: each message at least once, whatever dies, and by nobody who may not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now
from django_tasks_db.models import DBTaskResult

from guildhall.core.actions import action
from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.tasks import run_waiting
from guildhall.core.tests.conftest import live as live
from guildhall.core.tests.conftest import wait_until
from guildhall.core.tests.receivers import Receiver, receiving, slowly
from guildhall.core.webhooks import Answer, signed_heads
from guildhall.people import actions, webhooks
from guildhall.people.models import Kind, Notice, Organisation, Role, User, Webhook, WebhookDelivery
from guildhall.people.personal_data import as_json
from guildhall.people.tests.factories import OrganisationFactory, UserFactory, WebhookFactory, member
from guildhall.people.tests.programs import Program
from guildhall.people.webhooks import MOST_MESSAGES, WAITS, Thing, tell_webhooks

pytestmark = pytest.mark.django_db
EVENT, OTHER_EVENT = "employer.added", "employer.changed"
State = WebhookDelivery.State


@pytest.fixture(autouse=True)
def _closed_network(settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    settings.BASE_URL = "https://guildhall.example.org"


@pytest.fixture
def school():
    return OrganisationFactory(slug="north", name="North School")


@pytest.fixture
def manager(school):
    return member(school, Role.MANAGER)


def webhook_to(receiver: Receiver, school: Organisation, by: User, *events: str) -> Webhook:
    webhook, _secret = actions.add_webhook(school, address=receiver.address, events=events or [EVENT], by=by, at=now())
    school.refresh_from_db()
    return webhook


@action
def do_something(school: Organisation, *, event: str = EVENT, count: int = 1, by: User | None) -> Organisation:
    tell_webhooks(school, event, [Thing("employer", n, f"/engagement/{n}/") for n in range(count)], at=now())
    return school


def run_again_and_again(turns: int = 1) -> None:
    """Run what waits, with the clock put forward to each next attempt."""
    for _ in range(turns):
        due = WebhookDelivery.objects.filter(state=State.WAITING).order_by("due_at").values_list("due_at", flat=True).first()
        if due is not None:
            passed = max(due - now(), timedelta())  # time is never put back
            for delivery in WebhookDelivery.objects.filter(due_at__isnull=False):
                WebhookDelivery.objects.filter(pk=delivery.pk).update(due_at=delivery.due_at - passed)
            for webhook in Webhook.objects.filter(wakes_at__isnull=False):
                moment = webhook.wakes_at - passed
                Webhook.objects.filter(pk=webhook.pk).update(wakes_at=moment)
                for task in DBTaskResult.objects.filter(status="READY", args_kwargs__kwargs__webhook_id=webhook.pk):
                    task.args_kwargs["kwargs"]["wakes_at"] = moment.isoformat()
                    task.run_after = moment
                    task.save()
        run_waiting()


class TestTelling:
    def test_what_happened_arrives_signed_and_says_nothing_about_people(self, school, manager):
        with receiving() as receiver:
            webhook, secret = actions.add_webhook(school, address=receiver.address, events=[EVENT], by=manager, at=now())
            school.refresh_from_db()
            do_something(school, by=manager)
            run_waiting()
        heads, body = receiver.got[0]
        message = json.loads(body)
        assert message["type"] == EVENT
        assert message["id"] == heads["webhook-id"]
        assert message["data"] == {
            "school": {"id": school.pk},
            "count": 1,
            "thing": {"type": "employer", "id": 0, "api": None, "page": "https://guildhall.example.org/engagement/0/"},
        }
        at = now().fromtimestamp(int(heads["webhook-timestamp"]), tz=now().tzinfo)
        wanted = signed_heads(body, key=heads["webhook-id"], at=at, secrets=[secret])
        assert heads["webhook-signature"] == wanted["webhook-signature"]
        delivery = webhook.deliveries.get()
        assert (delivery.state, delivery.status, delivery.attempts) == (State.DELIVERED, 200, 1)
        assert delivery.ms is not None

    def test_only_who_wants_to_be_told_of_it_and_is_of_this_school_is_told(self, school, manager):
        elsewhere = OrganisationFactory()
        neighbour = member(elsewhere, Role.MANAGER)
        with receiving() as wants, receiving() as wants_other, receiving() as of_neighbour:
            webhook_to(wants, school, manager)
            webhook_to(wants_other, school, manager, OTHER_EVENT)
            webhook_to(of_neighbour, elsewhere, neighbour)
            do_something(school, by=manager)
            run_waiting()
        assert [len(receiver.got) for receiver in (wants, wants_other, of_neighbour)] == [1, 0, 0]

    def test_where_nobody_listens_it_costs_nothing(self, school, manager, django_assert_num_queries):
        with django_assert_num_queries(3):  # the savepoint of the test's own transaction, and the line of the audit
            do_something(school, count=50, by=manager)
        assert not DBTaskResult.objects.exists()

    @pytest.mark.parametrize("count", [1, 50, 20_000])
    def test_where_somebody_does_it_costs_one_statement_however_much_happened(
        self, school, manager, count, django_assert_num_queries
    ):
        WebhookFactory(organisation=school)
        with django_assert_num_queries(4):
            do_something(school, count=count, by=manager)
        assert DBTaskResult.objects.count() == 1

    def test_more_at_once_than_anybody_wants_to_read_is_one_message_with_their_number(self, school, manager):
        webhook = WebhookFactory(organisation=school)
        do_something(school, count=MOST_MESSAGES, by=manager)
        do_something(school, count=MOST_MESSAGES + 1, by=manager)
        for told in DBTaskResult.objects.order_by("enqueued_at"):
            webhooks.spread(**told.args_kwargs["kwargs"], at=now())
        assert webhook.deliveries.count() == MOST_MESSAGES + 1
        summary = json.loads(webhook.deliveries.newest()[0].body)
        assert summary["data"]["count"] == MOST_MESSAGES + 1
        assert summary["data"]["thing"] == {"type": "employer", "id": None, "api": None, "page": None}

    def test_what_is_undone_is_told_to_nobody(self, school, manager):
        WebhookFactory(organisation=school)

        @action
        def fail(school: Organisation, *, by: User) -> Organisation:
            do_something(school, by=by)
            raise Refused("Not now.")

        @action
        def try_and_go_on(school: Organisation, *, by: User) -> Organisation:
            do_something(school, event=OTHER_EVENT, by=by)
            with pytest.raises(Refused), transaction.atomic():
                fail(school, by=by)
            return school

        try_and_go_on(school, by=manager)
        told = DBTaskResult.objects.get().args_kwargs["kwargs"]["messages"]
        assert [message["type"] for message in told] == [OTHER_EVENT]


class TestTrouble:
    def test_what_was_not_taken_is_sent_again_later_and_later_and_then_given_up(self, school, manager):
        with receiving(500) as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, by=manager)
            run_waiting()
            waits = []
            while (delivery := webhook.deliveries.get()).state == State.WAITING:
                waits.append(delivery.due_at - delivery.tried_at)
                run_again_and_again()
        assert waits == WAITS
        assert (delivery.state, delivery.attempts, delivery.status) == (State.GIVEN_UP, 7, 500)
        assert len(set(receiver.keys)) == 1
        assert len({body for _heads, body in receiver.got}) == 1
        notice = Notice.objects.get(user=manager)
        assert notice.url == reverse("people:webhook", args=[webhook.pk])
        assert "localhost did not take" in notice.sentence

    def test_a_receiver_that_comes_back_gets_what_waited(self, school, manager):
        with receiving(503) as receiver:
            webhook = webhook_to(receiver, school, manager)
            for _ in range(3):
                do_something(school, by=manager)
            run_waiting()
            assert set(webhook.deliveries.values_list("state", flat=True)) == {State.WAITING}
            receiver.answer = 204
            run_again_and_again(3)
        assert set(webhook.deliveries.values_list("state", flat=True)) == {State.DELIVERED}
        assert len(receiver.got) == 6
        webhook.refresh_from_db()
        assert webhook.failing_since is None
        assert webhook.wakes_at is None

    def test_the_managers_are_told_once_however_much_is_given_up(self, school, manager):
        another = member(school, Role.MANAGER)
        member(school, Role.TEACHER)
        with receiving(500) as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, count=3, by=manager)
            run_waiting()
            run_again_and_again(20)
        assert set(webhook.deliveries.values_list("state", flat=True)) == {State.GIVEN_UP}
        assert sorted(Notice.objects.values_list("user", flat=True)) == [manager.pk, another.pk]

    def test_after_days_of_nothing_but_failures_it_is_paused_and_they_are_told(self, school, manager):
        with receiving(500) as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, by=manager)
            run_waiting()
            Webhook.objects.update(failing_since=now() - webhooks.PAUSED_AFTER)
            run_again_and_again(6)
        webhook.refresh_from_db()
        school.refresh_from_db()
        assert (webhook.paused_why, school.has_webhooks) == (Webhook.Pause.FAILING, False)
        assert "paused" in Notice.objects.get(user=manager).sentence

    def test_a_receiver_that_says_it_is_gone_is_believed(self, school, manager):
        with receiving(410) as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, by=manager)
            run_waiting()
        webhook.refresh_from_db()
        assert webhook.paused_why == Webhook.Pause.GONE
        assert webhook.deliveries.get().state == State.GIVEN_UP

    def test_a_person_who_paused_it_meanwhile_keeps_the_last_word(self, school, manager):
        webhook = WebhookFactory(organisation=school)
        delivery = actions.try_webhook(webhook, by=manager, at=now())
        webhook.refresh_from_db()
        woken_at = webhook.wakes_at
        actions.pause_webhook(webhook, by=manager, at=now())
        webhooks.go_on(webhook.pk, woken_at, delivery, Answer(410, None, 5), at=now())
        webhook.refresh_from_db()
        assert webhook.paused_why == Webhook.Pause.PERSON
        assert not Notice.objects.exists()

    def test_a_secret_that_cannot_be_read_any_more_is_a_failure_like_any_other(self, school, manager, settings):
        with receiving() as receiver:
            webhook = webhook_to(receiver, school, manager)
            settings.SECRET_KEY = "another secret " * 5
            do_something(school, by=manager)
            run_waiting()
            delivery = webhook.deliveries.get()
            assert (delivery.trouble, delivery.attempts, receiver.got) == ("secret", 1, [])
            actions.renew_webhook_secret(webhook, by=manager, at=now())
            run_again_and_again()
            assert webhook.deliveries.get().state == State.DELIVERED

    def test_a_webhook_whose_task_is_gone_is_woken_by_what_comes_days_later(self, school, manager):
        with receiving() as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, by=manager)
            run_waiting()
            Webhook.objects.update(wakes_at=now() - timedelta(days=2))
            do_something(school, by=manager)
            run_waiting()
        assert len(receiver.got) == 2
        assert set(webhook.deliveries.values_list("state", flat=True)) == {State.DELIVERED}

    def test_a_private_address_is_not_told_unless_the_operator_allows_it(self, school, manager, settings):
        with receiving() as receiver:
            webhook = webhook_to(receiver, school, manager)
            settings.WEBHOOKS_ALLOW_PRIVATE = False
            do_something(school, by=manager)
            run_waiting()
        assert receiver.got == []
        assert webhook.deliveries.get().trouble == "address"


@pytest.mark.django_db(transaction=True)
class TestWorkers:
    """With real workers, and a real database between them and us."""

    def _work(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        environment = {**environment, "WEBHOOKS_ALLOW_PRIVATE": "1", "WORKER_DEAD_AFTER": "2"}
        return subprocess.Popen([sys.executable, "-m", "guildhall", "worker"], env=environment)

    def test_a_worker_killed_while_it_waits_for_the_answer_sends_the_message_once_more(self, live):
        school = OrganisationFactory()
        manager = member(school, Role.MANAGER)
        with receiving(slowly(5)) as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, by=manager)
            first = self._work(live)
            wait_until(lambda: receiver.got)
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
            assert webhook.deliveries.get().state == State.WAITING
            receiver.answer = 200
            second = self._work(live)
            try:
                wait_until(lambda: webhook.deliveries.get().state == State.DELIVERED)
            finally:
                second.terminate()
                second.wait()
        assert len(receiver.got) == 2
        assert len(set(receiver.keys)) == 1

    def test_who_is_slow_holds_up_nobody_else(self, live):
        school = OrganisationFactory()
        manager = member(school, Role.MANAGER)
        with receiving(slowly(8)) as slow, receiving() as quick:
            for _ in range(3):
                webhook_to(slow, school, manager)
            webhook = webhook_to(quick, school, manager)
            do_something(school, count=5, by=manager)
            worker = self._work(live)
            try:
                wait_until(lambda: len(slow.got) == 3)
                wait_until(lambda: webhook.deliveries.filter(state=State.DELIVERED).count() == 5, seconds=6)
                assert len(slow.got) == 3  # still waiting for the first answer
            finally:
                worker.kill()
                worker.wait()


class TestKeeping:
    def test_both_secrets_sign_for_a_day(self, school, manager):
        webhook = WebhookFactory(organisation=school)
        former = webhook.secrets(now())
        webhook, secret = actions.renew_webhook_secret(webhook, by=manager, at=now())
        assert webhook.secrets(now() + timedelta(hours=23)) == [secret, *former]
        assert webhook.secrets(now() + timedelta(hours=25)) == [secret]

    def test_the_secret_cannot_be_read_in_the_database(self, school, manager):
        webhook, secret = actions.add_webhook(school, address="https://receiver.example/in", events=[EVENT], by=manager, at=now())
        assert secret not in json.dumps(list(Webhook.objects.values()), default=str)
        assert webhook.secrets(now()) == [secret]

    def test_while_it_is_paused_nothing_is_noted_and_what_waited_goes_when_it_is_resumed(self, school, manager):
        with receiving(500) as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, by=manager)
            run_waiting()
            webhook = actions.pause_webhook(webhook, by=manager, at=now())
            school.refresh_from_db()
            do_something(school, by=manager)
            run_again_and_again(2)
            assert len(receiver.got) == 1
            receiver.answer = 200
            actions.resume_webhook(webhook, by=manager, at=now())
            run_again_and_again(2)
        assert len(receiver.got) == 2
        assert webhook.deliveries.get().state == State.DELIVERED

    def test_sending_again_keeps_the_number(self, school, manager):
        with receiving() as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, by=manager)
            run_waiting()
            actions.resend_message(webhook.deliveries.get(), by=manager, at=now())
            run_waiting()
        assert len(receiver.got) == 2
        assert len(set(receiver.keys)) == 1

    def test_a_test_arrives_whatever_was_chosen(self, school, manager):
        with receiving() as receiver:
            actions.try_webhook(webhook_to(receiver, school, manager), by=manager, at=now())
            run_waiting()
        assert json.loads(receiver.got[0][1])["type"] == "test"

    def test_what_is_paused_is_neither_tried_nor_sent_again(self, school, manager):
        webhook = actions.pause_webhook(WebhookFactory(organisation=school), by=manager, at=now())
        with pytest.raises(Refused, match="paused"):
            actions.try_webhook(webhook, by=manager, at=now())

    def test_removed_it_leaves_nothing_and_its_school_is_told_of_nothing(self, school, manager):
        with receiving() as receiver:
            webhook = webhook_to(receiver, school, manager)
            do_something(school, by=manager)
            run_waiting()
            do_something(school, by=manager)
            actions.remove_webhook(webhook, by=manager, at=now())
            run_waiting()
        school.refresh_from_db()
        assert (len(receiver.got), WebhookDelivery.objects.count(), school.has_webhooks) == (1, 0, False)

    def test_it_ends_with_its_school(self, school):
        WebhookFactory(organisation=school)
        school.delete()
        assert not Webhook.objects.exists()

    def test_there_are_not_more_than_ten(self, school, manager):
        WebhookFactory.create_batch(10, organisation=school)
        with pytest.raises(Refused, match="10 webhooks"):
            actions.add_webhook(school, address="https://receiver.example/", events=[EVENT], by=manager, at=now())

    @pytest.mark.parametrize("events", [[], ["employer.painted"]])
    def test_events_that_there_are_not_are_refused(self, school, manager, events):
        with pytest.raises(Refused):
            actions.add_webhook(school, address="https://receiver.example/", events=events, by=manager, at=now())

    def test_a_pause_has_a_reason(self, school):
        webhook = WebhookFactory(organisation=school)
        webhook.paused_at = now()
        with pytest.raises(ValidationError):
            webhook.full_clean()


class TestRefusals:
    @pytest.mark.parametrize("role", [Role.COORDINATOR, Role.TEACHER, Role.MEMBER])
    @pytest.mark.parametrize(
        "deed",
        [
            actions.renew_webhook_secret,
            actions.pause_webhook,
            actions.resume_webhook,
            actions.remove_webhook,
            actions.try_webhook,
        ],
        ids=lambda value: getattr(value, "__name__", value),
    )
    def test_only_managers_may(self, school, role, deed):
        with pytest.raises(NotAllowed, match="Only managers"):
            deed(WebhookFactory(organisation=school), by=member(school, role), at=now())

    def test_nor_may_others_add_change_or_send_again(self, school, manager):
        coordinator = member(school, Role.COORDINATOR)
        webhook = WebhookFactory(organisation=school)
        given: dict[str, Any] = {"address": "https://receiver.example/", "events": [EVENT], "by": coordinator, "at": now()}
        with pytest.raises(NotAllowed):
            actions.add_webhook(school, **given)
        with pytest.raises(NotAllowed):
            actions.change_webhook(webhook, **given)
        delivery = actions.try_webhook(webhook, by=manager, at=now())
        with pytest.raises(NotAllowed):
            actions.resend_message(delivery, by=coordinator, at=now())


class TestPages:
    def test_the_secret_is_shown_once(self, client, school, manager):
        client.force_login(manager)
        address = reverse("people:webhooks", args=["north"])
        answer = client.post(address, {"address": "https://receiver.example/in", "events": [EVENT, OTHER_EVENT]})
        webhook = Webhook.objects.get()
        secret = webhook.secrets(now())[0]
        assert secret in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        page = client.get(webhook.get_absolute_url()).content.decode()
        assert secret not in page
        assert "An employer was added" in page
        renewed = client.post(reverse("people:webhook_secret", args=[webhook.pk])).content.decode()
        webhook.refresh_from_db()
        assert webhook.secrets(now())[0] in renewed
        assert "signs as well until" in renewed

    def test_what_is_wrong_with_the_address_is_said_beside_it(self, client, school, manager, settings):
        settings.WEBHOOKS_ALLOW_PRIVATE = False
        client.force_login(manager)
        answer = client.post(reverse("people:webhooks", args=["north"]), {"address": "https://10.0.0.1/", "events": [EVENT]})
        assert answer.status_code == 422
        assert "private network" in answer.content.decode()

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_list_costs_the_same_for_one_and_for_three(self, client, school, manager, count, django_assert_num_queries):
        client.force_login(manager)
        WebhookFactory.create_batch(count, organisation=school)
        with django_assert_num_queries(9):
            client.get(reverse("people:webhooks", args=["north"]))

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_webhook_costs_the_same_with_one_and_with_three_messages(
        self, client, school, manager, count, django_assert_num_queries
    ):
        client.force_login(manager)
        webhook = WebhookFactory(organisation=school)
        for _ in range(count):
            actions.try_webhook(webhook, by=manager, at=now())
        with django_assert_num_queries(9):
            page = client.get(webhook.get_absolute_url()).content.decode()
        assert page.count("Send again") == count

    def test_everything_can_be_done_with_plain_forms(self, client, school, manager):
        client.force_login(manager)
        with receiving() as receiver:
            webhook = webhook_to(receiver, school, manager)

            def press(name: str, pk: int = webhook.pk, **given: Any) -> None:
                assert client.post(reverse(f"people:webhook_{name}", args=[pk]), given).status_code == 302

            press("test")
            run_waiting()
            press("resend", webhook.deliveries.get().pk)
            run_waiting()
            assert len(receiver.got) == 2
            press("pause")
            assert "a person paused it" in client.get(webhook.get_absolute_url()).content.decode()
            press("resume")
            press("change", address=receiver.address, events=[OTHER_EVENT])
            webhook.refresh_from_db()
            assert webhook.events == [OTHER_EVENT]
            press("remove")
        assert not Webhook.objects.exists()

    def test_a_manager_of_another_school_finds_nothing(self, client, school):
        webhook = WebhookFactory(organisation=school)
        client.force_login(member(OrganisationFactory(), Role.MANAGER))
        assert client.get(webhook.get_absolute_url()).status_code == 404
        assert client.get(reverse("people:webhooks", args=["north"])).status_code == 404
        assert client.post(reverse("people:webhook_remove", args=[webhook.pk])).status_code == 404

    def test_a_member_reads_why_not(self, client, school):
        client.force_login(member(school, Role.TEACHER))
        answer = client.get(WebhookFactory(organisation=school).get_absolute_url())
        assert answer.status_code == 403
        assert "Only managers of this school" in answer.content.decode()

    def test_who_is_no_school_has_none(self, client):
        guild = OrganisationFactory(slug="guild", kind=Kind.ASSOCIATION)
        client.force_login(member(guild, Role.MANAGER))
        assert client.get(reverse("people:webhooks", args=["guild"])).status_code == 404


class TestPrograms:
    def test_everything_can_be_done_by_a_program(self, school, manager):
        program = Program(manager)
        with receiving() as receiver:
            sent = {"address": receiver.address, "events": [EVENT]}
            made = program.post(f"schools/{school.pk}/webhooks", sent, Idempotency_Key="one")
            assert made.status_code == 201
            webhook = Webhook.objects.get()
            assert made.json()["secret"] == webhook.secrets(now())[0]
            address = f"webhooks/{webhook.pk}"
            assert program.get(f"schools/{school.pk}/webhooks").json() == [program.get(address).json()]
            assert "secret" not in program.get(address).json()
            assert program.post(f"{address}/pause").json()["paused_why"] == "person"
            assert program.post(f"{address}/test").status_code == 409
            assert program.post(f"{address}/resume").json()["paused_at"] is None
            message = program.post(f"{address}/test").json()
            run_waiting()
            program.post(f"messages/{message['id']}/resend")
            run_waiting()
            assert [each["status"] for each in program.get(f"{address}/messages").json()["items"]] == [200]
            assert len(receiver.got) == 2
        events = program.get(f"schools/{school.pk}/webhooks/events").json()
        changed = program.ask("PUT", address, {**sent, "events": [event["name"] for event in events]})
        assert set(changed.json()["events"]) > {EVENT, OTHER_EVENT}
        assert program.post(f"{address}/secret").json()["secret"] not in made.content.decode()
        assert program.delete(address).status_code == 204
        assert not Webhook.objects.exists()

    def test_what_is_wrong_is_said_of_its_field(self, school, manager, settings):
        settings.WEBHOOKS_ALLOW_PRIVATE = False
        sent = {"address": "https://10.0.0.1/", "events": ["employer.painted"]}
        told = Program(manager).post(f"schools/{school.pk}/webhooks", sent)
        assert told.status_code == 422
        assert {error["field"] for error in told.json()["errors"]} == {"address", "events"}


def test_who_made_a_webhook_finds_it_among_their_data(school):
    user = UserFactory()
    WebhookFactory(organisation=school, made_by=user)
    assert len(as_json(user)["people.webhooks"]["rows"]) == 1
