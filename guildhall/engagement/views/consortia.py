"""Consortia of schools: which ones there are for us, who is in them, and what we share there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.engagement import actions
from guildhall.engagement.consortia.others import circles_around, talked_since
from guildhall.engagement.forms.consortia import ConsortiumForm, SchoolSearch
from guildhall.engagement.models import Consortium, ConsortiumMember, Employer, SharedEmployer
from guildhall.engagement.models.consortia import HOSTS
from guildhall.engagement.rules import (
    can_answer_for_school,
    can_begin_consortium,
    can_host_consortium,
    can_share_employer,
)
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import STAFF_ROLES, Kind, Organisation

ROWS = 50
#: Schools that a search for one to invite shows.
FOUND = 10


def _ours(request: PersonRequest) -> Organisation:
    """The school or association this person works for; who works for neither has no consortia, and there is no such page."""
    organisation = request.organisation
    if organisation is None or organisation.kind not in HOSTS or request.roles.isdisjoint(STAFF_ROLES):
        raise Http404
    return organisation


@require_safe
def consortium_list(request: PersonRequest) -> HttpResponse:
    """The consortia of which one's organisation is a member, to which it is invited, or that it hosts."""
    ours = _ours(request)
    consortia = Consortium.objects.visible_to(request.user).of(ours).open().select_related("host").order_by("name", "pk")
    shown = Pages(consortia, ROWS).get_page(request.GET.get("page"))
    members = ConsortiumMember.objects.standing().filter(school=ours, consortium__in=[one.pk for one in shown])
    standing = {member.consortium_id: member for member in members}
    context = {
        "rows": [{"consortium": one, "member": standing.get(one.pk), "is_host": one.host_id == ours.pk} for one in shown],
        "page": shown,
        "count": shown.paginator.total,
        "may_begin": can_begin_consortium(request.user, ours),
        "is_school": ours.kind == Kind.SCHOOL,
    }
    return page(request, "engagement/consortium_list.html", context)


def consortium_begin(request: PersonRequest) -> HttpResponse:
    """Begin a consortium in the name of one's organisation."""
    ours = _ours(request)
    can_begin_consortium.require(request.user, ours)
    form = ConsortiumForm(request.POST or None, host=ours)
    if request.method == "POST" and form.is_valid():
        consortium = actions.begin_consortium(ours, name=form.cleaned_data["name"], by=request.user, at=now())
        return done(request, "", {}, message=_("The consortium is there. Invite the schools next."), to=consortium)
    title, sentence = _("Begin a consortium"), _("Its host invites the schools. It sees who is a member, but nobody's employers.")
    return _asked(request, form, title=title, sentence=sentence, submit=_("Begin it"), back=reverse("engagement:consortia"))


