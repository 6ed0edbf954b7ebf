from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.http import page
from guildhall.core.ui.basics import figure
from guildhall.core.ui.lists import Column
from guildhall.engagement import level_words
from guildhall.engagement.catalogue import Catalogue
from guildhall.engagement.methodology.levels import LIVELY, NEEDS, WORTH, Share, Standing, standing, ways
from guildhall.engagement.models import Employer
from guildhall.engagement.standing import activities_of
from guildhall.engagement.views.employers import known_activities, standing_context
from guildhall.people.middleware import PersonRequest

#: Ways up that are shown; all others take longer.
WAYS = 8


@require_safe
def employer_level(request: PersonRequest, pk: int) -> HttpResponse:
    """Why an employer stands where it does, activity by activity, and what would move it."""
    shown = Employer.objects.visible_to(request.user).for_page().select_related("school")
    employer = get_object_or_404(shown, pk=pk)
    known = known_activities(request, employer)
    done, day = activities_of(employer, known.kinds), localdate()
    now = standing(done, day)
    context = {
        "employer": employer,
        "columns": [
            Column(_("What was done")),
            Column(_("On")),
            Column(_("Area")),
            Column(_("Rung"), numeric=True),
            Column(_("Points today"), numeric=True),
            Column(_("From then on fewer")),
        ],
        "rows": [_row(share, known) for share in now.carried_by],
        "others": len(now.counting) - len(now.carried_by),
        "ways": _ways(now, known),
        "needs": [(level, rung, points) for level, (rung, points) in NEEDS.items()],
        "worth": WORTH,
        "lively": LIVELY,
        **standing_context(now, known),
    }
    return page(request, "engagement/employer_level.html", context)


def _row(share: Share, known: Catalogue) -> dict[str, Any]:
    return {
        "name": level_words.activity_words(share.activity, known),
        "day": share.activity.day,
        "area": share.activity.area,
        "rung": share.activity.rung,
        "points": share.points,
        "fades_on": share.fades_on,
        "then": share.then,
    }


def _ways(now: Standing, known: Catalogue) -> list[dict[str, Any]]:
    """Ways to the next level with one kind of activity each, the one of the fewest hours first."""
    if now.move is None:
        return []
    found = [way for way in ways(now.move, known.kinds) if way.kind not in known.retired]
    return [{"name": level_words.way_words(way, known), "hours": figure(way.hours) if way.hours else ""} for way in found[:WAYS]]
