"""Asking employers about their needs, by talk or by link, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.engagement.actions.contacts import record_contact
from guildhall.engagement.actions.steps import add_step
from guildhall.engagement.catalogue import kinds_among
from guildhall.engagement.models import Contact, Employer, Need, NeedsInterview, Person, SameNeed
from guildhall.engagement.models.needs import LONGEST_NEED, normal_form_of
from guildhall.engagement.needs.asking import PART_KEYS, as_text, is_empty, said_in
from guildhall.engagement.purposes import PLACEMENTS
from guildhall.engagement.rules import can_say_what_words_mean, can_write_in_book
from guildhall.people.models import Organisation, Pass, User
from guildhall.people.notices import send_letter, tell
from guildhall.people.passes import issue_pass, link

#: What the passes of needs links are for.
NEEDS_LINK = "engagement.needs"
#: The page behind a link says for so long after its last day why it cannot be answered any more.
EXPLAINED_FOR = timedelta(days=90)
LONGEST_VALID = timedelta(days=90)
#: Until when next steps that come out of an interview are due.
STEPS_DUE_IN = timedelta(days=14)
State = NeedsInterview.State


@action
def begin_needs_interview(employer: Employer, *, language: str, by: User, at: datetime) -> NeedsInterview:
    """Begin to write down what an employer needs, or go on with what this colleague has begun there.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    employer = lock(employer)
    can_write_in_book.require(by, employer.school)
    begun = employer.needs_interviews.filter(is_by_link=False, state=State.OPEN, begun_by=by).order_by("-pk").first()
    if begun is not None:
        return begun
    return NeedsInterview.objects.create(employer=employer, is_by_link=False, language=language, begun_at=at, begun_by=by)


@action
def ask_by_link(
    employer: Employer,
    *,
    person: Person | None,
    language: str = "",
    by_letter: bool,
    sentence: str = "",
    valid_for: timedelta,
    by: User,
    at: datetime,
) -> tuple[NeedsInterview, str]:
    """Ask an employer about its needs by a link that needs no account; return the interview and the link, which is not kept.

    Args:
        person: who is asked there; nobody in particular where the link is passed on by hand.
        by_letter: whether it is sent to them, in their language and in the name of ``by``.
        sentence: of ``by``, for that letter.
        valid_for: how long it can be answered.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the person does not work there, is not to be written to, has no mail address, or has such a link already.
    """
    employer = lock(employer)
    can_write_in_book.require(by, employer.school)
    if not timedelta() < valid_for <= LONGEST_VALID:
        raise Refused(_("A link can be answered for three months at most."))
    if person is not None:
        _check_person(person, employer, by_letter=by_letter, at=at)
    elif by_letter:
        raise Refused(_("Choose who gets the letter, or copy the link and pass it on yourself."))
    interview = NeedsInterview.objects.create(
        employer=employer,
        person=person,
        is_by_link=True,
        language=_language(language, person, by),
        begun_at=at,
        begun_by=by,
        expires_at=at + valid_for,
    )
    # Neither name nor address: who is forgotten in the book must not live on in a pass.
    _held, token = issue_pass(
        interview,
        purpose=NEEDS_LINK,
        language=interview.language,
        valid_for=valid_for + EXPLAINED_FOR,
        by=by,
        at=at,
    )
    address = link(token)
    if by_letter and person is not None:
        _write(interview, person, address, sentence, by, at)
    return interview, address


def _check_person(person: Person, employer: Employer, *, by_letter: bool, at: datetime) -> None:
    names = {"person": person, "employer": employer}
    if not employer.positions.current(localtime(at).date()).filter(person=person).exists():
        raise Refused(_("%(person)s does not work at %(employer)s.") % names)
    if not Person.objects.allowing(PLACEMENTS).filter(pk=person.pk).exists():
        raise Refused(_("%(person)s asked not to be written to.") % names)
    if by_letter and not person.email:
        raise Refused(_("No e-mail address is known. Copy the link and pass it on yourself."))
    waiting = employer.needs_interviews.unfinished().filter(is_by_link=True, person=person, expires_at__gt=at)
    if waiting.exists():
        raise Refused(_("%(person)s has a link that is still open. Withdraw it first.") % names)


