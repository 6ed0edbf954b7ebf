"""Groups of experts: the public page of each, the list in the workroom, and how people come into them and leave."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.db.models import F
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.library import actions
from guildhall.library.amb import whole
from guildhall.library.forms.experts import ExpertGroupForm, ExpertNameForm, InviteExpertForm
from guildhall.library.models import Expert, ExpertGroup, Resource, Review
from guildhall.library.rules import can_answer_as_expert, can_be_expert, can_leave_experts, can_run_experts
from guildhall.library.views.desk import my_organisation, said_on, writes_for
from guildhall.people.middleware import PersonRequest

ROWS = 25


# --- What everybody sees ---------------------------------------------------------------------------------------------


@login_not_required
@require_safe
def expert_group_open(request: PersonRequest, pk: int) -> HttpResponse:
    """A group for everybody: who runs it, what it knows, who is in it, and what it has reviewed."""
    group = get_object_or_404(ExpertGroup.objects.visible_to(request.user).select_related("organisation"), pk=pk)
    experts = list(group.experts.current().order_by(Lower("name"), "pk"))
    reviews = Review.objects.filter(group=group, resource__in=Resource.objects.public()).select_related("resource__current", "by")
    reviews = reviews.annotate(number=F("version__number")).order_by("-made_at", "-pk")
    context = {
        "group": group,
        "experts": experts,
        "mine": next((expert for expert in experts if expert.user_id == request.user.pk), None),
        "page": Pages(reviews, ROWS).get_page(request.GET.get("page")),
        "may_run": request.user.is_authenticated and can_run_experts(request.user, group.organisation),
    }
    return page(request, "library/experts.html", context)


# --- The workroom ----------------------------------------------------------------------------------------------------


@require_safe
def expert_group_list(request: PersonRequest) -> HttpResponse:
    """Invitations that wait for me, the groups I am in, and those of my organisation; also for who belongs to none."""
    organisation = writes_for(request)
    groups = ExpertGroup.objects.around(request.user, organisation).select_related("organisation")
    shown = Pages(groups, ROWS).get_page(request.GET.get("page"))
    mine: dict[int, Expert] = {}
    standing = Expert.objects.standing().of(request.user).filter(group__in=[group.pk for group in shown])
    for expert in standing.order_by(F("accepted_at").asc(nulls_last=True), "pk"):
        mine.setdefault(expert.group_id, expert)
    runs = organisation.pk if organisation is not None and can_run_experts(request.user, organisation) else None
    rows = [{"group": group, "mine": mine.get(group.pk), "may_run": group.organisation_id == runs} for group in shown]
    context = {"rows": rows, "page": shown, "may_run": runs is not None, "writes": organisation is not None}
    return page(request, "library/expert_list.html", context)


def expert_group_begin(request: PersonRequest) -> HttpResponse:
    """Begin a group in the name of my organisation."""
    organisation = my_organisation(request)
    can_run_experts.require(request.user, organisation)
    form = ExpertGroupForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            group = actions.begin_experts(organisation, **form.cleaned_data, by=request.user, at=now())
            return done(request, "", {}, message=_("The group is there. Invite the experts next."), to=_workroom(group))
    sentence = _("%(organisation)s runs it. Its page is public; who is in it says so themselves.") % {
        "organisation": organisation
    }
    title, submit, back = _("Begin an expert group"), _("Begin it"), reverse("library:experts")
    return _asked(request, form, title=title, sentence=sentence, submit=submit, back=back)


@require_safe
def expert_group_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A group for those who run it: who is in it, who is invited, and a field to invite more."""
    group = _run(request, pk)
    return page(request, "library/expert_group.html", _people(group, InviteExpertForm()))


def _people(group: ExpertGroup, form: InviteExpertForm) -> dict[str, Any]:
    """What ``_expert_people.html`` needs, on the page and after every action on it."""
    standing = group.experts.standing().order_by(F("accepted_at").asc(nulls_last=True), "pk")
    return {
        "group": group,
        "experts": [expert for expert in standing if expert.accepted_at],
        "invited": [expert for expert in standing if not expert.accepted_at],
        "form": form,
        "address": whole(reverse("library:experts")),
    }


