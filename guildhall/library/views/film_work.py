from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from guildhall.core.http import done, page, wants_fragment
from guildhall.core.pages import Pages
from guildhall.library import actions
from guildhall.library.films.showing import asked_prompts, shown_film
from guildhall.library.films.tracks import Cue, parse
from guildhall.library.finding import languages_read
from guildhall.library.forms.films import CUES, CuesForm, FilmForm, PromptForm, TrackForm
from guildhall.library.models import Film, Prompt, Resource, Track, Upload
from guildhall.library.rules import can_change
from guildhall.library.views.desk import desk, on_desk, said_on
from guildhall.people.middleware import PersonRequest
from guildhall.skills import taxonomy

_MEGABYTE = 1024 * 1024


def film_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """The film of a resource: send it, see how far it is, what is read along, what is asked."""
    resource = on_desk(request, pk)
    can_change.require(request.user, resource)
    film = _film_of(resource)
    if wants_fragment(request) and request.method == "GET":
        response = page(request, "library/_film_state.html", {"film": film, "resource": resource})
        if film is None or not film.is_under_way or film.has_stopped:
            response["HX-Refresh"] = "true"  # all of the page says that it is over
        return response
    form = FilmForm(request.POST, request.FILES) if request.method == "POST" else FilmForm()
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            actions.bring_film(resource, upload=form.cleaned_data["film"], by=request.user, at=now())
            message = _("The film has arrived, and is being made.")
            return done(request, "", {}, message=message, to=reverse("library:film", args=[pk]))
    read = languages_read(request.LANGUAGE_CODE, request.organisation)
    ready = film is not None and film.is_ready
    context = {
        **desk(request, resource, "film"),
        "film": film,
        "form": form,
        "takes_film": resource.current_id is None,
        "uploads": Upload.objects.of(request.user).filter(resource=resource).order_by("began_at"),
        "most": settings.MAX_FILM_GB * 1024 * _MEGABYTE,
        "most_gb": settings.MAX_FILM_GB,
        "most_mb": settings.MAX_UPLOAD_MB,
        "played": shown_film(film, read=read, title=resource.title) if film and ready else None,
        "renditions": list(film.renditions.select_related("file").defer("pieces").order_by("kind")) if film and ready else [],
        "tracks": [(track, taxonomy.label("language", track.language)) for track in film.tracks.order_by("language", "kind")]
        if film
        else [],
        "prompts": asked_prompts(film, read=[resource.language, *read]) if film else [],
    }
    return page(request, "library/film.html", context, status=422 if form.is_bound else 200)


@require_POST
def film_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Have a film made once more that could not be made."""
    film = _film(request, pk)
    actions.make_again(film, by=request.user, at=now())
    return done(request, "", {}, message=_("It is tried again."), to=film)


def film_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the film out of a draft, after having asked."""
    film = _film(request, pk)
    if request.method == "POST":
        actions.remove_film(film, by=request.user, at=now())
        return done(request, "", {}, message=_("The film is taken out."), to=reverse("library:film", args=[pk]))
    context = {
        "question": _("Take the film out?"),
        "consequence": _("It is deleted with its tracks and questions, and does not come back."),
        "submit": _("Take it out"),
    }
    return _ask(request, film.resource, context)


# --- Tracks ----------------------------------------------------------------------------------------------------------


def track_add(request: PersonRequest, pk: int) -> HttpResponse:
    """Add captions or their kin, from a file or to be written here."""
    film = _film(request, pk)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = TrackForm(*given, language=film.resource.language)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        cues = said["file"] or [Cue(0, 3, "…")]
        with said_on(form):
            track = actions.add_track(
                film,
                language=said["language"],
                kind=said["kind"],
                label=said["label"],
                source=said["source"],
                cues=cues,
                by=request.user,
                at=now(),
            )
            to = film.get_absolute_url() if said["file"] else _place(track)
            return done(request, "", {}, message=_("The track is added."), to=to)
    context = {**desk(request, film.resource, "film"), "film": film, "form": form}
    return page(request, "library/track_add.html", context, status=422 if form.is_bound else 200)


