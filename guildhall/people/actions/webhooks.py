"""The webhooks of an organisation: addresses that are told what happens."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.sealing import seal
from guildhall.core.webhooks import check_address, new_secret
from guildhall.people import webhooks
from guildhall.people.models import Organisation, User, Webhook, WebhookDelivery
from guildhall.people.models.webhooks import BOTH_SIGN_FOR, SEALED_FOR
from guildhall.people.rules import can_keep_webhooks

#: Each is told everything it wants, by a task that waits for it.
MOST_WEBHOOKS = 10


@action
def add_webhook(
    organisation: Organisation, *, address: str, events: Collection[str], by: User, at: datetime
) -> tuple[Webhook, str]:
    """Have an address told what happens; return the webhook with its secret, which is shown once.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: the address will not do, no event is named, or there are too many webhooks.
    """
    organisation = lock(organisation)
    can_keep_webhooks.require(by, organisation)
    if Webhook.objects.of(organisation).count() >= MOST_WEBHOOKS:
        raise Refused(_("There are %(count)d webhooks already. Remove one first.") % {"count": MOST_WEBHOOKS})
    secret = new_secret()
    webhook = Webhook.objects.create(
        organisation=organisation,
        address=check_address(address),
        events=_known(organisation, events),
        secret=seal(secret, purpose=SEALED_FOR),
        made_at=at,
        made_by=by,
    )
    webhooks.mark_listening(organisation)
    return webhook, secret


@action
def change_webhook(webhook: Webhook, *, address: str, events: Collection[str], by: User, at: datetime) -> Webhook:
    """Have another address told, or of other events; what waits goes to the new address.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: the address will not do, or no event is named.
    """
    webhook = _locked(webhook, by)
    webhook.address, webhook.events = check_address(address), _known(webhook.organisation, events)
    webhook.save(update_fields=["address", "events"])
    return webhook


@action
def renew_webhook_secret(webhook: Webhook, *, by: User, at: datetime) -> tuple[Webhook, str]:
    """Give a webhook another secret; return it with the webhook. For a day the former one signs as well.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
    """
    webhook = _locked(webhook, by)
    secret = new_secret()
    webhook.former_secret, webhook.former_until = webhook.secret, at + BOTH_SIGN_FOR
    webhook.secret = seal(secret, purpose=SEALED_FOR)
    webhook.save(update_fields=["secret", "former_secret", "former_until"])
    return webhook, secret


@action
def pause_webhook(webhook: Webhook, *, by: User, at: datetime) -> Webhook:
    """Tell a webhook nothing until it is resumed: what happens meanwhile it is never told; what waited, then.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
    """
    webhook = _locked(webhook, by)
    if webhook.paused_at is None:
        webhook.paused_at, webhook.paused_why, webhook.wakes_at = at, Webhook.Pause.PERSON, None
        webhook.save(update_fields=["paused_at", "paused_why", "wakes_at"])
        webhooks.mark_listening(webhook.organisation)
    return webhook


@action
def resume_webhook(webhook: Webhook, *, by: User, at: datetime) -> Webhook:
    """Tell a webhook again what happens, and what still waited when it was paused.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
    """
    webhook = _locked(webhook, by)
    if webhook.paused_at is not None:
        webhook.paused_at, webhook.paused_why = None, ""
        webhook.failing_since = webhook.failure_told_at = None
        webhook.save(update_fields=["paused_at", "paused_why", "failing_since", "failure_told_at"])
        webhooks.mark_listening(webhook.organisation)
        if webhook.deliveries.waiting().exists():
            webhooks.wake(webhook, at)
    return webhook


@action
def remove_webhook(webhook: Webhook, *, by: User, at: datetime) -> Organisation:
    """Forget a webhook, its secret and its messages.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
    """
    webhook = _locked(webhook, by)
    organisation = webhook.organisation
    webhook.delete()
    webhooks.mark_listening(organisation)
    return organisation


@action
def try_webhook(webhook: Webhook, *, by: User, at: datetime) -> WebhookDelivery:
    """Send a webhook a message by which one sees whether it works.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: it is paused.
    """
    webhook = _locked(webhook, by)
    _require_active(webhook)
    return webhooks.enqueue(webhook, [webhooks.trial_message(webhook.organisation, at=at)], at=at)[0]


@action
def resend_message(delivery: WebhookDelivery, *, by: User, at: datetime) -> WebhookDelivery:
    """Send a message again at once, with the same number, so that the receiver can tell it has it already.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: the webhook is paused.
    """
    webhook = _locked(delivery.webhook, by)
    _require_active(webhook)
    delivery = lock(delivery)
    if delivery.state != WebhookDelivery.State.WAITING:
        delivery.state, delivery.attempts = WebhookDelivery.State.WAITING, 0
    delivery.due_at = at
    delivery.save(update_fields=["state", "attempts", "due_at"])
    webhooks.wake(webhook, at)
    return delivery


def _locked(webhook: Webhook, by: User) -> Webhook:
    webhook = lock(webhook)
    can_keep_webhooks.require(by, webhook.organisation)
    return webhook


def _require_active(webhook: Webhook) -> None:
    if webhook.paused_at is not None:
        raise Refused(_("This webhook is paused. Resume it first."))


def _known(organisation: Organisation, events: Collection[str]) -> list[str]:
    """Return the events that are named, in the order in which they are offered."""
    offered = [event.name for event in webhooks.events_of(organisation)]
    if unknown := set(events) - set(offered):
        raise Refused(_("There is no event “%(event)s”.") % {"event": sorted(unknown)[0]})
    if not events:
        raise Refused(_("Choose at least one event."))
    return [name for name in offered if name in events]
