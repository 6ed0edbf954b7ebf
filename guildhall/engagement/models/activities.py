from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.engagement.window import AREAS
from guildhall.people.models import Organisation, User, numbers_run_by

#: How the keys of kinds that a school added begin; those of the methodology never do.
OWN = "own-"


class OwnActivityQuerySet(models.QuerySet["OwnActivity"]):
    def visible_to(self, user: User) -> OwnActivityQuerySet:
        """Kinds that the schools this person works for added."""
        return self.filter(school__in=numbers_run_by(user))

    def of_school(self, school: Organisation) -> OwnActivityQuerySet:
        """Kinds that one school added, by name."""
        return self.filter(school=school.pk).order_by("name", "pk")

    def in_use(self) -> OwnActivityQuerySet:
        """Kinds that can still be chosen."""
        return self.filter(retired_at__isnull=True)


class OwnActivity(models.Model):
    """A kind of thing a school does with employers that the methodology does not know."""

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.CASCADE, related_name="+")
    name = models.CharField(pgettext_lazy("of a kind of activity", "name"), max_length=60)
    area = models.CharField(_("area"), max_length=3, choices=AREAS)
    rung = models.PositiveSmallIntegerField(_("rung"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    school_hours = models.PositiveSmallIntegerField(_("hours of the school"), validators=[MaxValueValidator(2000)])
    employer_hours = models.PositiveSmallIntegerField(_("hours of the employer"), validators=[MaxValueValidator(2000)])
    added_at = models.DateTimeField(_("added"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    retired_at = models.DateTimeField(_("no longer offered"), null=True, blank=True)

    objects = OwnActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of activity")
        verbose_name_plural = _("kinds of activity")
        constraints = [
            models.UniqueConstraint(
                fields=["school", "name"],
                name="own_activity_name_once",
                violation_error_message=_("There is a kind of this name already."),
            ),
            models.CheckConstraint(name="own_activity_rung_of_the_ladder", condition=Q(rung__gte=1, rung__lte=5)),
            models.CheckConstraint(name="own_activity_in_an_area", condition=Q(area__in=list(AREAS))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """What contacts of this kind say in ``activity``."""
        return f"{OWN}{self.pk}"