def track_change(request: PersonRequest, pk: int, track_pk: int) -> HttpResponse:
    """Write a track with the film beside it, fifty lines to a page."""
    film = _film(request, pk)
    track = get_object_or_404(film.tracks, pk=track_pk)
    cues = parse(track.vtt)
    shown = Pages(cues, CUES).get_page(request.GET.get("page"))
    first = CUES * (shown.number - 1)
    initial = {"revision": track.revision}
    form = CuesForm(
        request.POST if request.method == "POST" else None, cues=list(shown), language=track.language, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            actions.change_track(
                track,
                cues=form.cues,
                of=slice(first, first + len(shown)),
                revision=form.cleaned_data["revision"],
                by=request.user,
                at=now(),
            )
            return done(request, "", {}, message=_("Saved."), to=f"{_place(track)}?page={shown.number}")
    context = {
        **desk(request, film.resource, "film"),
        "film": film,
        "track": track,
        "language": taxonomy.label("language", track.language),
        "page": shown,
        "form": form,
        "played": shown_film(film, read=[track.language], title=film.resource.title) if film.is_ready else None,
        "columns": [pgettext("in a film", "From"), pgettext("in a film", "To"), _("Text")],
    }
    return page(request, "library/track.html", context, status=422 if form.is_bound else 200)


@require_POST
def track_look_through(request: PersonRequest, pk: int, track_pk: int) -> HttpResponse:
    """Stand for what a machine has written."""
    film = _film(request, pk)
    track = actions.look_through_track(get_object_or_404(film.tracks, pk=track_pk), by=request.user, at=now())
    return done(request, "", {}, message=_("It is noted that you have looked through it."), to=_place(track))


def track_remove(request: PersonRequest, pk: int, track_pk: int) -> HttpResponse:
    """Take a track away, after having asked."""
    film = _film(request, pk)
    track = get_object_or_404(film.tracks, pk=track_pk)
    if request.method == "POST":
        actions.remove_track(track, by=request.user, at=now())
        return done(request, "", {}, message=_("The track is gone."), to=film)
    name = {"kind": track.get_kind_display(), "language": taxonomy.label("language", track.language)}
    context = {
        "question": _("Remove the track “%(kind)s” (%(language)s)?") % name,
        "consequence": _("It is deleted, and does not come back. You can load it as a file before."),
        "submit": _("Remove it"),
    }
    return _ask(request, film.resource, context)


# --- Questions -------------------------------------------------------------------------------------------------------


def prompt_change(request: PersonRequest, pk: int, prompt_pk: int | None = None) -> HttpResponse:
    """Ask something at a moment of the film, in several languages; a new question, or another one than before."""
    film = _film(request, pk)
    prompt = get_object_or_404(film.prompts.prefetch_related("texts"), pk=prompt_pk) if prompt_pk else None
    form = PromptForm(
        request.POST if request.method == "POST" else None, in_languages=_languages(film.resource, prompt), prompt=prompt
    )
    if request.method == "POST" and form.is_valid():
        what: Any = {
            "at_seconds": int(form.cleaned_data["at_seconds"]),
            "kind": form.cleaned_data["kind"],
            "is_pause": form.cleaned_data["is_pause"],
            "texts": form.texts,
            "by": request.user,
            "at": now(),
        }
        with said_on(form):
            if prompt:
                actions.change_prompt(prompt, **what)
            else:
                actions.add_prompt(film, **what)
            return done(request, "", {}, message=_("The question is kept."), to=film)
    context = {**desk(request, film.resource, "film"), "film": film, "form": form, "prompt": prompt}
    return page(request, "library/prompt.html", context, status=422 if form.is_bound else 200)


def prompt_remove(request: PersonRequest, pk: int, prompt_pk: int) -> HttpResponse:
    """Ask no more, after having asked whether."""
    film = _film(request, pk)
    prompt = get_object_or_404(film.prompts, pk=prompt_pk)
    if request.method == "POST":
        actions.remove_prompt(prompt, by=request.user, at=now())
        return done(request, "", {}, message=_("The question is gone."), to=film)
    context = {
        "question": _("Remove this question?"),
        "consequence": _("What people have answered is deleted with it, and does not come back."),
        "submit": _("Remove it"),
    }
    return _ask(request, film.resource, context)


def _languages(resource: Resource, prompt: Prompt | None) -> list[tuple[str, str]]:
    """The languages in which a question may be put: the resource's first, those of the platform, those in which it is already."""
    written = [text.language for text in prompt.texts.all()] if prompt else []
    codes = dict.fromkeys([resource.language, *[code for code, _name in settings.LANGUAGES], *written])
    return [(code, taxonomy.label("language", code)) for code in codes]


def _film_of(resource: Resource) -> Film | None:
    return Film.objects.filter(resource=resource).select_related("progress", "resource").first()


def _film(request: PersonRequest, pk: int) -> Film:
    resource = on_desk(request, pk)
    can_change.require(request.user, resource)
    film = get_object_or_404(Film.objects.select_related("progress"), resource=resource)
    film.resource = resource
    return film


def _place(track: Track) -> str:
    return reverse("library:track", args=[track.film.resource_id, track.pk])


def _ask(request: PersonRequest, resource: Resource, context: dict[str, str]) -> HttpResponse:
    back = reverse("library:film", args=[resource.pk])
    return page(request, "library/film_ask.html", {**desk(request, resource, "film"), **context, "back": back})