def _language(wanted: str, person: Person | None, by: User) -> str:
    offered = dict(settings.LANGUAGES)
    wishes = [wanted, person.language if person else "", by.preferred_language]
    return next((wish for wish in wishes if wish in offered), settings.LANGUAGE_CODE)


def _write(interview: NeedsInterview, person: Person, address: str, sentence: str, by: User, at: datetime) -> None:
    send_letter(
        to=person.email,
        language=interview.language,
        template="engagement/mail/needs.txt",
        context={
            "interview": interview,
            "person": person,
            "school": interview.employer.school,
            "by": by,
            "sentence": " ".join(sentence.split()),
            "button_url": address,
            "button_label": gettext_lazy("Answer a few questions"),
        },
        sender_name=str(by),
        reply_to=by.email,
        at=at,
    )


@action
def withdraw_needs_link(interview: NeedsInterview, *, by: User, at: datetime) -> NeedsInterview:
    """Take a link back, and delete what was answered by it so far.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it is no link, is withdrawn already, or its answers are in the book.
    """
    interview = lock(interview)
    can_write_in_book.require(by, interview.employer.school)
    _check_unfinished(interview)
    if not interview.is_by_link:
        raise Refused(_("This interview was not asked by link."))
    interview.state, interview.answers, interview.reached = State.WITHDRAWN, {}, ""
    interview.closed_at, interview.closed_by = at, by
    interview.save(update_fields=["state", "answers", "reached", "closed_at", "closed_by"])
    return interview


@action
def drop_needs_interview(interview: NeedsInterview, *, by: User, at: datetime) -> Employer:
    """Delete an interview that was begun and leads nowhere, with what was written down of it.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it was asked by link, or is in the book already.
    """
    interview = lock(interview)
    can_write_in_book.require(by, interview.employer.school)
    _check_unfinished(interview)
    if interview.is_by_link:
        raise Refused(_("A link is withdrawn, not dropped."))
    employer = interview.employer
    interview.delete()
    return employer


@action
def answer_needs(
    interview: NeedsInterview,
    *,
    part: str,
    said: Mapping[str, Any],
    reached: str = "",
    is_sent: bool = False,
    by: User | Pass,
    at: datetime,
) -> NeedsInterview:
    """Keep the answers of one part of the interview; those of other parts stay as they are.

    Args:
        said: what the form of the part gives.
        reached: the part to go on with.
        is_sent: whether the employer sends all of it to the school with this; who asked is told, once.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it is withdrawn, in the book already, or too late; or nothing is answered and it is to be sent.
    """
    interview = lock(interview)
    if isinstance(by, Pass):
        _check_pass(interview, by)
    else:
        can_write_in_book.require(by, interview.employer.school)
    _check_unfinished(interview)
    if isinstance(by, Pass) and interview.is_expired(at):
        raise Refused(_("This link could be answered until %(day)s.") % {"day": _day(interview.expires_at)})
    if interview.is_by_link and not isinstance(by, Pass) and interview.state == State.OPEN:
        raise Refused(_("The employer has not sent its answers yet."))
    if part not in PART_KEYS:
        raise ValueError(f"No part of the interview: {part}")
    kept = {**interview.answers, part: dict(said)}
    if is_sent and is_empty(kept):
        raise Refused(_("Nothing is answered yet. One answer is enough."))
    is_first = is_sent and interview.state == State.OPEN and interview.is_by_link
    interview.answers = kept
    interview.reached = reached or interview.reached
    if is_first:
        interview.state, interview.answered_at = State.ANSWERED, at
    interview.save(update_fields=["answers", "reached", "state", "answered_at"])
    if is_first:
        _tell_who_asked(interview, at)
    return interview


