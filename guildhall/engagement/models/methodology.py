from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from guildhall.people.models import STAFF_ROLES, Kind, User

#: Who works for one of these reads it.
READERS = (Kind.SCHOOL, Kind.ASSOCIATION)


@dataclass(frozen=True)
class Words:
    """The methodology in one language: ``words["areas"]["1.1"]["title"]``. Shared by all who read it; not to be changed."""

    language: str
    said: dict[str, Any]

    def __getitem__(self, part: str) -> Any:
        return self.said[part]


class MethodologyQuerySet(models.QuerySet["Methodology"]):
    def visible_to(self, user: User) -> MethodologyQuerySet:
        """All versions for who works for a school or an association today, none for others."""
        held = user.memberships_today
        if held is None:
            works = user.memberships.current().staff().filter(organisation__kind__in=READERS).exists()
        else:
            works = any(membership.role in STAFF_ROLES and membership.organisation.kind in READERS for membership in held)
        return self.all() if works else self.none()

    def newest(self) -> Methodology | None:
        """The version that was loaded last, without what is long: ``same`` and ``words_in`` know it."""
        return self.defer("content").order_by("-loaded_at", "-pk").first()


class Methodology(models.Model):
    """A version of the methodology, as it was when it was loaded: never changed, since plans were made from it.

    ``content`` is {"same": …, "words": {language: …}}, see ``methodology.content.Content``. Its keys come back in any order, as
    PostgreSQL keeps none: what has an order is a list.
    """

    version = models.CharField(_("version"), max_length=20, unique=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content")
    content = models.JSONField(_("content"))
    loaded_at = models.DateTimeField(_("loaded at"))

    objects = MethodologyQuerySet.as_manager()

    class Meta:
        verbose_name = _("methodology")
        verbose_name_plural = _("methodologies")

    def __str__(self) -> str:
        return self.version

    def same(self) -> dict[str, Any]:
        """What is the same in every language: keys, numbers, what belongs to what. Not to be changed."""
        return _content_of(self.digest)["same"]

    def languages(self) -> list[str]:
        """The languages it has words in."""
        return list(_content_of(self.digest)["words"])

    def words_in(self, languages: Iterable[str]) -> Words:
        """The words in the first of these languages that there is, else in the first there is at all."""
        words = _content_of(self.digest)["words"]
        language = next((language for language in languages if language in words), next(iter(words)))
        return Words(language, words[language])


@lru_cache(maxsize=4)
def _content_of(digest: str) -> Any:
    """The content, remembered: it has more than a megabyte, and what has one digest is the same for ever."""
    return Methodology.objects.values_list("content", flat=True).filter(digest=digest)[:1].get()
