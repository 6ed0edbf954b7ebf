"""Letters to employers while they are written and sent: begun, worded, addressed, looked at, sent, followed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.errors import Refused
from guildhall.core.http import came_from, done, page, wants_fragment
from guildhall.core.pages import Pages
from guildhall.engagement import actions
from guildhall.engagement.actions.mailings import FEW, MOST_LETTERS
from guildhall.engagement.actions.posting import language_of, preview
from guildhall.engagement.forms.book import view_of
from guildhall.engagement.forms.mailings import BeginForm, LetterForm, MailingForm, NameForm, RecipientForm
from guildhall.engagement.models import Letter, LetterTemplate, MailAddress, Mailing, Person
from guildhall.engagement.rules import can_change_mailing, can_send_mailing, can_write_to_many
from guildhall.engagement.views.bulk import chosen_employers
from guildhall.engagement.views.desk import colleagues_of, form_page, open_book
from guildhall.engagement.writing.choosing import No, verdicts
from guildhall.engagement.writing.envelope import sender_of
from guildhall.engagement.writing.wording import PLACEHOLDERS, starters
from guildhall.people.middleware import PersonRequest

ROWS = 25
#: How many of the chosen are named on the page.
NAMED = 12


@require_safe
def mailing_list(request: PersonRequest) -> HttpResponse:
    """The letters of the school, newest first, with what came of them."""
    school = open_book(request)
    mailings = Mailing.objects.visible_to(request.user).in_book_of(school).select_related("by").order_by("-made_at", "-pk")
    shown = Pages(mailings, ROWS).get_page(request.GET.get("page"))
    counts = _counts(Letter.objects.filter(mailing__in=[mailing.pk for mailing in shown]))
    rows = [(mailing, counts.get(mailing.pk, NOTHING)) for mailing in shown]
    return page(request, "engagement/mailing_list.html", {"page": shown, "rows": rows, "school": school})


#: What is counted of the letters of a mailing.
_COUNTED = {
    "all": Q(),
    "sent": Q(state__in=[Letter.State.SENT, Letter.State.GOING, Letter.State.UNSURE]),
    "waiting": Q(state=Letter.State.WAITING),
    "bounced": Q(state=Letter.State.BOUNCED),
    "skipped": Q(state=Letter.State.SKIPPED),
    "unsure": Q(state=Letter.State.UNSURE),
    "yes": Q(answer=Letter.Answer.YES),
    "later": Q(answer=Letter.Answer.LATER),
    "no": Q(answer=Letter.Answer.NO),
}
NOTHING = dict.fromkeys(_COUNTED, 0)


def _counts(letters: QuerySet[Letter]) -> dict[int, dict[str, int]]:
    """How many letters of each mailing are how far, by its number."""
    counted: Any = letters.order_by().values("mailing")
    counted = counted.annotate(**{name: Count("pk", filter=of) for name, of in _COUNTED.items()})
    return {row.pop("mailing"): row for row in counted}


def mailing_begin(request: PersonRequest) -> HttpResponse:
    """Begin a letter to the employers that were ticked, or to one person: with a template, or an empty sheet."""
    school = open_book(request)
    asked = request.POST if request.method == "POST" else request.GET
    employers = chosen_employers(request, asked, school, colleagues_of(school))
    count = employers.count()
    person = _person(request, asked.get("person", ""))
    templates = LetterTemplate.objects.visible_to(request.user).in_book_of(school).prefetch_related("words")
    form = BeginForm(
        request.POST if request.method == "POST" else None,
        starters=starters(),
        templates=templates,
        language=get_language() or "",
    )
    if count and form.is_valid():
        mailing = actions.begin_mailing(school, employers=employers, person=person, **form.said, by=request.user, at=now())
        return done(request, "", {}, message=_("The letter is begun. Nothing is sent yet."), to=mailing)
    context = {
        "form": form,
        "count": count,
        "person": person,
        "too_many": count > MOST_LETTERS,
        "most": MOST_LETTERS,
        "not_allowed": count > FEW and not can_write_to_many(request.user, school),
        "sentence": can_write_to_many.sentence,
        "named": list(employers.select_related("organisation").order_by("sort_key", "pk")[:NAMED]),
        "others": max(count - NAMED, 0),
        "ticked": [] if asked.get("all") else asked.getlist("employer"),
        "all": bool(asked.get("all")),
        "of": asked.get("of", ""),
        "back": f"{reverse('engagement:employers')}?{view_of(QueryDict(asked.get('of', '')))}",
    }
    return page(request, "engagement/mailing_begin.html", context, status=422 if form.is_bound else 200)


def _person(request: PersonRequest, number: str) -> Person | None:
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    return get_object_or_404(Person.objects.visible_to(request.user), pk=number)


# --- The draft ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Draft:
    """A draft as its pages show it: each letter with why it will not be sent, and how many want which language."""

    mailing: Mailing
    letters: list[Letter]
    refused: dict[int, No | None]

    @property
    def going(self) -> list[Letter]:
        return [letter for letter in self.letters if self.refused[letter.pk] is None]

    @property
    def staying(self) -> list[Letter]:
        return [letter for letter in self.letters if self.refused[letter.pk] is not None]


def _draft(mailing: Mailing) -> _Draft:
    letters = list(
        mailing.letters.select_related("employer__organisation", "person").order_by("employer__sort_key", "employer", "pk")
    )
    for letter in letters:
        letter.mailing = mailing
    return _Draft(mailing, letters, verdicts(letters, mailing, at=now()))


def mailing_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A letter: as long as it is a draft its words, afterwards what came of it."""
    mailing = get_object_or_404(_visible(request), pk=pk)
    if mailing.is_draft:
        return _words_page(request, mailing)
    if request.method == "POST":  # written while somebody else has sent it
        can_change_mailing.require(request.user, mailing)
        raise Refused(_("This letter is sent already: it cannot be changed any more."))
    return _outcome_page(request, mailing)


