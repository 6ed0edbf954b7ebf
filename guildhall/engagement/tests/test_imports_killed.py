"""Imports whose worker or web server is killed, at moments that chance chooses: real processes, real signals."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils.timezone import now
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from guildhall.core.errors import Refused
from guildhall.core.models import Progress, StoredFile, Worker
from guildhall.core.tasks import run_waiting
from guildhall.core.tests.conftest import live, wait_until
from guildhall.engagement.actions import imports, take_back_import
from guildhall.engagement.importing.lot import PORTION
from guildhall.engagement.models import Employer, EmployerImport, ImportedThing, Person, Position
from guildhall.engagement.tests.factories import ContactFactory, staff_of
from guildhall.engagement.tests.test_imports_at_once import ROWS, bring, is_done, listed, nobody_is_in_the_book_twice, school
from guildhall.people.models import Organisation, Site

__all__ = ["bring", "live", "school"]

#: On each of both databases.
KILLS = 6
State = EmployerImport.State


@pytest.fixture
def dice():
    print("seed", seed := random.randrange(10**6))  # noqa: S311
    return random.Random(seed)  # noqa: S311


@pytest.fixture
def start(live):
    """Start something of ours in a process of its own; it, and all it has started, ends with the test."""
    started = []

    def start(*command):
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, command)],
            env=live,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        kill(process)


def kill(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# --- The worker ----------------------------------------------------------------------------------------------------


class Workers:
    """Workers of which there is always one to take over from the one at work, who is killed."""

    def __init__(self, start):
        self.start = start
        self.alive = [start("guildhall", "worker") for _ in range(2)]

    def kill_who_is_at_work(self, longest):
        """Kill the worker that runs a task, after a while of at most ``longest`` seconds; whether there was one."""
        wait_until(lambda: is_over() or self.at_work() is not None)
        victim = self.at_work()
        if victim is None:
            return False
        time.sleep(longest)
        kill(victim)
        self.alive.remove(victim)
        self.alive.append(self.start("guildhall", "worker"))
        return True

    def at_work(self):
        running = DBTaskResult.objects.filter(status=Status.RUNNING).values_list("worker_ids", flat=True)
        pids = set(Worker.objects.filter(pk__in=[ids[-1] for ids in running if ids]).values_list("pid", flat=True))
        return next((process for process in self.alive if process.pid in pids), None)


def is_over():
    return not DBTaskResult.objects.filter(status__in=[Status.READY, Status.RUNNING]).exists()


def press_go_on_if_it_was_given_up(brought):
    """As somebody does who finds that it has stopped: after five dead workers nobody goes on by themselves."""
    brought = EmployerImport.objects.select_related("progress").get(pk=brought.pk)
    if brought.progress.state == Progress.State.FAILED and brought.state in (State.RUNNING, State.TAKING_BACK):
        imports.go_on_with_import(brought, by=brought.uploaded_by, at=now())
        return True
    return False


def test_killed_again_and_again_it_is_whole_each_time_and_in_the_end_nobody_is_missing_or_twice(bring, start, dice):
    brought = bring()
    workers, kills = Workers(start), 0
    while kills < KILLS and not brought.finished_at:
        if not workers.kill_who_is_at_work(dice.uniform(0, 0.4)):
            assert press_go_on_if_it_was_given_up(brought) or is_done()
        else:
            kills += 1
        brought = EmployerImport.objects.select_related("progress", "uploaded_by").get(pk=brought.pk)
        portions_are_whole()
    print("kills", kills)
    finish(brought)
    nobody_is_in_the_book_twice()
    brought.refresh_from_db()
    assert tuple(imports.counts_of(brought).values())[:5] == (ROWS, 0, 0, 0, 0)
    assert (brought.new_employers, brought.new_sites) == (ROWS // 3 * 2, ROWS)
    made = Counter(ImportedThing.objects.values_list("kind", flat=True))
    assert made == {
        "organisation": ROWS // 3 * 2,
        "employer": ROWS // 3 * 2,
        "site": ROWS,
        "person": ROWS // 3 * 2,
        "position": ROWS // 3 * 2,
    }


def portions_are_whole():
    """Each row of the list brings a site: so many are there as the import has counted, in whole portions."""
    sites, (counted,) = Site.objects.count(), EmployerImport.objects.values_list("new", flat=True)
    if sites != counted:  # somebody has gone on between the two questions
        sites, (counted,) = Site.objects.count(), EmployerImport.objects.values_list("new", flat=True)
    assert sites % PORTION == counted % PORTION == 0


def finish(brought):
    def is_finished():
        press_go_on_if_it_was_given_up(brought)
        return is_done() or (is_over() and EmployerImport.objects.get(pk=brought.pk).state in (State.DONE, State.TAKEN_BACK))

    wait_until(is_finished, seconds=120)


def test_killed_while_it_is_taken_back_it_leaves_nothing_but_what_was_worked_on(bring, start, dice):
    brought = bring()
    workers = Workers(start)
    wait_until(is_done)
    kept = Employer.objects.select_related("organisation").order_by("pk")[ROWS // 2]
    ContactFactory(employer=kept)
    before = Site.objects.filter(organisation=kept.organisation).count()
    take_back_import(EmployerImport.objects.get(), by=brought.uploaded_by, at=now())
    kills = 0
    while kills < 3 and workers.kill_who_is_at_work(dice.uniform(0, 0.3)):
        kills += 1
    finish(brought)
    brought.refresh_from_db()
    assert brought.state == State.TAKEN_BACK
    assert Employer.objects.get() == kept
    assert Organisation.objects.filter(kept_by__isnull=False).get() == kept.organisation
    assert Site.objects.count() == before
    assert Person.objects.count() == Position.objects.count() == 1


def test_of_two_people_who_take_an_import_back_at_the_same_time_one_is_told_that_it_is_under_way(bring):
    brought = bring()
    run_waiting()
    barrier, answers = Barrier(2), []

    def take_back():
        mine = EmployerImport.objects.select_related("school").get()
        barrier.wait()
        try:
            answers.append(take_back_import(mine, by=brought.uploaded_by, at=now()).state)
        except Refused as refused:
            answers.append(str(refused))
        finally:
            connection.close()

    both = [Thread(target=take_back) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(answers) == ["This import is already being taken back.", "taking_back"]
    assert DBTaskResult.objects.filter(status=Status.READY, task_path__endswith="take_back_list").count() == 1


# --- The web server ------------------------------------------------------------------------------------------------


class Server:
    """A web server of ours, as ``guildhall serve`` starts it."""

    def __init__(self, start):
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = trial.getsockname()[1]
        address = ["--interface=wsgi", "--http=1", "--host=127.0.0.1", f"--port={self.port}"]
        self.process = start("granian", "guildhall.config.wsgi:application", *address, "--log-level=warning")

    def ask(self, method, path, cookie, body=None, headers=()):
        """Return the status and the text of an answer, or nothing if there was none."""
        door = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            door.request(method, path, body, {"Cookie": cookie, "Host": f"127.0.0.1:{self.port}", **dict(headers)})
            answer = door.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, HTTPException):
            return None
        finally:
            door.close()

    def answers(self):
        return self.ask("GET", "/healthz", "") is not None


class Visitor:
    """A colleague with a browser, who has signed in."""

    def __init__(self, person):
        client = Client()
        client.force_login(person)
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        self.token = ""

    def open(self, server):
        _status, text = server.ask("GET", "/engagement/imports/", self.cookie)
        self.token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text)[1]

    def post(self, server, path, file=None):
        mark = uuid4().hex
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{self.token}\r\n'.encode()]
        if file is not None:
            heading = (
                f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\nContent-Type: text/csv\r\n\r\n'
            )
            parts += [heading.encode(), file, b"\r\n"]
        body = b"".join([*parts, f"--{mark}--\r\n".encode()])
        return server.ask("POST", path, self.cookie, body, {"Content-Type": f"multipart/form-data; boundary={mark}"}.items())

    def post_and_kill(self, server, after, path, file=None):
        """Send something, and kill the server after a while."""
        sending = Thread(target=self.post, args=(server, path, file))
        sending.start()
        time.sleep(after)
        kill(server.process)
        sending.join()


def test_a_web_server_killed_again_and_again_has_brought_and_begun_each_file_whole_or_not_at_all(school, start, dice):
    visitor, spare = Visitor(staff_of(school)), [Server(start), Server(start)]

    def next_server():
        while True:
            spare.append(Server(start))
            server = spare.pop(0)
            wait_until(lambda server=server: server.answers() or server.process.poll() is not None)
            if server.process.poll() is None:  # else somebody else was quicker to take its port
                visitor.open(server)
                return server

    server = next_server()
    began = time.monotonic()
    assert visitor.post(server, "/engagement/imports/", listed())[0] == 302
    takes = time.monotonic() - began
    for _ in range(KILLS // 2):
        visitor.post_and_kill(server, dice.uniform(0, takes), "/engagement/imports/", listed())
        each_file_is_there_whole()
        server = next_server()
    print("brought in spite of it", EmployerImport.objects.count() - 1)
    while EmployerImport.objects.count() < KILLS // 2:
        assert visitor.post(server, "/engagement/imports/", listed())[0] == 302
    each_file_is_there_whole()
    numbers = list(EmployerImport.objects.order_by("pk").values_list("pk", flat=True)[: KILLS // 2])
    for number in numbers:
        visitor.post_and_kill(server, dice.uniform(0, 0.1), f"/engagement/imports/{number}/begin/")
        each_import_has_begun_once_or_not_at_all()
        server = next_server()
    print("begun in spite of it", EmployerImport.objects.filter(state=State.RUNNING).count())
    for number in EmployerImport.objects.filter(state=State.READY, pk__in=numbers).values_list("pk", flat=True):
        assert visitor.post(server, f"/engagement/imports/{number}/begin/")[0] == 302
    each_import_has_begun_once_or_not_at_all()
    start("guildhall", "worker", "--threads=2")
    wait_until(is_done)
    nobody_is_in_the_book_twice()
    done = EmployerImport.objects.filter(pk__in=numbers)
    assert set(done.values_list("state", "unclear", "wrong")) == {(State.DONE, 0, 0)}
    assert sum(done.values_list("new", flat=True)) == ROWS


def each_file_is_there_whole():
    """A file that was brought is there with its bytes and its check, and nothing of one that was not."""
    brought = EmployerImport.objects.select_related("file")
    assert {(one.state, one.new, one.file.size) for one in brought} <= {(State.READY, ROWS, len(listed()))}
    assert StoredFile.objects.count() == brought.count()
    assert not Employer.objects.exists()


def each_import_has_begun_once_or_not_at_all():
    running = {one.progress.task_id for one in EmployerImport.objects.filter(state=State.RUNNING).select_related("progress")}
    assert {task.pk for task in DBTaskResult.objects.all()} == running
    assert Progress.objects.count() == len(running)
