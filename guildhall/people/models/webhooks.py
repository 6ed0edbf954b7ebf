from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guildhall.core.sealing import unseal
from guildhall.core.webhooks import Trouble
from guildhall.people.models.organisations import Organisation
from guildhall.people.models.users import User

#: What the secrets of webhooks are sealed for.
SEALED_FOR = "webhook"
#: After a renewal both secrets sign for so long, so that the receiver can be told at leisure.
BOTH_SIGN_FOR = timedelta(hours=24)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, user: User) -> WebhookQuerySet:
        """Webhooks of the organisations this person belongs to; what they may do with them is for the rules to say."""
        return self.filter(organisation__in=Organisation.objects.of(user).values("pk"))

    def of(self, organisation: Organisation) -> WebhookQuerySet:
        """Webhooks of an organisation."""
        return self.filter(organisation=organisation.pk)

    def active(self) -> WebhookQuerySet:
        """Webhooks that are not paused."""
        return self.filter(paused_at__isnull=True)


class Webhook(models.Model):
    """An address that an organisation wants to be told of some events: by a signed message for each.

    ``wakes_at`` is when the task that delivers its messages, one after the other, is due: None while nothing waits.
    """

    class Pause(models.TextChoices):
        PERSON = "person", _("a person paused it")
        FAILING = "failing", _("it took nothing for days")
        GONE = "gone", _("the receiver said that it is there no longer")

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="webhooks"
    )
    address = models.CharField(_("address"), max_length=500)
    events = models.JSONField(_("of what it is told"))
    secret = models.TextField(help_text="sealed")
    former_secret = models.TextField(blank=True, help_text="sealed")
    former_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    paused_at = models.DateTimeField(_("paused"), null=True)
    paused_why = models.CharField(max_length=10, choices=Pause, blank=True)
    failing_since = models.DateTimeField(null=True)
    failure_told_at = models.DateTimeField(null=True)
    wakes_at = models.DateTimeField(null=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.CheckConstraint(
                name="webhook_paused_with_its_reason",
                condition=Q(paused_at__isnull=True, paused_why="") | (Q(paused_at__isnull=False) & ~Q(paused_why="")),
            ),
            models.CheckConstraint(
                name="webhook_sleeps_while_paused", condition=Q(paused_at__isnull=True) | Q(wakes_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.host

    def get_absolute_url(self) -> str:
        return reverse("people:webhook", args=[self.pk])

    @property
    def host(self) -> str:
        """The name it is known by: the rest of the address may be a secret of the receiver's."""
        return urlsplit(self.address).hostname or ""

    def secrets(self, at: datetime) -> list[str]:
        """The secrets that sign at a moment, the newest first; none that cannot be read since ``SECRET_KEY`` is another."""
        sealed = [self.secret]
        if self.former_until is not None and at < self.former_until:
            sealed.append(self.former_secret)
        readable = []
        for each in sealed:
            with suppress(InvalidToken):
                readable.append(unseal(each, purpose=SEALED_FOR))
        return readable


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def waiting(self) -> WebhookDeliveryQuerySet:
        """Messages that are still to be delivered, the one that is due first at the beginning."""
        return self.filter(due_at__isnull=False).order_by("due_at", "pk")

    def newest(self) -> WebhookDeliveryQuerySet:
        """The newest first."""
        return self.order_by("-pk")

    def made_before(self, moment: datetime) -> WebhookDeliveryQuerySet:
        """Messages written before a moment."""
        return self.filter(made_at__lt=moment)


class WebhookDelivery(models.Model):
    """A message to a webhook, and how its last attempt went.

    ``key`` names it to the receiver and is the same each time it is sent; ``body`` is what is sent, to the byte.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        GIVEN_UP = "given_up", _("given up")

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=40)
    event = models.CharField(_("what happened"), max_length=60)
    body = models.TextField()
    made_at = models.DateTimeField(_("when"), db_index=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(_("next attempt"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    tried_at = models.DateTimeField(_("last attempt"), null=True)
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    trouble = models.CharField(max_length=12, choices=Trouble, blank=True)
    ms = models.PositiveIntegerField(_("took"), null=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("message to a webhook")
        verbose_name_plural = _("messages to webhooks")
        constraints = [
            models.UniqueConstraint(fields=["webhook", "key"], name="webhookdelivery_once"),
            models.CheckConstraint(
                name="webhookdelivery_due_while_it_waits",
                condition=Q(state="waiting", due_at__isnull=False) | (~Q(state="waiting") & Q(due_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index("webhook", F("id").desc(), name="webhookdelivery_newest"),
            models.Index(fields=["webhook", "due_at"], name="webhookdelivery_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.key}"