def _words_page(request: PersonRequest, mailing: Mailing) -> HttpResponse:
    draft = _draft(mailing)
    said = {words.language: words for words in mailing.words.all()}
    offered = [code for code, _name in settings.LANGUAGES]
    wanted = Counter(language_of(letter, mailing, offered) for letter in draft.going)
    usual = next((code for code, _count in wanted.most_common()), language_of(draft.letters[0], mailing, offered))
    language = request.GET.get("language", usual)
    if language not in offered:
        raise Http404
    written = said.get(language)
    initial = {"subject": written.subject, "text": written.text} if written else {}
    form = LetterForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.write_letter(mailing, language=language, **form.cleaned_data, by=request.user, at=now())
        return done(request, "", {}, message=_("Saved."), to=f"{mailing.get_absolute_url()}?{urlencode({'language': language})}")
    names = dict(settings.LANGUAGES)
    missing = [(names[code], count) for code, count in wanted.most_common() if code not in said and said]
    context = {
        **_frame(request, mailing, 1),
        "form": form,
        "draft": f"mailing-{mailing.pk}-{language}",
        # Those that somebody is written to in come first.
        "tabs": [
            (code, name, wanted[code] or None, code == language)
            for code, name in sorted(settings.LANGUAGES, key=lambda offered: -wanted[offered[0]])
        ],
        "missing": missing,
        "placeholders": [(f"{{{word}}}", meaning) for word, meaning in PLACEHOLDERS.items()],
        "going": len(draft.going),
    }
    return page(request, "engagement/mailing_words.html", context, status=422 if form.is_bound else 200)


def _frame(request: PersonRequest, mailing: Mailing, step: int) -> dict[str, Any]:
    """What all pages of a draft have in common."""
    urls = [reverse(f"engagement:{name}", args=[mailing.pk]) for name in ("mailing", "mailing_who", "mailing_look")]
    labels = [_("What it says"), _("Who gets it"), _("Look and send")]
    return {
        "mailing": mailing,
        "pages": [(label, url, number == step) for number, (label, url) in enumerate(zip(labels, urls, strict=True), 1)],
        "may_change": can_change_mailing(request.user, mailing),
        "may_send": can_send_mailing(request.user, mailing),
    }