def _tell_who_asked(interview: NeedsInterview, at: datetime) -> None:
    asked = [interview.begun_by, interview.employer.owner]
    for user in {user.pk: user for user in asked if user is not None}.values():
        if can_write_in_book(user, interview.employer.school):
            tell(
                user,
                kind="engagement.needs_answered",
                sentence=gettext_lazy("%(employer)s told you what they need. Look at it and take it into the book."),
                params={"employer": interview.employer},
                url=interview.get_absolute_url(),
                at=at,
            )


@action
def take_over_needs(
    interview: NeedsInterview,
    *,
    kind: str = Contact.Kind.MESSAGE,
    held_at: datetime | None = None,
    people: Iterable[Person] = (),
    steps: Iterable[str] = (),
    by: User,
    at: datetime,
) -> NeedsInterview:
    """Take what an employer said into the book: as dated needs, as a contact, and as next steps of ``by``.

    What it said before of the same words is said anew by this.

    Args:
        kind: of the contact; what came by link is a message, at the moment it was sent.
        steps: what is to be done next, each due in two weeks.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it is in the book already, withdrawn, not sent yet, or empty; or the contact cannot be recorded so.
    """
    interview = lock(interview)
    can_write_in_book.require(by, interview.employer.school)
    _check_unfinished(interview)
    if interview.is_by_link and interview.state != State.ANSWERED:
        raise Refused(_("The employer has not sent its answers yet."))
    if is_empty(interview.answers):
        raise Refused(_("Nothing is answered yet. One answer is enough."))
    employer = lock(interview.employer)
    if interview.is_by_link:
        kind, held_at = Contact.Kind.MESSAGE, interview.answered_at
        there = interview.person_id and employer.positions.filter(person=interview.person_id).exists()
        people = [interview.person] if there and interview.person else []
    held_at = held_at or at
    with translation.override(by.preferred_language), timezone.override(by.zone):
        said = as_text(interview.answers, by.preferred_language)[:8000]
    activity = _activity(interview)
    contact = record_contact(employer, kind=kind, held_at=held_at, activity=activity, said=said, people=people, by=by, at=at)
    _write_needs(interview, employer, held_at, by)
    due_on = localtime(at).date() + STEPS_DUE_IN
    for what in steps:
        add_step(employer, what=what, due_on=due_on, owner=by, contact=contact, by=by, at=at)
    interview.state, interview.contact = State.TAKEN, contact
    interview.closed_at, interview.closed_by = at, by
    interview.save(update_fields=["state", "contact", "closed_at", "closed_by"])
    return interview


def _activity(interview: NeedsInterview) -> str:
    """The activity of the methodology that this was; plain contact while no methodology is loaded."""
    key = "employer_survey" if interview.is_by_link else "needs_interview"
    return key if key in kinds_among([key], interview.employer.school_id) else ""


def _write_needs(interview: NeedsInterview, employer: Employer, held_at: datetime, by: User) -> None:
    noted_on = localtime(held_at).date()
    meanings = {(same.kind, same.form): same.means for same in SameNeed.objects.filter(school=employer.school_id)}
    standing = {(need.kind, need.form): need for need in employer.needs.filter(ended_on__isnull=True)}
    new: dict[tuple[str, str], Need] = {}
    for said in said_in(interview.answers):
        key = (said.kind, said.form)
        before = standing.get(key)
        if before is not None and before.noted_on > noted_on:
            continue  # said anew since, while this waited
        new[key] = Need(
            school_id=employer.school_id,
            employer=employer,
            interview=interview,
            kind=said.kind,
            form=said.form,
            counts_as=meanings.get(key, said.form),
            words=said.words,
            language=interview.language,
            people_now=said.people_now,
            people_in_two_years=said.people_in_two_years,
            noted_on=noted_on,
            noted_by=by,
        )
        if before is not None:
            before.ended_on = noted_on
    Need.objects.bulk_update([standing[key] for key in new if key in standing], ["ended_on"])
    Need.objects.bulk_create(new.values())


