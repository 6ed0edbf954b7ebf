"""Which other programs a school has told what happens, and what became of the messages."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.people import actions
from guildhall.people.forms.webhooks import SecretForm, WebhookForm
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Kind, Webhook, WebhookDelivery
from guildhall.people.rules import can_keep_webhooks
from guildhall.people.views.organisations import organisation_of
from guildhall.people.webhooks import events_of

ROWS = 50


def webhook_list(request: PersonRequest, slug: str) -> HttpResponse:
    """The webhooks of a school, and another one; its secret is shown once, when it is made."""
    organisation = organisation_of(request, slug)
    if organisation.kind != Kind.SCHOOL:
        raise Http404
    can_keep_webhooks.require(request.user, organisation)
    form = WebhookForm(request.POST or None, organisation=organisation)
    if form.is_valid():
        webhook, secret = actions.add_webhook(organisation, by=request.user, at=now(), **form.cleaned_data)
        return _detail(request, webhook, secret=secret)
    context = {
        "organisation": organisation,
        "webhooks": list(Webhook.objects.of(organisation).order_by("pk")),
        "form": form,
        "columns": [_("Where to"), _("Of what is it told?"), _("State")],
    }
    return page(request, "people/webhooks.html", context, status=422 if form.errors else 200)


@require_safe
def webhook_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A webhook: how it is, what can be done with it, and the messages of the last month."""
    webhook = webhook_of(request, pk)
    can_keep_webhooks.require(request.user, webhook.organisation)
    return _detail(request, webhook)


def _detail(request: PersonRequest, webhook: Webhook, *, secret: str = "") -> HttpResponse:
    shown = Pages(webhook.deliveries.newest(), ROWS).get_page(request.GET.get("page"))
    moment = now()
    context: dict[str, Any] = {
        "webhook": webhook,
        "organisation": webhook.organisation,
        "told": [event.sentence for event in events_of(webhook.organisation) if event.name in webhook.events],
        "page": shown,
        "columns": [_("When"), _("What happened"), _("State"), _("Answer"), _("Took"), _("Attempts"), ""],
        "secret": SecretForm(initial={"secret": secret}) if secret else None,
        "both_until": webhook.former_until if webhook.former_until and webhook.former_until > moment else None,
    }
    response = page(request, "people/webhook.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def webhook_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Change where to and of what a webhook is told."""
    webhook = webhook_of(request, pk)
    can_keep_webhooks.require(request.user, webhook.organisation)
    initial = {"address": webhook.address, "events": webhook.events}
    form = WebhookForm(request.POST or None, initial=initial, organisation=webhook.organisation)
    if form.is_valid():
        actions.change_webhook(webhook, by=request.user, at=now(), **form.cleaned_data)
        return done(request, "", {}, message=_("The changes are saved."), to=webhook)
    context = {"form": form, "webhook": webhook, "organisation": webhook.organisation}
    return page(request, "people/webhook_change.html", context, status=422 if form.errors else 200)


@require_POST
def webhook_test(request: PersonRequest, pk: int) -> HttpResponse:
    """Send a webhook a message by which one sees whether it works."""
    webhook = webhook_of(request, pk)
    actions.try_webhook(webhook, by=request.user, at=now())
    message = _("A test is on its way. Reload the page in a moment to see what came of it.")
    return done(request, "", {}, message=message, to=webhook)


@require_POST
def webhook_secret(request: PersonRequest, pk: int) -> HttpResponse:
    """Give a webhook another secret, which is shown once."""
    webhook, secret = actions.renew_webhook_secret(webhook_of(request, pk), by=request.user, at=now())
    return _detail(request, webhook, secret=secret)


@require_POST
def webhook_pause(request: PersonRequest, pk: int) -> HttpResponse:
    """Tell a webhook nothing until it is resumed."""
    webhook = actions.pause_webhook(webhook_of(request, pk), by=request.user, at=now())
    undo = reverse("people:webhook_resume", args=[webhook.pk])
    return done(request, "", {}, message=_("The webhook is paused."), to=webhook, undo=undo)


@require_POST
def webhook_resume(request: PersonRequest, pk: int) -> HttpResponse:
    """Tell a webhook again what happens."""
    webhook = actions.resume_webhook(webhook_of(request, pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The webhook is told again what happens."), to=webhook)


@require_POST
def webhook_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget a webhook."""
    organisation = actions.remove_webhook(webhook_of(request, pk), by=request.user, at=now())
    message = _("The webhook is removed. Its address is told nothing any more.")
    return done(request, "", {}, message=message, to=reverse("people:webhooks", args=[organisation.slug]))


@require_POST
def webhook_resend(request: PersonRequest, pk: int) -> HttpResponse:
    """Send a message again."""
    deliveries = WebhookDelivery.objects.filter(webhook__in=Webhook.objects.visible_to(request.user).values("pk"))
    delivery = get_object_or_404(deliveries.select_related("webhook__organisation"), pk=pk)
    actions.resend_message(delivery, by=request.user, at=now())
    message = _("The message is on its way again. Reload the page in a moment to see what came of it.")
    return done(request, "", {}, message=message, to=delivery.webhook)


def webhook_of(request: PersonRequest, pk: int) -> Webhook:
    """A webhook of an organisation this person belongs to."""
    return get_object_or_404(Webhook.objects.visible_to(request.user).select_related("organisation"), pk=pk)
