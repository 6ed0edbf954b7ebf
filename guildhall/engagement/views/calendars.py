from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.engagement import actions
from guildhall.engagement.actions.exports import CALENDAR
from guildhall.engagement.exporting import calendar as drawing
from guildhall.engagement.forms.exports import AddressForm, CalendarForm
from guildhall.engagement.models import Calendar
from guildhall.engagement.rules import can_export
from guildhall.engagement.views.desk import open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Pass
from guildhall.people.passes import LinkNotValid, opened_by_pass


def calendar_mine(request: PersonRequest) -> HttpResponse:
    """Have one's next steps and visits in the calendar one uses elsewhere; its secret address is shown once, when it is made."""
    school = open_book(request)
    calendar = Calendar.objects.of(request.user).filter(school=school).first()
    form = CalendarForm(request.POST or None, instance=calendar)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data["has_telephones"]
        calendar, token = actions.make_calendar(school, has_telephones=wanted, by=request.user, at=now())
        address = request.build_absolute_uri(reverse("engagement:calendar_feed", args=[token]))
        context |= {"address": AddressForm(initial={"address": address}), "in_program": f"webcal:{address.partition(':')[2]}"}
    response = page(request, "engagement/calendar.html", {**context, "calendar": calendar})
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def calendar_remove(request: PersonRequest) -> HttpResponse:
    """Let the address of one's calendar work no longer."""
    school = open_book(request)
    if calendar := Calendar.objects.of(request.user).filter(school=school).first():
        actions.remove_calendar(calendar, by=request.user, at=now())
    message = _("The address works no longer. Take the calendar out of your calendar program, too.")
    return done(request, "", {}, message=message, to="engagement:calendar")


@require_safe
@opened_by_pass(CALENDAR)
def calendar_feed(request: HttpRequest, held: Pass, token: str) -> HttpResponse:
    """What calendar programs fetch. It ends with the membership."""
    calendar = Calendar.objects.select_related("user", "school").filter(pk=held.thing_id).first()
    if calendar is None or not can_export(calendar.user, calendar.school):
        raise LinkNotValid
    user = calendar.user
    with translation.override(user.preferred_language), timezone.override(user.zone):
        content = drawing.feed(calendar, at=now())
    response = HttpResponse(content, content_type=drawing.MEDIA_TYPE)
    response["ETag"] = drawing.tag_of(content)
    response["Cache-Control"] = "private, no-cache"
    response["Content-Disposition"] = 'inline; filename="guildhall.ics"'
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
