"""What the demo's employers said they need: ``data/demo/*/needs.yaml``, told through the actions people use.

Each line names an employer (``of``) and is a ``talk`` or a ``link`` from a moment on, as ``engagement.demo`` writes moments. A
link may be ``sent`` by the employer, and both are ``taken`` into the book or still wait. The rest are the answers, by the names
they have in ``engagement.needs.asking``; an occupation or a skill is [words, people now, people in two years].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation

from guildhall.engagement import actions
from guildhall.engagement.models import Employer, NeedsInterview
from guildhall.engagement.needs.asking import IN_WORDS, PART_KEYS, ROW_KINDS, TICKED, proposals
from guildhall.people.models import Pass, User
from guildhall.people.passes import open_pass

VALID_FOR = timedelta(days=30)


def tell_needs(
    lines: Iterable[dict[str, Any]],
    *,
    employer_named: Callable[[str], Employer],
    moment: Callable[[str], datetime],
    by: User,
    language: str,
) -> None:
    """Let employers be asked, answer, and be taken into the book; by who looks after each, else by ``by``."""
    for line in lines:
        employer = employer_named(line["of"])
        _tell(line, employer, moment, employer.owner or by, line.get("language", language))


def _tell(line: dict[str, Any], employer: Employer, moment: Callable[[str], datetime], by: User, language: str) -> None:
    if "talk" in line:
        at = moment(line["talk"])
        interview = actions.begin_needs_interview(employer, language=language, by=by, at=at)
        interview = _answer(interview, line, by, at)
        if "taken" in line:
            _take(interview, line, by, at, moment(line["taken"]))
        return
    at = moment(line["link"])
    person = employer.positions.current(at.date()).filter(person__asked_not_to_be_written_at=None).earliest("pk").person
    interview, address = actions.ask_by_link(
        employer, person=person, by_letter=False, language=language, valid_for=VALID_FOR, by=by, at=at
    )
    if "sent" not in line:
        return
    sent_at = moment(line["sent"])
    held = open_pass(address.rstrip("/").rpartition("/")[2], at=sent_at)
    interview = _answer(interview, line, held, sent_at)
    if "taken" in line:
        _take(interview, line, by, sent_at, moment(line["taken"]))


def _answer(interview: NeedsInterview, line: dict[str, Any], by: User | Pass, at: datetime) -> NeedsInterview:
    is_link = isinstance(by, Pass)
    for part in PART_KEYS:
        is_last = part == PART_KEYS[-1]
        interview = actions.answer_needs(
            interview,
            part=part,
            said=_said(part, line),
            reached="end" if is_last and not is_link else part,
            is_sent=is_last and is_link,
            by=by,
            at=at,
        )
    return interview


def _said(part: str, line: dict[str, Any]) -> dict[str, Any]:
    if part in ROW_KINDS:
        rows = [dict(zip(("words", "now", "later"), row, strict=True)) for row in line.get(part, [])]
        return {"rows": rows}
    return {name: line[name] for name in [*IN_WORDS.get(part, []), *TICKED.get(part, {})] if name in line}


def _take(interview: NeedsInterview, line: dict[str, Any], by: User, held_at: datetime, at: datetime) -> None:
    with translation.override(by.preferred_language):
        offered = proposals(interview.answers, by.preferred_language)
    steps = [offered[key] for key in line.get("steps", [])]
    actions.take_over_needs(interview, kind=line.get("kind", "visit"), held_at=held_at, steps=steps, by=by, at=at)
