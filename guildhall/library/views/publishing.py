from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guildhall.core.http import done, page
from guildhall.library import actions
from guildhall.library.differences import differences
from guildhall.library.forms.writing import PublishForm, WhyForm
from guildhall.library.lacks import lacks_of, obstacles
from guildhall.library.models import Resource
from guildhall.library.rules import can_change, can_publish, can_withdraw
from guildhall.library.views.desk import desk, on_desk, said_on
from guildhall.people.middleware import PersonRequest


def resource_publish(request: PersonRequest, pk: int) -> HttpResponse:
    """What keeps it from being published, what others would miss, what would change; and the button."""
    resource = on_desk(request, pk)
    form = PublishForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            resource = actions.publish_resource(resource, **form.cleaned_data, by=request.user, at=now())
            message = _("“%(resource)s” is published: everybody can read it now.") % {"resource": resource.title}
            return done(request, "", {}, message=message, to=resource)
    context = {
        **desk(request, resource, "publish"),
        "form": form,
        "obstacles": obstacles(resource),
        "lacks": lacks_of(resource),
        "differences": differences(resource.current, resource) if resource.current and resource.has_changes else [],
        "is_withdrawn": resource.state == Resource.State.WITHDRAWN,
    }
    return page(request, "library/publish.html", context, status=422 if form.is_bound else 200)


@require_POST
def resource_hand_in(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask those who may publish to look at it."""
    resource = actions.hand_in(on_desk(request, pk), by=request.user, at=now())
    message = _("“%(resource)s” is handed in: those who publish for your organisation have been told.") % {
        "resource": resource.title
    }
    return done(request, "", {}, message=message, to=reverse("library:mine"))


def resource_send_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Give it back to its author, with a word why."""
    resource = on_desk(request, pk)
    can_publish.require(request.user, resource)
    form = WhyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            resource = actions.send_back(resource, why=form.cleaned_data["why"], by=request.user, at=now())
            message = _("“%(resource)s” is with its author again.") % {"resource": resource.title}
            return done(request, "", {}, message=message, to=reverse("library:mine"))
    context = {
        **desk(request, resource, "publish"),
        "form": form,
        "draft": f"why-{resource.pk}",
        "title": _("Send it back"),
        "sentence": _("Say what is still missing. Its author is told, with your word."),
        "submit": _("Send it back"),
    }
    return page(request, "library/why.html", context, status=422 if form.is_bound else 200)


def resource_withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Take it away from the public, with a word why."""
    resource = on_desk(request, pk, with_harvested=True)
    can_withdraw.require(request.user, resource)
    form = WhyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with said_on(form):
            resource = actions.withdraw_resource(resource, why=form.cleaned_data["why"], by=request.user, at=now())
            undo = reverse("library:take_up_again", args=[resource.pk])
            message = _("“%(resource)s” is withdrawn.") % {"resource": resource.title}
            return done(request, "", {}, message=message, to=reverse("library:mine"), undo=undo)
    context = {
        **desk(request, resource, "publish"),
        "form": form,
        "draft": f"why-{resource.pk}",
        "title": _("Withdraw it"),
        "sentence": _("Nobody can read it any more. Its title and your reason stay, for those who refer to it."),
        "submit": _("Withdraw it"),
    }
    return page(request, "library/why.html", context, status=422 if form.is_bound else 200)


@require_POST
def resource_take_up_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Make public again what was withdrawn."""
    resource = actions.take_up_again(on_desk(request, pk, with_harvested=True), by=request.user, at=now())
    message = _("“%(resource)s” is public again, as it was.") % {"resource": resource.title}
    return done(request, "", {}, message=message, to=resource)


def resource_drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Throw a draft away, after having asked: it does not come back."""
    resource = on_desk(request, pk)
    can_change.require(request.user, resource)
    if request.method == "POST":
        title = resource.title
        actions.drop_draft(resource, by=request.user, at=now())
        return done(request, "", {}, message=_("“%(resource)s” is gone.") % {"resource": title}, to=reverse("library:mine"))
    return page(request, "library/drop.html", desk(request, resource, "publish"))
