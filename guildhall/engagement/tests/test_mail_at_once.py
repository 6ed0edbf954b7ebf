"""Mails that meet each other or their end: in processes of their own, on a database that others can reach."""

import random
import subprocess
import sys
import time

import pytest

from guildhall.core.models import StoredFile
from guildhall.core.tests.conftest import live
from guildhall.engagement.models import CapturedMail, Contact, MailAddress, Person
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory, staff_of
from guildhall.engagement.tests.test_mail_filing import AT, DOMAIN, SECRET, sample
from guildhall.people.tests.factories import OrganisationFactory

__all__ = ["live"]
OTHER = "other2other2other"


@pytest.fixture
def school(live):
    school = OrganisationFactory()
    for secret, email in ((SECRET, "kim@bbs.example"), (OTHER, "sam@bbs.example")):
        MailAddress.objects.create(school=school, owner=staff_of(school, email=email), secret=secret, made_at=AT)
    PositionFactory(employer=EmployerFactory(school=school), person=PersonFactory(school=school, email="ada@kurz.example"))
    return school


@pytest.fixture
def pipe(live):
    """Bring a mail by the pipe, in a process of its own that goes on."""
    started = []

    def pipe(raw, secret=SECRET):
        process = subprocess.Popen(
            [sys.executable, "-m", "guildhall", "receive_mail", "--verbosity=2", "--to", f"book-{secret}@{DOMAIN}"],
            env={**live, "MAIL_IN_DOMAIN": DOMAIN},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        process.stdin.write(raw)
        process.stdin.close()
        process.stdin = None
        started.append(process)
        return process

    yield pipe
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def outcomes(processes):
    return sorted(process.communicate(timeout=120)[0].decode().strip() for process in processes)


@pytest.mark.parametrize("secrets", [[SECRET] * 4, [SECRET, OTHER] * 2], ids=["one address", "two addresses"])
def test_the_same_mail_four_times_at_the_same_time_is_one_contact(school, pipe, secrets):
    told = outcomes([pipe(sample("attachments"), secret) for secret in secrets])
    assert told == ["again"] * 3 + ["on a timeline"]
    assert Contact.objects.count() == CapturedMail.objects.count() == StoredFile.objects.count() == 1


def test_different_mails_at_the_same_time_are_all_taken(school, pipe):
    mails = ["attachments", "redirected-en", "bcc-new-en", "gmail-forward-en"]
    assert outcomes([pipe(sample(name)) for name in mails]) == ["on a timeline"] * 4
    assert Contact.objects.count() == 4
    assert Person.objects.count() == 1


def test_killed_at_any_moment_a_mail_brought_again_is_one_contact(school, pipe):
    dice = random.Random(seed := random.randrange(10**6))  # noqa: S311
    print("seed", seed)
    for _ in range(4):
        victim = pipe(sample("attachments"))
        time.sleep(dice.uniform(0.5, 2.0))
        victim.kill()
        victim.wait()
        whole = (Contact.objects.count(), CapturedMail.objects.filter(contact__isnull=False).count(), StoredFile.objects.count())
        assert whole in ((0, 0, 0), (1, 1, 1))
    outcomes([pipe(sample("attachments"))])
    assert Contact.objects.count() == CapturedMail.objects.count() == StoredFile.objects.count() == 1
