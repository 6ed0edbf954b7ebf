from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from guildhall.people.models import Organisation, User, numbers_run_by


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User) -> ExportQuerySet:
        """Exports from the books of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def made_before(self, moment: datetime) -> ExportQuerySet:
        """Exports made before a moment."""
        return self.filter(made_at__lt=moment)


class Export(models.Model):
    """That somebody took part of a school's book, or all of it, out of the house: who, when, as what, of how many employers."""

    class Format(models.TextChoices):
        XLSX = "xlsx", "Excel"
        CSV = "csv", "CSV"
        JSON = "json", "JSON"
        BOOK = "book", _("the whole book (JSON)")

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.PROTECT, related_name="+")
    file_format = models.CharField(_("as what"), max_length=10, choices=Format)
    count = models.PositiveIntegerField(_("employers"))
    made_at = models.DateTimeField(_("when"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["school", "-made_at"], name="export_newest")]

    def __str__(self) -> str:
        return f"{self.get_file_format_display()} {self.made_at:%Y-%m-%d}"


class CalendarQuerySet(models.QuerySet["Calendar"]):
    def of(self, user: User) -> CalendarQuerySet:
        """Calendars of one person."""
        return self.filter(user=user.pk)


class Calendar(models.Model):
    """That a person has their next steps and visits at a school in the calendar they use elsewhere.

    The secret of its address is a pass (``engagement.calendar``) and is not kept.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("whose"), on_delete=models.CASCADE, related_name="calendars"
    )
    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.CASCADE, related_name="+")
    has_telephones = models.BooleanField(
        _("with names and telephone numbers"),
        default=False,
        help_text=_("Whom to ring up stands in the entry then, and on every device that shows the calendar."),
    )
    renewed_at = models.DateTimeField(_("address made"))

    objects = CalendarQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        constraints = [models.UniqueConstraint(fields=["user", "school"], name="calendar_once_at_a_school")]

    def __str__(self) -> str:
        return f"{self.user} · {self.school}"
