"""The interview from which a plan is made: begun, answered as one goes, left and gone on with, thrown away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.engagement.models import Interview, Methodology, Plan
from guildhall.engagement.rules import can_plan
from guildhall.people.models import Organisation, User


@action
def begin_interview(school: Organisation, *, by: User, at: datetime) -> Interview:
    """Begin the interview of a school, or go on with the one that is there. What its last plan was made from is answered already.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: no methodology is loaded.
    """
    school = lock(school)
    can_plan.require(by, school)
    if (open_one := Interview.objects.open_for(school)) is not None:
        return open_one
    methodology = Methodology.objects.newest()
    if methodology is None:
        raise Refused(_("The methodology is not there yet: whoever runs Guildhall loads it."))
    last = Plan.objects.filter(school=school).order_by("-made_at", "-pk").first()
    answers = _known(last.answers, methodology) if last else {}
    return Interview.objects.create(
        school=school, methodology=methodology, answers=answers, begun_at=at, begun_by=by, changed_at=at, changed_by=by
    )


@action
def answer_interview(interview: Interview, *, answers: Mapping[str, Collection[str]], by: User, at: datetime) -> Interview:
    """Keep what was answered to some of the questions; others stay as they were. No option takes an answer back.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: it is closed, there is no such question or option, or there are more options than may be chosen.
    """
    interview = _open(interview, by)
    questions = {asked["key"]: asked for asked in interview.methodology.same()["interview"]}
    kept = dict(interview.answers)
    for key, chosen in answers.items():
        asked = questions.get(key)
        if asked is None or not set(chosen) <= set(asked["options"]):
            raise Refused(_("This is not what belongs here."))
        if len(set(chosen)) > asked.get("most", 1):
            raise Refused(_("Choose up to %(most)s.") % {"most": asked.get("most", 1)})
        kept.pop(key, None)
        if chosen:
            kept[key] = [option for option in asked["options"] if option in chosen]
    change(interview, answers=kept, changed_at=at, changed_by=by)
    return interview


@action
def drop_interview(interview: Interview, *, by: User, at: datetime) -> Interview:
    """Throw away what was answered; a plan that runs goes on.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: it is closed already.
    """
    interview = _open(interview, by)
    change(interview, closed_at=at, closed_by=by)
    return interview


def _open(interview: Interview, by: User) -> Interview:
    interview = lock(interview)
    can_plan.require(by, interview.school)
    if interview.closed_at is not None:
        raise Refused(_("This interview is closed: a plan was made from it, or somebody threw it away."))
    return interview


def _known(answers: dict[str, Any], methodology: Methodology) -> dict[str, Any]:
    """Those answers that this version still asks for."""
    options = {asked["key"]: asked["options"] for asked in methodology.same()["interview"]}
    left = {key: [option for option in chosen if option in options.get(key, ())] for key, chosen in answers.items()}
    return {key: chosen for key, chosen in left.items() if chosen}
