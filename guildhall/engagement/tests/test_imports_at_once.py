"""Imports that meet each other, in processes of their own; those that are killed are in ``test_imports_killed``."""

import subprocess
import sys
from collections import Counter
from threading import Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils.timezone import now
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from guildhall.core.tests.conftest import live, wait_until
from guildhall.engagement.actions import imports
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import Employer, EmployerImport, Person
from guildhall.engagement.tests.factories import staff_of
from guildhall.people.models import Organisation, Role, Site
from guildhall.people.tests.factories import OrganisationFactory

__all__ = ["live"]

ROWS = 3000


def listed():
    """Employers with a number and without, every third with a second site, each with a person."""
    lines = ["Firma;HRB;Straße;PLZ;Ort;Ansprechpartner;Mail Ansprechpartner"]
    for n in range(ROWS // 3 * 2):
        number = f"HRB {n}" if n % 4 else ""
        lines.append(f"Firma {n} GmbH;{number};Weg {n};24103;Kiel;Person {n};p{n}@f{n}.example")
        if n % 2:
            lines.append(f"Firma {n} GmbH;{number};Hof {n};24103;Kiel;Person {n};p{n}@f{n}.example")
    return ("\n".join(lines) + "\n").encode()


def nobody_is_in_the_book_twice():
    firms, sites = ROWS // 3 * 2, ROWS
    assert Employer.objects.count() == Organisation.objects.filter(kept_by__isnull=False).count() == firms
    assert len(set(Organisation.objects.filter(kept_by__isnull=False).values_list("name"))) == firms
    assert Site.objects.count() == sites
    assert len(set(Site.objects.values_list("street"))) == sites
    assert Counter(Person.objects.values_list("email", flat=True)).most_common(1)[0][1] == 1
    assert Person.objects.count() == firms


@pytest.fixture
def school(live):
    return OrganisationFactory(country="DE", slug="kiel")


@pytest.fixture
def bring(school, settings):
    def bring():
        by = staff_of(school)
        upload = SimpleUploadedFile("list.csv", listed())
        seen = look_over(upload, country="DE")
        brought = imports.bring_list(
            school,
            upload=upload,
            file_name=upload.name,
            reading=seen.reading,
            mapping=seen.mapping,
            country="DE",
            by=by,
            at=now(),
        )
        return imports.begin_import(brought, by=by, at=now())

    return bring


@pytest.fixture
def start(live):
    """Start a command of ours in a process of its own."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "guildhall", *map(str, arguments)], env=live, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    yield start
    for process in started:
        end(process)


def end(process):
    process.kill()
    process.wait()
    process.stdout.close()


def is_done():
    return not DBTaskResult.objects.exclude(status=Status.SUCCESSFUL).exists()


def test_two_people_importing_one_file_at_the_same_time_get_nobody_twice(bring, start):
    one, other = bring(), bring()
    start("worker", "--threads=2")
    wait_until(is_done)
    nobody_is_in_the_book_twice()
    for brought in (one, other):
        brought.refresh_from_db()
        assert brought.state == EmployerImport.State.DONE
        assert brought.unclear == brought.wrong == 0
        assert brought.new + brought.changed + brought.unchanged == ROWS
    assert one.new + other.new == ROWS
    assert one.new_employers + other.new_employers == ROWS // 3 * 2


def test_two_imports_that_end_at_the_same_moment_both_end_and_one_search_follows(bring, on_postgres):
    one, other = bring(), bring()
    EmployerImport.objects.update(new_employers=1)
    failures = []

    def end_other():
        try:
            imports.finish_import(EmployerImport.objects.get(pk=other.pk), by=other.uploaded_by, at=now())
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    ending = Thread(target=end_other)
    with transaction.atomic():
        imports.finish_import(EmployerImport.objects.get(pk=one.pk), by=one.uploaded_by, at=now())
        ending.start()
        if on_postgres:  # SQLite lets nobody else begin
            wait_until(somebody_waits_for_a_lock)
    ending.join()
    assert failures == []
    assert set(EmployerImport.objects.values_list("state", flat=True)) == {EmployerImport.State.DONE}
    assert DBTaskResult.objects.filter(task_path__endswith="search_duplicates").count() == 1


def somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone() is not None


def test_two_commands_at_the_same_time_get_nobody_twice(school, start, tmp_path):
    staff_of(school, role=Role.MANAGER)
    path = tmp_path / "list.csv"
    path.write_bytes(listed())
    processes = [start("import_employers", path, "--school", school.slug) for _ in range(2)]
    lines = [process.communicate(timeout=120)[0].decode().splitlines()[-1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    told = [dict(pair.split("=") for pair in line.split()) for line in lines]
    assert sum(int(each["new"]) for each in told) == ROWS
    assert sum(int(each["unchanged"]) for each in told) == ROWS
    nobody_is_in_the_book_twice()


def test_a_killed_command_can_simply_be_given_again(school, start, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(listed())
    first = start("import_employers", path, "--school", school.slug)
    wait_until(lambda: Employer.objects.exists() or first.poll() is not None)
    end(first)
    connection.close()
    in_the_book = Site.objects.count()
    assert 0 < in_the_book < ROWS
    last = start("import_employers", path, "--school", school.slug).communicate(timeout=120)[0].decode().splitlines()[-1]
    assert last == f"new={ROWS - in_the_book} changed=0 unchanged={in_the_book} unclear=0 wrong=0"
    nobody_is_in_the_book_twice()
