from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from guildhall.people.models.users import User


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def of(self, user: User) -> AccessTokenQuerySet:
        """Tokens of one person."""
        return self.filter(user=user.pk)

    def valid(self, at: datetime) -> AccessTokenQuerySet:
        """Tokens that open something at a moment: they end by themselves, by hand, and with the account."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at, user__is_active=True)


class AccessToken(models.Model):
    """What a program shows to act for a person, within its scopes, and never beyond what that person may do.

    Of the secret only a SHA-256 digest is kept. ``window_at`` and ``used_in_window`` count how often it was used of late;
    ``last_used_on`` says no more than the day.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("whose"), on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("what it is for"), max_length=60)
    scopes = models.JSONField(_("scopes"), default=list)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_on = models.DateField(_("last used"), null=True, blank=True)
    window_at = models.DateTimeField(null=True, editable=False)
    used_in_window = models.PositiveIntegerField(default=0, editable=False)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        constraints = [
            models.CheckConstraint(name="access_token_expires_after_it_is_made", condition=Q(expires_at__gt=F("made_at"))),
        ]

    def __str__(self) -> str:
        return self.name
