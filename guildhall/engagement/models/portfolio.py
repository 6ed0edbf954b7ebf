from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guildhall.people.models import Organisation


class PortfolioMonthQuerySet(models.QuerySet["PortfolioMonth"]):
    def in_book_of(self, school: Organisation) -> PortfolioMonthQuerySet:
        """Months of one school's book, the oldest first."""
        return self.filter(school=school.pk).order_by("first_on")


class PortfolioMonth(models.Model):
    """How many of a school's employers stood at each level, and worked on each area, on the first day of a month.

    Counted every night, past months too, from what is written down by then: a visit that is written down late belongs to its day.
    ``levels`` are six numbers, of level 0 (never counted, always 0) to 5; ``touched`` and ``lively`` are numbers by area.
    """

    school = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    first_on = models.DateField(_("first day of the month"))
    levels = models.JSONField()
    touched = models.JSONField()
    lively = models.JSONField()
    counted_at = models.DateTimeField(_("counted"))

    objects = PortfolioMonthQuerySet.as_manager()

    class Meta:
        verbose_name = _("month of the portfolio")
        verbose_name_plural = _("months of the portfolio")
        constraints = [models.UniqueConstraint(fields=["school", "first_on"], name="portfolio_month_once")]

    def __str__(self) -> str:
        return f"{self.first_on:%Y-%m}"
