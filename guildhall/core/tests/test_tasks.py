"""Tasks: asked for with what they are about, run once, tried again, taken over from the dead."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError, transaction
from django.utils.timezone import now
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from guildhall.core import models
from guildhall.core.models import Progress, Schedule
from guildhall.core.progress import start_progress
from guildhall.core.tasks import declaring, defer, part, run_waiting, schedule, worker
from guildhall.core.tasks.running import carry_out, claim_next, recover
from guildhall.core.tests import jobs
from guildhall.core.tests.conftest import wait_until
from guildhall.core.tests.jobs import written

pytestmark = pytest.mark.django_db


def only_task() -> DBTaskResult:
    return DBTaskResult.objects.get()


class TestAsking:
    def test_an_unknown_task_is_an_error_at_once(self):
        with pytest.raises(LookupError, match=r"no task 'jobs.dance'"):
            defer("jobs.dance")

    def test_arguments_it_does_not_take_are_an_error_at_once(self):
        with pytest.raises(TypeError):
            defer("jobs.mark", thin="a")

    def test_what_is_not_json_is_an_error_at_once(self):
        with pytest.raises(TypeError):
            defer("jobs.mark", thing=now())

    def test_what_is_asked_for_in_a_transaction_is_undone_with_it(self):
        with suppress(ZeroDivisionError), transaction.atomic():
            defer("jobs.mark", thing="a")
            _ = 1 / 0
        assert not DBTaskResult.objects.exists()

    def test_it_waits_for_its_moment(self):
        defer("jobs.mark", now() + timedelta(minutes=1), thing="later")
        defer("jobs.mark", now() - timedelta(minutes=1), thing="now")
        assert run_waiting() == 1
        assert written() == ["now"]


class TestRunning:
    def test_what_it_does_is_done_once(self):
        defer("jobs.mark", thing="a")
        assert run_waiting() == 1
        assert run_waiting() == 0
        assert written() == ["a"]
        assert only_task().status == Status.SUCCESSFUL

    def test_what_a_failing_task_did_is_undone_and_it_is_tried_again_later(self):
        defer("jobs.stumble", thing="a")
        assert isinstance(carry_out(claim_next("w")), ValueError)
        task = only_task()
        assert (task.status, written()) == (Status.READY, [])
        assert timedelta(seconds=70) < task.run_after - now() < timedelta(seconds=130)
        assert "It did not work." in task.traceback
        assert claim_next("w") is None

    def test_the_wait_doubles_and_after_the_last_attempt_it_is_kept_as_failed(self):
        defer("jobs.stumble", thing="a")
        waits = []
        for _ in range(3):
            DBTaskResult.objects.update(run_after=now())
            carry_out(claim_next("w"))
            waits.append((only_task().run_after - now()).total_seconds())
        assert 140 < waits[1] < 260
        assert only_task().status == Status.FAILED
        assert only_task().finished_at

    def test_a_task_this_version_does_not_know_is_tried_again(self):
        defer("jobs.mark", thing="a")
        DBTaskResult.objects.update(task_path="guildhall.core.tests.jobs.of_tomorrow")
        assert isinstance(carry_out(claim_next("w")), ImportError)
        assert only_task().status == Status.READY

    def test_a_worker_that_stops_hands_back_without_using_up_an_attempt(self, user):
        start_progress("jobs.march", by=user, doing="", count=10)
        stopping = Event()
        claim = claim_next("w", stopping)
        stopping.set()
        carry_out(claim)
        assert only_task().status == Status.READY
        assert only_task().worker_ids == []
        assert run_waiting() == 1
        assert len(written()) == 10

    def test_an_idle_worker_asks_one_question_and_locks_nothing(self, django_assert_num_queries):
        with django_assert_num_queries(1) as asked:
            assert claim_next("w") is None
        assert "UPDATE" not in asked.captured_queries[0]["sql"].upper()


class TestRecovery:
    def test_the_task_of_a_dead_worker_goes_to_another(self):
        defer("jobs.mark", thing="a")
        claim_next("dead")
        recover(alive={"w"})
        carry_out(claim_next("w"))
        assert written() == ["a"]
        assert only_task().worker_ids == ["dead", "w"]

    def test_the_task_of_a_living_worker_stays_with_it(self):
        defer("jobs.mark", thing="a")
        claim_next("w")
        recover(alive={"w"})
        assert only_task().status == Status.RUNNING

    def test_who_was_believed_dead_and_comes_back_changes_nothing(self):
        defer("jobs.mark", thing="a")
        believed_dead = claim_next("w")
        recover(alive=())
        assert carry_out(believed_dead) is None
        assert written() == []
        again = claim_next("w")  # even when the same worker has it again
        carry_out(believed_dead)
        assert written() == []
        carry_out(again)
        assert written() == ["a"]

    def test_a_part_is_not_kept_when_the_task_is_no_longer_mine(self, user):
        start_progress("jobs.march", by=user, doing="", count=10)
        believed_dead = claim_next("w")
        recover(alive=())
        carry_out(believed_dead)
        assert written() == []
        assert run_waiting() == 1
        assert len(written()) == 10

    def test_a_task_that_kills_its_workers_is_given_up(self):
        defer("jobs.stumble", thing="a")
        for _ in range(3):
            claim_next("dead")
            recover(alive=())
        assert only_task().status == Status.FAILED

    def test_outside_a_worker_a_part_is_a_plain_transaction(self):
        with suppress(ZeroDivisionError), part():
            jobs.write("a")
            _ = 1 / 0
        assert written() == []

    def test_a_worker_lives_while_its_heart_beats_and_its_process_exists(self):
        here = worker.socket.gethostname()
        me = models.Worker(host=here, pid=os.getpid(), beat_at=now())
        child = subprocess.Popen(["true"])
        child.wait()
        assert worker.is_alive(me)
        assert not worker.is_alive(models.Worker(host=here, pid=child.pid, beat_at=now()))
        assert worker.is_alive(models.Worker(host="elsewhere", pid=child.pid, beat_at=now()))
        assert not worker.is_alive(models.Worker(host="elsewhere", pid=1, beat_at=now() - timedelta(minutes=5)))


class TestSchedule:
    @pytest.fixture
    def every_ten_minutes(self, monkeypatch):
        monkeypatch.setattr(declaring, "schedules", schedules := {})
        monkeypatch.setattr(worker, "schedules", schedules)
        schedule(every="10 minutes")(jobs.tick)

    def test_nothing_is_due_at_first(self, every_ten_minutes):
        worker.enter_schedules()
        worker.enter_due_tasks()
        assert not DBTaskResult.objects.exists()

    def test_missed_occurrences_run_once(self, every_ten_minutes):
        worker.enter_schedules()
        Schedule.objects.update(next_at=now() - timedelta(days=2))
        worker.enter_due_tasks()
        worker.enter_due_tasks()
        assert DBTaskResult.objects.count() == 1
        assert Schedule.objects.get().next_at > now()

    def test_the_next_is_left_out_while_one_is_under_way(self, every_ten_minutes):
        worker.enter_schedules()
        for _ in range(3):
            Schedule.objects.update(next_at=now())
            worker.enter_due_tasks()
        assert DBTaskResult.objects.count() == 1
        run_waiting()
        Schedule.objects.update(next_at=now())
        worker.enter_due_tasks()
        assert DBTaskResult.objects.count() == 2

    def test_a_changed_declaration_changes_the_schedule(self, every_ten_minutes):
        worker.enter_schedules()
        schedule(daily_at="03:10")(jobs.tick)
        worker.enter_schedules()
        assert Schedule.objects.get().timing == "daily at 03:10"

    def test_a_schedule_no_longer_declared_is_removed(self, every_ten_minutes):
        Schedule.objects.create(task="gone.away", timing="every 1 day", next_at=now())
        worker.enter_schedules()
        assert [kept.task for kept in Schedule.objects.all()] == ["jobs.tick"]

    def test_the_night_of_summer_time_has_its_run_too(self, settings):
        settings.TIME_ZONE = "Europe/Brussels"
        brussels = ZoneInfo("Europe/Brussels")
        timing = declaring.Timing("", daily_at=datetime(2026, 1, 1, 2, 30).time())  # noqa: DTZ001
        moment = datetime(2026, 3, 27, 12, tzinfo=UTC)
        days = []
        for _ in range(4):
            moment = timing.next(moment)
            days.append(moment.astimezone(brussels).day)
        assert days == [28, 29, 30, 31]
        autumn = timing.next(datetime(2026, 10, 24, 12, tzinfo=UTC))
        assert timing.next(autumn) - autumn == timedelta(hours=25)

    def test_every_ten_minutes_is_a_grid(self):
        timing = declaring.Timing("", every=timedelta(minutes=10))
        assert timing.next(datetime(2026, 5, 1, 12, 3, tzinfo=UTC)) == datetime(2026, 5, 1, 12, 10, tzinfo=UTC)
        assert timing.next(datetime(2026, 5, 1, 12, 10, tzinfo=UTC)) == datetime(2026, 5, 1, 12, 20, tzinfo=UTC)


@pytest.fixture
def start_worker(live):
    """Start a worker in a process of its own, and wait until its heart beats."""
    started = []

    def start(*arguments, waiting=True):
        process = subprocess.Popen([sys.executable, "-m", "guildhall", "worker", *arguments], env=live)
        started.append(process)
        if waiting:
            wait_until(lambda: models.Worker.objects.filter(pid=process.pid).exists())
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def freeze_between_parts(process):
    """Frozen within a part it would hold its lock, and nobody could do anything until it is gone."""
    while True:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        with suppress(OperationalError), transaction.atomic():
            if DBTaskResult.objects.select_for_update(skip_locked=True).first():
                return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.05)


def nothing_is_left() -> bool:
    return not DBTaskResult.objects.exclude(status=Status.SUCCESSFUL).exists()


class TestProcesses:
    def test_killed_at_any_moment_nothing_is_lost_and_nothing_done_twice(self, start_worker, user):
        dice = random.Random(seed := random.randrange(10**6))  # noqa: S311
        print("seed", seed)
        start_progress("jobs.march", by=user, doing="", count=80, seconds=0.02)
        for number in range(60):
            defer("jobs.mark", thing=f"mark {number}", seconds=0.02)
        for _ in range(4):
            victims = [start_worker(waiting=False), start_worker("--threads=2", waiting=False)]
            pids = [victim.pid for victim in victims]
            wait_until(lambda pids=pids: models.Worker.objects.filter(pid__in=pids).exists())
            time.sleep(dice.uniform(0, 0.6))
            for victim in victims:
                victim.kill()
                victim.wait()
        start_worker()
        wait_until(nothing_is_left)
        expected = [f"mark {number}" for number in range(60)] + [f"step {number}" for number in range(80)]
        assert Counter(written()) == Counter(expected)
        assert Progress.objects.get().state == Progress.State.DONE
        assert any(len(task.worker_ids) > 1 for task in DBTaskResult.objects.all()), "Nobody was killed at work."

    def test_asked_to_stop_it_leaves_what_it_is_at_to_the_next(self, start_worker, user):
        start_progress("jobs.march", by=user, doing="", count=60, seconds=0.02)
        first = start_worker()
        wait_until(lambda: len(written()) >= 10)
        first.send_signal(signal.SIGTERM)
        assert first.wait(5) == 0
        assert DBTaskResult.objects.get().status == Status.READY
        assert not models.Worker.objects.exists()
        start_worker()
        wait_until(nothing_is_left)
        assert Counter(written()) == Counter(f"step {number}" for number in range(60))

    def test_a_frozen_worker_that_wakes_up_does_nothing_twice(self, start_worker, user):
        start_progress("jobs.march", by=user, doing="", count=60, pause_seconds=0.1)
        frozen = start_worker()
        wait_until(lambda: len(written()) >= 10)
        freeze_between_parts(frozen)
        start_worker()
        wait_until(nothing_is_left)
        frozen.send_signal(signal.SIGCONT)
        time.sleep(1)
        assert Counter(written()) == Counter(f"step {number}" for number in range(60))

    def test_what_is_urgent_does_not_wait_behind_a_long_task(self, start_worker, user):
        start_progress("jobs.march", by=user, doing="", count=500, pause_seconds=0.1)
        start_worker()
        wait_until(lambda: len(written()) >= 5)
        defer("jobs.ring")
        wait_until(lambda: "ring" in written(), seconds=3)

    def test_it_begins_within_half_a_second(self, start_worker):
        start_worker()
        defer("jobs.mark", thing="a")
        began = time.monotonic()
        wait_until(lambda: written() == ["a"])
        assert time.monotonic() - began < 0.5
