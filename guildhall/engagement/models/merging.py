from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guildhall.core.models import Progress
from guildhall.engagement.models.employers import Employer, Person
from guildhall.people.models import Organisation, User, numbers_run_by

Alike = TypeVar("Alike", bound="AlikePair")


class AlikeQuerySet(models.QuerySet[Alike]):
    def visible_to(self, user: User) -> AlikeQuerySet[Alike]:
        """Pairs in the books of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def in_book_of(self, school: Organisation) -> AlikeQuerySet[Alike]:
        """Pairs in one school's book."""
        return self.filter(school=school.pk)

    def open(self) -> AlikeQuerySet[Alike]:
        """Pairs nobody has looked at yet."""
        return self.filter(state=AlikePair.State.OPEN)

    def of(self, *numbers: int) -> AlikeQuerySet[Alike]:
        """Pairs in which one of these is."""
        return self.filter(Q(first__in=numbers) | Q(second__in=numbers))


class AlikePair(models.Model):
    """Two entries of a book that may be one. Once somebody has said that they are two, that stands for ever.

    ``reasons`` are pairs of a code (``likeness.reasons.Reason``) and what both share, so that they can be said in every language.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be looked at")
        DIFFERENT = "different", _("two different ones")

    school = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField(_("likelihood"))
    reasons = models.JSONField(default=list)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    found_at = models.DateTimeField(_("found"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.first_id} ~ {self.second_id}"  # type: ignore[attr-defined]


class AlikeEmployersQuerySet(AlikeQuerySet["AlikeEmployers"]):
    def for_list(self) -> AlikeEmployersQuerySet:
        """Pairs with the names of both, the likeliest first."""
        both = [f"{side}__organisation" for side in ("first", "second")]
        return self.select_related(*both).order_by("-score", "pk")

    def likeliest_with_the_other(self, employer: Employer) -> dict[str, Any] | None:
        """Of the open pairs in which an employer is, the likeliest: its number as ``pair``, and the ``name`` of the other one."""
        names = [f"{side}__organisation__{name}" for side in ("first", "second") for name in ("trade_name", "name")]
        found = self.open().of(employer.pk).order_by("-score", "pk").values_list("pk", "first", *names).first()
        if found is None:
            return None
        pair, first, *names = found
        trade_name, name = names[2:] if first == employer.pk else names[:2]
        return {"pair": pair, "name": trade_name or name}


class AlikeEmployers(AlikePair):
    """Two employers of a book that may be one."""

    first = models.ForeignKey(Employer, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Employer, on_delete=models.CASCADE, related_name="+")

    objects = AlikeEmployersQuerySet.as_manager()

    class Meta:
        verbose_name = _("employers that may be one")
        verbose_name_plural = _("employers that may be one")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="alike_employers_once"),
            models.CheckConstraint(name="alike_employers_in_order", condition=Q(first__lt=F("second"))),
            models.CheckConstraint(
                name="alike_employers_decided_who_and_when",
                condition=Q(state="open", decided_at__isnull=True, decided_by__isnull=True)
                | Q(state="different", decided_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["school", "state", "-score", "id"], name="alike_employers_by_score")]

    def get_absolute_url(self) -> str:
        return reverse("engagement:duplicate", args=[self.pk])


class AlikePeopleQuerySet(AlikeQuerySet["AlikePeople"]):
    def for_list(self) -> AlikePeopleQuerySet:
        """Pairs with the people, the likeliest first."""
        return self.select_related("first", "second").order_by("-score", "pk")


class AlikePeople(AlikePair):
    """Two people of a book that may be one."""

    first = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    objects = AlikePeopleQuerySet.as_manager()

    class Meta:
        verbose_name = _("people who may be one")
        verbose_name_plural = _("people who may be one")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="alike_people_once"),
            models.CheckConstraint(name="alike_people_in_order", condition=Q(first__lt=F("second"))),
            models.CheckConstraint(
                name="alike_people_decided_who_and_when",
                condition=Q(state="open", decided_at__isnull=True, decided_by__isnull=True)
                | Q(state="different", decided_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["school", "state", "-score", "id"], name="alike_people_by_score")]

    def get_absolute_url(self) -> str:
        return reverse("engagement:duplicate_person", args=[self.pk])


class LikenessKey(models.Model):
    """Something by which an employer may be found to be another one, as a number that cannot be turned back."""

    school = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    employer = models.ForeignKey(Employer, on_delete=models.CASCADE, related_name="+")
    key = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["school", "key"], name="likeness_key")]

    def __str__(self) -> str:
        return f"{self.employer_id}: {self.key}"


class DuplicateSearchQuerySet(models.QuerySet["DuplicateSearch"]):
    def under_way(self) -> DuplicateSearchQuerySet:
        """Searches that have not ended yet."""
        return self.filter(progress__finished_at__isnull=True, progress__isnull=False)


class DuplicateSearch(models.Model):
    """When a school's book was last searched for duplicates as a whole, or how far that is."""

    school = models.OneToOneField(Organisation, primary_key=True, on_delete=models.CASCADE, related_name="+")
    progress = models.ForeignKey(Progress, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DuplicateSearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("search for duplicates")
        verbose_name_plural = _("searches for duplicates")

    def __str__(self) -> str:
        return str(self.school)

    @property
    def is_under_way(self) -> bool:
        return self.progress is not None and not self.progress.finished


class MergeQuerySet(models.QuerySet["Merge"]):
    def visible_to(self, user: User) -> MergeQuerySet:
        """Merges in the books of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def in_book_of(self, school: Organisation) -> MergeQuerySet:
        """Merges in one school's book."""
        return self.filter(school=school.pk)

    def standing(self) -> MergeQuerySet:
        """Merges that were not undone."""
        return self.filter(undone_at__isnull=True)

    def made_before(self, moment: datetime) -> MergeQuerySet:
        """Merges made before a moment of which it is still known how to undo them."""
        return self.filter(made_at__lt=moment, deeds__isnull=False)

    def about_people(self, people: Any) -> MergeQuerySet:
        """Merges by which any of these people came to be one with somebody."""
        return self.filter(Q(person__in=people) | Q(people__in=people), deeds__isnull=False).distinct()

    def for_list(self) -> MergeQuerySet:
        """Merges with what a row of a list says of them, the newest first."""
        return self.select_related("employer__organisation", "person", "made_by", "undone_by").order_by("-made_at", "-pk")


class Merge(models.Model):
    """That two entries of a book became one: the one that is kept, and what the other one's number and name were.

    ``deeds`` is all that was done, so that it can be undone (``core.undoing``). It holds what was known about the one that is
    gone, and goes itself after a while; that the old address leads to the one that is kept stays.
    """

    school = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    employer = models.ForeignKey(Employer, null=True, blank=True, on_delete=models.CASCADE, related_name="merges")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="merges")
    people = models.ManyToManyField(Person, blank=True, related_name="+")
    gone_number = models.BigIntegerField()
    gone_name = models.CharField(max_length=250, blank=True)
    deeds = models.JSONField(null=True, blank=True)
    made_at = models.DateTimeField(_("merged"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = MergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints = [
            models.CheckConstraint(
                name="merge_of_employers_or_of_people",
                condition=Q(employer__isnull=False, person__isnull=True) | Q(employer__isnull=True, person__isnull=False),
            ),
            models.CheckConstraint(
                name="merge_undone_who_and_when",
                condition=Q(undone_at__isnull=True, undone_by__isnull=True) | Q(undone_at__isnull=False, undone_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["school", "-made_at", "-id"], name="merge_newest"),
            models.Index(fields=["gone_number"], name="merge_by_number", condition=Q(employer__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.gone_name} → {self.employer or self.person}"

    @property
    def can_be_undone(self) -> bool:
        return self.undone_at is None and self.deeds is not None
