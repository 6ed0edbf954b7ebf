from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.library.models.experts import ExpertGroup
from guildhall.library.models.resources import Resource, Version, numbers_written_for
from guildhall.people.models import Organisation


class Review(models.Model):
    """What somebody thinks of a version after it was published, by five criteria (``CRITERIA``), 1 to 5 each, and in words.

    It is given in the name of an organisation; as an expert's in that of a group, under the name they had in it then.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="reviews")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        ExpertGroup, verbose_name=_("expert group"), null=True, blank=True, on_delete=models.PROTECT, related_name="reviews"
    )
    signed_as = models.CharField(pgettext_lazy("of a person", "name"), max_length=200, blank=True)
    scores = models.JSONField(_("scores"))
    text = models.TextField(_("in words"), max_length=4000, blank=True)
    language = models.CharField(_("language"), max_length=10)
    made_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.UniqueConstraint(fields=["resource", "by"], name="review_once"),
            models.CheckConstraint(
                name="review_for_a_group_is_signed",
                condition=Q(group__isnull=True, signed_as="") | Q(group__isnull=False) & ~Q(signed_as=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by}: {self.resource}"

    @property
    def author(self) -> str:
        """Whose it is: an expert by the name they had in their group then, anybody else by their name of today."""
        return self.signed_as or str(self.by)

    @property
    def mean(self) -> float:
        """The mean of the scores, from 1 to 5."""
        return sum(self.scores.values()) / len(self.scores)


class Use(models.Model):
    """That somebody used a resource, and how it went in a sentence."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="uses")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sentence = models.CharField(_("how did it go?"), max_length=500, blank=True)
    language = models.CharField(_("language"), max_length=10)
    made_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = pgettext_lazy("of a resource", "use")
        verbose_name_plural = pgettext_lazy("of a resource", "uses")
        constraints = [models.UniqueConstraint(fields=["resource", "by"], name="use_once")]

    def __str__(self) -> str:
        return f"{self.by}: {self.resource}"


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, user: Any) -> CollectionQuerySet:
        """Collections that are public, and those of the organisations in whose name this person may write."""
        public = Q(is_public=True)
        return (
            self.filter(public | Q(organisation__in=numbers_written_for(user))) if user.is_authenticated else self.filter(public)
        )

    def written_for(self, user: Any) -> CollectionQuerySet:
        """Collections of the organisations in whose name this person may write."""
        return self.filter(organisation__in=numbers_written_for(user))


class Collection(models.Model):
    """Resources that somebody put together, in an order, with a word on each."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="collections")
    title = models.CharField(_("title"), max_length=150)
    summary = models.TextField(pgettext_lazy("a collection", "what it is for"), max_length=1000, blank=True)
    language = models.CharField(_("language"), max_length=10)
    is_public = models.BooleanField(_("anyone may see it"), default=False)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = CollectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        constraints = [
            models.UniqueConstraint(
                "organisation",
                Lower("title"),
                name="collection_once",
                violation_error_message=_("There is a collection of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("library:collection", args=[self.pk])


class Collected(models.Model):
    """A resource in a collection."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="collected")
    position = models.PositiveSmallIntegerField(default=0)
    word = models.CharField(_("a word on it"), max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "resource"], name="collected_once")]

    def __str__(self) -> str:
        return f"{self.collection}: {self.resource}"
