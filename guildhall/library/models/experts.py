from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.library.models.resources import numbers_written_for
from guildhall.people.mail_addresses import addresses_shown_to_be_of
from guildhall.people.models import Kind, Organisation, User

#: Who can run a group of experts.
HOSTS = (Kind.SCHOOL, Kind.ASSOCIATION)


class ExpertGroupQuerySet(models.QuerySet["ExpertGroup"]):
    def visible_to(self, user: Any) -> ExpertGroupQuerySet:
        """All of them: who speaks as an expert is public."""
        return self.all()

    def written_for(self, user: User) -> ExpertGroupQuerySet:
        """Groups of the organisations in whose name this person may write."""
        return self.filter(organisation__in=numbers_written_for(user))

    def around(self, user: User, organisation: Organisation | None) -> ExpertGroupQuerySet:
        """Groups that an organisation runs, and those in which a person is or is invited: to be answered first, ended last."""
        mine = Expert.objects.standing().of(user).filter(group=OuterRef("pk"))
        run = Q(organisation=organisation.pk) if organisation else Q(pk__in=[])
        groups = self.annotate(waits=Exists(mine.filter(accepted_at__isnull=True)), ended=Q(ended_at__isnull=False))
        return groups.filter(run | Exists(mine)).order_by("-waits", "ended", Lower("name"), "pk")

    def open_to(self, user: User) -> ExpertGroupQuerySet:
        """Groups in whose name this person may review today, by name."""
        inside = Expert.objects.current().filter(group=OuterRef("pk"), user=user.pk)
        return self.filter(Exists(inside), ended_at__isnull=True).order_by(Lower("name"), "pk")


class ExpertGroup(models.Model):
    """People who know a field and review in the group's name. Once it has ended, its reviews stay and there are no new ones."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("run by"), on_delete=models.PROTECT, related_name="expert_groups"
    )
    name = models.CharField(pgettext_lazy("of a group of experts", "name"), max_length=120)
    expertise = models.CharField(_("what it is expert in"), max_length=300)
    language = models.CharField(_("language"), max_length=10)
    made_at = models.DateTimeField(_("begun"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = ExpertGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("expert group")
        verbose_name_plural = _("expert groups")
        constraints = [
            models.UniqueConstraint(
                "organisation",
                Lower("name"),
                name="expert_group_once",
                condition=Q(ended_at__isnull=True),
                violation_error_message=_("You already run an expert group of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("oer:experts", args=[self.pk])


class ExpertQuerySet(models.QuerySet["Expert"]):
    def visible_to(self, user: User) -> ExpertQuerySet:
        """A person's own places and invitations, and those in groups of organisations in whose name they may write."""
        return self.filter(_of(user) | Q(group__organisation__in=numbers_written_for(user)))

    def of(self, user: User) -> ExpertQuerySet:
        """Places that a person has, and invitations to their addresses."""
        return self.filter(_of(user))

    def standing(self) -> ExpertQuerySet:
        """Those who are in a group, and invitations that wait for their answer."""
        return self.filter(declined_at__isnull=True)

    def current(self) -> ExpertQuerySet:
        """Those who are in a group."""
        return self.filter(accepted_at__isnull=False)

    def invited(self) -> ExpertQuerySet:
        """Invitations that wait for their answer."""
        return self.standing().filter(accepted_at__isnull=True)

    def unanswered_before(self, moment: datetime) -> ExpertQuerySet:
        """Invitations sent before a moment that wait for their answer, and those declined before it."""
        return self.filter(
            Q(declined_at__lt=moment) | Q(accepted_at__isnull=True, declined_at__isnull=True, invited_at__lt=moment)
        )


def _of(user: User) -> Q:
    return Q(user=user.pk) | Q(accepted_at__isnull=True, email__in=addresses_shown_to_be_of(user))


class Expert(models.Model):
    """A place in a group of experts: offered to an e-mail address, then taken by whoever reads it, under the name they say.

    Whoever leaves has no such place any more. Who declined keeps it for a while, so as not to be asked again at once.
    """

    group = models.ForeignKey(ExpertGroup, on_delete=models.CASCADE, related_name="experts")
    email = models.EmailField(_("e-mail address"), max_length=254)
    invited_at = models.DateTimeField(_("invited"))
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=200, blank=True)
    accepted_at = models.DateTimeField(_("in it since"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined"), null=True, blank=True)

    objects = ExpertQuerySet.as_manager()

    class Meta:
        verbose_name = _("expert")
        verbose_name_plural = _("experts")
        constraints = [
            models.UniqueConstraint(
                "group",
                Lower("email"),
                name="expert_invited_once",
                violation_error_message=_("This address is invited already."),
            ),
            models.UniqueConstraint(
                fields=["group", "user"],
                name="expert_once",
                violation_error_message=_("You are in this group already."),
            ),
            models.CheckConstraint(
                name="expert_who_and_when",
                condition=Q(accepted_at__isnull=True, user__isnull=True, name="")
                | Q(accepted_at__isnull=False, declined_at__isnull=True, user__isnull=False) & ~Q(name=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.email} · {self.group}"
