from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guildhall.library.models import Resource
from guildhall.people.models import Organisation


class PublishedToolQuerySet(models.QuerySet["PublishedTool"]):
    def publisher(self) -> Organisation | None:
        """The organisation in whose name the tools are in the library, if they are."""
        first = self.select_related("resource__organisation").order_by("pk").first()
        return first.resource.organisation if first else None

    def there(self) -> PublishedToolQuerySet:
        """Those that anybody can read."""
        return self.filter(resource__state=Resource.State.PUBLISHED)


class PublishedTool(models.Model):
    """A tool of the methodology in one language, and the resource of the library that it is there.

    ``made_of`` is the SHA-256 of all that the resource was made of last; "" when the tool is no longer part of the methodology.
    """

    key = models.CharField(max_length=40)
    language = models.CharField(max_length=10, help_text="ISO 639")
    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, related_name="+")
    made_of = models.CharField(max_length=64, blank=True)

    objects = PublishedToolQuerySet.as_manager()

    class Meta:
        verbose_name = _("tool in the library")
        verbose_name_plural = _("tools in the library")
        constraints = [models.UniqueConstraint(fields=["key", "language"], name="tool_published_once_in_a_language")]

    def __str__(self) -> str:
        return f"{self.key} ({self.language})"
