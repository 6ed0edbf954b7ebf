from __future__ import annotations

from collections import Counter
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.files.ranges import ranged
from guildhall.core.http import done, page, wants_fragment
from guildhall.core.models import StoredFile
from guildhall.core.pages import Pages
from guildhall.core.search import MOST_HITS, Results, search
from guildhall.core.search.reasons import Marked, explain
from guildhall.library import actions
from guildhall.library.attribution import attribution_text
from guildhall.library.films import streaming, tracks, transcripts
from guildhall.library.films.showing import AskedPrompt, Shown, asked_prompts, shown_film
from guildhall.library.finding import languages_read
from guildhall.library.forms.fields import languages
from guildhall.library.forms.films import AnswerForm
from guildhall.library.hooks import ways_on
from guildhall.library.kinds import VIDEO
from guildhall.library.models import Answer, Film, Prompt, Resource, numbers_written_for
from guildhall.library.rules import can_facilitate, can_see_answers
from guildhall.library.search import PUBLIC, scope_of
from guildhall.people.middleware import PersonRequest

#: Seconds for which a browser need not ask again for a file of a film. Withdrawn, it is gone after that.
FRESH_SECONDS = 600
HITS = 20
#: Answers that the page of a group looks at, and texts that it shows at each question.
MOST_ANSWERS, MOST_TEXTS = 2000, 50


def film_context(request: PersonRequest, resource: Resource) -> dict[str, Any]:
    """What ``library/_film.html`` shows on the page of a resource; ``film`` is None where there is none to be seen.

    A translation shows the film of its original. ``?t=83`` or ``?t=1:23`` begins there, ``?transcript=de`` is for that language.
    """
    is_film = resource.shown.kind == VIDEO
    film = Film.objects.visible_to(request.user).shown_with(resource).with_files().first() if is_film else None
    if film is None or not film.is_ready:
        return {"film": None}
    shown = _shown(request, film, resource)
    for asked in shown.prompts:
        _see_ways_on(request, asked)
    is_member = request.organisation is not None
    return {
        "film": shown,
        "film_resource": resource,
        "asked": [
            (asked, AnswerForm(asked=asked, is_member=is_member) if asked.prompt.is_answered else None) for asked in shown.prompts
        ]
        if request.user.is_authenticated
        else [(asked, None) for asked in shown.prompts],
        "may_see_thoughts": is_member and any(asked.prompt.is_answered for asked in shown.prompts),
    }


def _read(request: PersonRequest, resource: Resource) -> list[str]:
    """The languages in which the film of a resource is shown, the best first: the one of the resource before all others."""
    read = languages_read(request.LANGUAGE_CODE, request.organisation)
    own = resource.shown.language
    return list(dict.fromkeys([own, *read] if resource.is_translation else [*read, own]))


def _shown(request: PersonRequest, film: Film, resource: Resource) -> Shown:
    return shown_film(
        film,
        read=_read(request, resource),
        title=resource.shown.title,
        language=request.GET.get("transcript", ""),
        at=tracks.moment(request.GET.get("t", "")) or 0,
        reader=request.user,
    )


# --- Files of a film -------------------------------------------------------------------------------------------------


