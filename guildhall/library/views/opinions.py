from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.library import actions
from guildhall.library.forms.opinions import CollectForm, CollectionForm, ReviewForm, UseForm
from guildhall.library.models import Collection, ExpertGroup, Resource, Review, Use
from guildhall.library.rules import can_collect, can_review
from guildhall.library.views.desk import my_organisation, said_on, writes_for
from guildhall.people.middleware import PersonRequest

ROWS = 25


# --- Opinions --------------------------------------------------------------------------------------------------------


def resource_review(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what one thinks of it, as a member or as an expert: five questions, and in words; again instead of what one said."""
    organisation, groups = writes_for(request), list(ExpertGroup.objects.open_to(request.user).select_related("organisation"))
    if organisation is None and not groups:
        raise Http404
    resource = _shown(request, pk)
    can_review.require(request.user, resource)
    held = resource.reviews.filter(by=request.user).select_related("group").first()
    form = ReviewForm(request.POST if request.method == "POST" else None, review=held, organisation=organisation, groups=groups)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            said = {name: form.cleaned_data[name] for name in ("text", "language")}
            group = form.cleaned_data.get("given")
            said["organisation"] = group.organisation if group else my_organisation(request)
            actions.review_resource(resource, group=group, scores=form.scores, **said, by=request.user, at=now())
            return done(request, "", {}, message=_("Thank you: your review stands with it."), to=resource)
    context = {
        "resource": resource,
        "form": form,
        "held": held,
        "former": held.group if held and held.group not in groups else None,
        "title": _("What do you think of it?"),
        "sentence": _("“%(resource)s”, as it is published now.") % {"resource": resource.shown.title},
        "draft": f"review-{resource.pk}",
    }
    return page(request, "library/review.html", context, status=422 if form.is_bound else 200)


@require_POST
def review_take_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back what one thinks."""
    reviews: Any = Review.objects.filter(resource__in=Resource.objects.visible_to(request.user).values("pk"))
    resource = actions.take_back_review(get_object_or_404(reviews.select_related("resource"), pk=pk), by=request.user, at=now())
    return done(request, "", {}, message=_("Your review is taken back."), to=resource)


def resource_use(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that one used it, and how it went."""
    organisation, resource = my_organisation(request), _shown(request, pk)
    held = resource.uses.filter(by=request.user).first()
    initial = {"sentence": held.sentence, "language": held.language} if held else {"language": get_language()}
    form = UseForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            actions.tell_of_use(resource, organisation=organisation, **form.cleaned_data, by=request.user, at=now())
            return done(request, "", {}, message=_("Thank you: others see that it was used."), to=resource)
    context = {
        "resource": resource,
        "form": form,
        "held": held,
        "title": _("I used this"),
        "sentence": _("“%(resource)s”: others see that it works, and how.") % {"resource": resource.shown.title},
        "draft": f"use-{resource.pk}",
    }
    return page(request, "library/use.html", context, status=422 if form.is_bound else 200)


@require_POST
def use_take_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back that one used it."""
    uses: Any = Use.objects.filter(resource__in=Resource.objects.visible_to(request.user).values("pk"))
    resource = actions.take_back_use(get_object_or_404(uses.select_related("resource"), pk=pk), by=request.user, at=now())
    return done(request, "", {}, message=_("It is taken back."), to=resource)


def _shown(request: PersonRequest, pk: int) -> Resource:
    resources: Any = Resource.objects.visible_to(request.user)
    return get_object_or_404(resources.select_related("current", "organisation", "owner"), pk=pk)


# --- Collections -----------------------------------------------------------------------------------------------------


@require_safe
def my_collections(request: PersonRequest) -> HttpResponse:
    """The collections of my organisation, those that only we see as well."""
    organisation = my_organisation(request)
    collections: Any = Collection.objects.filter(organisation=organisation)
    shown = Pages(collections.annotate(count=Count("items")).order_by("title", "pk"), ROWS).get_page(request.GET.get("page"))
    return page(request, "library/my_collections.html", {"organisation": organisation, "page": shown})


@require_safe
def collection_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A collection for those who may change it, with what is not public any more; others are led to its public page."""
    collection = _my_collection(request, pk)
    if not can_collect(request.user, collection):
        return redirect("oer:collection", pk)
    items = collection.items.select_related("resource__current", "resource__organisation").order_by("position", "pk")
    shown = Pages(items, ROWS).get_page(request.GET.get("page"))
    return page(request, "library/my_collection.html", {"collection": collection, "page": shown})


def resource_collect(request: PersonRequest, pk: int) -> HttpResponse:
    """Put it into a collection of my organisation, or into a new one."""
    organisation, resource = my_organisation(request), _shown(request, pk)
    collections = list(Collection.objects.filter(organisation=organisation).order_by("title", "pk"))
    form = CollectForm(request.POST if request.method == "POST" else None, collections=collections)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            collection = _collect(request, resource, form)
            message = _("“%(resource)s” is in “%(collection)s”.") % {
                "resource": resource.shown.title,
                "collection": collection.title,
            }
            return done(request, "", {}, message=message, to=collection)
    context = {
        "resource": resource,
        "form": form,
        "title": _("Put it into a collection"),
        "sentence": _("“%(resource)s”, in a collection of %(organisation)s.")
        % {"resource": resource.shown.title, "organisation": organisation},
    }
    return page(request, "library/collect.html", context, status=422 if form.is_bound else 200)


def _collect(request: PersonRequest, resource: Resource, form: CollectForm) -> Collection:
    collection, word = form.cleaned_data["collection"], form.cleaned_data["word"]
    if collection is not None:
        return actions.collect(collection, resource=resource, word=word, by=request.user, at=now())
    return actions.collect_in_new(
        my_organisation(request),
        title=form.cleaned_data["title"],
        language=get_language() or "en",
        resource=resource,
        word=word,
        by=request.user,
        at=now(),
    )


def collection_make(request: PersonRequest) -> HttpResponse:
    """Begin a collection."""
    organisation = my_organisation(request)
    form = CollectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            collection = actions.make_collection(organisation, **form.cleaned_data, by=request.user, at=now())
            return done(request, "", {}, message=_("The collection is begun: put something into it."), to=collection)
    context = {
        "form": form,
        "collection": None,
        "title": _("Begin a collection"),
        "sentence": _("In the name of %(organisation)s.") % {"organisation": organisation},
        "submit": _("Begin"),
        "back": reverse("library:collections"),
    }
    return page(request, "library/collection_form.html", context, status=422 if form.is_bound else 200)


def collection_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Change what a collection is called, what it is for, who sees it."""
    collection = _my_collection(request, pk)
    can_collect.require(request.user, collection)
    form = CollectionForm(request.POST if request.method == "POST" else None, instance=collection)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            collection = actions.change_collection(collection, **form.cleaned_data, by=request.user, at=now())
            return done(request, "", {}, message=_("Saved."), to=collection)
    context = {
        "form": form,
        "collection": collection,
        "title": _("Change a collection"),
        "sentence": "",
        "submit": _("Save"),
        "back": collection.get_absolute_url(),
    }
    return page(request, "library/collection_form.html", context, status=422 if form.is_bound else 200)


def collection_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a collection apart, after having asked; what was in it stays."""
    collection = _my_collection(request, pk)
    can_collect.require(request.user, collection)
    if request.method == "POST":
        actions.remove_collection(collection, by=request.user, at=now())
        message = _("The collection “%(collection)s” is gone.") % {"collection": collection.title}
        return done(request, "", {}, message=message, to=reverse("library:collections"))
    return page(request, "library/collection_remove.html", {"collection": collection, "count": collection.items.count()})


@require_POST
def collection_take_out(request: PersonRequest, pk: int, resource_pk: int) -> HttpResponse:
    """Take something out of a collection."""
    collection = _my_collection(request, pk)
    item = get_object_or_404(collection.items.select_related("resource__current"), resource=resource_pk)
    actions.uncollect(collection, resource=item.resource, by=request.user, at=now())
    message = _("“%(resource)s” is taken out.") % {"resource": item.resource.shown.title}
    return done(request, "", {}, message=message, to=collection)


def _my_collection(request: PersonRequest, pk: int) -> Collection:
    """A collection that may be seen; whether it may be changed is for the rule to say."""
    collections: Any = Collection.objects.visible_to(request.user)
    return get_object_or_404(collections.select_related("organisation"), pk=pk)