@require_safe
def consortium_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A consortium: what it is for, who is a member, and for its host whom to invite."""
    consortium = _seen(request, pk)
    return page(request, "engagement/consortium.html", consortium_context(request, consortium))


def consortium_context(request: PersonRequest, consortium: Consortium) -> dict[str, Any]:
    """What ``_consortium.html`` needs, on the page and after every action on it."""
    standing = list(consortium.members.standing().for_list())
    mine = _mine(request, standing)
    may_host = can_host_consortium(request.user, consortium) and consortium.ended_at is None
    search = SchoolSearch(request.GET if request.GET.get("q") else None)
    found = _schools_named(search.cleaned_data["q"], standing) if may_host and search.is_valid() else []
    return {
        "consortium": consortium,
        "members": [member for member in standing if member.is_member],
        "invited": [member for member in standing if not member.is_member] if may_host else [],
        "mine": mine,
        "shared": SharedEmployer.objects.by_school(mine.school).filter(consortium=consortium).count() if mine else 0,
        "may_host": may_host,
        "may_answer": mine is not None and can_answer_for_school(request.user, mine),
        "search": search,
        "found": found,
    }


def _schools_named(letters: str, standing: list[ConsortiumMember]) -> list[Organisation]:
    """Schools with people here that bear these letters in their name and are neither members nor invited."""
    named = Organisation.objects.filter(
        Q(name__icontains=letters) | Q(trade_name__icontains=letters), kind=Kind.SCHOOL, kept_by=None
    )
    return list(named.exclude(pk__in=[member.school_id for member in standing]).order_by("name", "pk")[:FOUND])


@require_POST
def school_invite(request: PersonRequest, pk: int) -> HttpResponse:
    """Invite a school that was found by its name."""
    consortium = _seen(request, pk)
    number = request.POST.get("school", "")
    can_host_consortium.require(request.user, consortium)
    schools = Organisation.objects.filter(kind=Kind.SCHOOL, kept_by=None)
    school = get_object_or_404(schools, pk=int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0)
    actions.invite_school(consortium, school=school, by=request.user, at=now())
    return _done(request, consortium, _("%(school)s is invited.") % {"school": school})


@require_POST
def invitation_accept(request: PersonRequest, pk: int) -> HttpResponse:
    """Become a member."""
    member = actions.accept_invitation(_member(request, pk), by=request.user, at=now())
    said = _("%(school)s is a member now. Nothing is shared yet: you decide for each employer, on its page.")
    return _done(request, member.consortium, said % {"school": member.school})


@require_POST
def invitation_decline(request: PersonRequest, pk: int) -> HttpResponse:
    """Say no to an invitation."""
    actions.decline_invitation(_member(request, pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The invitation is declined."), to=reverse("engagement:consortia"))


def consortium_leave(request: PersonRequest, pk: int) -> HttpResponse:
    """Leave a consortium, after reading what that means: it cannot be undone."""
    member = _member(request, pk)
    can_answer_for_school.require(request.user, member)
    if request.method == "POST":
        member = actions.leave_consortium(member, by=request.user, at=now())
        said = _("%(school)s has left %(consortium)s.") % {"school": member.school, "consortium": member.consortium}
        return done(request, "", {}, message=said, to=reverse("engagement:consortia"))
    return _asked(
        request,
        forms.Form(),
        title=_("Leave %(consortium)s") % {"consortium": member.consortium},
        sentence=_(
            "The others see nothing of your school any more, and you nothing of them. What you shared is forgotten at once."
        ),
        submit=_("Leave"),
        back=member.consortium.get_absolute_url(),
    )


def school_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a school out, or its invitation back, after reading what that means."""
    member = _member(request, pk)
    can_host_consortium.require(request.user, member.consortium)
    if request.method == "POST":
        said = _("%(school)s is no longer part of it.") % {"school": member.school}
        return _done(request, actions.remove_school(member, by=request.user, at=now()), said)
    return _asked(
        request,
        forms.Form(),
        title=_("Take %(school)s out of it") % {"school": member.school},
        sentence=_(
            "The others see nothing of this school any more, and it nothing of them. What it shared is forgotten at once."
        ),
        submit=_("Take it out"),
        back=member.consortium.get_absolute_url(),
    )


def consortium_end(request: PersonRequest, pk: int) -> HttpResponse:
    """End a consortium, after reading what that means: it cannot be undone."""
    consortium = _seen(request, pk)
    can_host_consortium.require(request.user, consortium)
    if request.method == "POST":
        actions.end_consortium(consortium, by=request.user, at=now())
        said = _("%(consortium)s has ended.") % {"consortium": consortium}
        return done(request, "", {}, message=said, to=reverse("engagement:consortia"))
    return _asked(
        request,
        forms.Form(),
        title=_("End %(consortium)s") % {"consortium": consortium},
        sentence=_("What all members share in it is forgotten at once, and their managers are told."),
        submit=_("End it"),
        back=consortium.get_absolute_url(),
    )


@require_safe
def shared_list(request: PersonRequest, pk: int) -> HttpResponse:
    """What our school shares in a consortium; each can be switched off."""
    consortium = _seen(request, pk)
    mine = _mine(request, consortium.members.current().for_list())
    if mine is None:
        raise Http404
    return page(request, "engagement/shared_list.html", _shared_context(request, consortium, mine.school))


