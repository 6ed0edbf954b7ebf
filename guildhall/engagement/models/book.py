from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guildhall.people.models import Organisation, User, numbers_run_by


class TagQuerySet(models.QuerySet["Tag"]):
    def visible_to(self, user: User) -> TagQuerySet:
        """Tags of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def in_book_of(self, school: Organisation) -> TagQuerySet:
        """Tags of one school, by name."""
        return self.filter(school=school.pk).order_by(Lower("name"), "pk")


class Tag(models.Model):
    """A word of a school's own by which employers are found again: "fair 2026", "has a canteen"."""

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("tag"), max_length=40)

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint("school", Lower("name"), name="tag_once_in_a_book")]

    def __str__(self) -> str:
        return self.name


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> SavedViewQuerySet:
        """A person's own views, and those that colleagues share with their school."""
        schools = numbers_run_by(user)
        return self.filter(Q(owner=user.pk) | Q(is_shared=True), school__in=schools)

    def in_book_of(self, school: Organisation) -> SavedViewQuerySet:
        """Views of one school's book, by name."""
        return self.filter(school=school.pk).order_by(Lower("name"), "pk")


class SavedView(models.Model):
    """A way of looking at the employer list that somebody wants again: its filters, order and columns, as in the address."""

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("saved by"), on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name of the view"), max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(_("colleagues see it too"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                "school",
                "owner",
                Lower("name"),
                name="view_once_for_somebody",
                violation_error_message=_("You already have a view of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('engagement:employers')}?{self.query}"
