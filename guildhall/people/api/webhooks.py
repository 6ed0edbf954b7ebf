from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from ninja import Query, Router, Schema
from pydantic import Field

from guildhall.core.api import PageOf, Paging, filled, page_of
from guildhall.core.api.fields import Body
from guildhall.core.api.paging import NEWEST
from guildhall.people import actions
from guildhall.people.bearer import needs
from guildhall.people.forms.webhooks import WebhookForm
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Kind, Organisation, Webhook, WebhookDelivery
from guildhall.people.rules import can_keep_webhooks
from guildhall.people.webhooks import events_of

SCOPE = "webhooks"

router = Router()


class WebhookSent(Body):
    address: str = Field(max_length=500, examples=["https://timetable.example/guildhall"])
    events: list[str] = Field(max_length=100, description="Names of events.", examples=[["employer.added"]])


class EventShown(Schema):
    name: str
    sentence: str


class WebhookShown(Schema):
    id: int
    address: str
    events: list[str]
    made_at: datetime
    paused_at: datetime | None
    paused_why: str = Field(description="`person`, `failing` or `gone`; empty while it is told.")
    failing_since: datetime | None


class WebhookMade(WebhookShown):
    secret: str = Field(description="What signs the messages; told only once.")


class DeliveryShown(Schema):
    id: int
    key: str = Field(description="The `webhook-id` of the message.")
    event: str
    made_at: datetime
    state: Literal["waiting", "delivered", "given_up"]
    attempts: int
    due_at: datetime | None = Field(description="The next attempt.")
    tried_at: datetime | None
    status: int | None = Field(description="What the receiver answered.")
    trouble: str = Field(description="Why there was no answer.")
    ms: int | None


@router.get("/schools/{int:pk}/webhooks/events", response=list[EventShown], summary="What can be told", **needs(SCOPE))
def list_events(request: PersonRequest, pk: int) -> Any:
    return [{"name": event.name, "sentence": event.sentence} for event in events_of(_school(request, pk))]


@router.get("/schools/{int:pk}/webhooks", response=list[WebhookShown], summary="Which programs are told", **needs(SCOPE))
def list_webhooks(request: PersonRequest, pk: int) -> Any:
    return [_told(webhook) for webhook in Webhook.objects.of(_school(request, pk)).order_by("pk")]


@router.post("/schools/{int:pk}/webhooks", response={201: WebhookMade}, summary="Tell another program", **needs(SCOPE))
def add_webhook(request: PersonRequest, pk: int, sent: WebhookSent) -> Any:
    school = _school(request, pk)
    form = filled(WebhookForm, sent, organisation=school)
    webhook, secret = actions.add_webhook(school, **form.cleaned_data, by=request.user, at=now())
    return {**_told(webhook), "secret": secret}


@router.get("/webhooks/{int:pk}", response=WebhookShown, summary="A webhook", **needs(SCOPE))
def read_webhook(request: PersonRequest, pk: int) -> Any:
    return _told(_webhook(request, pk))


@router.put("/webhooks/{int:pk}", response=WebhookShown, summary="Where to, and of what", **needs(SCOPE))
def change_webhook(request: PersonRequest, pk: int, sent: WebhookSent) -> Any:
    """What waits goes to the new address."""
    webhook = _webhook(request, pk)
    form = filled(WebhookForm, sent, organisation=webhook.organisation)
    return _told(actions.change_webhook(webhook, **form.cleaned_data, by=request.user, at=now()))


@router.post("/webhooks/{int:pk}/secret", response={201: WebhookMade}, summary="Make another secret", **needs(SCOPE))
def renew_webhook_secret(request: PersonRequest, pk: int) -> Any:
    """For a day the former one signs as well."""
    webhook, secret = actions.renew_webhook_secret(_webhook(request, pk), by=request.user, at=now())
    return {**_told(webhook), "secret": secret}


@router.post("/webhooks/{int:pk}/pause", response=WebhookShown, summary="Tell it nothing for now", **needs(SCOPE))
def pause_webhook(request: PersonRequest, pk: int) -> Any:
    """What happens meanwhile it is never told."""
    return _told(actions.pause_webhook(_webhook(request, pk), by=request.user, at=now()))


@router.post("/webhooks/{int:pk}/resume", response=WebhookShown, summary="Tell it again", **needs(SCOPE))
def resume_webhook(request: PersonRequest, pk: int) -> Any:
    """Also what still waited when it was paused."""
    return _told(actions.resume_webhook(_webhook(request, pk), by=request.user, at=now()))


@router.delete("/webhooks/{int:pk}", response={204: None}, summary="Forget a webhook", **needs(SCOPE))
def remove_webhook(request: PersonRequest, pk: int) -> Any:
    """With its secret and its messages."""
    actions.remove_webhook(_webhook(request, pk), by=request.user, at=now())


@router.post("/webhooks/{int:pk}/test", response={201: DeliveryShown}, summary="Send a test", **needs(SCOPE))
def try_webhook(request: PersonRequest, pk: int) -> Any:
    """Read the messages in a moment to see what came of it."""
    return _told_delivery(actions.try_webhook(_webhook(request, pk), by=request.user, at=now()))


@router.get("/webhooks/{int:pk}/messages", response=PageOf[DeliveryShown], summary="What it was told", **needs(SCOPE))
def list_messages(request: PersonRequest, pk: int, paging: Query[Paging]) -> Any:
    """In the last 30 days, the newest first."""
    told = _webhook(request, pk).deliveries.all()
    return page_of(told, paging, NEWEST, told=lambda shown: [_told_delivery(each) for each in shown])


@router.post("/messages/{int:pk}/resend", response=DeliveryShown, summary="Send a message again", **needs(SCOPE))
def resend_message(request: PersonRequest, pk: int) -> Any:
    """With the same `webhook-id`."""
    deliveries = WebhookDelivery.objects.filter(webhook__in=_webhooks(request).values("pk"))
    delivery = get_object_or_404(deliveries.select_related("webhook__organisation"), pk=pk)
    return _told_delivery(actions.resend_message(delivery, by=request.user, at=now()))


def _school(request: PersonRequest, pk: int) -> Organisation:
    school = get_object_or_404(Organisation.objects.run_by(request.user).filter(kind=Kind.SCHOOL), pk=pk)
    can_keep_webhooks.require(request.user, school)
    return school


def _webhooks(request: PersonRequest) -> QuerySet[Webhook]:
    return Webhook.objects.filter(organisation__in=Organisation.objects.run_by(request.user)).select_related("organisation")


def _webhook(request: PersonRequest, pk: int) -> Webhook:
    webhook = get_object_or_404(_webhooks(request), pk=pk)
    can_keep_webhooks.require(request.user, webhook.organisation)
    return webhook


def _told(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in WebhookShown.model_fields}


def _told_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in DeliveryShown.model_fields}
