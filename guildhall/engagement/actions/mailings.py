"""Letters to employers while they are written: to whom, in which words; and the templates and settings of a school."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.engagement.models import (
    Employer,
    Letter,
    LetterSettings,
    LetterTemplate,
    MailAddress,
    Mailing,
    MailingWords,
    Person,
    TemplateWords,
    Why,
)
from guildhall.engagement.rules import can_change_mailing, can_set_letters, can_write_letters, can_write_to_many
from guildhall.engagement.writing.choosing import whom_to_write_to
from guildhall.people.models import Organisation, User

#: More letters than this at once are no letters any more.
MOST_LETTERS = 1000
#: So many employers anybody at a school may write to at once.
FEW = 10

#: Subject and text by language.
Words = Mapping[str, tuple[str, str]]


@action
def begin_mailing(
    school: Organisation,
    *,
    employers: QuerySet[Employer],
    person: Person | None = None,
    name: str,
    purpose: str,
    asks_answer: bool,
    words: Words,
    by: User,
    at: datetime,
) -> Mailing:
    """Begin a letter to one person, or to one person at each of many employers. Nothing is sent yet.

    Args:
        person: to whom, where there is one employer only; else whoever decides there comes first.
        words: from a template; may be empty.

    Raises:
        NotAllowed: ``by`` does not work for the school, or may not write to so many.
        Refused: there is no employer, or there are too many; or the person is in another book.
    """
    can_write_letters.require(by, school)
    chosen = list(employers.filter(school=school).order_by("sort_key", "pk")[: MOST_LETTERS + 1])
    if not chosen:
        raise Refused(_("No employer is chosen to write to."))
    if len(chosen) > MOST_LETTERS:
        raise Refused(_("This is too much at once: choose fewer than %(count)d.") % {"count": MOST_LETTERS})
    if len(chosen) > FEW:
        can_write_to_many.require(by, school)
    if person is not None and (len(chosen) > 1 or person.school_id != school.pk):
        raise Refused(_("This is not what belongs here."))
    mailing = Mailing.objects.create(
        school=school,
        name=name[:80],
        purpose=purpose,
        asks_answer=asks_answer,
        answers_to_book=bool(settings.MAIL_IN_DOMAIN) and MailAddress.objects.filter(school=school, owner=by).exists(),
        by=by,
        made_at=at,
    )
    MailingWords.objects.bulk_create(
        [MailingWords(mailing=mailing, language=code, subject=subject, text=text) for code, (subject, text) in words.items()]
    )
    to = {chosen[0].pk: person.pk} if person else whom_to_write_to(chosen, mailing)
    Letter.objects.bulk_create(
        [Letter(mailing=mailing, employer=employer, person_id=to.get(employer.pk)) for employer in chosen], batch_size=500
    )
    return mailing


@action
def write_letter(mailing: Mailing, *, language: str, subject: str, text: str, by: User, at: datetime) -> Mailing:
    """Say what a letter says in one language.

    Raises:
        NotAllowed: it is somebody else's letter, and ``by`` does not coordinate.
        Refused: it is sent already.
    """
    mailing = _draft(mailing, by)
    MailingWords.objects.update_or_create(mailing=mailing, language=language, defaults={"subject": subject, "text": text})
    return mailing


@action
def set_up_mailing(
    mailing: Mailing, *, name: str, purpose: str, asks_answer: bool, answers_to_book: bool, by: User, at: datetime
) -> Mailing:
    """Say what a letter is for, whether it asks for an answer, and where answers by mail go.

    Raises:
        NotAllowed: it is somebody else's letter, and ``by`` does not coordinate.
        Refused: it is sent already.
    """
    mailing = _draft(mailing, by)
    mailing.name, mailing.purpose, mailing.asks_answer, mailing.answers_to_book = name, purpose, asks_answer, answers_to_book
    mailing.save(update_fields=["name", "purpose", "asks_answer", "answers_to_book"])
    return mailing


@action
def choose_recipient(letter: Letter, *, person: Person | None, by: User, at: datetime) -> Letter:
    """Write to somebody else at an employer; None leaves the employer out.

    Raises:
        NotAllowed: it is somebody else's letter, and ``by`` does not coordinate.
        Refused: it is sent already, or they do not work there.
    """
    _draft(letter.mailing, by)
    letter = lock(letter)
    if person is None:
        letter.why = Why.LEFT_OUT
    else:
        if not letter.employer.positions.current().filter(person=person).exists():
            raise Refused(_("%(person)s does not work at %(employer)s.") % {"person": person, "employer": letter.employer})
        letter.person, letter.why = person, ""
    letter.save(update_fields=["person", "why"])
    return letter


@action
def drop_mailing(mailing: Mailing, *, by: User, at: datetime) -> Organisation:
    """Throw away a letter that was not sent.

    Raises:
        NotAllowed: it is somebody else's, and ``by`` does not coordinate.
        Refused: it is sent already.
    """
    mailing = _draft(mailing, by)
    school = mailing.school
    mailing.delete()
    return school


def _draft(mailing: Mailing, by: User) -> Mailing:
    mailing = lock(mailing)
    can_change_mailing.require(by, mailing)
    if not mailing.is_draft:
        raise Refused(_("This letter is sent already: it cannot be changed any more."))
    return mailing


# --- Templates and settings ------------------------------------------------------------------------------------------


@action
def keep_template(
    school: Organisation,
    *,
    template: LetterTemplate | None = None,
    name: str,
    purpose: str,
    asks_answer: bool,
    words: Words,
    by: User,
    at: datetime,
) -> LetterTemplate:
    """Keep a letter as a template of the school, or change one. ``words`` are all it has: languages left out are gone.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it says nothing in any language, or there is another one of this name.
    """
    can_write_letters.require(by, school)
    if not words:
        raise Refused(_("Write it in one language at least."))
    if template is not None:
        template = lock(template)
    others = LetterTemplate.objects.filter(school=school, name__iexact=name.strip())
    if any(other != template for other in others):
        raise Refused(_("There is already a template of this name."))
    said: dict[str, Any] = {"name": name.strip(), "purpose": purpose, "asks_answer": asks_answer}
    template = template or LetterTemplate(school=school)
    for field, value in {**said, "changed_at": at, "changed_by": by}.items():
        setattr(template, field, value)
    template.save()
    template.words.exclude(language__in=words).delete()
    for language, (subject, text) in words.items():
        TemplateWords.objects.update_or_create(template=template, language=language, defaults={"subject": subject, "text": text})
    return template


@action
def remove_template(template: LetterTemplate, *, by: User, at: datetime) -> Organisation:
    """Throw a template away. Letters that were written from it stay as they are.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    template = lock(template)
    can_write_letters.require(by, template.school)
    school = template.school
    template.delete()
    return school