def expert_group_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Change what a group is called and what it is expert in."""
    group = _run(request, pk)
    form = ExpertGroupForm(request.POST if request.method == "POST" else None, instance=group)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            group = actions.change_experts(group, **form.cleaned_data, by=request.user, at=now())
            return done(request, "", {}, message=_("Saved."), to=_workroom(group))
    sentence = _("It stands beside all reviews of the group, those that are there already as well.")
    title, back = _("Change the expert group"), _workroom(group)
    return _asked(request, form, title=title, sentence=sentence, submit=_("Save"), back=back)


def expert_group_end(request: PersonRequest, pk: int) -> HttpResponse:
    """End a group, after reading what that means: it cannot be undone."""
    group = _run(request, pk)
    if request.method == "POST":
        actions.end_experts(group, by=request.user, at=now())
        said = _("The expert group “%(group)s” has ended.") % {"group": group}
        return done(request, "", {}, message=said, to=reverse("library:experts"))
    sentence = _("Its page and its reviews stay. New reviews and new experts do not come, and open invitations are forgotten.")
    title, submit = _("End “%(group)s”?") % {"group": group}, _("End it")
    return _asked(request, forms.Form(), title=title, sentence=sentence, submit=submit, back=_workroom(group), kind="danger")


@require_POST
def expert_invite(request: PersonRequest, pk: int) -> HttpResponse:
    """Invite somebody by their address; the answer is the same whether or not there is an account for it."""
    group = _run(request, pk)
    form = InviteExpertForm(request.POST)
    if form.is_valid():
        with said_on(form):
            expert = actions.invite_expert(group, email=form.cleaned_data["email"], by=request.user, at=now())
            return _done(request, group, _("%(email)s is invited.") % {"email": expert.email})
    return page(request, "library/expert_group.html", _people(group, form), fragment="library/_expert_people.html", status=422)


def expert_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Take somebody out of a group after having asked, or an invitation back at once."""
    expert = _place(request, pk)
    can_run_experts.require(request.user, expert.group.organisation)
    if request.method == "POST":
        said = _("%(person)s is no longer in it.") if expert.accepted_at else _("The invitation of %(person)s is taken back.")
        group = actions.remove_expert(expert, by=request.user, at=now())
        return _done(request, group, said % {"person": expert.name or expert.email})
    title = _("Take %(person)s out of “%(group)s”?") % {"person": expert.name or expert.email, "group": expert.group}
    sentence, back = _("What they reviewed for the group stays with it, under their name."), _workroom(expert.group)
    return _asked(request, forms.Form(), title=title, sentence=sentence, submit=_("Take out"), back=back, kind="danger")


# --- For experts themselves ------------------------------------------------------------------------------------------


def expert_accept(request: PersonRequest, pk: int) -> HttpResponse:
    """Say yes to an invitation, after reading that one's name becomes public, and which."""
    expert = _place(request, pk)
    can_answer_as_expert.require(request.user, expert)
    can_be_expert.require(request.user, expert)
    data = request.POST if request.method == "POST" else None
    form = ExpertNameForm(data, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            expert = actions.accept_as_expert(expert, name=form.cleaned_data["name"], by=request.user, at=now())
            said = _("You are in “%(group)s” now. When you review something you can say that you do so for it.")
            return done(request, "", {}, message=said % {"group": expert.group}, to=expert.group)
    title = _("Join “%(group)s”?") % {"group": expert.group}
    sentence = _("Your name will be public: on the page of the group and beside each review that you write for it.")
    return _asked(request, form, title=title, sentence=sentence, submit=_("Yes, join"), back=reverse("library:experts"))


@require_POST
def expert_decline(request: PersonRequest, pk: int) -> HttpResponse:
    """Say no to an invitation."""
    actions.decline_as_expert(_place(request, pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The invitation is declined."), to=reverse("library:experts"))


def expert_leave(request: PersonRequest, pk: int) -> HttpResponse:
    """Leave a group, after reading what stays there."""
    expert = _place(request, pk)
    can_leave_experts.require(request.user, expert)
    if request.method == "POST":
        group = actions.leave_experts(expert, by=request.user, at=now())
        said = _("You have left “%(group)s”.") % {"group": group}
        return done(request, "", {}, message=said, to=reverse("library:experts"))
    title = _("Leave “%(group)s”?") % {"group": expert.group}
    sentence = _("What you reviewed for the group stays with it, under the name you gave it. You can take each review back.")
    return _asked(request, forms.Form(), title=title, sentence=sentence, submit=_("Leave"), back=reverse("library:experts"))


def _run(request: PersonRequest, pk: int) -> ExpertGroup:
    """A group of an organisation in whose name this person may write; who does not run it is told so."""
    groups: Any = ExpertGroup.objects.written_for(request.user)
    group = get_object_or_404(groups.select_related("organisation"), pk=pk)
    can_run_experts.require(request.user, group.organisation)
    return group


def _place(request: PersonRequest, pk: int) -> Expert:
    places = Expert.objects.visible_to(request.user).select_related("group__organisation")
    return get_object_or_404(places, pk=pk)


def _workroom(group: ExpertGroup) -> str:
    return reverse("library:expert_group", args=[group.pk])


def _done(request: PersonRequest, group: ExpertGroup, message: str) -> HttpResponse:
    context = _people(group, InviteExpertForm())
    return done(request, "library/_expert_people.html", context, message=message, to=_workroom(group))


def _asked(request: PersonRequest, form: forms.BaseForm, *, kind: str = "primary", **words: str) -> HttpResponse:
    """A form on a page of its own, or a question to which the button is the answer."""
    status = 422 if form.is_bound else 200
    return page(request, "library/expert_form.html", {"form": form, "kind": kind, **words}, status=status)
