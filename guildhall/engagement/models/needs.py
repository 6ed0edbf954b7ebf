from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guildhall.engagement.models.contacts import Contact
from guildhall.engagement.models.employers import Employer, Person
from guildhall.people.models import Organisation, User, numbers_run_by

#: Letters in an occupation or a skill.
LONGEST_NEED = 120
#: What an employer said holds for so long; then it is worth asking again, and it counts for the year before.
HOLDS_FOR = timedelta(days=365)


def normal_form_of(words: str) -> str:
    """What words are told apart by: without case, accents, signs and doubled space, so that "Técnico(a)" is "tecnico a"."""
    plain = unicodedata.normalize("NFKD", words.casefold())
    spaced = "".join(sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign))
    return " ".join(spaced.split())[:LONGEST_NEED]


class NeedsInterviewQuerySet(models.QuerySet["NeedsInterview"]):
    def visible_to(self, user: User) -> NeedsInterviewQuerySet:
        """Interviews with employers in the books of the schools this person works for."""
        return self.filter(employer__school__in=numbers_run_by(user))

    def unfinished(self) -> NeedsInterviewQuerySet:
        """Interviews whose answers are not in the book yet, and may still come to it."""
        return self.filter(state__in=[NeedsInterview.State.OPEN, NeedsInterview.State.ANSWERED])

    def waiting_for(self, user: User) -> NeedsInterviewQuerySet:
        """Interviews that an employer has sent back, for who asked or looks after the employer."""
        return self.filter(Q(begun_by=user.pk) | Q(employer__owner=user.pk), state=NeedsInterview.State.ANSWERED)

    def of_links_begun_before(self, moment: datetime) -> NeedsInterviewQuerySet:
        """Interviews by link that began before a moment and were never taken over."""
        return self.filter(is_by_link=True, begun_at__lt=moment).exclude(state=NeedsInterview.State.TAKEN)

    def with_answers_from_before(self, moment: datetime) -> NeedsInterviewQuerySet:
        """Interviews that ended, or that a colleague began and left, before a moment and of which the answers are still kept."""
        old = Q(state=NeedsInterview.State.TAKEN, closed_at__lt=moment) | Q(is_by_link=False, closed_at=None, begun_at__lt=moment)
        return self.filter(old).exclude(answers={})


