"""Letters to employers on their way: each goes out once, whoever is killed when, and can be stopped until it does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.tasks import defer
from guildhall.engagement.models import Letter, LetterSettings, MailAddress, Mailing, Person, Why
from guildhall.engagement.rules import can_change_mailing, can_send_mailing, can_write_in_book
from guildhall.engagement.writing.choosing import verdicts
from guildhall.engagement.writing.envelope import Words, envelope, new_key, sender_of, words_of
from guildhall.engagement.writing.handing import Said
from guildhall.engagement.writing.returns import Return
from guildhall.engagement.writing.wording import language_for, unknown_in, unsaid_in
from guildhall.people.models import Notice, User
from guildhall.people.notices import post_letter, tell
from guildhall.people.passes import issue_pass, link, revoke_passes

#: What the links of a letter are passes for.
LETTER = "engagement.letter"
#: An answer can be given, and changed, for so long. That nothing more is wanted can be said as long.
ANSWERS_FOR = timedelta(days=60)
#: A mail server that says "later" (a code below 500) is asked so often, and not sooner than after this.
MOST_TRIES = 5
LATER = timedelta(minutes=15)
#: How long one waits for the next portion.
PORTION_EVERY = timedelta(minutes=1)
SEND = "engagement.send_letters"


class Outgoing(NamedTuple):
    """A letter that is about to be handed over, and the mail it is. The links in it are nowhere else."""

    letter: Letter
    message: EmailMultiAlternatives


@action
def send_mailing(mailing: Mailing, *, by: User, at: datetime) -> Mailing:
    """Send a letter to all who may get it, in portions; note of the others why they do not.

    Raises:
        NotAllowed: it is somebody else's: it goes out in the writer's name.
        Refused: it is sent already, nobody gets it, or something is missing in its words.
    """
    mailing = lock(mailing)
    can_send_mailing.require(by, mailing)
    if not mailing.is_draft:
        raise Refused(_("This letter is sent already."))
    letters = list(mailing.letters.select_related("employer__organisation", "person").order_by("pk"))
    said = {words.language: words for words in mailing.words.all()}
    refused = verdicts(letters, mailing, at=at)
    used = set()
    for letter in letters:
        no = refused[letter.pk]
        if no is not None:
            letter.state, letter.why, letter.detail = Letter.State.SKIPPED, no.why, no.detail
            continue
        letter.language = language_of(letter, mailing, said)
        letter.address, letter.key = letter.person.email if letter.person else "", new_key()
        used.add(letter.language)
    if not used:
        raise Refused(_("Nobody would get this letter. The list says why."))
    for language in sorted(used):
        _check_words(said[language].subject + said[language].text if language in said else "", language)
    Letter.objects.bulk_update(letters, ["state", "why", "detail", "language", "address", "key"], batch_size=200)
    mailing.started_at = at
    _set_going(mailing, at)
    return mailing


def language_of(letter: Letter, mailing: Mailing, available: object) -> str:
    """In which of the available languages a letter is written, "" if there is none. It comes with its employer and person."""
    return language_for(
        person=letter.person.language if letter.person else "",
        employer=letter.employer.organisation,
        school=mailing.school,
        available=available,  # type: ignore[arg-type]
    )


def _check_words(words: str, language: str) -> None:
    named = {"language": dict(settings.LANGUAGES).get(language, language)}
    if not words.strip():
        raise Refused(_("The letter says nothing yet."))
    if unknown := unknown_in(words):
        raise Refused(_("Nobody knows what {%(word)s} stands for (%(language)s).") % {"word": unknown[0], **named})
    if unsaid := unsaid_in(words):
        raise Refused(_("Something is still to be said at [[%(word)s]] (%(language)s).") % {"word": unsaid[0], **named})


def _set_going(mailing: Mailing, at: datetime) -> None:
    mailing.state, mailing.run, mailing.wakes_at = Mailing.State.SENDING, mailing.run + 1, at
    mailing.trouble, mailing.finished_at = "", None
    mailing.save(update_fields=["state", "run", "wakes_at", "trouble", "started_at", "finished_at"])
    defer(SEND, mailing_id=mailing.pk, run=mailing.run)


@action
def stop_mailing(mailing: Mailing, *, by: User, at: datetime) -> Mailing:
    """Stop a letter that is on its way: who does not have it yet does not get it, unless it goes on.

    Raises:
        NotAllowed: it is somebody else's, and ``by`` does not coordinate.
        Refused: it is not on its way.
    """
    mailing = lock(mailing)
    can_change_mailing.require(by, mailing)
    if not mailing.is_under_way:
        raise Refused(_("This letter is not on its way."))
    mailing.state, mailing.wakes_at = Mailing.State.STOPPED, None
    mailing.save(update_fields=["state", "wakes_at"])
    return mailing


@action
def go_on_with_mailing(mailing: Mailing, *, by: User, at: datetime) -> Mailing:
    """Go on with a letter that was stopped, or that stands still because the mail server did not answer for a day.

    Raises:
        NotAllowed: it is somebody else's.
        Refused: it is a draft, or has gone to everybody.
    """
    mailing = lock(mailing)
    can_send_mailing.require(by, mailing)
    if mailing.state not in (Mailing.State.STOPPED, Mailing.State.SENDING):
        raise Refused(_("There is nothing to go on with."))
    _set_going(mailing, at)
    return mailing


@action
def send_letter_again(letter: Letter, *, by: User, at: datetime) -> Letter:
    """Send a letter of which nobody knows whether it went out. It bears the same Message-ID as the one that may have.

    Raises:
        NotAllowed: it is somebody else's.
        Refused: it is known what became of it.
    """
    mailing = lock(letter.mailing)
    can_send_mailing.require(by, mailing)
    letter = lock(letter)
    if letter.state != Letter.State.UNSURE:
        raise Refused(_("It is known what became of this letter."))
    letter.state, letter.sent_at = Letter.State.WAITING, None
    letter.save(update_fields=["state", "sent_at"])
    _set_going(mailing, at)
    return letter


@action
def try_letter(letter: Letter, *, by: User, at: datetime) -> Letter:
    """Send somebody at school what a letter will look like, to their own address. Its links lead to the draft.

    Raises:
        NotAllowed: it is somebody else's letter, and ``by`` does not coordinate.
        Refused: it says nothing yet.
    """
    mailing = letter.mailing
    can_change_mailing.require(by, mailing)
    words = preview(letter, mailing, leads_to=settings.BASE_URL + mailing.get_absolute_url())
    if words is None:
        raise Refused(_("The letter says nothing yet."))
    with translation.override(by.preferred_language):
        subject = _("Trial: %(subject)s") % {"subject": words.subject}
    post_letter(
        to=by.email,
        to_user=by,
        language=letter.language,
        subject=subject,
        text=words.plain,
        html=words.html,
        sender_name=f"{mailing.by}, {mailing.school}",
        reply_to=by.email,
        at=at,
    )
    return letter


def preview(letter: Letter, mailing: Mailing, *, leads_to: str) -> Words | None:
    """A letter as its reader will see it, its links going to ``leads_to``; None as long as it says nothing. Nothing is kept."""
    said = {words.language: words for words in mailing.words.all()}
    letter.language = language_of(letter, mailing, said)
    if not letter.language:
        return None
    chosen = said[letter.language]
    sign_off = LetterSettings.of(mailing.school).sign_off
    answer_url = leads_to if mailing.asks_answer else ""
    return words_of(letter, mailing, (chosen.subject, chosen.text), answer_url=answer_url, stop_url=leads_to, sign_off=sign_off)


# --- What the task does -----------------------------------------------------------------------------------------------


@action
def take_up_letter(letter: Letter, *, run: int, by: User | None, at: datetime) -> Outgoing | None:
    """Write a letter that is to be handed over now, and note that it is going; None for one that nobody gets after all.

    Whether it may be sent is asked once more, with employer and person locked: somebody may have said no a moment ago, or have
    got another letter. From here on it counts as sent until the mail server has said otherwise.
    """
    mailing = Mailing.objects.select_for_update(of=("self",)).select_related("school", "by").get(pk=letter.mailing_id)
    if not mailing.is_under_way or mailing.run != run:
        return None  # stopped, or another run goes on with it
    employer, person = lock(letter.employer), lock(letter.person) if letter.person else None
    letter = Letter.objects.select_for_update(of=("self",)).get(pk=letter.pk)
    if letter.state != Letter.State.WAITING:
        return None
    letter.mailing, letter.employer, letter.person = mailing, employer, person
    no = verdicts([letter], mailing, at=at)[letter.pk]
    if no is not None or person is None:
        _skip(letter, no.why if no else Why.NOBODY, no.detail if no else "")
        return None
    letter.address = person.email  # which may be another one since
    revoke_passes(letter, purpose=LETTER, at=at)
    _held, token = issue_pass(
        letter,
        purpose=LETTER,
        language=letter.language,  # whose it is, the letter knows
        valid_for=ANSWERS_FOR,
        by=mailing.by,
        at=at,
    )
    said = mailing.words.get(language=letter.language)
    stop_url = settings.BASE_URL + reverse("engagement:letter_stop", args=[token])
    words = words_of(
        letter,
        mailing,
        (said.subject, said.text),
        answer_url=link(token) if mailing.asks_answer else "",
        stop_url=stop_url,
        sign_off=LetterSettings.of(mailing.school).sign_off,
    )
    letter.state, letter.sent_at, letter.tried = Letter.State.GOING, at, letter.tried + 1
    letter.subject, letter.text = words.subject, words.text
    letter.save(update_fields=["state", "sent_at", "tried", "subject", "text", "address"])
    copies_to = _book_of(mailing)
    return Outgoing(
        letter,
        envelope(letter, words, sender=sender_of(mailing), by=mailing.by, copies_to=copies_to, stop_url=stop_url),
    )


def _skip(letter: Letter, why: str, detail: str = "") -> None:
    letter.state, letter.why, letter.detail, letter.address, letter.sent_at = Letter.State.SKIPPED, why, detail, "", None
    letter.subject = letter.text = ""
    letter.save(update_fields=["state", "why", "detail", "address", "sent_at", "subject", "text"])


def _book_of(mailing: Mailing) -> str:
    """The address by which answers come onto the timeline, where that is wanted and there is one."""
    if not mailing.answers_to_book or not settings.MAIL_IN_DOMAIN:
        return ""
    address = MailAddress.objects.filter(school=mailing.school_id, owner=mailing.by_id).first()
    return str(address) if address else ""


@action
def note_handed_over(letter: Letter, *, said: Said, by: User | None, at: datetime) -> Letter:
    """Note what the mail server said to a letter."""
    mailing = lock(letter.mailing)  # before the letter, as wherever both are locked
    letter = lock(letter)
    if letter.state not in (Letter.State.GOING, Letter.State.UNSURE):
        return letter
    if said.is_taken:
        letter.state = Letter.State.SENT
        letter.save(update_fields=["state"])
        return letter
    if said.blames_address:
        return _bounce(letter, said.words, is_final=True, at=at)
    revoke_passes(letter, purpose=LETTER, at=at)
    if (said.is_final and not said.blames_us) or letter.tried >= MOST_TRIES:
        _skip(letter, Why.REFUSED, said.words)
        return letter
    letter.state, letter.sent_at, letter.subject, letter.text = Letter.State.WAITING, None, "", ""
    letter.save(update_fields=["state", "sent_at", "subject", "text"])
    if said.blames_us:
        mailing.state, mailing.wakes_at, mailing.trouble = Mailing.State.STOPPED, None, said.words
        mailing.save(update_fields=["state", "wakes_at", "trouble"])
        sentence = gettext_noop("“%(letter)s” was stopped: the mail server takes no letters from here. Whoever runs it can help.")
        _tell(mailing, "engagement.mailing_stopped", sentence, at)
    return letter


@action
def note_unsure(mailing: Mailing, *, by: User | None, at: datetime) -> int:
    """Note of letters that were going when the worker died or the mail server fell silent that nobody knows; returns how many."""
    return mailing.letters.filter(state=Letter.State.GOING).update(state=Letter.State.UNSURE)


@action
def end_portion(mailing: Mailing, *, run: int, by: User | None, at: datetime) -> Mailing:
    """Ask for the next portion of a letter; or note that it has gone to everybody, and tell its writer."""
    mailing = lock(mailing)
    if not mailing.is_under_way or mailing.run != run:
        return mailing
    first = mailing.letters.waiting().order_by("tried").values_list("tried", flat=True).first()
    if first is not None:
        mailing.wakes_at = at + (LATER if first else PORTION_EVERY)
        mailing.save(update_fields=["wakes_at"])
        defer(SEND, mailing.wakes_at, mailing_id=mailing.pk, run=run)
        return mailing
    mailing.state, mailing.finished_at, mailing.wakes_at = Mailing.State.SENT, at, None
    mailing.save(update_fields=["state", "finished_at", "wakes_at"])
    if mailing.letters.count() > 1:
        sent = mailing.letters.filter(state__in=[Letter.State.SENT, Letter.State.UNSURE]).count()
        sentence = gettext_noop("“%(letter)s” has gone out. Letters sent: %(sent)s, not sent: %(others)s.")
        _tell(mailing, "engagement.mailing_sent", sentence, at, sent=sent, others=mailing.letters.count() - sent)
    return mailing


def _tell(mailing: Mailing, kind: str, sentence: str, at: datetime, **params: object) -> None:
    tell(
        mailing.by,
        kind=kind,
        sentence=sentence,
        params={"letter": mailing.name, **params},
        url=mailing.get_absolute_url(),
        at=at,
    )


# --- What comes back --------------------------------------------------------------------------------------------------


@action
def note_return(letter: Letter, *, returned: Return, by: User | None, at: datetime) -> Letter:
    """Note that a letter came back; where the address is wrong for good nobody is written to there any more."""
    letter = lock(letter)
    if letter.state in (Letter.State.SENT, Letter.State.UNSURE, Letter.State.GOING) and not letter.answer:
        _bounce(letter, returned.said, is_final=returned.is_final, at=at)
    return letter


def _bounce(letter: Letter, said: str, *, is_final: bool, at: datetime) -> Letter:
    letter.state, letter.bounced_at, letter.bounce = Letter.State.BOUNCED, at, said
    letter.save(update_fields=["state", "bounced_at", "bounce"])
    revoke_passes(letter, purpose=LETTER, at=at)
    mailing = letter.mailing
    if is_final and letter.address:
        there = Person.objects.filter(school=mailing.school_id, email__iexact=letter.address)
        there.update(bounced_address=letter.address.lower(), bounced_at=at)
    url = mailing.get_absolute_url()
    # Of twenty that come back one hears once, until one has looked.
    if not Notice.objects.unread().filter(user=mailing.by_id, kind="engagement.letter_returned", url=url).exists():
        sentence = gettext_noop("“%(letter)s” came back from %(address)s.")
        _tell(mailing, "engagement.letter_returned", sentence, at, address=letter.address)
    return letter


@action
def trust_address(somebody: Person, *, by: User, at: datetime) -> Person:
    """Note that the address from which a letter came back works after all.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    somebody = lock(somebody)
    can_write_in_book.require(by, somebody.school)
    somebody.bounced_address, somebody.bounced_at = "", None
    somebody.save(update_fields=["bounced_address", "bounced_at"])
    return somebody
