from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.engagement.models.employers import Employer, Person
from guildhall.people.models import User, numbers_run_by

#: Letters in what comes next.
LONGEST_STEP = 250


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> ContactQuerySet:
        """Contacts in the books of the schools this person works for."""
        return self.filter(employer__school__in=numbers_run_by(user))


class Contact(models.Model):
    """Something that took place between school and employer."""

    class Kind(models.TextChoices):
        CALL = "call", _("Call")
        VISIT = "visit", _("Visit")
        MAIL = "mail", _("E-mail")
        MEETING = "meeting", _("Meeting")
        EVENT = "event", _("Event")
        MESSAGE = "message", _("Message")

    employer = models.ForeignKey(Employer, verbose_name=_("employer"), on_delete=models.CASCADE, related_name="contacts")
    kind = models.CharField(_("what it was"), max_length=10, choices=Kind)
    activity = models.CharField(
        _("what was done together"), max_length=40, blank=True, help_text="A key of the methodology or of a school's own kinds"
    )
    held_at = models.DateTimeField(_("when"))
    people = models.ManyToManyField(Person, verbose_name=_("with whom"), blank=True, related_name="contacts")
    said = models.TextField(_("what was said"), max_length=8000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="contacts")
    recorded_at = models.DateTimeField(_("recorded"))

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            models.Index(fields=["employer", "-held_at", "-id"], name="contact_timeline"),
            models.Index(fields=["by", "-held_at"], name="contact_by_colleague"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.held_at:%Y-%m-%d}"


class NextStepQuerySet(models.QuerySet["NextStep"]):
    def visible_to(self, user: User) -> NextStepQuerySet:
        """Next steps in the books of the schools this person works for."""
        return self.filter(employer__school__in=numbers_run_by(user))

    def open(self) -> NextStepQuerySet:
        """Next steps still to be taken."""
        return self.filter(state=NextStep.State.OPEN)

    def closed(self) -> NextStepQuerySet:
        """Next steps that were taken or dropped."""
        return self.exclude(state=NextStep.State.OPEN)

    def open_or_closed_after(self, moment: datetime) -> NextStepQuerySet:
        """Next steps still to be taken, and those closed after a moment."""
        return self.filter(Q(state=NextStep.State.OPEN) | Q(closed_at__gt=moment))

    def of(self, user: User) -> NextStepQuerySet:
        """Next steps this person promised."""
        return self.filter(owner=user.pk)

    def due_by(self, day: date) -> NextStepQuerySet:
        """Next steps due on a day or before it."""
        return self.filter(due_on__lte=day)

    def for_list(self) -> NextStepQuerySet:
        """Next steps with what a row of a list says of them, and nothing else; the most urgent first."""
        employer = ["employer__organisation__name", "employer__organisation__trade_name"]
        owner = ["owner__name", "owner__email", "owner__erased_at"]
        with_both = self.select_related("employer__organisation", "owner")
        return with_both.only("what", "due_on", "times_moved", *employer, *owner).order_by("due_on", "pk")


class NextStep(models.Model):
    """What somebody at school has promised to do about an employer, until a day."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", pgettext_lazy("next step", "done")
        DROPPED = "dropped", _("dropped")

    employer = models.ForeignKey(Employer, verbose_name=_("employer"), on_delete=models.CASCADE, related_name="next_steps")
    what = models.CharField(_("what comes next"), max_length=LONGEST_STEP)
    due_on = models.DateField(pgettext_lazy("next step", "until"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, related_name="next_steps"
    )
    contact = models.ForeignKey(
        Contact, verbose_name=_("agreed in"), null=True, blank=True, on_delete=models.SET_NULL, related_name="next_steps"
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    times_moved = models.PositiveSmallIntegerField(_("times moved"), default=0)
    word = models.CharField(
        _("a word why"), max_length=250, blank=True, help_text=_("Why it was moved or dropped, or how it went.")
    )
    added_at = models.DateTimeField(_("added"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    #: Whom to ring up, where ``note_whom_to_call`` has found out.
    call: Any = None

    objects = NextStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("next step")
        verbose_name_plural = _("next steps")
        constraints = [
            models.CheckConstraint(
                name="step_closed_who_and_when",
                condition=Q(state="open", closed_at__isnull=True, closed_by__isnull=True)
                | ~Q(state="open") & Q(closed_at__isnull=False, closed_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "due_on"], name="step_open_by_owner", condition=Q(state="open")),
            models.Index(fields=["employer", "due_on", "id"], name="step_open_by_employer", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.what
