"""Telling other machines what happened: the webhooks of an organisation. Called from actions, in their transaction.

A room says what it tells of in answer to ``webhook_events``, and tells with ``tell_webhooks``, as it tells people with
``notices.tell``. Within the action that costs nothing where nobody listens, and one statement where somebody does: a task, which
exists if and only if what it tells of does. That task writes a message for each webhook; another delivers them.

Of each webhook one message is on its way at a time, by a task that asks for itself again while more wait (``wakes_at``). So a
receiver that is slow or dead holds up its own messages and nobody else's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext_noop

from guildhall.core.actions import at_the_end
from guildhall.core.tasks import defer
from guildhall.core.webhooks import Answer
from guildhall.people.hooks import WebhookEvent, webhook_events
from guildhall.people.models import Membership, Organisation, Webhook, WebhookDelivery
from guildhall.people.notices import tell

#: What a manager can have sent to see whether it works.
TEST = "test"
#: An action that concerns more things than this tells of all of them in one message, with their number.
MOST_MESSAGES = 100
#: How long to wait after each attempt that failed. A receiver that is down over a weekday and its night loses nothing.
WAITS = [
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
]
#: A webhook whose receiver has taken nothing for so long when another message is given up is paused.
PAUSED_AFTER = timedelta(days=5)
#: A task that should have woken a webhook so long ago has been given up: it is asked for anew.
OVERSLEPT = timedelta(days=1)
_GONE = 410  # RFC 9110, section 15.5.11
State = WebhookDelivery.State


@dataclass(frozen=True)
class Thing:
    """What a message is about: its kind and number, and where it can be seen and read; paths of ours."""

    kind: str
    number: int
    page: str = ""
    api: str = ""


def events_of(organisation: Organisation) -> list[WebhookEvent]:
    """Everything an organisation's webhooks can be told of, in the order of the rooms."""
    return list(chain.from_iterable(webhook_events.ask(organisation=organisation)))


def tell_webhooks(organisation: Organisation, event: str, things: Sequence[Thing], *, at: datetime | None) -> None:
    """Tell an organisation's webhooks that something happened to each of these things, at the end of the action under way.

    Without ``at`` it happened when the messages are written, which is soon after.
    """
    if not organisation.has_webhooks or not things:
        return
    numbers: Iterable[Thing | None] = things if len(things) <= MOST_MESSAGES else [None]
    for thing in numbers:
        message = _message(organisation, event, thing, at=at) if thing else _summary(organisation, event, things, at=at)
        at_the_end(_ask_for_spreading, {"organisation": organisation.pk, "message": message})


def _ask_for_spreading(told: list[dict[str, Any]]) -> None:
    for organisation_id in dict.fromkeys(each["organisation"] for each in told):
        messages = [each["message"] for each in told if each["organisation"] == organisation_id]
        defer("people.spread_messages", organisation_id=organisation_id, messages=messages)


def _message(organisation: Organisation, event: str, thing: Thing, *, at: datetime | None) -> dict[str, Any]:
    about = {"type": thing.kind, "id": thing.number, "api": _whole(thing.api), "page": _whole(thing.page)}
    return _frame(organisation, event, {"count": 1, "thing": about}, at=at)


def _summary(organisation: Organisation, event: str, things: Sequence[Thing], *, at: datetime | None) -> dict[str, Any]:
    about = {"type": things[0].kind, "id": None, "api": None, "page": None}
    return _frame(organisation, event, {"count": len(things), "thing": about}, at=at)


def _frame(organisation: Organisation, event: str, data: dict[str, Any], *, at: datetime | None) -> dict[str, Any]:
    """Put a message into the form that Standard Webhooks proposes; nothing in it says anything about a person."""
    data = {"school": {"id": organisation.pk}, **data}
    return {"id": f"msg_{uuid4().hex}", "type": event, "timestamp": _stamp(at) if at else None, "data": data}


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _whole(path: str) -> str | None:
    return f"{settings.BASE_URL}{path}" if path else None


# --- On the way ----------------------------------------------------------------------------------------------------


def spread(organisation_id: int, messages: Sequence[dict[str, Any]], *, at: datetime) -> None:
    """Write the messages down for each webhook that wants to be told, and have them delivered. In a transaction."""
    listening = Webhook.objects.active().filter(organisation=organisation_id).select_for_update().order_by("pk")
    for webhook in listening:
        enqueue(webhook, [message for message in messages if message["type"] in webhook.events], at=at)


def enqueue(webhook: Webhook, messages: Sequence[dict[str, Any]], *, at: datetime) -> list[WebhookDelivery]:
    """Write down messages to a webhook that is locked, and have them delivered."""
    deliveries = [
        WebhookDelivery(
            webhook=webhook,
            key=message["id"],
            event=message["type"],
            body=json.dumps({**message, "timestamp": message["timestamp"] or _stamp(at)}, separators=(",", ":")),
            made_at=at,
            due_at=at,
        )
        for message in messages
    ]
    if deliveries:
        WebhookDelivery.objects.bulk_create(deliveries)
        wake(webhook, at)
    return deliveries