class NeedsInterview(models.Model):
    """What one employer is asked about its needs, once: by a colleague who writes along, or by a link somebody there opens.

    ``answers`` is {part: {field: value}} as the forms of its parts give it (``engagement.needs.asking``), and grows part by part.
    """

    class State(models.TextChoices):
        OPEN = "open", _("under way")
        ANSWERED = "answered", _("sent by the employer")
        TAKEN = "taken", _("in the book")
        WITHDRAWN = "withdrawn", _("withdrawn")

    employer = models.ForeignKey(Employer, verbose_name=_("employer"), on_delete=models.CASCADE, related_name="needs_interviews")
    person = models.ForeignKey(
        Person, verbose_name=_("who is asked"), null=True, blank=True, on_delete=models.SET_NULL, related_name="needs_interviews"
    )
    is_by_link = models.BooleanField(_("by link"))
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    answers = models.JSONField(default=dict, blank=True)
    # The part where somebody who comes back goes on.
    reached = models.CharField(max_length=20, blank=True)
    begun_at = models.DateTimeField(_("begun"))
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who asks"), on_delete=models.PROTECT, related_name="needs_interviews"
    )
    expires_at = models.DateTimeField(_("can be answered until"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    contact = models.OneToOneField(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="needs_interview")

    objects = NeedsInterviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("needs interview")
        verbose_name_plural = _("needs interviews")
        constraints = [
            models.CheckConstraint(
                name="needs_link_expires_after_it_began",
                condition=Q(is_by_link=False, expires_at__isnull=True) | Q(is_by_link=True, expires_at__gt=F("begun_at")),
            ),
            models.CheckConstraint(
                name="needs_interview_closed_who_and_when",
                condition=Q(state__in=["taken", "withdrawn"], closed_at__isnull=False, closed_by__isnull=False)
                | Q(state__in=["open", "answered"], closed_at__isnull=True, closed_by__isnull=True),
            ),
            models.CheckConstraint(
                name="needs_interview_answered_when",
                condition=~Q(state="answered") | Q(is_by_link=True, answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="needs_interview_withdrawn_without_answers", condition=~Q(state="withdrawn") | Q(answers={})
            ),
        ]
        indexes = [
            models.Index(fields=["begun_by"], name="needs_interview_waiting", condition=Q(state="answered")),
        ]

    def __str__(self) -> str:
        return str(_("Needs of %(employer)s") % {"employer": self.employer})

    def get_absolute_url(self) -> str:
        return reverse("engagement:needs_interview", args=[self.pk])

    def is_expired(self, at: datetime) -> bool:
        """Whether the employer cannot answer any more. It is never so of what a colleague writes down."""
        return self.expires_at is not None and self.expires_at <= at

    @property
    def is_finished(self) -> bool:
        return self.state in (self.State.TAKEN, self.State.WITHDRAWN)


class NeedQuerySet(models.QuerySet["Need"]):
    def visible_to(self, user: User) -> NeedQuerySet:
        """What employers said that are in the books of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def in_book_of(self, school: Organisation) -> NeedQuerySet:
        """What employers in one school's book said."""
        return self.filter(school=school.pk)

    def wanted(self) -> NeedQuerySet:
        """Occupations and skills."""
        return self.filter(kind__in=Need.WANTED)

    def standing(self, on: date) -> NeedQuerySet:
        """What was said in the year up to a day, this included, and had not been said anew or let go by then."""
        return self.filter(standing_on(on))


def standing_on(day: date) -> Q:
    """Whether what an employer said stood on a day."""
    return Q(noted_on__gt=day - HOLDS_FOR, noted_on__lte=day) & (Q(ended_on__isnull=True) | Q(ended_on__gt=day))


class Need(models.Model):
    """One thing an employer said, on a day, when it was asked about its needs.

    An occupation or a skill it wants, in its own words; or, as a key of ``engagement.needs.asking``, what changes its work, what
    holds it back, or (as a key of the methodology's activities) what it could offer.
    """

    class Kind(models.TextChoices):
        OCCUPATION = "occupation", _("Occupation")
        SKILL = "skill", _("Skill")
        TREND = "trend", _("What is changing")
        OBSTACLE = "obstacle", _("What holds them back")
        OFFER = "offer", _("What they could offer")

    WANTED = (Kind.OCCUPATION, Kind.SKILL)

    # Its employer's: the view over all of them groups a whole book by it.
    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.PROTECT, related_name="+")
    employer = models.ForeignKey(Employer, verbose_name=_("employer"), on_delete=models.CASCADE, related_name="needs")
    interview = models.ForeignKey(NeedsInterview, null=True, blank=True, on_delete=models.SET_NULL, related_name="needs")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    # Of words their normal form, else the key.
    form = models.CharField(max_length=LONGEST_NEED)
    # What it is counted under: its own form, or that of the word it means.
    counts_as = models.CharField(max_length=LONGEST_NEED)
    words = models.CharField(_("in their words"), max_length=LONGEST_NEED, blank=True)
    language = models.CharField(_("language"), max_length=10)
    people_now = models.PositiveSmallIntegerField(_("people wanted now"), null=True, blank=True)
    people_in_two_years = models.PositiveSmallIntegerField(_("people wanted in two years"), null=True, blank=True)
    noted_on = models.DateField(_("said on"))
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # Said anew or let go: from this day on it does not count.
    ended_on = models.DateField(_("until"), null=True, blank=True)

    objects = NeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "kind", "form"], name="need_stands_once", condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(
                name="need_ends_after_it_was_said", condition=Q(ended_on=None) | Q(ended_on__gte=F("noted_on"))
            ),
            models.CheckConstraint(
                name="need_counts_people_only_where_somebody_is_wanted",
                condition=Q(kind__in=["occupation", "skill"]) & ~Q(words="")
                | Q(kind__in=["trend", "obstacle", "offer"], people_now=None, people_in_two_years=None),
            ),
            models.CheckConstraint(name="need_has_a_form", condition=~Q(form="") & ~Q(counts_as="")),
        ]
        indexes = [
            models.Index(fields=["school", "kind", "counts_as", "noted_on"], name="need_by_what_is_said"),
        ]

    def __str__(self) -> str:
        return self.words or self.form


class SameNeed(models.Model):
    """A word of employers that somebody at school says means the same as another one: both count together."""

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Need.Kind)
    form = models.CharField(max_length=LONGEST_NEED)
    words = models.CharField(max_length=LONGEST_NEED)
    means = models.CharField(max_length=LONGEST_NEED)
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("same need")
        verbose_name_plural = _("same needs")
        constraints = [
            models.UniqueConstraint(fields=["school", "kind", "form"], name="word_means_one_thing"),
            models.CheckConstraint(name="word_does_not_mean_itself", condition=~Q(form=F("means"))),
        ]

    def __str__(self) -> str:
        return self.words
