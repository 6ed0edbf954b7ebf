from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import F, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.errors import Refused
from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.core.search import matching_keys
from guildhall.library import actions, licences
from guildhall.library.actions.parts import MOST_PARTS
from guildhall.library.cases import how_far
from guildhall.library.forms.cases import CaseForm
from guildhall.library.forms.writing import (
    DescribedForm,
    MineFilter,
    PartForm,
    ResourceForm,
    SourceElsewhereForm,
    SourceHereForm,
    StartForm,
    UploadForm,
)
from guildhall.library.markdown import render
from guildhall.library.models import Part, Resource, ResourceQuerySet, Source
from guildhall.library.rules import can_change, can_publish
from guildhall.library.search import PUBLIC, RESOURCE, resources_found, scope_of
from guildhall.library.views.desk import desk, my_organisation, on_desk, said_on, stand_of
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation

ROWS = 25
#: What no row of the list shows.
LONG = ["text", "account", "summary"]
#: Of what waits for whoever may publish, so many stand above the list.
WAITING_SHOWN = 10
#: How many resources a search for a source offers.
OFFERED = 8
LONGEST_QUESTION = 200
State = Resource.State


# --- What my organisation works on -----------------------------------------------------------------------------------


@require_safe
def my_resources(request: PersonRequest) -> HttpResponse:
    """What my organisation works on: what waits for me first, then what was changed last."""
    organisation = my_organisation(request)
    filters = MineFilter(request.GET)
    filters.is_valid()
    asked = {name: value for name, value in filters.cleaned_data.items() if value}
    ours: Any = Resource.objects.filter(organisation=organisation, harvested__isnull=True)
    resources = ours.select_related("owner", "submitted_by", "work").defer(*LONG, *(f"work__{name}" for name in LONG))
    waiting: list[Resource] = []
    if not asked and can_publish(request.user, Resource(organisation=organisation)):
        waiting = list(resources.waiting_for_review().order_by("submitted_at", "pk")[:WAITING_SHOWN])
    listed = _narrowed(resources, asked, request, organisation).exclude(pk__in=[each.pk for each in waiting])
    ordered = listed.order_by(F("submitted_at").asc(nulls_last=True), "-changed_at", "-pk")
    shown = Pages(ordered, ROWS).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation,
        "filters": filters,
        "filtered": bool(asked),
        "page": shown,
        "rows": [(each, stand_of(each)) for each in shown],
        "waiting": [(each, stand_of(each)) for each in waiting],
        "is_all_waiting": len(waiting) < WAITING_SHOWN,
    }
    return page(request, "library/mine.html", context, fragment="library/_mine.html")


def _narrowed(
    resources: ResourceQuerySet, asked: dict[str, str], request: PersonRequest, organisation: Organisation
) -> ResourceQuerySet:
    states = {
        "waiting": Q(submitted_at__isnull=False),
        "drafts": Q(state=State.DRAFT),
        "changed": Q(state=State.PUBLISHED, has_changes=True),
        "published": Q(state=State.PUBLISHED),
        "withdrawn": Q(state=State.WITHDRAWN),
        "behind": Q(translated_from__isnull=False) & ~Q(translated_from=F("work__current")),
    }
    if "show" in asked:
        resources = resources.filter(states[asked["show"]])
    if "by" in asked:
        resources = resources.filter(owner=request.user)
    if "kind" in asked:
        resources = resources.filter(kind=asked["kind"])
    if text := asked.get("q", "").strip():
        found = matching_keys(RESOURCE, text, [PUBLIC, scope_of(organisation.pk)])
        resources = resources.filter(Q(pk__in=found) | Q(title__icontains=text))
    return resources


# --- Writing ---------------------------------------------------------------------------------------------------------


