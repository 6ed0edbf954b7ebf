"""The doctor says in sentences what is missing, and ends with 1 when something is wrong."""

import os
import re
import socket
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils.timezone import now
from django_tasks_db.models import DBTaskResult

from guildhall.core import doctor, health
from guildhall.core.models import Schedule, Worker
from guildhall.core.questions import Finding
from guildhall.core.tasks import defer
from guildhall.core.tasks.running import carry_out, claim_next
from guildhall.core.tasks.worker import enter_schedules
from guildhall.core.tests import jobs as jobs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _healthy(monkeypatch, settings):
    settings.SILENCED_SYSTEM_CHECKS = ["templates.E002"]  # what tests do to find unknown variables
    Worker.objects.create(host="here", pid=1, started_at=now(), beat_at=now())
    enter_schedules()
    monkeypatch.setattr(health, "_storage_is_believed_until", 0.0)


def examine(*arguments):
    out = StringIO()
    code = 0
    try:
        call_command("doctor", *arguments, stdout=out, no_color=True)
    except SystemExit as end:
        code = end.code
    return code, " ".join(out.getvalue().split())


def test_a_healthy_installation():
    code, said = examine()
    assert code == 0, said
    assert "A worker runs." in said
    assert "core.tidy_up runs daily at 03:40" in said


def test_no_worker():
    Worker.objects.update(beat_at=now() - timedelta(hours=1))
    code, said = examine()
    assert code == 1
    assert "No worker runs" in said


def test_a_task_that_failed_for_good_is_told_of():
    defer("jobs.stumble", thing="a")
    for _ in range(3):
        DBTaskResult.objects.update(run_after=now())
        carry_out(claim_next("w"))
    assert "failed for good: 1" in examine()[1]


def test_a_schedule_that_stands_still():
    Schedule.objects.update(next_at=now() - timedelta(days=1))
    code, said = examine()
    assert code == 1
    assert "overdue since" in said


def test_a_check_that_breaks_down_is_a_finding(monkeypatch):
    monkeypatch.setattr(doctor.cache, "set", lambda *_: 1 / 0)
    code, said = examine()
    assert code == 1
    assert "The cache could not be examined: ZeroDivisionError" in said


def test_a_bucket_for_which_nobody_answers_is_said_in_a_sentence(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        bucket = {
            "S3_BUCKET": "files",
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}",
            "S3_ACCESS_KEY": "us",
            "S3_SECRET_KEY": "secret",
        }
        data = {"GUILDHALL_DATA": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}"}
        command = [sys.executable, "-m", "guildhall", "doctor"]
        ran = subprocess.run(command, env={**os.environ, **data, **bucket}, capture_output=True, text=True, timeout=60)
    said = " ".join(ran.stdout.split())
    assert "Files cannot be kept in the bucket files that S3_ENDPOINT_URL" in said
    assert "Could not connect to the endpoint URL" in said
    assert ran.returncode == 1


def test_production_without_encryption_and_letters(settings, tmp_path):
    settings.PRODUCTION = True
    settings.STATIC_ROOT = tmp_path
    settings.ALLOWED_HOSTS = ["guildhall.example.org"]
    settings.BASE_URL = "http://elsewhere.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    said = [finding.sentence for finding in doctor.examine() if finding.state == "wrong"]
    assert any("BASE_URL must begin with https://" in sentence for sentence in said)
    assert any("does not answer under that name" in sentence for sentence in said)
    assert any("Letters are not sent" in sentence for sentence in said)
    assert any("Pages have no looks" in sentence for sentence in said)


def test_what_django_says_is_said(settings):
    settings.PRODUCTION = True
    settings.SECURE_HSTS_SECONDS = 0
    assert any("security.W004" in finding.sentence for finding in doctor.examine())


def test_a_trial_letter_is_sent():
    code, said = examine("--mail", "ada@example.org")
    assert code == 0
    assert mail.outbox[0].to == ["ada@example.org"]
    assert "was handed over" in said


def test_rooms_and_plugins_are_asked(monkeypatch):
    monkeypatch.setattr(doctor.installation_findings, "ask", lambda: [[Finding("wrong", "The map has no tiles.")]], raising=False)
    assert "The map has no tiles." in examine()[1]


class TestFailedTasks:
    @pytest.fixture
    def failed(self):
        defer("jobs.stumble", thing="a")
        DBTaskResult.objects.update(worker_ids=["a", "b"])
        carry_out(claim_next("w"))
        return DBTaskResult.objects.get(status="FAILED")

    def said(self, *arguments):
        out = StringIO()
        call_command("tasks", *arguments, stdout=out)
        return out.getvalue()

    def test_they_are_shown(self, failed):
        assert str(failed.pk) in self.said()
        assert "It did not work." in self.said("--traceback-of", str(failed.pk))

    def test_they_can_be_tried_again(self, failed):
        assert "Tried again: 1" in self.said("--retry", "all")
        assert claim_next("w")

    def test_they_can_be_forgotten(self, failed):
        assert "Forgotten: 1" in self.said("--forget", str(failed.pk))
        assert not DBTaskResult.objects.exists()


def test_every_variable_is_in_the_handbook(settings):
    read = re.compile(r'(?:env|given)\.\w+\(\s*"([A-Z0-9_]+)"')
    sources = [settings.PROJECT / "guildhall/config/settings.py", settings.PROJECT / "guildhall/core/serving.py"]
    handbook = (settings.PROJECT / "docs/operations.md").read_text()
    assert {name for source in sources for name in read.findall(source.read_text()) if f"`{name}`" not in handbook} == set()