def trial_message(organisation: Organisation, *, at: datetime) -> dict[str, Any]:
    """Write the message by which one sees whether a webhook works."""
    return _message(organisation, TEST, Thing("school", organisation.pk, organisation.get_absolute_url()), at=at)


def wake(webhook: Webhook, at: datetime) -> None:
    """See to it that a webhook that is locked delivers what waits, from a moment on."""
    on_its_way = webhook.wakes_at is not None and at - OVERSLEPT < webhook.wakes_at <= at
    if webhook.paused_at is None and not on_its_way:
        _wake_at(webhook, at)


def _wake_at(webhook: Webhook, moment: datetime | None) -> None:
    webhook.wakes_at = moment
    webhook.save(update_fields=["wakes_at"])
    if moment is not None:
        defer("people.deliver_message", moment, webhook_id=webhook.pk, wakes_at=moment.isoformat())


def due_delivery(webhook_id: int, wakes_at: datetime, *, at: datetime) -> WebhookDelivery | None:
    """Return what a webhook has to deliver next, if it was to be woken at this very moment: other tasks came too late."""
    deliveries = WebhookDelivery.objects.waiting().select_related("webhook")
    return deliveries.filter(webhook=webhook_id, webhook__wakes_at=wakes_at, due_at__lte=at).first()


def go_on(webhook_id: int, wakes_at: datetime, delivery: WebhookDelivery | None, answer: Answer | None, *, at: datetime) -> None:
    """Note how an attempt went, and have the webhook woken for what waits next. In a transaction."""
    webhook = Webhook.objects.select_for_update().select_related("organisation").filter(pk=webhook_id).first()
    if webhook is None:
        return  # removed in the meantime
    if delivery is not None and answer is not None:
        _note(webhook, delivery, answer, at=at)
    if webhook.wakes_at == wakes_at:
        next_due = webhook.deliveries.waiting().values_list("due_at", flat=True).first()
        _wake_at(webhook, max(next_due, at) if next_due else None)


def _note(webhook: Webhook, delivery: WebhookDelivery, answer: Answer, *, at: datetime) -> None:
    known = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING).select_for_update().first()
    if known is None:
        return
    known.attempts += 1
    known.tried_at, known.status, known.trouble, known.ms = at, answer.status, answer.trouble or "", answer.ms
    if answer.is_success:
        known.state, known.due_at = State.DELIVERED, None
        webhook.failing_since = webhook.failure_told_at = None
    else:
        webhook.failing_since = webhook.failing_since or at
        if known.attempts <= len(WAITS) and answer.status != _GONE:
            known.due_at = at + WAITS[known.attempts - 1]
        else:
            known.state, known.due_at = State.GIVEN_UP, None
            _say_that_it_fails(webhook, answer, at=at)
    known.save()
    webhook.save(update_fields=["failing_since", "failure_told_at", "paused_at", "paused_why", "wakes_at"])


def _say_that_it_fails(webhook: Webhook, answer: Answer, *, at: datetime) -> None:
    """Tell the managers, once until something is delivered again; pause what has failed for too long, or is gone."""
    if webhook.paused_at is not None:
        return  # by a person, while this was under way: that reason stands
    gone = answer.status == _GONE
    if gone or (webhook.failing_since and at - webhook.failing_since >= PAUSED_AFTER):
        webhook.paused_at, webhook.wakes_at = at, None
        webhook.paused_why = Webhook.Pause.GONE if gone else Webhook.Pause.FAILING
        mark_listening(webhook.organisation, but_for=webhook)
        sentence = gettext_noop("%(host)s takes no messages of ours any more. The webhook is paused until you resume it.")
    elif webhook.failure_told_at is None:
        webhook.failure_told_at = at
        sentence = gettext_noop("%(host)s did not take a message of ours in seven attempts. See what is wrong with the webhook.")
    else:
        return
    managing = Membership.objects.managing().filter(organisation=webhook.organisation_id).select_related("user")
    for held in managing.order_by("pk"):
        tell(
            held.user,
            kind="people.webhook_failing",
            sentence=sentence,
            params={"host": webhook.host},
            url=webhook.get_absolute_url(),
            at=at,
        )


def mark_listening(organisation: Organisation, *, but_for: Webhook | None = None) -> None:
    """Keep beside an organisation whether any of its webhooks is to be told; ``but_for`` is about to be none of them."""
    # One at a time: who resumes one webhook must know of another that somebody is pausing.
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    active = Webhook.objects.of(organisation).active()
    organisation.has_webhooks = (active.exclude(pk=but_for.pk) if but_for else active).exists()
    organisation.save(update_fields=["has_webhooks"])
