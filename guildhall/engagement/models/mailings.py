from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from guildhall.engagement.models.contacts import Contact
from guildhall.engagement.models.employers import Employer, Person
from guildhall.engagement.purposes import BY_KEY, NEWS, PLACEMENTS, Purpose
from guildhall.people.models import Organisation, User, numbers_run_by

#: What one may write letters for. That learners are shown somebody is no purpose of a letter.
PURPOSES = [(purpose.key, purpose.title) for purpose in (PLACEMENTS, NEWS)]
#: Letters in a subject and in a text: what fits on a page, and then some.
LONGEST_SUBJECT = 150
LONGEST_TEXT = 6000


class LetterSettings(models.Model):
    """How a school writes to employers: how many letters one of them gets at most within 30 days, and what stands below each."""

    school = models.OneToOneField(Organisation, primary_key=True, on_delete=models.CASCADE, related_name="+")
    most_in_30_days = models.PositiveSmallIntegerField(
        _("letters within 30 days, at most"), default=2, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    sign_off = models.TextField(
        _("below each letter"),
        max_length=500,
        blank=True,
        help_text=_("Who the school is and where: name, street, town, telephone. In many countries it has to stand there."),
    )

    class Meta:
        verbose_name = _("settings of letters")
        verbose_name_plural = _("settings of letters")

    def __str__(self) -> str:
        return str(self.school)

    @classmethod
    def of(cls, school: Organisation) -> LetterSettings:
        """What a school has set, or what holds as long as it has set nothing."""
        return cls.objects.filter(school=school.pk).first() or cls(school=school)


class LetterTemplateQuerySet(models.QuerySet["LetterTemplate"]):
    def visible_to(self, user: User) -> LetterTemplateQuerySet:
        """Templates of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def in_book_of(self, school: Organisation) -> LetterTemplateQuerySet:
        """Templates of one school, by name."""
        return self.filter(school=school.pk).order_by(Lower("name"), "pk")


class LetterTemplate(models.Model):
    """A letter that a school writes again and again, in as many languages as somebody has written it in."""

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("what it is"), max_length=80)
    purpose = models.CharField(_("what it is for"), max_length=20, choices=PURPOSES, default=PLACEMENTS.key)
    asks_answer = models.BooleanField(_("asks for an answer"), default=True)
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = LetterTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter template")
        verbose_name_plural = _("letter templates")
        constraints = [
            models.UniqueConstraint(
                "school",
                Lower("name"),
                name="letter_template_once",
                violation_error_message=_("There is already a template of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class LetterWords(models.Model):
    """A letter in one language: plain text with placeholders in braces, see ``writing.wording``."""

    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT)
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.language}: {self.subject}"


class TemplateWords(LetterWords):
    """A template in one language."""

    template = models.ForeignKey(LetterTemplate, on_delete=models.CASCADE, related_name="words")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "language"], name="template_words_once")]


class MailingQuerySet(models.QuerySet["Mailing"]):
    def visible_to(self, user: User) -> MailingQuerySet:
        """Mailings of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def in_book_of(self, school: Organisation) -> MailingQuerySet:
        """Mailings of one school."""
        return self.filter(school=school.pk)

    def of(self, user: User) -> MailingQuerySet:
        """Mailings in this person's name."""
        return self.filter(by=user.pk)

    def unfinished(self) -> MailingQuerySet:
        """Mailings that are drafts, or on their way."""
        return self.exclude(state=Mailing.State.SENT)

    def drafts_from_before(self, moment: datetime) -> MailingQuerySet:
        """Drafts begun before a moment and never sent."""
        return self.filter(state=Mailing.State.DRAFT, made_at__lt=moment)


class Mailing(models.Model):
    """A letter to one person at an employer, or the same letter to many: its words, to whom it goes, how far that is.

    ``run`` counts how often it was set going: a task of an earlier run finds that it has nothing to do any more. ``trouble``
    is what the mail server said when it would take nothing at all.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("mailing", "draft")
        SENDING = "sending", pgettext_lazy("mailing", "on its way")
        STOPPED = "stopped", pgettext_lazy("mailing", "stopped")
        SENT = "sent", pgettext_lazy("mailing", "sent")

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("what it is"), max_length=80)
    purpose = models.CharField(_("what it is for"), max_length=20, choices=PURPOSES, default=PLACEMENTS.key)
    asks_answer = models.BooleanField(_("asks for an answer"), default=True)
    answers_to_book = models.BooleanField(_("answers by mail come onto the timeline, too"), default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("written by"), on_delete=models.PROTECT, related_name="mailings"
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    made_at = models.DateTimeField(_("begun"))
    started_at = models.DateTimeField(_("sent"), null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    run = models.PositiveSmallIntegerField(default=0)
    wakes_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=250, blank=True)

    objects = MailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter to employers")
        verbose_name_plural = _("letters to employers")
        constraints = [
            models.CheckConstraint(
                name="mailing_starts_when_it_is_no_draft_any_more",
                condition=Q(state="draft", started_at__isnull=True) | ~Q(state="draft") & Q(started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="mailing_sent_with_its_moment",
                condition=Q(state="sent", finished_at__isnull=False) | ~Q(state="sent") & Q(finished_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["school", "-made_at", "-id"], name="mailing_newest")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("engagement:mailing", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_under_way(self) -> bool:
        return self.state == self.State.SENDING

    @property
    def wanted(self) -> Purpose:
        """What it is written for."""
        return BY_KEY[self.purpose]


class MailingWords(LetterWords):
    """What a mailing says in one language."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="words")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "language"], name="mailing_words_once")]


class Why(models.TextChoices):
    """Why somebody does not get a letter. The order is that in which one is told of: the first that holds counts."""

    LEFT_OUT = "left_out", _("left out by hand")
    NOBODY = "nobody", _("nobody who works there is noted")
    LEFT = "left", _("does not work there any more")
    ASKED = "asked", _("asked not to be written to")
    SAID_NO = "said_no", _("said no to this kind of letter")
    NO_YES = "no_yes", _("has not said yes to news and invitations")
    NO_ADDRESS = "no_address", _("no e-mail address is noted")
    BOUNCED = "bounced", _("letters to this address come back: ask for a new one")
    RESTING = "resting", _("the employer is left in peace")
    FULL = "full", _("has had enough letters lately")
    TWICE = "twice", _("gets this letter at another place already")
    REFUSED = "refused", _("the mail server would not take it")


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, user: User) -> LetterQuerySet:
        """Letters of the schools this person works for."""
        return self.filter(mailing__school__in=numbers_run_by(user))

    def waiting(self) -> LetterQuerySet:
        """Letters still to be sent."""
        return self.filter(state=Letter.State.WAITING)

    def gone(self) -> LetterQuerySet:
        """Letters that were sent, or may have been."""
        return self.filter(sent_at__isnull=False)

    def counting(self, since: datetime) -> LetterQuerySet:
        """Letters that somebody had since a moment, as far as one knows: those that came back are none."""
        return self.filter(sent_at__gte=since).exclude(state=Letter.State.BOUNCED)

    def telling(self) -> LetterQuerySet:
        """Letters that stand on a timeline: sent, with what they say."""
        return self.gone().select_related("mailing__by", "person").order_by("-sent_at", "-pk")

    def with_words_from_before(self, moment: datetime) -> LetterQuerySet:
        """Letters sent before a moment of which it is still known what they said, and to whom."""
        return self.filter(sent_at__lt=moment).exclude(text="", address="", sentence="")


