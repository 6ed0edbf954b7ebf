"""What our public resources lack for those who harvest and look for them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.http import page
from guildhall.core.pages import Pages
from guildhall.core.ui.lists import Column
from guildhall.library.lacks import Lack, lacks_of
from guildhall.library.models import Described, Resource, Version
from guildhall.library.views.desk import my_organisation
from guildhall.people.middleware import PersonRequest

ROWS = 25


@require_safe
def quality(request: PersonRequest) -> HttpResponse:
    """What each of our public resources lacks, the most needed first; ``lacks`` narrows it down to one thing."""
    organisation = my_organisation(request)
    # What is long is not asked about: of a thousand resources it would be a great deal to read.
    shown = Version.objects.defer("text", "file_text", "account")
    ours = Resource.objects.our_own().public().filter(organisation=organisation).values("current")
    found = [(version, lacks_of(version)) for version in shown.filter(pk__in=ours).order_by("title", "pk")]
    counts = Counter(lack for _version, lacks in found for lack in lacks)
    asked = next((lack for lack in counts if _name_of(lack) == request.GET.get("lacks")), None)
    lacking = [(version, lacks) for version, lacks in found if lacks and (asked is None or asked in lacks)]
    lacking.sort(key=lambda each: (-sum(lack.is_needed for lack in each[1]), -len(each[1])))
    listed = Pages(lacking, ROWS).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation,
        "total": len(found),
        "whole": sum(not any(lack.is_needed for lack in lacks) for _version, lacks in found),
        "lacks": [_told(lack, count, asked) for lack, count in sorted(counts.items(), key=_most_needed_first)],
        "asked": asked,
        "page": listed,
        "rows": [_row(version, lacks) for version, lacks in listed],
        "columns": [_("What is missing"), Column(_("Resources"), numeric=True), _("Do they take it without?")],
    }
    return page(request, "library/quality.html", context, fragment="library/_quality.html")


def _name_of(lack: Lack) -> str:
    """What a lack is called in an address: its field, and whether it is needed, for a field may lack two things."""
    return f"{lack.field}-{'needed' if lack.is_needed else 'wanted'}"


def _most_needed_first(counted: tuple[Lack, int]) -> tuple[bool, int, str]:
    lack, count = counted
    return (not lack.is_needed, -count, lack.sentence)


def _told(lack: Lack, count: int, asked: Lack | None) -> dict[str, Any]:
    return {"lack": lack, "count": count, "query": f"?lacks={_name_of(lack)}", "is_asked": lack == asked}


def _row(version: Described, lacks: list[Lack]) -> dict[str, Any]:
    assert isinstance(version, Version)  # noqa: S101
    return {
        "title": version.title,
        "language": version.language,
        "lacks": lacks,
        "change": reverse("library:change", args=[version.resource_id]),
    }
