"""The demo's letters to employers: sent, answered and come back through the actions people use. No mail server has a part in it.

``letters.yaml`` beside a school's book: which letter that comes with Guildhall, whose it is, when, to which employers, what
they answered, and where it came back. Moments are told as in ``demo``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from guildhall.engagement import actions
from guildhall.engagement.actions import posting
from guildhall.engagement.models import Employer, Letter, Mailing
from guildhall.engagement.writing.handing import Said
from guildhall.engagement.writing.returns import Return
from guildhall.engagement.writing.wording import starters
from guildhall.people.models import Organisation, User
from guildhall.people.passes import open_pass

#: How long each letter takes to be handed over.
PACE = timedelta(seconds=4)


def write_letters(
    school: Organisation,
    lines: list[dict[str, Any]],
    *,
    colleagues: dict[str, User],
    moment: Callable[[str], datetime],
    language: str,
) -> None:
    """Write the letters of a school's file; ``moment`` reads when something took place."""
    for line in lines:
        at, by = moment(line["at"]), colleagues[line["by"]]
        starter = starters()[line["start"]]
        employers = Employer.objects.filter(school=school, organisation__name__in=line["to"])
        mailing = actions.begin_mailing(
            school,
            employers=employers,
            name=starter.name_in(language),
            purpose=starter.purpose,
            asks_answer=starter.asks_answer,
            words={code: (words["subject"], words["text"].strip()) for code, words in starter.words.items()},
            by=by,
            at=at - timedelta(minutes=12),
        )
        mailing = actions.send_mailing(mailing, by=by, at=at)
        links = _hand_over(mailing, at)
        for answer in line.get("answers", []):
            _answer(links[answer["of"]], answer, moment(answer["at"]))
        for came_back in line.get("returned", []):
            letter = mailing.letters.get(employer__organisation__name=came_back["of"])
            returned = Return(letter.key or "", "", came_back["said"], is_final=True)
            actions.note_return(letter, returned=returned, by=None, at=moment(came_back["at"]))


def _hand_over(mailing: Mailing, at: datetime) -> dict[str, str]:
    """Let each letter go out; return the secret of each one's link by the name of its employer."""
    links = {}
    letters = mailing.letters.waiting().select_related("mailing", "employer__organisation", "person").order_by("pk")
    for number, letter in enumerate(list(letters), 1):
        sent_at = at + number * PACE
        outgoing = posting.take_up_letter(letter, run=mailing.run, by=None, at=sent_at)
        if outgoing is not None:
            stop_url = outgoing.message.extra_headers["List-Unsubscribe"]
            links[letter.employer.organisation.name] = stop_url.partition("/by-link/")[2].partition("/")[0]
            posting.note_handed_over(outgoing.letter, said=Said(is_taken=True), by=None, at=sent_at)
    posting.end_portion(mailing, run=mailing.run, by=None, at=at + len(letters) * PACE)
    return links


def _answer(token: str, line: dict[str, Any], at: datetime) -> None:
    held = open_pass(token, purpose=posting.LETTER, at=at)
    letter = Letter.objects.select_related("mailing__school", "mailing__by", "employer__school", "person").get(pk=held.thing_id)
    actions.answer_letter(letter, answer=line["answer"], sentence=line.get("sentence", ""), by=held, at=at)
