"""Who belongs to an organisation, who is invited, and the page behind an invitation's link."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.people import actions
from guildhall.people.actions.invitations import PURPOSE
from guildhall.people.forms.me import NameForm
from guildhall.people.forms.organisations import InviteForm, LeaveForm, MemberFilterForm, RolesForm
from guildhall.people.leaving import part
from guildhall.people.middleware import ORGANISATION_SESSION_KEY, PersonRequest
from guildhall.people.models import Invitation, Membership, Organisation, Pass, Role, Statement, User
from guildhall.people.passes import LinkNotValid, opened_by_pass
from guildhall.people.rules import can_accept, can_manage, can_work_for
from guildhall.people.views.organisations import organisation_of
from guildhall.people.views.signin import too_many_requests

MEMBERS_PER_PAGE = 50


@require_safe
def member_list(request: PersonRequest, slug: str) -> HttpResponse:
    organisation = _staffed(request, slug)
    return page(request, "people/member_list.html", _members(request, organisation), fragment="people/_members.html")


def member_edit(request: PersonRequest, slug: str, pk: int) -> HttpResponse:
    """Change a member's roles."""
    organisation, member, held = _member(request, slug, pk)
    can_manage.require(request.user, organisation)
    parting = part(member, organisation, now())
    form = RolesForm(request.POST or None, initial={"roles": [m.role for m in held]}, parting=parting)
    if form.is_valid():
        heir = form.cleaned_data.get("heir")
        roles = form.cleaned_data["roles"]
        actions.change_roles(organisation, member=member, roles=roles, heir=heir, by=request.user, at=now())
        messages.success(request, _("The roles are changed."))
        return redirect("people:members", slug)
    context = {"form": form, "organisation": organisation, "member": member, "parting": parting, "memberships": held}
    return page(request, "people/member_edit.html", context, status=422 if form.errors else 200)


def member_leave(request: PersonRequest, slug: str, pk: int) -> HttpResponse:
    """End somebody's roles, or one's own, and hand over what they look after."""
    organisation, member, held = _member(request, slug, pk)
    if request.user != member:
        can_manage.require(request.user, organisation)
    parting = part(member, organisation, now())
    form = LeaveForm(request.POST if request.method == "POST" else None, parting=parting)
    if form.is_valid():
        heir = form.cleaned_data.get("heir")
        actions.leave_organisation(organisation, member=member, heir=heir, by=request.user, at=now())
        names = {"person": member, "organisation": organisation}
        messages.success(request, _("%(person)s no longer belongs to %(organisation)s.") % names)
        return redirect("people:me") if request.user == member else redirect("people:members", slug)
    context = {"form": form, "organisation": organisation, "member": member, "parting": parting, "memberships": held}
    return page(request, "people/member_leave.html", context, status=422 if form.errors else 200)


def member_invite(request: PersonRequest, slug: str) -> HttpResponse:
    organisation = organisation_of(request, slug)
    can_manage.require(request.user, organisation)
    initial = {"roles": [Role.TEACHER], "language": get_language()}
    form = InviteForm(request.POST or None, instance=Invitation(organisation=organisation), initial=initial)
    if form.is_valid():
        if not ratelimit.consume(request, action="invite", user=request.user):
            return too_many_requests(request)
        invitation = actions.invite_member(organisation, by=request.user, at=now(), **form.cleaned_data)
        messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": invitation.email})
        return redirect("people:members", slug)
    context = {"form": form, "organisation": organisation}
    return page(request, "people/member_invite.html", context, status=422 if form.errors else 200)


@require_POST
def invitation_resend(request: PersonRequest, pk: int) -> HttpResponse:
    invitation = _invitation(request, pk)
    if not ratelimit.consume(request, action="invite", user=request.user):
        return too_many_requests(request)
    invitation = actions.resend_invitation(invitation, by=request.user, at=now())
    message = _("The invitation to %(email)s is on its way again. The link in the earlier letter no longer works.")
    return _answer(request, invitation, message % {"email": invitation.email})


@require_POST
def invitation_withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    invitation = actions.withdraw_invitation(_invitation(request, pk), by=request.user, at=now())
    return _answer(request, invitation, _("The invitation to %(email)s is withdrawn.") % {"email": invitation.email})