@action
def set_letters(school: Organisation, *, most_in_30_days: int, sign_off: str, by: User, at: datetime) -> LetterSettings:
    """Say how many letters an employer gets within 30 days at most, and what stands below each.

    Raises:
        NotAllowed: ``by`` does not coordinate.
    """
    can_set_letters.require(by, school)
    said = {"most_in_30_days": most_in_30_days, "sign_off": sign_off.strip()}
    return LetterSettings.objects.update_or_create(school=school, defaults=said)[0]


# --- Leaving and forgetting -------------------------------------------------------------------------------------------


@action
def hand_over_mailings(school: Organisation, *, of: User, heir: User, by: User | None, at: datetime) -> None:
    """Put the drafts of who leaves, and the letters that are on their way, into a colleague's hands and name."""
    Mailing.objects.in_book_of(school).of(of).unfinished().update(by=heir)


@action
def forget_drafts(*, before: datetime, by: User | None) -> int:
    """Delete letters begun before a moment that were never sent; returns how many."""
    return Mailing.objects.drafts_from_before(before).delete()[1].get("engagement.Mailing", 0)


@action
def forget_drafts_of(user: User, *, by: User | None, at: datetime) -> None:
    """Delete what somebody who is erased has begun and not sent."""
    Mailing.objects.of(user).filter(state=Mailing.State.DRAFT).delete()


@action
def forget_letter_words(*, before: datetime, by: User | None) -> int:
    """Delete what letters sent before a moment said, to which address, and what was answered; returns of how many.

    That one was sent, when, and whether they said yes or no, stays on the timeline.
    """
    return _empty(Letter.objects.with_words_from_before(before))


def forget_letters_of(people: Any) -> None:
    """Delete what letters to people who must be forgotten say. From inside an action."""
    _empty(Letter.objects.filter(person__in=people))


def _empty(letters: QuerySet[Letter]) -> int:
    return letters.update(subject="", text="", address="", sentence="", bounce="", detail="", key=None)
