"""The nouns of this room: a scheme is a classification (NACE, NUTS, …) in one version, a concept one of its entries, a label
the concept's name in one language.

Other rooms keep the code of a concept, never its number: a code outlives a new version. That is why a concept that a newer
version no longer has is retired, not deleted. Nobody asks these tables for a page: ``taxonomy`` answers from memory.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scheme(models.Model):
    """A classification as it was last loaded, and what that loading changed."""

    key = models.SlugField(_("key"), max_length=30, unique=True)
    version = models.CharField(_("version"), max_length=40)
    title = models.CharField(_("title"), max_length=200)
    source = models.TextField(_("source"))
    licence = models.CharField(_("licence"), max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the files it was loaded from")
    loaded_at = models.DateTimeField(_("loaded at"))
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    retired_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


class ConceptQuerySet(models.QuerySet["Concept"]):
    def of_scheme(self, key: str) -> ConceptQuerySet:
        """The concepts of a scheme, those that were retired as well."""
        return self.filter(scheme__key=key)

    def current(self) -> ConceptQuerySet:
        """The concepts that the loaded version still has."""
        return self.filter(retired_at=None)


class Concept(models.Model):
    """An entry of a scheme: a sector, a region, a field of education, a level, a country, a language."""

    scheme = models.ForeignKey(Scheme, on_delete=models.CASCADE, related_name="concepts", verbose_name=_("scheme"))
    code = models.CharField(_("code"), max_length=60)
    uri = models.CharField(_("address"), max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.RESTRICT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    level = models.PositiveSmallIntegerField(_("level"))
    position = models.PositiveIntegerField(_("position"), help_text="its place in the order of the scheme, from 0")
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    objects = ConceptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "code"],
                name="concept_code_once_in_scheme",
                violation_error_message=_("This scheme already has a concept with this code."),
            )
        ]

    def __str__(self) -> str:
        return self.code


class LabelQuerySet(models.QuerySet["Label"]):
    def of_scheme(self, key: str) -> LabelQuerySet:
        """The labels of all concepts of a scheme."""
        return self.filter(concept__scheme__key=key)


class Label(models.Model):
    """The name of a concept in one language.

    ``mul`` is the language of a name that is the same everywhere, as that of most regions is: as it is written at home.
    """

    concept = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="labels", verbose_name=_("concept"))
    language = models.CharField(_("language"), max_length=10)
    text = models.CharField(_("text"), max_length=400)

    objects = LabelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["concept", "language"],
                name="label_once_in_language",
                violation_error_message=_("This concept already has a label in this language."),
            )
        ]

    def __str__(self) -> str:
        return self.text
