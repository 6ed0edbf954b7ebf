"""What the walks find behind the addresses of the letters: one in every state, its templates, and the link in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils.timezone import now

from guildhall.engagement import actions
from guildhall.engagement.actions.posting import ANSWERS_FOR, LETTER
from guildhall.engagement.models import Letter, Mailing
from guildhall.engagement.tests.factories import ContactFactory
from guildhall.engagement.tests.writing import WORDS, begun, gone, somebody_at
from guildhall.people.models import Organisation, User
from guildhall.people.passes import issue_pass


def fill_letters(school: Organisation, owner: User) -> dict[str, Any]:
    """Let the owner have written to people whom nothing else is about."""
    ada = somebody_at(school, "Zoe Quill")
    things: dict[str, Any] = {"draft": begun(owner, school, ada, at=now()), "reader": ada}
    things["draft_letter"] = things["draft"].letters.get()

    stopped = actions.send_mailing(begun(owner, school, somebody_at(school, "Yan Quill"), at=now()), by=owner, at=now())
    things["stopped"] = actions.stop_mailing(stopped, by=owner, at=now())
    under_way = gone(owner, school, somebody_at(school, "Xia Quill"), state="going")
    Mailing.objects.filter(pk=under_way.mailing_id).update(state=Mailing.State.SENDING, finished_at=None, wakes_at=now())
    things["under_way"] = under_way.mailing

    wim = somebody_at(school, "Wim Quill")
    answered = {"answer": Letter.Answer.YES, "answered_at": now() - timedelta(days=1)}
    letter = gone(owner, school, wim, **answered, contact=ContactFactory(employer=wim.positions.get().employer, by=owner))
    things["sent"], things["sent_letter"] = letter.mailing, letter
    _held, things["letter_token"] = issue_pass(letter, purpose=LETTER, language="en", valid_for=ANSWERS_FOR, by=owner, at=now())
    things["unsure_letter"] = gone(owner, school, somebody_at(school, "Vic Quill"), state="unsure")
    things["letter_template"] = actions.keep_template(
        school, name="Places", purpose="placements", asks_answer=True, words=WORDS, by=owner, at=now()
    )
    return things


def _of(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, name).pk}


A_DRAFT = {"the coordinator's draft": _of("draft")}
A_DRAFT_OR_LETTER = {**A_DRAFT, "sent": _of("sent")}
UNDER_WAY = {"on its way": _of("under_way"), "stopped": _of("stopped"), "sent": _of("sent")}
TO_SOMEBODY = {
    "the coordinator's draft": lambda world: {"pk": world.draft.pk, "letter_pk": world.draft_letter.pk},
    "a letter of another": lambda world: {"pk": world.draft.pk, "letter_pk": world.sent_letter.pk},
}
A_LETTER = {"said yes": _of("sent_letter")}
A_LINK = {
    "valid": lambda world: {"token": world.letter_token},
    "forged": lambda world: {"token": "x" * 43},
}
LETTER_THINGS: dict[str, dict[str, Callable[[Any], dict[str, Any]]]] = {
    **{f"engagement:letter_template{deed}": {"the school's": _of("letter_template")} for deed in ("", "_remove")},
    "engagement:mailing": {**A_DRAFT, **UNDER_WAY},
    **{f"engagement:mailing_{deed}": A_DRAFT_OR_LETTER for deed in ("set_up", "who", "look", "keep", "send", "drop")},
    "engagement:mailing_recipient": TO_SOMEBODY,
    "engagement:mailing_try": TO_SOMEBODY,
    "engagement:mailing_stop": UNDER_WAY,
    "engagement:mailing_go_on": UNDER_WAY,
    "engagement:letter_step": A_LETTER,
    "engagement:letter_rest": A_LETTER,
    "engagement:letter_again": {**A_LETTER, "uncertain": _of("unsure_letter")},
    "engagement:letter_answer": A_LINK,
    "engagement:letter_stop": A_LINK,
    "engagement:address_trust": {"a person": _of("reader")},
}
LETTER_SENT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "engagement:mailing_begin": lambda world: {"employer": world.employer.pk, "start": "empty"},
    "engagement:mailing": lambda world: {"subject": "Places", "text": "Do you have some?"},
    "engagement:mailing_set_up": lambda world: {"name": "Places", "purpose": "placements"},
    "engagement:mailing_recipient": lambda world: {"person": "nobody"},
    "engagement:mailing_keep": lambda world: {"name": "Places in spring"},
    "engagement:letter_template": lambda world: {**_TEMPLATE, "name": "Places in autumn"},
    "engagement:letter_template_add": lambda world: {**_TEMPLATE, "name": "Places in spring"},
    "engagement:letter_settings": lambda world: {"most_in_30_days": 3, "sign_off": "North School, Kiel"},
    "engagement:letter_answer": lambda world: {"answer": "later", "sentence": "In spring"},
}
_TEMPLATE = {"purpose": "placements", "subject_en": "Places", "text_en": "Do you have some?"}
