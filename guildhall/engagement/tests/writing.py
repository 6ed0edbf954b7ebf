"""Letters to employers for tests: employers with somebody to write to, and a letter to them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.utils.timezone import now

from guildhall.engagement import actions
from guildhall.engagement.models import Employer, Letter, Mailing
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory

AT = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
WORDS = {
    "en": ("A question to {employer}", "{salutation}\n\nDo you have places?\n\n- one\n- two\n\n{sender}, {school}"),
    "de": ("Eine Frage an {employer}", "{salutation}\n\nhaben Sie Plätze?\n\n{sender}, {school}"),
}


def somebody_at(school, name="Ada Lamb", *, employer=None, language="en", email=None, **position):
    """Somebody who works at an employer of a school, and can be written to."""
    employer = employer or EmployerFactory(school=school, organisation__country="IE")
    email = f"{name.split()[0].lower()}@firm.example" if email is None else email
    person = PersonFactory(school=school, name=name, email=email, language=language)
    return PositionFactory(employer=employer, person=person, **position).person


def employers_of(*people):
    return Employer.objects.filter(positions__person__in=people).distinct()


def begun(by, school, *people, words=WORDS, purpose="placements", asks_answer=True, at=AT, **fields):
    """A draft to somebody at each of these people's employers."""
    return actions.begin_mailing(
        school,
        employers=fields.pop("employers", None) or employers_of(*people),
        name="Places",
        purpose=purpose,
        asks_answer=asks_answer,
        words=words,
        by=by,
        at=at,
        **fields,
    )


def gone(by, school, person, *, sent_at=None, **fields):
    """A letter that somebody had, without anything having been sent."""
    sent_at = sent_at or now() - timedelta(days=3)
    mailing = Mailing.objects.create(
        school=school, name="Earlier", by=by, made_at=sent_at, started_at=sent_at, finished_at=sent_at, state="sent"
    )
    employer = person.positions.get().employer
    said = {"subject": "Earlier", "text": "We wrote.", "language": "en", "state": "sent", **fields}
    return Letter.objects.create(mailing=mailing, employer=employer, person=person, address=person.email, sent_at=sent_at, **said)


def links_in(message):
    """The secrets of the links in a mail: to answer, and to have no more."""
    body = message.body if hasattr(message, "body") else message.get_body(("plain",)).get_content()
    answer = re.search(r"/p/([\w-]{43})/", body)
    stop = re.search(r"/by-link/([\w-]{43})/stop/", body)
    return (answer[1] if answer else ""), (stop[1] if stop else "")
