from __future__ import annotations

from itertools import zip_longest
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guildhall.core.http import done, page
from guildhall.core.models import Progress
from guildhall.library import actions, licences, machine
from guildhall.library.actions.translations import WRITTEN_ANEW, still_original
from guildhall.library.differences import differences
from guildhall.library.forms.translating import TranslateForm, TranslatingForm
from guildhall.library.markdown import render
from guildhall.library.models import Described, Resource
from guildhall.library.passages import blocks_of
from guildhall.library.rules import can_change, can_look_through, can_translate
from guildhall.library.views.desk import desk, my_organisation, on_desk, said_on
from guildhall.people.middleware import PersonRequest

Translated = Resource.Translated


def resource_translate(request: PersonRequest, pk: int) -> HttpResponse:
    """Begin a translation of something public: choose the language; the page to write it on comes next."""
    organisation = my_organisation(request)
    can_translate.require(request.user, organisation)
    resources: Any = Resource.objects.visible_to(request.user)
    resource = get_object_or_404(resources.select_related("work__current", "current"), pk=pk)
    original = resource.work or resource
    if original.current is None:
        raise Http404  # a draft of one's own: nobody can render what may still change
    renderings = Resource.objects.visible_to(request.user).filter(work=original).select_related("current")
    taken = list(Resource.objects.filter(work=original).values_list("language", flat=True))
    form = TranslateForm(request.POST if request.method == "POST" else None, taken=[*taken, original.current.language])
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            translation = actions.start_translation(
                original, organisation=organisation, **form.cleaned_data, by=request.user, at=now()
            )
            to = reverse("library:translating", args=[translation.pk])
            message = _("The translation is begun. Nobody but your colleagues sees it yet.")
            return done(request, "", {}, message=message, to=to)
    context = {
        "original": original,
        "organisation": organisation,
        "form": form,
        "obstacle": licences.obstacle(original.current.under, original.current.under),
        "renderings": [each for each in renderings.order_by("language", "pk") if each != original],
    }
    return page(request, "library/translate.html", context, status=422 if form.is_bound else 200)


def resource_translating(request: PersonRequest, pk: int) -> HttpResponse:
    """Translate: the original and the translation beside each other, and what has changed in the original since."""
    translation = _translation(request, pk)
    can_change.require(request.user, translation)
    rendered, newest = translation.translated_from, _newest(translation)
    original = newest or rendered
    assert original is not None  # noqa: S101  # a translation knows what it renders
    form = TranslatingForm(request.POST if request.method == "POST" else None, translation=translation, original=original)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            actions.change_resource(
                translation, described=form.described, revision=translation.revision, by=request.user, at=now()
            )
            return done(request, "", {}, message=_("Saved."), to=reverse("library:translating", args=[pk]))
    progress = _progress(request, translation)
    context = {
        **desk(request, translation, "translating"),
        "original": original,
        "form": form,
        "draft": f"translating-{translation.pk}",
        "rows": [(pair, render(pair.original, level=2) if pair.is_markdown else "") for pair in form.pairs],
        "blocks": _beside_each_other(original, translation),
        "changes": differences(rendered, newest, WRITTEN_ANEW) if rendered and newest else [],
        "has_changed": newest is not None,
        "is_machine": translation.translated == Translated.MACHINE,
        "is_looked_through": translation.translated == Translated.REVIEWED,
        "may_look_through": can_look_through(request.user, translation),
        "machine": machine.configured() if still_original(translation) else None,
        "progress": progress,
        "is_under_way": progress is not None and not progress.finished,
    }
    return page(request, "library/translating.html", context, status=422 if form.is_bound else 200)


@require_POST
def resource_catch_up(request: PersonRequest, pk: int) -> HttpResponse:
    """Note that the translation renders the original as it is now."""
    translation = actions.catch_up(_translation(request, pk), by=request.user, at=now())
    return _back(request, translation, _("Noted: the translation renders the original as it is now."))


@require_POST
def resource_look_through(request: PersonRequest, pk: int) -> HttpResponse:
    """Note that a person has read the translation beside its original."""
    translation = actions.look_through(_translation(request, pk), by=request.user, at=now())
    return _back(request, translation, _("Noted: somebody has looked through this translation."))


@require_POST
def resource_machine(request: PersonRequest, pk: int) -> HttpResponse:
    """Have a machine make a draft of what nobody has translated yet."""
    if machine.configured() is None:
        raise Http404
    translation = _translation(request, pk)
    actions.ask_machine(translation, by=request.user, at=now())
    return _back(request, translation, _("The translation service is asked. You may close this page: the work goes on."))


def _translation(request: PersonRequest, pk: int) -> Resource:
    translation = on_desk(request, pk)
    if not translation.is_translation:
        raise Http404
    return translation


def _back(request: PersonRequest, translation: Resource, message: str) -> HttpResponse:
    return done(request, "", {}, message=message, to=reverse("library:translating", args=[translation.pk]))


def _newest(translation: Resource) -> Described | None:
    """The original as it is now, where that is not what the translation renders."""
    newest = translation.work.current if translation.work else None
    return newest if newest is not None and newest.pk != translation.translated_from_id else None


def _progress(request: PersonRequest, translation: Resource) -> Progress | None:
    """What a machine asked by this person is doing; or why it stopped, as long as nothing was done about it."""
    address = reverse("library:translating", args=[translation.pk])
    last = Progress.objects.of(request.user).filter(then=address).order_by("-started_at").first()
    if last is None or last.state == Progress.State.DONE:
        return None
    return last if last.finished_at is None or last.finished_at >= translation.changed_at else None


def _beside_each_other(original: Described, translation: Described) -> list[tuple[SafeString, SafeString]]:
    """The text of both, block beside block, to be read."""
    pairs = zip_longest(blocks_of(original.text), blocks_of(translation.text), fillvalue="")
    return [(render(one, level=3), render(other, level=3)) for one, other in pairs]