@action
def let_go_of_need(need: Need, *, by: User, at: datetime) -> Need:
    """Note that an employer does not need, have or offer something any more.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    need = lock(need)
    can_write_in_book.require(by, need.employer.school)
    if need.ended_on is None:
        need.ended_on = max(localtime(at).date(), need.noted_on)
        need.save(update_fields=["ended_on"])
    return need


@action
def take_need_back(need: Need, *, by: User, at: datetime) -> Need:
    """Note that what was let go of by mistake still holds.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the employer has said it anew since.
    """
    need = lock(need)
    can_write_in_book.require(by, need.employer.school)
    if Need.objects.filter(employer=need.employer_id, kind=need.kind, form=need.form, ended_on=None).exclude(pk=need.pk).exists():
        raise Refused(_("“%(need)s” was said anew since.") % {"need": need})
    need.ended_on = None
    need.save(update_fields=["ended_on"])
    return need


@action
def say_it_is_the_same(school: Organisation, *, kind: str, form: str, means: str, by: User, at: datetime) -> SameNeed:
    """Let two words of employers count together: the one kept as ``form`` from now on counts as ``means``, in any spelling.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: nobody said either of them, or they are one already.
    """
    school = lock(school)
    can_say_what_words_mean.require(by, school)
    if kind not in Need.WANTED:
        raise Refused(_("Only occupations and skills are in words of their own."))
    wanted = normal_form_of(means)
    known = SameNeed.objects.filter(school=school, kind=kind, form=wanted).first()
    wanted = known.means if known is not None else wanted
    needs = Need.objects.filter(school=school, kind=kind)
    here = needs.filter(counts_as=form).order_by("-noted_on", "-pk").first()
    if here is None or not needs.filter(counts_as=wanted).exists():
        raise Refused(_("No employer said “%(words)s”. Choose a word of the list.") % {"words": means[:LONGEST_NEED]})
    if form == wanted:
        raise Refused(_("These two count together already."))
    own = needs.filter(form=form).order_by("-noted_on", "-pk").first() or here
    # Words that meant this one mean the other from now on, too.
    SameNeed.objects.filter(school=school, kind=kind, means=form).update(means=wanted)
    same = SameNeed.objects.create(school=school, kind=kind, form=form, words=str(own), means=wanted, said_at=at, said_by=by)
    needs.filter(counts_as=form).update(counts_as=wanted)
    return same


@action
def say_it_is_another(same: SameNeed, *, by: User, at: datetime) -> Organisation:
    """Take back that two words of employers mean the same: each counts for itself again.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
    """
    same = lock(same)
    can_say_what_words_mean.require(by, same.school)
    Need.objects.filter(school=same.school_id, kind=same.kind, form=same.form).update(counts_as=same.form)
    school = same.school
    same.delete()
    return school


@action
def forget_needs_links(*, before: datetime, by: User | None) -> int:
    """Delete interviews by link that began before a moment and were never taken over; returns how many."""
    old = list(NeedsInterview.objects.of_links_begun_before(before))
    for interview in old:
        Pass.objects.filter(purpose=NEEDS_LINK, thing_type=interview._meta.label_lower, thing_id=interview.pk).delete()
    NeedsInterview.objects.filter(pk__in=[interview.pk for interview in old]).delete()
    return len(old)


@action
def forget_needs_answers(*, before: datetime, by: User | None) -> int:
    """Delete what was answered in interviews that ended before a moment; the needs that came of them stay. Returns how many."""
    return NeedsInterview.objects.with_answers_from_before(before).update(answers={})


def _check_pass(interview: NeedsInterview, held: Pass) -> None:
    if (held.purpose, held.thing_type, held.thing_id) != (NEEDS_LINK, interview._meta.label_lower, interview.pk):
        raise ValueError("This pass is for something else.")


def _check_unfinished(interview: NeedsInterview) -> None:
    if interview.state == State.WITHDRAWN:
        raise Refused(_("This link was withdrawn by the school."))
    if interview.state == State.TAKEN:
        raise Refused(_("The answers are in the school's book already."))


def _day(moment: datetime | None) -> str:
    return date_format(localtime(moment), "DATE_FORMAT") if moment else ""
