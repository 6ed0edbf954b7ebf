"""Single letters to employers: what is done after an answer, and the pages behind their links, which need no account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localdate, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from guildhall.core.errors import Refused
from guildhall.core.http import came_from, done, page
from guildhall.engagement import actions
from guildhall.engagement.actions.posting import LETTER
from guildhall.engagement.forms.mailings import AnswerForm
from guildhall.engagement.models import Employer, Letter, Person
from guildhall.engagement.models.contacts import LONGEST_STEP
from guildhall.people.middleware import LANGUAGE_SESSION_KEY, PersonRequest
from guildhall.people.models import Pass
from guildhall.people.passes import LinkNotValid, opened_by_pass

#: Until when one gets back to somebody who said yes; how long somebody who said "not now" is left in peace.
SOON = timedelta(days=3)
A_WHILE = timedelta(days=90)


@require_POST
def letter_step(request: PersonRequest, pk: int) -> HttpResponse:
    """Promise to get back to somebody who said yes."""
    letter = get_object_or_404(_visible(request), pk=pk)
    if letter.contact is not None and letter.contact.next_steps.exists():
        raise Refused(_("Somebody has made a next step of this already."))
    words = {"person": letter.person or letter.employer, "letter": letter.subject}
    what = _("Get back to %(person)s, who said yes to “%(letter)s”") % words
    actions.add_step(
        letter.employer,
        what=what[:LONGEST_STEP],
        due_on=localdate() + SOON,
        owner=request.user,
        contact=letter.contact,
        by=request.user,
        at=now(),
    )
    message = _("It is among your next steps, to be done within three days.")
    return done(request, "", {}, message=message, to=came_from(request, letter.mailing.get_absolute_url()))


@require_POST
def letter_rest(request: PersonRequest, pk: int) -> HttpResponse:
    """Leave an employer in peace for three months after a "not now"."""
    letter = get_object_or_404(_visible(request), pk=pk)
    until = localdate() + A_WHILE
    why = (_("said “not now” to “%(letter)s”") % {"letter": letter.subject})[:250]
    employers = Employer.objects.filter(pk=letter.employer_id)
    actions.rest_employers(letter.mailing.school, employers=employers, until=until, why=why, by=request.user, at=now())
    message = _("%(employer)s is left in peace for three months.") % {"employer": letter.employer}
    return done(request, "", {}, message=message, to=came_from(request, letter.mailing.get_absolute_url()))


@require_POST
def letter_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Send a letter again of which nobody knows whether it went out."""
    letter = actions.send_letter_again(get_object_or_404(_visible(request), pk=pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The letter is on its way again."), to=letter.mailing)


@require_POST
def address_trust(request: PersonRequest, pk: int) -> HttpResponse:
    """Note that the address from which a letter came back works after all."""
    person = get_object_or_404(Person.objects.visible_to(request.user).select_related("school"), pk=pk)
    actions.trust_address(person, by=request.user, at=now())
    message = _("Letters go to %(address)s again.") % {"address": person.email}
    return done(request, "", {}, message=message, to=came_from(request, person.get_absolute_url()))


def _visible(request: PersonRequest) -> Any:
    return Letter.objects.visible_to(request.user).select_related(
        "mailing__school", "mailing__by", "employer__organisation", "employer__school", "person", "contact"
    )


# --- By link -----------------------------------------------------------------------------------------------------------


@opened_by_pass(LETTER)
def letter_answer(request: HttpRequest, held: Pass, token: str) -> HttpResponse:
    """What a letter asked, and the answer to it. Opening the page answers nothing: programs that look at links do not know it."""
    letter = _held(held)
    if not letter.mailing.asks_answer:
        raise LinkNotValid
    with translation.override(_language(request, held)):
        initial = {"answer": letter.answer or None, "sentence": letter.sentence}
        form = AnswerForm(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST" and form.is_valid():
            actions.answer_letter(letter, **form.cleaned_data, by=held, at=now())
            message = _("Thank you. Your answer is with %(person)s.") % {"person": letter.mailing.by}
            return done(request, "", {}, message=message, to=request.path)
        context = _context(letter, held, token) | {"form": form}
        response = page(request, "engagement/letter_answer.html", context, status=422 if form.is_bound else 200)
        response["Content-Language"] = translation.get_language()
    return response


# A mail program that has a button for it posts here by itself, without a page before and without a cookie (RFC 8058). The secret
# in the address is what it may be done by; there is no session that somebody else could make use of.
@csrf_exempt
@opened_by_pass(LETTER)
def letter_stop(request: HttpRequest, held: Pass, token: str) -> HttpResponse:
    """Say that one wants no more letters: with a button, since programs that look at links only open them."""
    letter = _held(held)
    with translation.override(_language(request, held)):
        if request.method == "POST":
            actions.forbid_letters(letter, by=held, at=now())
        asked = Person.objects.filter(letters=letter, asked_not_to_be_written_at__isnull=False).exists()
        context = _context(letter, held, token) | {"is_stopped": request.method == "POST" or asked}
        response = page(request, "engagement/letter_stop.html", context)
        response["Content-Language"] = translation.get_language()
    return response


def _held(held: Pass) -> Letter:
    letters = Letter.objects.select_related(
        "mailing__school", "mailing__by", "employer__organisation", "employer__school", "employer__owner", "person", "contact"
    )
    letter = letters.filter(pk=held.thing_id).first()
    if letter is None:
        raise LinkNotValid
    return letter


def _context(letter: Letter, held: Pass, token: str) -> dict[str, Any]:
    return {
        "letter": letter,
        "held": held,
        "stop_url": reverse("engagement:letter_stop", args=[token]),
        "answer_url": reverse("engagement:letter_answer", args=[token]) if letter.mailing.asks_answer else "",
    }


def _language(request: HttpRequest, held: Pass) -> str:
    """The language the letter was written in, unless whoever reads it has chosen another here."""
    chosen = request.user.is_authenticated or request.session.get(LANGUAGE_SESSION_KEY)
    return (get_language() if chosen else "") or held.language