class Letter(models.Model):
    """A mailing as one person at one employer gets it. Nothing stands in it yet as long as it waits.

    It is ``GOING`` from just before the mail server is asked until it has answered. If the worker dies in that time, nobody can
    know whether the letter went out: it is ``UNSURE`` then, and never sent again but by hand. ``sent_at`` is when it began to go.
    ``bounce`` is what was said when it came back.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("letter", "waits")
        GOING = "going", pgettext_lazy("letter", "is being sent")
        SENT = "sent", pgettext_lazy("letter", "sent")
        UNSURE = "unsure", pgettext_lazy("letter", "may not have gone out")
        BOUNCED = "bounced", pgettext_lazy("letter", "came back")
        SKIPPED = "skipped", pgettext_lazy("letter", "not sent")

    class Answer(models.TextChoices):
        YES = "yes", _("yes")
        LATER = "later", _("not now")
        NO = "no", _("no")

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="letters")
    employer = models.ForeignKey(Employer, verbose_name=_("employer"), on_delete=models.CASCADE, related_name="letters")
    person = models.ForeignKey(
        Person, verbose_name=_("person"), null=True, blank=True, on_delete=models.SET_NULL, related_name="letters"
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    why = models.CharField(_("why not"), max_length=12, choices=Why, blank=True)
    detail = models.CharField(max_length=250, blank=True)
    tried = models.PositiveSmallIntegerField(default=0)
    address = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    text = models.TextField(_("text"), blank=True)
    # Before the "@" of its Message-ID. Not to be guessed, since who knows it can say that the letter came back.
    key = models.CharField(max_length=40, null=True, blank=True, unique=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    bounced_at = models.DateTimeField(_("came back"), null=True, blank=True)
    bounce = models.CharField(max_length=250, blank=True)
    answer = models.CharField(_("answer"), max_length=5, choices=Answer, blank=True)
    sentence = models.CharField(_("in their words"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    contact = models.OneToOneField(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="letter")

    objects = LetterQuerySet.as_manager()

    #: What is asked of whom where it came back, as part of an address; where a page has worked it out.
    ask = ""

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [
            # Of address, not of person: two entries of a book may be one person, and may become one later.
            models.UniqueConstraint("mailing", Lower("address"), name="letter_once_to_an_address", condition=~Q(address="")),
            models.CheckConstraint(
                name="letter_gone_with_its_moment",
                condition=Q(state__in=["waiting", "skipped"], sent_at__isnull=True)
                | ~Q(state__in=["waiting", "skipped"]) & Q(sent_at__isnull=False),
            ),
            models.CheckConstraint(
                name="letter_skipped_with_a_reason", condition=Q(state="skipped") & ~Q(why="") | ~Q(state="skipped")
            ),
            models.CheckConstraint(
                name="letter_answered_with_its_moment",
                condition=Q(answer="", answered_at__isnull=True) | ~Q(answer="") & Q(answered_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["employer", "-sent_at", "-id"], name="letter_timeline", condition=Q(sent_at__isnull=False)),
            models.Index(Lower("address"), "sent_at", name="letter_by_address", condition=Q(sent_at__isnull=False)),
            models.Index(fields=["sent_at"], name="letter_by_moment", condition=Q(sent_at__isnull=False)),
            models.Index(fields=["mailing", "tried", "id"], name="letter_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return self.subject or str(self.mailing)

    @property
    def reason(self) -> str:
        """Why it was not sent, in a sentence."""
        return why_not(self.why, self.detail) if self.why else ""

    @property
    def is_open_to_answers(self) -> bool:
        return self.state in (self.State.SENT, self.State.GOING, self.State.UNSURE)


def why_not(why: str, detail: str = "") -> str:
    """Say why somebody does not get a letter; ``detail`` is the day a rest ends, the number of letters, or what a server said."""
    if why == Why.RESTING and detail:
        return gettext("the employer is left in peace until %(day)s") % {"day": date_format(date.fromisoformat(detail))}
    if why == Why.FULL and detail.isdigit():
        sentence = ngettext("has had %(count)s letter within 30 days", "has had %(count)s letters within 30 days", int(detail))
        return sentence % {"count": detail}
    if why == Why.REFUSED and detail:
        return gettext("the mail server would not take it: %(said)s") % {"said": detail}
    return str(Why(why).label)