def _shared_context(request: PersonRequest, consortium: Consortium, school: Organisation) -> dict[str, Any]:
    shared = SharedEmployer.objects.visible_to(request.user).by_school(school).filter(consortium=consortium).for_list()
    shown = Pages(shared, ROWS).get_page(request.GET.get("page"))
    for one in shown:
        one.employer.school = school
    rows = [{"shared": one, "may_change": can_share_employer(request.user, one.employer)} for one in shown]
    return {"consortium": consortium, "rows": rows, "page": shown, "count": shown.paginator.total, "school": school}


@require_POST
def employer_share(request: PersonRequest, pk: int, consortium_pk: int) -> HttpResponse:
    """Tell the others in a consortium that we talk to an employer."""
    employer, consortium = _employer(request, pk), _seen(request, consortium_pk)
    actions.share_employer(employer, consortium=consortium, by=request.user, at=now())
    said = _("The schools of %(consortium)s that talk to %(employer)s as well see now that you do.")
    undo = reverse("engagement:unshare", args=[employer.pk, consortium.pk])
    return _done_with(request, employer, said % {"consortium": consortium, "employer": employer}, undo=undo)


@require_POST
def employer_unshare(request: PersonRequest, pk: int, consortium_pk: int) -> HttpResponse:
    """Tell the others in a consortium no longer that we talk to an employer."""
    employer, consortium = _employer(request, pk), _seen(request, consortium_pk)
    actions.unshare_employer(employer, consortium=consortium, by=request.user, at=now())
    said = _("The schools of %(consortium)s no longer see that you talk to %(employer)s.")
    message = said % {"consortium": consortium, "employer": employer}
    undo = reverse("engagement:share", args=[employer.pk, consortium.pk])
    if request.POST.get("listed"):
        context, to = _shared_context(request, consortium, employer.school), reverse("engagement:shared", args=[consortium.pk])
        return done(request, "engagement/_shared.html", context, message=message, to=to, undo=undo)
    return _done_with(request, employer, message, undo=undo)


def others_context(request: PersonRequest, employer: Employer) -> dict[str, Any]:
    """What ``_others.html`` needs: nothing is asked for a school that is in no consortium."""
    return {
        "circles": circles_around(employer, at=now()) if employer.in_consortium else [],
        "talks": talked_since(employer, now()),
        "may_share": can_share_employer(request.user, employer),
    }


def _done_with(request: PersonRequest, employer: Employer, message: str, *, undo: str) -> HttpResponse:
    context = {"employer": employer, **others_context(request, employer)}
    to = f"{employer.get_absolute_url()}#others"
    return done(request, "engagement/_others.html", context, message=message, to=to, undo=undo)


def _mine(request: PersonRequest, members: Iterable[ConsortiumMember]) -> ConsortiumMember | None:
    """Of these members the school this person works for; of several the one they work for now."""
    schools = {held.organisation_id for held in request.memberships if held.role in STAFF_ROLES}
    mine = {member.school_id: member for member in members if member.school_id in schools}
    now_for = request.organisation.pk if request.organisation else 0
    return mine.get(now_for) or next(iter(mine.values()), None)


def _seen(request: PersonRequest, pk: int) -> Consortium:
    return get_object_or_404(Consortium.objects.visible_to(request.user).select_related("host"), pk=pk)


def _member(request: PersonRequest, pk: int) -> ConsortiumMember:
    members = ConsortiumMember.objects.visible_to(request.user).standing()
    return get_object_or_404(members.select_related("consortium__host", "school"), pk=pk)


def _employer(request: PersonRequest, pk: int) -> Employer:
    return get_object_or_404(Employer.objects.visible_to(request.user).for_page().select_related("school"), pk=pk)


def _done(request: PersonRequest, consortium: Consortium, message: str) -> HttpResponse:
    consortium = _seen(request, consortium.pk)
    context = consortium_context(request, consortium)
    return done(request, "engagement/_consortium.html", context, message=message, to=consortium)


def _asked(request: PersonRequest, form: forms.BaseForm, *, title: str, sentence: str, submit: str, back: str) -> HttpResponse:
    """A form on a page of its own, or a question to which the button is the answer."""
    context = {"form": form, "title": title, "sentence": sentence, "submit": submit, "back": back}
    return page(request, "engagement/consortium_form.html", context, status=422 if form.is_bound else 200)