@opened_by_pass(PURPOSE)
def invitation(request: PersonRequest, held: Pass, token: str) -> HttpResponse:
    """The page behind the link: what is offered and by whom, and how to accept it."""
    offer = Invitation.objects.waiting().select_related("organisation", "invited_by").filter(pk=held.thing_id).first()
    if offer is None:
        raise LinkNotValid
    if request.user.is_authenticated:
        return _invitation_to_account(request, offer)
    language = get_language() or ""
    informing = Statement.objects.current(localdate()).for_accounts().informing().prefetch_related("texts")
    texts = [statement.in_language(language) for statement in informing]
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": offer.name}, statements=texts)
    if form.is_valid():
        name = form.cleaned_data["name"]
        user = actions.sign_up_by_invitation(offer, name=name, language=language, by=held, at=now())
        request.session[ORGANISATION_SESSION_KEY] = offer.organisation_id
        record_authentication(request, user, method="code", email=user.email)
        return perform_login(request, user, email=user.email, signup=True)
    sign_in_url = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    context = {"invitation": offer, "form": form, "sign_in_url": sign_in_url}
    return page(request, "people/invitation.html", context, status=422 if form.errors else 200)


def _invitation_to_account(request: PersonRequest, offer: Invitation) -> HttpResponse:
    """The same page for somebody who is signed in: they accept, or learn that it was not sent to them."""
    if request.method == "POST":
        actions.accept_invitation(offer, by=request.user, at=now())
        request.session[ORGANISATION_SESSION_KEY] = offer.organisation_id
        messages.success(request, _("You now belong to %(organisation)s.") % {"organisation": offer.organisation})
        return redirect(offer.organisation)
    is_theirs = can_accept(request.user, offer)
    context = {"invitation": offer, "is_theirs": is_theirs, "sentence": can_accept.sentence}
    return page(request, "people/invitation.html", context, status=200 if is_theirs else 403)


def _answer(request: PersonRequest, invitation: Invitation, message: str) -> HttpResponse:
    organisation = invitation.organisation
    context = _members(request, organisation)
    return done(
        request, "people/_invitations.html", context, message=message, to=reverse("people:members", args=[organisation.slug])
    )


def _staffed(request: PersonRequest, slug: str) -> Organisation:
    """An organisation whose members this person may see: they work for it."""
    organisation = organisation_of(request, slug)
    if not can_work_for(request.user, organisation):
        raise Http404
    return organisation


def _member(request: PersonRequest, slug: str, pk: int) -> tuple[Organisation, User, list[Membership]]:
    organisation = organisation_of(request, slug)
    visible = Membership.objects.visible_to(request.user).current().filter(organisation=organisation, user=pk)
    held = list(visible.select_related("user").order_by("since", "pk"))
    if not held:
        raise Http404
    return organisation, held[0].user, held


def _invitation(request: PersonRequest, pk: int) -> Invitation:
    return get_object_or_404(Invitation.objects.visible_to(request.user).select_related("organisation"), pk=pk)


def _members(request: PersonRequest, organisation: Organisation) -> dict[str, Any]:
    """Members with their roles, narrowed down as asked for; and for managers who is invited."""
    may_manage = can_manage(request.user, organisation)
    filters = MemberFilterForm(request.GET)
    filters.is_valid()
    current = organisation.memberships.current()
    chosen = current.narrowed(**filters.cleaned_data)
    people = User.objects.filter(pk__in=chosen.values("user")).order_by("name", "email")
    shown = Pages(people, MEMBERS_PER_PAGE).get_page(request.GET.get("page"))
    held: dict[int, list[Membership]] = {}
    for membership in current.filter(user__in=[person.pk for person in shown]).order_by("since", "pk"):
        held.setdefault(membership.user_id, []).append(membership)
    invitations = organisation.invitations.waiting().select_related("invited_by").order_by("-invited_at", "-pk")
    return {
        "organisation": organisation,
        "filters": filters,
        "filtered": any(filters.cleaned_data.values()),
        "shown": shown,
        "members": [
            {
                "user": person,
                "name": str(person),
                "roles": [membership.get_role_display() for membership in held[person.pk]],
                "since": held[person.pk][0].since,
            }
            for person in shown
        ],
        "columns": [_("Name"), _("Roles"), _("Since"), *([_("E-mail address"), ""] if may_manage else [])],
        "may_manage": may_manage,
        "invitations": list(invitations) if may_manage else [],
        "now": now(),
    }
