"""How long each kind of data is kept, for managers and operators to see."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from guildhall.core.http import page
from guildhall.core.ui.lists import Column
from guildhall.people import retention
from guildhall.people.middleware import PersonRequest
from guildhall.people.rules import can_see_retention


@require_safe
def retention_list(request: PersonRequest) -> HttpResponse:
    if not can_see_retention(request.user):
        raise Http404
    at = now()
    counted = request.user.is_operator  # the counts are of all organisations together: no manager's business
    rules = [
        {"rule": rule, "kept_for": _in_words(rule.keep), "due": rule.overdue(at - rule.keep) if counted else None}
        for rule in retention.all_rules()
    ]
    columns = [_("What"), _("Kept for"), _("Why"), *([Column(_("Due to go"), numeric=True)] if counted else [])]
    return page(request, "people/retention_list.html", {"rules": rules, "columns": columns, "counted": counted})


def _in_words(keep: timedelta) -> str:
    """Say a time in whole years or in days."""
    years, days = divmod(keep.days, 365)
    if years and not days:
        return ngettext("%(count)d year", "%(count)d years", years) % {"count": years}
    return ngettext("%(count)d day", "%(count)d days", keep.days) % {"count": keep.days} if keep.days else _("not at all")
