from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from guildhall.core.http import page
from guildhall.core.pages import Pages
from guildhall.library.listing import rows_of
from guildhall.library.models import Collected, Collection, Resource
from guildhall.library.rules import can_collect
from guildhall.library.views.reading import tabs
from guildhall.people.middleware import PersonRequest

ROWS = 20


@login_not_required
@require_safe
def collection_list(request: PersonRequest) -> HttpResponse:
    """Collections that are public, the newest first."""
    public = Q(items__resource__state=Resource.State.PUBLISHED)
    collections = _open_to_all(request).annotate(count=Count("items", filter=public)).order_by("-made_at", "-pk")
    shown = Pages(collections, ROWS).get_page(request.GET.get("page"))
    return page(request, "library/collection_list.html", {"page": shown, **tabs("collections")})


@login_not_required
@require_safe
def collection_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A public collection: what is in it and still public, in its order, with a word on each."""
    collection = get_object_or_404(_open_to_all(request), pk=pk)
    items = Collected.objects.filter(collection=collection, resource__in=Resource.objects.public())
    shown = Pages(items.order_by("position", "pk"), ROWS).get_page(request.GET.get("page"))
    words = {item.resource_id: item.word for item in shown}
    context = {
        "collection": collection,
        "page": shown,
        "rows": rows_of(list(words), words=words),
        "may_change": request.user.is_authenticated and can_collect(request.user, collection),
        "to_tick": False,
    }
    return page(request, "library/collection_detail.html", context)


def _open_to_all(request: PersonRequest) -> QuerySet[Collection]:
    return Collection.objects.visible_to(request.user).filter(is_public=True).select_related("organisation")
