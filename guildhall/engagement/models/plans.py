from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Subquery
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.addresses import address_of
from guildhall.core.fixed_sql import in_sql
from guildhall.engagement.methodology.planning import QUARTER
from guildhall.engagement.models.contacts import Contact
from guildhall.engagement.models.methodology import Methodology, Words
from guildhall.people.models import Organisation, User, numbers_run_by

#: Letters in the title of a step, in what is to be done, and in what a review says.
LONGEST_TITLE, LONGEST_WHAT, LONGEST_THOUGHT = 200, 4000, 8000
#: Hours that a step may take.
MOST_HOURS = 2000


class InterviewQuerySet(models.QuerySet["Interview"]):
    def visible_to(self, user: User) -> InterviewQuerySet:
        """Interviews of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def open_for(self, school: Organisation) -> Interview | None:
        """The one that is being answered at a school, with its methodology less what is long; None where there is none."""
        open_one = self.filter(school=school.pk, closed_at__isnull=True)
        return open_one.select_related("methodology", "changed_by").defer("methodology__content").first()


class Interview(models.Model):
    """What a school says of itself before it has a plan. Anybody who may goes on where another stopped."""

    school = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="interviews")
    methodology = models.ForeignKey(Methodology, on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField(_("answers"), default=dict, help_text="The options chosen, by question")
    begun_at = models.DateTimeField(_("begun"))
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(_("answered last"))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = InterviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("interview")
        verbose_name_plural = _("interviews")
        constraints = [
            models.UniqueConstraint(
                "school",
                name="one_open_interview",
                condition=Q(closed_at__isnull=True),
                violation_error_message=_("Your school has begun this interview already."),
            ),
            models.CheckConstraint(
                name="interview_closed_who_and_when",
                condition=Q(closed_at__isnull=True, closed_by__isnull=True) | Q(closed_at__isnull=False, closed_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.begun_at:%Y-%m-%d}"


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, user: User) -> PlanQuerySet:
        """Plans of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def running(self) -> PlanQuerySet:
        """Plans that are being followed: of each school one at most."""
        return self.filter(closed_at__isnull=True)

    def with_methodology(self) -> PlanQuerySet:
        """Plans with the version they were made from, less what is long: ``same`` and ``words_in`` know it."""
        return self.select_related("methodology").defer("methodology__content")

    def for_page(self) -> PlanQuerySet:
        """Plans with their school and methodology, and ``newest_loaded_at``, when its newest version was loaded."""
        return self.with_methodology().select_related("school").annotate(**_newest())


@cache
def _newest() -> dict[str, RawSQL]:
    return in_sql(Plan, newest_loaded_at=Subquery(Methodology.objects.order_by("-loaded_at").values("loaded_at")[:1]))


