"""A person's own pages: profile, notices, what they agreed to, their data, the way out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import came_from, done, page
from guildhall.core.pages import Pages
from guildhall.people import actions
from guildhall.people.erasure import plan_erasure
from guildhall.people.forms.me import ErasureForm, ProfileForm
from guildhall.people.hooks import PersonalData
from guildhall.people.middleware import LANGUAGE_SESSION_KEY, PersonRequest
from guildhall.people.models import ConsentRecord, Notice, Statement
from guildhall.people.personal_data import as_json, held_about
from guildhall.people.rules import can_see_retention

NOTICES_PER_PAGE = 50


@require_safe
def me(request: PersonRequest) -> HttpResponse:
    """Who one is here, and the ways to everything about oneself."""
    context = {"memberships": request.memberships, "language_name": dict(settings.LANGUAGES)[get_language() or ""]}
    context["may_see_retention"] = can_see_retention(request.user)
    return page(request, "people/me.html", context)


def profile_edit(request: PersonRequest) -> HttpResponse:
    user = request.user
    form = ProfileForm(request.POST or None, instance=user, initial={"language": get_language()})
    if form.is_valid():
        actions.edit_profile(user, by=user, at=now(), **form.cleaned_data)
        with translation.override(form.cleaned_data["language"]):  # the one just chosen
            messages.success(request, _("Your profile is saved."))
        return redirect("people:me")
    return page(request, "people/profile_edit.html", {"form": form}, status=422 if form.errors else 200)


@csrf_exempt  # visitors have no session to keep a token in, and nothing is at stake
@login_not_required
@require_POST
def language(request: PersonRequest) -> HttpResponse:
    """Choose the language of the pages: for good when signed in, for this visit otherwise."""
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            actions.choose_language(request.user, language=chosen, by=request.user, at=now())
        else:
            request.session[LANGUAGE_SESSION_KEY] = chosen
    return redirect(came_from(request))


@require_safe
def notices(request: PersonRequest) -> HttpResponse:
    return page(request, "people/notices.html", _notices(request), fragment="people/_notices.html")


@require_POST
def notice_open(request: PersonRequest, pk: int) -> HttpResponse:
    """Go to the page a notice tells of; it is read then."""
    notice = actions.read_notice(_notice(request, pk), by=request.user, at=now())
    return redirect(notice.url or "people:notices")


@require_POST
def notice_read(request: PersonRequest, pk: int) -> HttpResponse:
    notice = actions.read_notice(_notice(request, pk), by=request.user, at=now())
    return done(request, "people/_notice.html", {"notice": notice}, message=_("Marked as read."), to="people:notices")


@require_POST
def notices_read(request: PersonRequest) -> HttpResponse:
    actions.read_all_notices(request.user, by=request.user, at=now())
    return done(request, "people/_notices.html", _notices(request), message=_("All notices are read."), to="people:notices")


@require_safe
def consents(request: PersonRequest) -> HttpResponse:
    """What one was told and agreed to, and what one has not yet been asked."""
    return page(request, "people/consents.html", _consents(request))


@require_POST
def consent_give(request: PersonRequest, purpose: str) -> HttpResponse:
    statement = next((s for s in _offered(request) if s.purpose == purpose), None)
    if statement is None:
        raise Http404
    record = actions.record_consent(
        request.user,
        purpose=purpose,
        how=ConsentRecord.How.FORM,
        language=statement.in_language(get_language() or "").language,
        by=request.user,
        at=now(),
    )
    agreed = record.statement.kind == Statement.Kind.CONSENT
    message = _("Noted: you agree. You can take it back here at any time.") if agreed else _("Noted: you have read it.")
    return done(request, "people/_consents.html", _consents(request), message=message, to="people:consents")


@require_POST
def consent_withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    record = get_object_or_404(ConsentRecord.objects.about(request.user), pk=pk)
    actions.withdraw_consent(record, by=request.user, at=now())
    message = _("Noted: you no longer agree.")
    return done(request, "people/_consents.html", _consents(request), message=message, to="people:consents")


@require_safe
def my_data(request: PersonRequest) -> HttpResponse:
    """Everything held about the person who asks."""
    return page(request, "people/my_data.html", {"held": [_as_table(held) for held in held_about(request.user)]})


@require_safe
def my_data_download(request: PersonRequest) -> HttpResponse:
    response = JsonResponse(
        {"made_at": now(), "data": as_json(request.user)},
        encoder=DjangoJSONEncoder,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    response["Content-Disposition"] = f'attachment; filename="guildhall-{localdate():%Y-%m-%d}.json"'
    return response


@reauthentication_required(allow_get=True, app="allauth.account")
def erase(request: PersonRequest) -> HttpResponse:
    """Say what erasing one's data would do, and do it after the address was typed."""
    plan = plan_erasure(request.user, at=now())
    form = ErasureForm(request.POST if request.method == "POST" else None, user=request.user, partings=plan.partings)
    if form.is_valid():
        actions.erase_person(request.user, heirs=form.heirs, by=request.user, at=now())
        logout(request)
        messages.success(request, _("Your data is erased. Thank you for the time you were here."))
        return redirect("/")
    return page(request, "people/erase.html", {"plan": plan, "form": form}, status=422 if form.errors else 200)


def _notice(request: PersonRequest, pk: int) -> Notice:
    return get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)


def _notices(request: PersonRequest) -> dict[str, Any]:
    told = Notice.objects.visible_to(request.user).order_by("-told_at", "-pk")
    return {
        "notices": Pages(told, NOTICES_PER_PAGE).get_page(request.GET.get("page")),
        "unread_count": told.unread().count(),
    }


def _offered(request: PersonRequest) -> list[Statement]:
    """Today's statements for people with accounts. Others are put to people where it matters to them."""
    return list(Statement.objects.current(localdate()).for_accounts().prefetch_related("texts").order_by("purpose"))


def _consents(request: PersonRequest) -> dict[str, Any]:
    spoken = get_language() or ""
    records = list(
        ConsentRecord.objects.about(request.user)
        .select_related("statement", "recorded_by")
        .prefetch_related("statement__texts")
        .order_by("-given_at", "-pk")
    )
    in_force = {record.statement_id for record in records if record.withdrawn_at is None}
    return {
        "records": [{"record": record, "text": record.statement.in_language(spoken)} for record in records],
        "open": [
            {"statement": statement, "text": statement.in_language(spoken)}
            for statement in _offered(request)
            if statement.pk not in in_force
        ],
    }


def _as_table(held: PersonalData) -> dict[str, Any]:
    """A kind of data as the template shows it: cells in the order of the columns, in words."""
    return {
        "held": held,
        "columns": list(held.columns.values()),
        "rows": [[(heading, _in_words(row[key])) for key, heading in held.columns.items()] for row in held.rows],
    }


def _in_words(value: Any) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return date_format(localtime(value), "DATETIME_FORMAT")
        case date():
            return date_format(value)
    return str(value)