def mailing_set_up(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what a letter is for, whether it asks for an answer, and where answers go."""
    mailing = get_object_or_404(_visible(request), pk=pk)
    can_change_mailing.require(request.user, mailing)
    if request.method != "POST" and not mailing.is_draft:
        raise Http404
    has_address = (
        bool(settings.MAIL_IN_DOMAIN) and MailAddress.objects.filter(school=mailing.school, owner=mailing.by_id).exists()
    )
    form = MailingForm(request.POST or None, mailing=mailing, has_book_address=has_address)
    if request.method == "POST" and form.is_valid():
        actions.set_up_mailing(mailing, **form.said, by=request.user, at=now())
        return done(request, "", {}, message=_("Saved."), to=mailing)
    return form_page(request, form, title=_("What the letter is for"), submit=_("Save"), back=mailing.get_absolute_url())


@require_safe
def mailing_who(request: PersonRequest, pk: int) -> HttpResponse:
    """Who gets a letter and who does not, and why."""
    mailing = get_object_or_404(_visible(request), pk=pk)
    if not mailing.is_draft:
        raise Http404
    draft = _draft(mailing)
    only = request.GET.get("only", "")
    letters = {"yes": draft.going, "no": draft.staying}.get(only, draft.letters)
    offered = [code for code, _name in settings.LANGUAGES]
    available = [words.language for words in mailing.words.all()] or offered
    shown = Pages(letters, ROWS).get_page(request.GET.get("page"))
    names = dict(settings.LANGUAGES)
    context = {
        **_frame(request, mailing, 2),
        "page": shown,
        "rows": [(letter, draft.refused[letter.pk], names.get(language_of(letter, mailing, available), "")) for letter in shown],
        "columns": [_("Employer"), _("Person"), _("Language"), _("Gets it?"), ""],
        "only": only,
        "all": len(draft.letters),
        "going": len(draft.going),
        "staying": len(draft.staying),
    }
    return page(request, "engagement/mailing_who.html", context)


def mailing_recipient(request: PersonRequest, pk: int, letter_pk: int) -> HttpResponse:
    """Choose who at an employer gets a letter, or leave the employer out."""
    mailing = get_object_or_404(_visible(request), pk=pk)
    letter = get_object_or_404(mailing.letters.select_related("employer__organisation", "person"), pk=letter_pk)
    can_change_mailing.require(request.user, mailing)
    letter.mailing = mailing
    held = letter.employer.positions.current().select_related("person").order_by("person__name", "pk")
    people = {position.person_id: position.person for position in held}
    form = RecipientForm(request.POST or None, letter=letter, people=people.values())
    back = reverse("engagement:mailing_who", args=[mailing.pk])
    if request.method == "POST" and form.is_valid():
        actions.choose_recipient(letter, person=form.cleaned_data["person"], by=request.user, at=now())
        return done(request, "", {}, message=_("Saved."), to=f"{came_from(request, back)}#letter-{letter.pk}")
    return form_page(request, form, title=str(letter.employer), submit=_("Save"), back=back)


@require_safe
def mailing_look(request: PersonRequest, pk: int) -> HttpResponse:
    """A letter as each of those who get it will see it, one after the other; and the button that sends it."""
    mailing = get_object_or_404(_visible(request), pk=pk)
    if not mailing.is_draft:
        raise Http404
    draft = _draft(mailing)
    shown = Pages(draft.going, 1).get_page(request.GET.get("page"))
    letter = next(iter(shown), None)
    context = {
        **_frame(request, mailing, 3),
        "page": shown,
        "letter": letter,
        "words": preview(letter, mailing, leads_to=settings.BASE_URL + "/p/…/") if letter else None,
        "sender": sender_of(mailing),
        "going": len(draft.going),
        "staying": len(draft.staying),
        "is_to_one": len(draft.letters) == 1,
        "only_no": f"{reverse('engagement:mailing_who', args=[mailing.pk])}?only=no",
    }
    return page(request, "engagement/mailing_look.html", context)


@require_POST
def mailing_try(request: PersonRequest, pk: int, letter_pk: int) -> HttpResponse:
    """Send oneself what somebody will get."""
    mailing = get_object_or_404(_visible(request), pk=pk)
    letter = get_object_or_404(mailing.letters.select_related("employer__organisation", "person"), pk=letter_pk)
    letter.mailing = mailing
    actions.try_letter(letter, by=request.user, at=now())
    back = reverse("engagement:mailing_look", args=[mailing.pk])
    message = _("A trial is on its way to %(address)s.") % {"address": request.user.email}
    return done(request, "", {}, message=message, to=came_from(request, back))


@require_POST
def mailing_send(request: PersonRequest, pk: int) -> HttpResponse:
    """Send a letter to all who get it."""
    mailing = actions.send_mailing(get_object_or_404(_visible(request), pk=pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The letter is on its way."), to=mailing)


@require_POST
def mailing_drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    actions.drop_mailing(get_object_or_404(_visible(request), pk=pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The draft is thrown away."), to=reverse("engagement:mailings"))


def mailing_keep(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep a letter as a template of the school."""
    mailing = get_object_or_404(_visible(request), pk=pk)
    form = NameForm(request.POST or None, initial={"name": mailing.name})
    if request.method == "POST" and form.is_valid():
        words = {each.language: (each.subject, each.text) for each in mailing.words.all()}
        said = {"purpose": mailing.purpose, "asks_answer": mailing.asks_answer, "words": words}
        actions.keep_template(mailing.school, **form.cleaned_data, **said, by=request.user, at=now())
        return done(request, "", {}, message=_("Kept as a template of your school."), to=mailing)
    return form_page(request, form, title=_("Keep it as a template"), submit=_("Keep it"), back=mailing.get_absolute_url())


# --- On its way, and afterwards -------------------------------------------------------------------------------------------

SHOWN = ("yes", "later", "no", "bounced", "skipped", "unsure", "waiting")


def _outcome_page(request: PersonRequest, mailing: Mailing) -> HttpResponse:
    counts = _counts(mailing.letters.all()).get(mailing.pk, NOTHING)
    only = request.GET.get("only", "")
    letters = mailing.letters.select_related("employer__organisation", "person", "contact")
    letters = letters.prefetch_related("contact__next_steps")
    if only in SHOWN:
        letters = letters.filter(_COUNTED[only])
    shown = Pages(letters.order_by("employer__sort_key", "employer", "pk"), ROWS).get_page(request.GET.get("page"))
    for letter in shown:
        letter.mailing = mailing
        letter.ask = urlencode({"what": _("Ask for a new e-mail address of %(person)s") % {"person": letter.person}})
    stands_still = mailing.is_under_way and mailing.wakes_at is not None and (now() - mailing.wakes_at).total_seconds() > 900
    context = {
        "mailing": mailing,
        "counts": counts,
        "done_count": counts["all"] - counts["waiting"],
        "page": shown,
        "only": only,
        "tabs": _outcome_tabs(counts, only),
        "stands_still": stands_still,
        "finished": not mailing.is_under_way,
        "may_change": can_change_mailing(request.user, mailing),
        "may_send": can_send_mailing(request.user, mailing),
        "languages": dict(settings.LANGUAGES),
    }
    response = page(request, "engagement/mailing.html", context, fragment="engagement/_mailing_progress.html")
    if wants_fragment(request) and not mailing.is_under_way:
        response["HX-Refresh"] = "true"  # all of the page says that it is over
    return response


def _outcome_tabs(counts: dict[str, int], only: str) -> list[tuple[str, str, int, bool]]:
    words = {
        "yes": _("yes"),
        "later": _("not now"),
        "no": _("no"),
        "bounced": _("came back"),
        "unsure": _("uncertain"),
        "skipped": _("not sent"),
        "waiting": _("still to go"),
    }
    shown = [("", _("All"), counts["all"], only not in words)]
    return shown + [(key, label, counts[key], only == key) for key, label in words.items() if counts[key]]


@require_POST
def mailing_stop(request: PersonRequest, pk: int) -> HttpResponse:
    """Stop a letter that is on its way."""
    mailing = actions.stop_mailing(get_object_or_404(_visible(request), pk=pk), by=request.user, at=now())
    return done(request, "", {}, message=_("Stopped. Who does not have the letter yet does not get it."), to=mailing)


@require_POST
def mailing_go_on(request: PersonRequest, pk: int) -> HttpResponse:
    """Go on with a letter that was stopped."""
    mailing = actions.go_on_with_mailing(get_object_or_404(_visible(request), pk=pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The letter is on its way again."), to=mailing)


def _visible(request: PersonRequest) -> Any:
    return Mailing.objects.visible_to(request.user).select_related("school", "by").prefetch_related("words")