def resource_start(request: PersonRequest) -> HttpResponse:
    """Begin something: what it is, its title, its language."""
    organisation = my_organisation(request)
    initial = {"what": request.GET.get("what") or "text", "language": get_language()}
    form = StartForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        author = {"name": str(request.user), "orcid": "", "affiliation": str(organisation)}
        described = {**form.described, "authors": [author]}
        resource = actions.start_resource(organisation, described=described, by=request.user, at=now())
        what = form.cleaned_data["what"]
        first = {"files": "library:parts", "film": "library:film"}.get(what, "library:change")
        to = reverse(first, args=[resource.pk])
        to += "#id_link" if what == "link" else ""
        return done(request, "", {}, message=_("It is begun, and nobody but your colleagues sees it yet."), to=to)
    context = {"form": form, "organisation": organisation}
    return page(request, "library/start.html", context, status=422 if form.is_bound else 200)


def resource_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Write: the text or the account, and what is said about it. A preview changes nothing."""
    resource = on_desk(request, pk)
    can_change.require(request.user, resource)
    kind = CaseForm if resource.is_case else ResourceForm
    form = kind(request.POST if request.method == "POST" else None, resource=resource)
    is_preview = "preview" in request.POST
    if request.method == "POST" and not is_preview and form.is_valid():
        with said_on(form):
            resource = actions.change_resource(
                resource, described=form.described, revision=resource.revision, by=request.user, at=now()
            )
            on = "on" in request.POST
            to = reverse("library:publish" if on else "library:change", args=[resource.pk])
            return done(request, "", {}, message=_("Saved."), to=to)
    told = how_far(resource) if resource.is_case else None
    context = {
        **desk(request, resource, "change"),
        "form": form,
        "draft": f"resource-{resource.pk}",
        "preview": _previewed(form) if is_preview else None,
        "title": form["title"].value() if is_preview else "",
        "text_language": form["language"].value() if "language" in form.fields else resource.language,
        "how_far": told,
        "following": _following(form, told.following) if told and told.following else None,
    }
    template = "library/case.html" if resource.is_case else "library/change.html"
    fragment = "library/_preview.html" if is_preview else None
    return page(request, template, context, fragment=fragment, status=422 if form.is_bound and not is_preview else 200)


def _previewed(form: DescribedForm) -> list[tuple[str, SafeString]]:
    """What was typed, as it will look: its parts with their headings."""
    if isinstance(form, CaseForm):
        return [(str(part.label), render(str(part.value() or ""), level=4)) for part in form.parts if part.value()]
    return [("", render(str(form["text"].value() or ""), level=4))]


def _following(form: DescribedForm, name: str) -> tuple[str, str]:
    """Where the next part of a case stands on the page, and what it is called."""
    if name == "authors":
        return "#authors", _("Who made it")
    return f"#{form[name].id_for_label}", str(form[name].label)


# --- Files -----------------------------------------------------------------------------------------------------------


def part_list(request: PersonRequest, pk: int) -> HttpResponse:
    """The files of the working copy, and more of them: several at once."""
    resource = on_desk(request, pk)
    can_change.require(request.user, resource)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        added = _add(request, resource, form)
        message = ngettext("%(count)s file is added.", "%(count)s files are added.", added) % {"count": added}
        if not form.errors:
            return done(request, "", {}, message=message, to=reverse("library:parts", args=[resource.pk]))
        if added:
            messages.success(request, message)
    parts = list(resource.parts.of_working_copy().select_related("file"))
    context = {**desk(request, resource, "parts"), "form": form, "parts": parts, "most": MOST_PARTS}
    return page(request, "library/parts.html", context, status=422 if form.is_bound else 200)


def _add(request: PersonRequest, resource: Resource, form: UploadForm) -> int:
    """Add what was sent, file by file: what is wrong with one is said of it, and does not keep the others away."""
    added = 0
    for upload in form.cleaned_data["uploads"]:
        try:
            actions.add_part(resource, upload=upload, by=request.user, at=now())
            added += 1
        except Refused as no:
            form.add_error("uploads", _("%(file)s: %(why)s") % {"file": upload.name, "why": no})
    return added


def part_title(request: PersonRequest, pk: int, part_pk: int) -> HttpResponse:
    """Give a file another title."""
    part = _part(request, pk, part_pk)
    form = PartForm(request.POST if request.method == "POST" else None, initial={"title": part.title})
    if request.method == "POST" and form.is_valid():
        actions.name_part(part, **form.cleaned_data, by=request.user, at=now())
        return done(request, "", {}, message=_("Saved."), to=reverse("library:parts", args=[pk]))
    context = {**desk(request, part.resource, "parts"), "part": part, "form": form}
    return page(request, "library/part_title.html", context, status=422 if form.is_bound else 200)


def part_remove(request: PersonRequest, pk: int, part_pk: int) -> HttpResponse:
    """Take a file out, after having asked: unless a version has it, it is gone."""
    part = _part(request, pk, part_pk)
    if request.method == "POST":
        actions.remove_part(part, by=request.user, at=now())
        message = _("%(file)s is taken out.") % {"file": part}
        return done(request, "", {}, message=message, to=reverse("library:parts", args=[pk]))
    context = {**desk(request, part.resource, "parts"), "part": part, "is_kept": part.versions.exists()}
    return page(request, "library/part_remove.html", context)


def _part(request: PersonRequest, pk: int, part_pk: int) -> Part:
    resource = on_desk(request, pk)
    can_change.require(request.user, resource)
    part = get_object_or_404(resource.parts.of_working_copy().select_related("file"), pk=part_pk)
    part.resource = resource
    return part


# --- Sources ---------------------------------------------------------------------------------------------------------


def source_list(request: PersonRequest, pk: int) -> HttpResponse:
    """What it was made from, and more of that: something here, to be searched for, or something elsewhere."""
    resource = on_desk(request, pk)
    can_change.require(request.user, resource)
    text = (request.POST.get("q") or request.GET.get("q", ""))[:LONGEST_QUESTION]
    offered = _offered(resource, text)
    is_here = "here" in request.POST
    here = SourceHereForm(request.POST if is_here else None, offered=offered, prefix="here")
    elsewhere = SourceElsewhereForm(request.POST if request.method == "POST" and not is_here else None, prefix="elsewhere")
    sent: SourceHereForm | SourceElsewhereForm = here if is_here else elsewhere
    if request.method == "POST" and sent.is_valid():
        with said_on(sent):
            actions.add_source(resource, **sent.cleaned_data, by=request.user, at=now())
            return done(request, "", {}, message=_("The source is named."), to=reverse("library:sources", args=[resource.pk]))
    context = {
        **desk(request, resource, "sources"),
        "sources": _told(resource.sources.for_page(), resource),
        "draft": f"source-{resource.pk}",
        "text": text,
        "offered": offered,
        "here": here,
        "elsewhere": elsewhere,
    }
    return page(request, "library/sources.html", context, status=422 if sent.is_bound else 200)


def _offered(resource: Resource, text: str) -> list[Resource]:
    if not text.strip():
        return []
    found: Any = Resource.objects.public().filter(pk__in=resources_found(text)).exclude(pk=resource.pk)
    unnamed = found.exclude(pk__in=resource.sources.filter(of__isnull=False).values("of"))
    return list(unnamed.select_related("current", "organisation").order_by("-public_at", "-pk")[:OFFERED])


def _told(sources: Iterable[Source], resource: Resource) -> list[dict[str, Any]]:
    """Each source with what its licence means, and what keeps it from going with the licence chosen."""
    return [
        {
            "source": source,
            "under": source.under,
            "problem": licences.obstacle(source.under, resource.under) if source.under else "",
            "is_original": source.relation == Source.Relation.TRANSLATION and source.of_id == resource.work_id,
        }
        for source in sources
    ]


@require_POST
def source_remove(request: PersonRequest, pk: int, source_pk: int) -> HttpResponse:
    """Name a source no more."""
    resource = on_desk(request, pk)
    source = get_object_or_404(resource.sources.for_page(), pk=source_pk)
    actions.remove_source(source, by=request.user, at=now())
    return done(request, "", {}, message=_("The source is named no more."), to=reverse("library:sources", args=[pk]))