class Plan(models.Model):
    """What a school does first and why, until when, and how it will see what has changed.

    ``answers`` are those it was made from: with the version of the methodology they give its reasons.
    """

    school = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="plans")
    methodology = models.ForeignKey(Methodology, on_delete=models.PROTECT, related_name="plans")
    answers = models.JSONField(_("answers"), default=dict, help_text="The options chosen, by question")
    starts_on = models.DateField(_("first day"))
    follows = models.OneToOneField(
        "self", verbose_name=_("follows"), null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by"
    )
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = PlanQuerySet.as_manager()

    #: Of plans read ``for_page()``.
    newest_loaded_at: datetime

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(
                "school",
                name="one_running_plan",
                condition=Q(closed_at__isnull=True),
                violation_error_message=_("Your school follows a plan already."),
            ),
            models.CheckConstraint(
                name="plan_closed_who_and_when",
                condition=Q(closed_at__isnull=True, closed_by__isnull=True) | Q(closed_at__isnull=False, closed_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.starts_on:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("engagement:plan", args=[self.pk])

    @property
    def is_running(self) -> bool:
        return self.closed_at is None

    def quarter_of(self, day: date) -> int:
        """The quarter in which a day lies, the first being 1; days before the plan count as its first."""
        return max((day - self.starts_on).days // (QUARTER * 7) + 1, 1)

    def quarter_to_review(self, reviewed: Iterable[int], today: date) -> int:
        """The quarter the next review is about: the first that was not reviewed, or the last one that is over."""
        return max(max(reviewed, default=0) + 1, self.quarter_of(today) - 1)

    def due_after(self, quarter: int) -> date:
        """The day from which the review of a quarter is due: the first day after it."""
        return self.days_of(quarter + 1)[0]

    def days_of(self, quarter: int) -> tuple[date, date]:
        """The first and the last day of a quarter."""
        first = self.starts_on + timedelta(weeks=QUARTER * (quarter - 1))
        return first, first + timedelta(weeks=QUARTER, days=-1)


class PlanArea(models.Model):
    """An area of the methodology at its place in a plan; ``begun_on`` is the first day of its work, None while it waits."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="areas")
    number = models.CharField(_("area"), max_length=5)
    place = models.PositiveSmallIntegerField(_("place"))
    begun_on = models.DateField(_("begun"), null=True, blank=True)

    class Meta:
        verbose_name = _("area of a plan")
        verbose_name_plural = _("areas of plans")
        constraints = [models.UniqueConstraint("plan", "number", name="area_once_in_plan")]

    def __str__(self) -> str:
        return self.number


@dataclass(frozen=True)
class SaidStep:
    """The words of a step: ``what`` is Markdown, ``afterwards`` says what one has then; "" where nobody said it."""

    title: str
    what: str
    afterwards: str
    language: str


class PlanStepQuerySet(models.QuerySet["PlanStep"]):
    def visible_to(self, user: User) -> PlanStepQuerySet:
        """Steps of the plans of the schools this person works for."""
        return self.filter(plan__school__in=numbers_run_by(user))

    def open(self) -> PlanStepQuerySet:
        """Steps still to be done."""
        return self.filter(state=PlanStep.State.OPEN)

    def running(self) -> PlanStepQuerySet:
        """Steps of plans that are being followed."""
        return self.filter(plan__closed_at__isnull=True)

    def of(self, user: User) -> PlanStepQuerySet:
        """Steps this person does."""
        return self.filter(owner=user.pk)

    def ending_by(self, day: date) -> PlanStepQuerySet:
        """Steps that are to be done on a day or before it."""
        return self.filter(ends_on__lte=day)

    def in_order(self) -> PlanStepQuerySet:
        """Steps by their first day, those of one day as the areas and their steps follow each other."""
        return self.order_by("starts_on", "ends_on", "area", "position", "pk")

    def with_names(self) -> PlanStepQuerySet:
        """Steps with the names of who does them and of what shows that they were done."""
        own = [field.name for field in PlanStep._meta.concrete_fields]
        people = [f"{who}__{name}" for who in ("owner", "closed_by") for name in ("name", "email", "erased_at")]
        shown_by = ["kind", "activity", "held_at", "employer__organisation__name", "employer__organisation__trade_name"]
        joined = self.select_related("owner", "closed_by", "evidence__employer__organisation")
        return joined.only(*own, *people, *[f"evidence__{name}" for name in shown_by])


class PlanStep(models.Model):
    """Something a plan says is to be done, from a day until a day.

    A step of the methodology has its ``key`` and takes its words from there, unless somebody wrote their own; of the school's own
    steps the key is "". Done is what somebody says is done (``is_by_hand``), or what the book shows: ``evidence``, the contact.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", pgettext_lazy("step of a plan", "done")
        DROPPED = "dropped", pgettext_lazy("step of a plan", "dropped")

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="steps")
    area = models.CharField(_("area"), max_length=5)
    key = models.CharField(max_length=40, blank=True, help_text="Of the methodology's step; empty for one of the school's own")
    position = models.PositiveSmallIntegerField(default=0, help_text="Among the steps of its area")
    title = models.CharField(_("what is to be done"), max_length=LONGEST_TITLE, blank=True)
    what = models.TextField(_("how"), max_length=LONGEST_WHAT, blank=True)
    language = models.CharField(max_length=10, blank=True, help_text="Of the title and of what somebody wrote themselves")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="plan_steps",
    )
    hours = models.PositiveSmallIntegerField(_("hours"))
    starts_on = models.DateField(pgettext_lazy("step of a plan", "from"))
    ends_on = models.DateField(pgettext_lazy("step of a plan", "until"))
    spread = models.JSONField(default=list, help_text="Pairs of a quarter's number and the hours that fall into it")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    is_by_hand = models.BooleanField(default=False, help_text="Whether somebody has said themselves if it is done")
    evidence = models.ForeignKey(
        Contact, verbose_name=_("shown by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="plan_steps"
    )
    word = models.CharField(_("a word why"), max_length=250, blank=True)
    added_at = models.DateTimeField(_("added"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = PlanStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a plan")
        verbose_name_plural = _("steps of plans")
        constraints = [
            models.UniqueConstraint("plan", "area", "key", name="plan_step_once", condition=~Q(key="")),
            models.CheckConstraint(
                name="plan_step_has_words",
                condition=~Q(key="") | ~Q(title=""),
                violation_error_message=_("Say what is to be done."),
            ),
            models.CheckConstraint(
                name="plan_step_days_in_order",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("The last day lies before the first."),
            ),
            models.CheckConstraint(
                name="plan_step_closed_when",
                condition=Q(state="open", closed_at__isnull=True, closed_by__isnull=True)
                | ~Q(state="open") & Q(closed_at__isnull=False),
            ),
            # Only the book itself ticks a step off without anybody.
            models.CheckConstraint(
                name="plan_step_closed_by_somebody",
                condition=~Q(is_by_hand=True) | Q(state="open") | Q(closed_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "ends_on"], name="plan_step_open_by_owner", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.area} {self.key}"

    def get_absolute_url(self) -> str:
        return address_of("engagement:plan_step", self.pk)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    def said_in(self, words: Words) -> SaidStep:
        """Its words: what somebody wrote themselves before those of its plan's methodology."""
        theirs = words["areas"][self.area]["steps"].get(self.key) if self.key else None
        if theirs is None:
            return SaidStep(self.title, self.what, "", self.language)
        return SaidStep(self.title or theirs["title"], self.what or theirs["what"], theirs["afterwards"], words.language)


class PlanIndicator(models.Model):
    """Something counted from the book beside a plan: how it was at the beginning, and how the school wishes it to be."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="indicators")
    key = models.CharField(max_length=40)
    place = models.PositiveSmallIntegerField(default=0)
    baseline = models.FloatField(_("at the beginning"), null=True, blank=True, help_text="None where the book could not say")
    measured_on = models.DateField(_("measured"))
    wished = models.FloatField(_("what you wish for"), null=True, blank=True)

    class Meta:
        verbose_name = _("indicator of a plan")
        verbose_name_plural = _("indicators of plans")
        constraints = [models.UniqueConstraint("plan", "key", name="indicator_once_in_plan")]

    def __str__(self) -> str:
        return self.key


class PlanReviewQuerySet(models.QuerySet["PlanReview"]):
    def visible_to(self, user: User) -> PlanReviewQuerySet:
        """Reviews of the plans of the schools this person works for."""
        return self.filter(plan__school__in=numbers_run_by(user))


class PlanReview(models.Model):
    """A look back at the quarters up to ``quarter``: what was planned, what was done, what has changed, what the school learnt.

    ``steps`` keeps of each step that was looked at ``step`` (its number), ``starts_on``, ``ends_on``, ``state``, ``is_late`` and
    ``moved_to``; ``measured`` the indicators by key, None where the book could not say.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="reviews")
    quarter = models.PositiveSmallIntegerField(_("quarter"))
    due_on = models.DateField(_("due"))
    held_at = models.DateTimeField(_("held"))
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    steps = models.JSONField(default=list)
    measured = models.JSONField(default=dict)
    begun = models.JSONField(default=list, help_text="Numbers of the areas that begin after it")
    learnt = models.TextField(_("what we have learnt"), max_length=LONGEST_THOUGHT, blank=True)
    changes = models.TextField(_("what we change"), max_length=LONGEST_THOUGHT, blank=True)

    objects = PlanReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review of a plan")
        verbose_name_plural = _("reviews of plans")
        constraints = [
            models.UniqueConstraint(
                "plan",
                "quarter",
                name="one_review_for_quarter",
                violation_error_message=_("This quarter has been reviewed already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.quarter}"

    def get_absolute_url(self) -> str:
        return reverse("engagement:plan_review", args=[self.pk])