@login_not_required
@require_safe
def film_file(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """A rendition of a film, or a part of it."""
    film = _film(request, pk)
    return _given(request, film, get_object_or_404(film.renditions.select_related("file").defer("pieces"), kind=kind).file)


@login_not_required
@require_safe
def film_stream(request: HttpRequest, pk: int) -> HttpResponse:
    """In which sizes a long film can be played piece by piece."""
    renditions = list(_film(request, pk).renditions.exclude(codecs=""))
    if not renditions:
        raise Http404
    return _text(streaming.master(renditions), streaming.CONTENT_TYPE)


@login_not_required
@require_safe
def film_playlist(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The pieces of a rendition, which lie in its file."""
    made = get_object_or_404(_film(request, pk).renditions.exclude(codecs=""), kind=kind)
    return _text(streaming.playlist(made), streaming.CONTENT_TYPE)


@login_not_required
@require_safe
def film_poster(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture that stands there before a film plays."""
    film = _film(request, pk)
    if film.poster is None:
        raise Http404
    return _given(request, film, film.poster)


@login_not_required
@require_safe
def film_track(request: HttpRequest, pk: int, language: str, kind: str) -> HttpResponse:
    """Captions or their kin, as WebVTT."""
    track = get_object_or_404(_film(request, pk).tracks, language=language, kind=kind)
    return _text(track.vtt, "text/vtt; charset=utf-8")


def _film(request: HttpRequest, pk: int) -> Film:
    films = Film.objects.visible_to(request.user).select_related("poster", "resource").defer("resource__text")
    return get_object_or_404(films, pk=pk)


def _given(request: HttpRequest, film: Film, stored: StoredFile) -> HttpResponseBase:
    # A draft may have another film at the next moment, whose pieces must not mix with those of this one.
    return ranged(request, stored, max_age=FRESH_SECONDS if film.resource.is_public else 0)


def _text(text: str, content_type: str) -> HttpResponse:
    headers = {
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }
    return HttpResponse(text, content_type=content_type, headers=headers)


# --- To be printed, to be found --------------------------------------------------------------------------------------


@login_not_required
@require_safe
def film_guide(request: PersonRequest, pk: int) -> HttpResponse:
    """What a group needs to talk about a film: chapters, questions, room to write; to be printed."""
    resources = Resource.objects.visible_to(request.user).exclude(state=Resource.State.WITHDRAWN)
    resource = get_object_or_404(resources.select_related("current", "organisation"), pk=pk)
    film = Film.objects.visible_to(request.user).shown_with(resource).first()
    if film is None or not film.is_ready:
        raise Http404
    shown = resource.shown
    attribution = attribution_text(shown) if resource.is_public else ""
    context = {"resource": resource, "shown": shown, "film": _shown(request, film, resource), "attribution": attribution}
    return page(request, "library/guide.html", context)


class TranscriptsForm(forms.Form):
    """What is looked for in all films."""

    q = forms.CharField(label=gettext_lazy("Search what is said"), required=False, max_length=200)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("all")), *languages()]  # type: ignore[attr-defined]
        self.fields["q"].widget.input_type = "search"


@login_not_required
@require_safe
def transcript_list(request: PersonRequest) -> HttpResponse:
    """What is said in all films: each hit opens its film at the second."""
    form = TranscriptsForm(request.GET)
    form.is_valid()
    text, language = form.cleaned_data.get("q", ""), form.cleaned_data.get("language", "")
    mine = numbers_written_for(request.user) if request.user.is_authenticated else []
    scopes = [PUBLIC, *[scope_of(number) for number in mine]]
    kinds = [transcripts.PASSAGE]
    found = search(text, scopes=scopes, kinds=kinds, languages=[language] if language else None, limit=MOST_HITS)
    shown = Pages(found.hits, HITS).get_page(request.GET.get("page"))
    results = Results(list(shown), found.total, found.exact, found.near)
    minutes = transcripts.minutes_of([hit.key for hit in shown])
    documents = [minute.document(titled=False) for minute in minutes.values()]
    reasons = explain(results, text, scopes=scopes, describe={transcripts.PASSAGE: lambda _keys: documents})
    hits = []
    for reason in reasons:
        if reason.passages:
            minute = minutes[reason.document.key]
            cue = minute.cue_saying(_plain(reason.passages[0]))
            hits.append((minute, cue, tracks.clock(cue.start), reason.passages))
    context = {"form": form, "text": text, "page": shown, "hits": hits, "found": found}
    return page(request, "library/transcripts.html", context, fragment="library/_transcripts.html")


def _plain(passage: Marked) -> str:
    """A passage as it stands in the text, without the signs that it was cut out of it."""
    return "".join(piece.text for piece in passage).removeprefix("… ").removesuffix(" …")


# --- What people think -----------------------------------------------------------------------------------------------


