from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.engagement.models.employers import Employer
from guildhall.people.models import Kind, Organisation, User, numbers_run_by

#: Who can host a consortium; only schools are members, for only they have a book.
HOSTS = (Kind.SCHOOL, Kind.ASSOCIATION)


class ConsortiumQuerySet(models.QuerySet["Consortium"]):
    def visible_to(self, user: User) -> ConsortiumQuerySet:
        """Consortia hosted by the organisations this person works for, and those in which their school is or is invited."""
        mine = numbers_run_by(user)
        there = ConsortiumMember.objects.standing().filter(consortium=OuterRef("pk"), school__in=mine)
        return self.filter(Q(host__in=mine) | Exists(there))

    def of(self, organisation: Organisation) -> ConsortiumQuerySet:
        """Consortia that an organisation hosts, or in which it is or is invited."""
        there = ConsortiumMember.objects.standing().filter(consortium=OuterRef("pk"), school=organisation.pk)
        return self.filter(Q(host=organisation.pk) | Exists(there))

    def open(self) -> ConsortiumQuerySet:
        """Consortia that have not ended."""
        return self.filter(ended_at__isnull=True)

    def joined_by(self, school: Organisation) -> ConsortiumQuerySet:
        """Consortia of which a school is a member today, by name."""
        there = ConsortiumMember.objects.current().filter(consortium=OuterRef("pk"), school=school.pk)
        return self.open().filter(Exists(there)).order_by(Lower("name"), "pk")


class Consortium(models.Model):
    """Schools that let each other know which employers they talk to: that, since when and whom to ask, never what was said."""

    name = models.CharField(pgettext_lazy("of a consortium", "name"), max_length=120)
    host = models.ForeignKey(Organisation, verbose_name=_("hosted by"), on_delete=models.PROTECT, related_name="hosted_consortia")
    made_at = models.DateTimeField(_("begun"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("begun by"), on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ConsortiumQuerySet.as_manager()

    class Meta:
        verbose_name = _("consortium")
        verbose_name_plural = _("consortia")
        constraints = [
            models.UniqueConstraint(
                "host",
                Lower("name"),
                name="consortium_once_with_a_host",
                condition=Q(ended_at__isnull=True),
                violation_error_message=_("You already host a consortium of this name."),
            ),
            models.CheckConstraint(
                name="consortium_ended_who_and_when",
                condition=Q(ended_at__isnull=True, ended_by__isnull=True) | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("engagement:consortium", args=[self.pk])


class ConsortiumMemberQuerySet(models.QuerySet["ConsortiumMember"]):
    def visible_to(self, user: User) -> ConsortiumMemberQuerySet:
        """Members of the consortia that this person may see."""
        return self.filter(consortium__in=Consortium.objects.visible_to(user).values("pk"))

    def standing(self) -> ConsortiumMemberQuerySet:
        """Schools that are members, and those whose invitation is open."""
        return self.filter(left_at__isnull=True, consortium__ended_at__isnull=True)

    def current(self) -> ConsortiumMemberQuerySet:
        """Schools that are members today."""
        return self.standing().filter(accepted_at__isnull=False)

    def invited(self) -> ConsortiumMemberQuerySet:
        """Schools that have not answered yet."""
        return self.standing().filter(accepted_at__isnull=True)

    def left_before(self, moment: datetime) -> ConsortiumMemberQuerySet:
        """Schools that left, declined or were taken out before a moment."""
        return self.filter(left_at__lt=moment)

    def for_list(self) -> ConsortiumMemberQuerySet:
        """Members with their schools, by name."""
        return self.select_related("school").order_by(Lower("school__name"), "pk")


class ConsortiumMember(models.Model):
    """A school in a consortium, from its invitation on. Who declines has left without ever having been there."""

    consortium = models.ForeignKey(Consortium, on_delete=models.CASCADE, related_name="members")
    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(_("invited"))
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(_("member since"), null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    left_at = models.DateTimeField(pgettext_lazy("a consortium", "left"), null=True, blank=True)
    left_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ConsortiumMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a consortium")
        verbose_name_plural = _("members of consortia")
        constraints = [
            models.UniqueConstraint(
                fields=["consortium", "school"],
                name="consortium_member_once",
                condition=Q(left_at__isnull=True),
                violation_error_message=_("This school is a member or invited already."),
            ),
            models.CheckConstraint(
                name="consortium_member_accepted_who_and_when",
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
            models.CheckConstraint(
                name="consortium_member_left_who_and_when",
                condition=Q(left_at__isnull=True, left_by__isnull=True) | Q(left_at__isnull=False, left_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} · {self.consortium}"

    @property
    def is_member(self) -> bool:
        return self.accepted_at is not None and self.left_at is None


class SharedEmployerQuerySet(models.QuerySet["SharedEmployer"]):
    def visible_to(self, user: User) -> SharedEmployerQuerySet:
        """What the schools this person works for tell others of."""
        return self.filter(employer__school__in=numbers_run_by(user))

    def by_school(self, school: Organisation) -> SharedEmployerQuerySet:
        """What one school tells others of."""
        return self.filter(employer__school=school.pk)

    def for_list(self) -> SharedEmployerQuerySet:
        """What is shared with what a row says of it, by the employers' names."""
        named = self.select_related("employer__organisation", "employer__owner", "shared_by")
        return named.order_by("employer__sort_key", "employer")


class SharedEmployer(models.Model):
    """That a school tells the other members of a consortium that it talks to an employer. Without this row it does not."""

    consortium = models.ForeignKey(Consortium, on_delete=models.CASCADE, related_name="shared")
    employer = models.ForeignKey(Employer, verbose_name=_("employer"), on_delete=models.CASCADE, related_name="shares")
    shared_at = models.DateTimeField(_("told since"))
    shared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("switched on by"), on_delete=models.PROTECT, related_name="+"
    )

    objects = SharedEmployerQuerySet.as_manager()

    class Meta:
        verbose_name = _("shared employer")
        verbose_name_plural = _("shared employers")
        constraints = [models.UniqueConstraint(fields=["consortium", "employer"], name="employer_shared_once")]

    def __str__(self) -> str:
        return f"{self.employer} · {self.consortium}"


class CommonEmployerQuerySet(models.QuerySet["CommonEmployer"]):
    def of(self, *numbers: int) -> CommonEmployerQuerySet:
        """Pairs in which one of these employers is, on whichever side."""
        return self.filter(Q(ours__in=numbers) | Q(theirs__in=numbers))


class CommonEmployer(models.Model):
    """That two members share what is one employer: once for each of the two, whose entry in their own book is ``ours``.

    It is written when whoever looks after the two is told, and nothing is shown without it: so nobody sees another school unseen.
    """

    consortium = models.ForeignKey(Consortium, on_delete=models.CASCADE, related_name="+")
    ours = models.ForeignKey(Employer, on_delete=models.CASCADE, related_name="+")
    theirs = models.ForeignKey(Employer, on_delete=models.CASCADE, related_name="+")
    found_at = models.DateTimeField()

    objects = CommonEmployerQuerySet.as_manager()

    class Meta:
        verbose_name = _("common employer")
        verbose_name_plural = _("common employers")
        constraints = [
            models.UniqueConstraint(fields=["ours", "theirs", "consortium"], name="common_employer_once"),
            models.CheckConstraint(name="common_employer_is_in_two_books", condition=~Q(ours=F("theirs"))),
        ]

    def __str__(self) -> str:
        return f"{self.ours_id} ~ {self.theirs_id}"
