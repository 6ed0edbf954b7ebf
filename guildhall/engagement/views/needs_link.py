"""The needs interview as an employer answers it, by a link and without an account.

Under this address there are the school's name, who asks, the questions and the answers given here; of the book there is nothing.
The secret in the address is all that anybody has to have, so the forms carry no token of a session and no cookie is set.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from guildhall.core.errors import Refusal, Refused
from guildhall.core.http import page, wants_fragment
from guildhall.engagement import actions
from guildhall.engagement.actions.needs import NEEDS_LINK
from guildhall.engagement.forms.needs import PartForm
from guildhall.engagement.models import NeedsInterview
from guildhall.engagement.needs.asking import BY_KEY, PART_KEYS, activity_names, is_empty
from guildhall.engagement.views.needs import answered_parts, part_context
from guildhall.people.middleware import LANGUAGE_SESSION_KEY
from guildhall.people.models import Pass
from guildhall.people.passes import LinkNotValid, opened_by_pass

State = NeedsInterview.State
#: Where the answers go on after the last part.
SENT = "sent"


class TooManyAnswers(Refusal):
    """A link is answered faster than anybody types."""

    status = 429


def opened_by_needs_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open a page to whoever has a needs link, in its language unless they chose another one; or say why it is closed."""

    @csrf_exempt  # who may answer is told by the secret in the address, which no other site knows; a cookie says nothing here
    @opened_by_pass(NEEDS_LINK)
    @wraps(view)
    def opened(request: HttpRequest, held: Pass, token: str, **kwargs: Any) -> HttpResponse:
        interviews = NeedsInterview.objects.select_related("employer__organisation", "employer__school", "begun_by")
        interview = interviews.filter(pk=held.thing_id, is_by_link=True).first()
        if interview is None or held.thing_type != interview._meta.label_lower:
            raise LinkNotValid
        with translation.override(_language(request, interview)):
            closed = why_closed(interview)
            if closed:
                response = _closed(request, interview, closed)
            else:
                response = view(request, interview=interview, held=held, token=token, **kwargs)
            response["Content-Language"] = get_language() or ""
        return response

    return opened


def _language(request: HttpRequest, interview: NeedsInterview) -> str:
    chosen = "" if request.user.is_authenticated else request.session.get(LANGUAGE_SESSION_KEY, "")
    offered = dict(settings.LANGUAGES)
    return next((code for code in (chosen, interview.language) if code in offered), settings.LANGUAGE_CODE)


def why_closed(interview: NeedsInterview) -> str:
    """Why an interview cannot be answered any more, as a sentence; "" while it can."""
    names = {"school": interview.employer.school, "person": interview.begun_by}
    if interview.state == State.TAKEN:
        return _("%(school)s has taken your answers into its book. Thank you for your time.") % names
    if interview.state == State.WITHDRAWN:
        return _("%(school)s has withdrawn this link. What was answered by it is deleted.") % names
    if interview.is_expired(now()):
        if interview.state == State.ANSWERED:
            return _("Your answers are with %(school)s. They could be corrected for a while, which is over now.") % names
        return _("The time to answer is over. If you would still like to, ask %(person)s for a new link.") % names
    return ""


def _closed(request: HttpRequest, interview: NeedsInterview, sentence: str) -> HttpResponse:
    if wants_fragment(request):
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"  # the whole page says it
        return response
    context = {"interview": interview, "school": interview.employer.school, "sentence": sentence}
    return page(request, "engagement/needs_link_closed.html", context, status=410)


@require_safe
@opened_by_needs_link
def link_open(request: HttpRequest, interview: NeedsInterview, held: Pass, token: str) -> HttpResponse:
    """Begin; or go on where one was; or see what one has sent."""
    if interview.state == State.ANSWERED:
        return _thanks(request, interview, token)
    return _part(request, interview, token, _form(interview, interview.reached or PART_KEYS[0]))


@require_http_methods(["GET", "HEAD", "POST"])
@opened_by_needs_link
def link_part(request: HttpRequest, interview: NeedsInterview, held: Pass, token: str, part: str) -> HttpResponse:
    """One part: asked, and kept as it is sent."""
    if part not in BY_KEY:
        raise Http404
    if request.method != "POST":
        rows = request.GET.get("rows", "")
        return _part(request, interview, token, _form(interview, part, rows=int(rows) if rows.isdecimal() else 0))
    if not ratelimit.consume(request, action="answer_by_link", key=held.digest):
        raise TooManyAnswers(_("That was too often in a short time. Wait a few minutes, then try again."))
    form = _form(interview, part, request.POST)
    if not form.is_valid():
        return _part(request, interview, token, form, status=422)
    following = _after(interview, part, request.POST)
    try:
        interview = actions.answer_needs(
            interview,
            part=part,
            said=form.said,
            reached=following if following != SENT else "",
            is_sent=following == SENT,
            by=held,
            at=now(),
        )
    except Refused as no:
        interview.refresh_from_db()
        if closed := why_closed(interview):
            return _closed(request, interview, closed)
        form.add_error(None, str(no))
        return _part(request, interview, token, form, status=422)
    more = len(form.rows) + 1 if following == part else 0
    address = _address(token, following) + (f"?rows={more}" if more else "")
    if not wants_fragment(request):
        return redirect(address)
    if following == SENT:
        response = _thanks(request, interview, token)
    else:
        response = _part(request, interview, token, _form(interview, following, rows=more))
    response["HX-Push-Url"] = address
    return response


def _after(interview: NeedsInterview, part: str, sent: Any) -> str:
    if "more" in sent:
        return part
    if interview.state == State.ANSWERED:
        return SENT
    number = PART_KEYS.index(part)
    if "back" in sent:
        return PART_KEYS[max(number - 1, 0)]
    return PART_KEYS[number + 1] if number + 1 < len(PART_KEYS) else SENT


def _address(token: str, part: str) -> str:
    if part == SENT:
        return reverse("engagement:needs_link", args=[token])
    return reverse("engagement:needs_link_part", args=[token, part])


def _form(interview: NeedsInterview, part: str, data: Any = None, *, rows: int = 0) -> PartForm:
    return PartForm(data, part=part, interview=interview, offers=activity_names(get_language() or ""), rows=rows)


def _frame(interview: NeedsInterview) -> dict[str, Any]:
    return {
        "interview": interview,
        "employer": interview.employer,
        "school": interview.employer.school,
        "is_public": True,
    }


def _part(request: HttpRequest, interview: NeedsInterview, token: str, form: PartForm, status: int = 200) -> HttpResponse:
    is_sent = interview.state == State.ANSWERED
    is_last = form.part == PART_KEYS[-1]
    submit = _("Save the correction") if is_sent else _("Send to the school") if is_last else _("Save and go on")
    context = {
        **_frame(interview),
        **part_context(form),
        "form": form,
        "inside": "engagement/_needs_part.html",
        "address": _address(token, form.part),
        "is_first": form.part == PART_KEYS[0] or is_sent,
        "has_begun": not is_empty(interview.answers),
        "submit": submit,
        "draft": "",
    }
    return page(request, "engagement/needs_link.html", context, fragment=context["inside"], status=status)


def _thanks(request: HttpRequest, interview: NeedsInterview, token: str) -> HttpResponse:
    context = {
        **_frame(interview),
        "inside": "engagement/_needs_thanks.html",
        "parts": answered_parts(interview, partial(_address, token)),
    }
    return page(request, "engagement/needs_link.html", context, fragment=context["inside"])
