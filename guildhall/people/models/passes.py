from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PassQuerySet(models.QuerySet["Pass"]):
    def valid(self, at: datetime) -> PassQuerySet:
        """Passes that open something at a moment."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)


class Pass(models.Model):
    """A link for somebody without an account: one purpose, one thing, until a moment, revocable.

    Of the secret in the link only a SHA-256 digest is kept: who reads the database cannot open anything.
    """

    purpose = models.CharField(_("purpose"), max_length=60, help_text='"room.what", e.g. "people.invitation"')
    thing_type = models.CharField(max_length=50)
    thing_id = models.BigIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    issued_at = models.DateTimeField(_("issued"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = PassQuerySet.as_manager()

    class Meta:
        verbose_name = _("pass")
        verbose_name_plural = _("passes")
        indexes = [models.Index(fields=["thing_type", "thing_id"], name="pass_by_thing")]
        constraints = [
            models.CheckConstraint(name="pass_expires_after_issue", condition=Q(expires_at__gt=models.F("issued_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.thing_type} {self.thing_id}"
