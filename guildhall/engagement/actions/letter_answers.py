"""What people at employers answer to a letter, by the link in it: yes, not now, no; or that they want no more of them."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.engagement.actions.contacts import record_contact
from guildhall.engagement.actions.people import forbid_writing
from guildhall.engagement.actions.posting import LETTER
from guildhall.engagement.models import Contact, Letter, Person
from guildhall.engagement.rules import can_write_in_book
from guildhall.engagement.search import contact_documents
from guildhall.people.models import Pass, User
from guildhall.people.notices import tell
from guildhall.people.passes import LinkNotValid

ANSWERED = {
    Letter.Answer.YES: gettext_noop("%(person)s at %(employer)s said yes to “%(letter)s”."),
    Letter.Answer.LATER: gettext_noop("%(person)s at %(employer)s said “not now” to “%(letter)s”."),
    Letter.Answer.NO: gettext_noop("%(person)s at %(employer)s said no to “%(letter)s”."),
}


@action
def answer_letter(letter: Letter, *, answer: str, sentence: str = "", by: Pass, at: datetime) -> Letter:
    """Answer a letter, or change the answer. It stands on the employer's timeline, and who wrote the letter is told.

    That a letter was sent is no contact: nothing was said yet. The answer is one.

    Raises:
        LinkNotValid: ``by`` belongs to another letter.
        Refused: the letter asks for no answer.
    """
    letter = _held(letter, by)
    if not letter.mailing.asks_answer:
        raise Refused(_("This letter asks for no answer."))
    sentence = sentence.strip()[:500]
    if (letter.answer, letter.sentence) == (answer, sentence):
        return letter
    before = _words(letter) if letter.answer else ""
    letter.answer, letter.sentence, letter.answered_at = answer, sentence, at
    _put_on_timeline(letter, before, at)
    letter.save(update_fields=["answer", "sentence", "answered_at", "contact"])
    tell(
        letter.mailing.by,
        kind="engagement.letter_answered",
        sentence=ANSWERED[Letter.Answer(answer)],
        params={"person": str(letter.person or letter.address), "employer": str(letter.employer), "letter": letter.subject},
        url=f"{letter.mailing.get_absolute_url()}#letter-{letter.pk}",
        at=at,
    )
    return letter


@action
def forbid_letters(letter: Letter, *, by: Pass, at: datetime) -> Letter:
    """Note that who got a letter wants no more of them: of everybody in the book with that address.

    Raises:
        LinkNotValid: ``by`` belongs to another letter.
    """
    letter = _held(letter, by)
    there = Person.objects.filter(school=letter.mailing.school_id, asked_not_to_be_written_at__isnull=True)
    people = {*there.filter(letters=letter), *(there.filter(email__iexact=letter.address) if letter.address else [])}
    for somebody in sorted(people, key=lambda one: one.pk):
        forbid_writing(somebody, by=None, at=at)
    if people:
        tell(
            letter.mailing.by,
            kind="engagement.letter_stopped",
            sentence=gettext_noop("%(person)s at %(employer)s asked not to be written to again."),
            params={"person": str(letter.person or letter.address), "employer": str(letter.employer)},
            url=letter.employer.get_absolute_url(),
            at=at,
        )
    return letter


def _held(letter: Letter, by: Pass) -> Letter:
    """The letter, locked, for whoever has its link. The employer is locked before it, as where letters are sent."""
    if (by.purpose, by.thing_type, by.thing_id) != (LETTER, letter._meta.label_lower, letter.pk):
        raise LinkNotValid
    employer = lock(letter.employer)
    letter = lock(letter)
    letter.employer = employer
    return letter


def _words(letter: Letter) -> str:
    """What stands on the timeline, in the language of whose letter it is."""
    with translation.override(letter.mailing.by.preferred_language):
        sentence = {
            Letter.Answer.YES: _("Yes to our letter “%(letter)s”."),
            Letter.Answer.LATER: _("Not now, to our letter “%(letter)s”."),
            Letter.Answer.NO: _("No to our letter “%(letter)s”."),
        }[Letter.Answer(letter.answer)] % {"letter": letter.subject}
    return f"{sentence}\n\n{letter.sentence}".strip()


def _put_on_timeline(letter: Letter, before: str, at: datetime) -> None:
    """Write the answer down as a contact; one that is changed takes the place of the first unless a colleague edited it."""
    contact = letter.contact
    if contact is not None and contact.said == before:
        contact = lock(contact)
        change(contact, said=_words(letter))
        search.index_many(contact_documents([contact]))
        return
    if (noted_by := _who_notes(letter)) is None:
        return  # nobody who wrote or looks after it is at the school any more: the answer stands with the letter
    works_there = letter.person is not None and letter.employer.positions.filter(person=letter.person).exists()
    people = [letter.person] if works_there and letter.person else []
    letter.contact = record_contact(
        letter.employer, kind=Contact.Kind.MAIL, held_at=at, said=_words(letter), people=people, by=noted_by, at=at
    )


def _who_notes(letter: Letter) -> User | None:
    for somebody in (letter.mailing.by, letter.employer.owner):
        if somebody is not None and can_write_in_book(somebody, letter.mailing.school):
            return somebody
    return None