@require_POST
def prompt_answer(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep what somebody thinks at a question; sent by itself whenever something has changed."""
    resource, asked = _asked(request, pk)
    form = AnswerForm(request.POST, asked=asked, is_member=request.organisation is not None)
    if not form.is_valid():
        context = {"asked": asked, "form": form, "film_resource": resource}
        return page(request, "library/answer.html", context, fragment="library/_answer_saved.html", status=422)
    visibility = form.cleaned_data.get("visibility") or Answer.Visibility.PRIVATE
    asked.answer = actions.answer_prompt(
        asked.prompt,
        text=form.cleaned_data["text"],
        value=form.cleaned_data.get("value"),
        visibility=visibility,
        organisation=request.organisation,
        by=request.user,
        at=now(),
    )
    return _answered(request, resource, asked, _("Your answer is kept."))


@require_POST
def answer_take_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget what somebody answered."""
    resource, asked = _asked(request, pk)
    if asked.answer is None:
        raise Http404
    actions.take_back_answer(asked.answer, by=request.user, at=now())
    to = f"{resource.get_absolute_url()}#prompt-{pk}"
    return done(request, "", {}, message=_("Your answer is forgotten."), to=to)


def _answered(request: PersonRequest, resource: Resource, asked: AskedPrompt, message: str) -> HttpResponse:
    # Whoever is still writing is not told each time: a line beside the field says it.
    if wants_fragment(request):
        _see_ways_on(request, asked)
        return render(request, "library/_answer_saved.html", {"asked": asked})
    return done(request, "", {}, message=message, to=f"{resource.get_absolute_url()}#prompt-{asked.prompt.pk}")


def _see_ways_on(request: PersonRequest, asked: AskedPrompt) -> None:
    """Say what an answer in words can become in other rooms."""
    if asked.thought:
        asked.ways = [way for ways in ways_on.ask(request=request, thought=asked.thought) for way in ways]


def _asked(request: PersonRequest, pk: int) -> tuple[Resource, AskedPrompt]:
    """The question of that number in a film that somebody may see, and the resource on whose page it was answered."""
    prompts = Prompt.objects.filter(film__in=Film.objects.visible_to(request.user))
    prompt = get_object_or_404(prompts.select_related("film__resource__current"), pk=pk)
    resource = prompt.film.resource
    if (came := request.POST.get("resource", "")).isdecimal() and len(came) < 10:
        among = Resource.objects.visible_to(request.user).filter(work=resource.work_id).select_related("current")
        resource = among.filter(pk=int(came)).first() or resource
    found = asked_prompts(prompt.film, read=_read(request, resource), reader=request.user)
    asked = next((asked for asked in found if asked.prompt.pk == pk), None)
    if asked is None:
        raise Http404
    return resource, asked


@require_safe
def film_thoughts(request: PersonRequest, pk: int) -> HttpResponse:
    """What people of one's organisation thought at the questions of a film, as far as they share it."""
    resources = Resource.objects.visible_to(request.user).exclude(state=Resource.State.WITHDRAWN)
    resource = get_object_or_404(resources.select_related("current"), pk=pk)
    film = Film.objects.visible_to(request.user).shown_with(resource).first()
    organisation = request.organisation
    if film is None or organisation is None:
        raise Http404
    can_see_answers.require(request.user, organisation)
    facilitating = can_facilitate(request.user, organisation)
    answers = Answer.objects.filter(prompt__film=film).shared_with(organisation, facilitating=facilitating)
    by_prompt: dict[int, list[Answer]] = {}
    for answer in answers.select_related("by").order_by("-changed_at", "-pk")[:MOST_ANSWERS]:
        by_prompt.setdefault(answer.prompt_id, []).append(answer)
    thoughts = []
    for asked in asked_prompts(film, read=_read(request, resource)):
        if asked.prompt.is_answered:
            given = by_prompt.get(asked.prompt.pk, [])
            counts = Counter(answer.value for answer in given if answer.value is not None)
            thoughts.append(
                {
                    "asked": asked,
                    "count": len(given),
                    "counts": [(label, counts[value]) for value, label in asked.choices] if asked.prompt.is_counted else [],
                    "texts": [answer for answer in given if answer.text][:MOST_TEXTS],
                }
            )
    context = {
        "resource": resource,
        "shown": resource.shown,
        "organisation": organisation,
        "facilitating": facilitating,
        "thoughts": thoughts,
    }
    return page(request, "library/thoughts.html", context)
