from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Substr
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.addresses import address_of
from guildhall.core.fixed_sql import in_sql
from guildhall.engagement.models.activities import OwnActivity
from guildhall.engagement.models.book import Tag
from guildhall.engagement.purposes import PURPOSES, Purpose
from guildhall.engagement.window import AREAS
from guildhall.people.models import ConsentRecord, ConsentRecordQuerySet, Organisation, Site, User, is_open_site, numbers_run_by

#: For so long one says that a level fell, and before that one warns that it will.
COOLING = timedelta(days=90)


def sort_key_of(name: str) -> str:
    """What a name is sorted by: without accents, case and signs, so that "Élan" stands beside "ELAN"."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in plain if sign.isalnum() or sign == " ").strip()[:120]


class EmployerQuerySet(models.QuerySet["Employer"]):
    def visible_to(self, user: User) -> EmployerQuerySet:
        """Employers in the books of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def in_book_of(self, school: Organisation) -> EmployerQuerySet:
        """Employers in one school's book."""
        return self.filter(school=school.pk)

    def looked_after_by(self, user: User) -> EmployerQuerySet:
        """Employers this person owns."""
        return self.filter(owner=user.pk)

    def silent_since(self, moment: datetime) -> EmployerQuerySet:
        """Employers nobody has spoken to since a moment, those never spoken to included."""
        return self.filter(Q(last_contact_at__lt=moment) | Q(last_contact_at__isnull=True))

    def standing_due(self, day: date) -> EmployerQuerySet:
        """Employers of which what is kept about where they stand is true no longer on a day."""
        return self.filter(standing_changes_on__lte=day)

    def working_on(self, area: str) -> EmployerQuerySet:
        """Employers whose pane of an area is touched or lively."""
        pane = Substr("panes", list(AREAS).index(area) + 1, 1)
        return self.annotate(pane=pane).exclude(pane="0")

    def cooling(self, day: date) -> EmployerQuerySet:
        """Employers whose level fell in the three months before a day, or will in the three after it if nothing is done."""
        fell = Q(fell_on__gt=day - COOLING, fell_on__lte=day)
        return self.filter(fell | Q(falls_on__gt=day, falls_on__lte=day + COOLING))

    def for_cooling(self) -> EmployerQuerySet:
        """Employers with what a list of those that cool down says of them, and nothing else."""
        names = ["organisation__name", "organisation__trade_name", "owner__name", "owner__email", "owner__erased_at"]
        levels = ["level", "falls_on", "fell_on", "fell_from", "last_contact_at"]
        return self.select_related("organisation", "owner").only(*names, *levels)

    def resting(self, on: date) -> EmployerQuerySet:
        """Employers that are to be left in peace on a day, the last one included."""
        return self.filter(resting_until__gte=on)

    def near(self, latitude: float, longitude: float, distance_km: float) -> EmployerQuerySet:
        """Employers with an open site within a distance as the crow flies."""
        return self.filter(
            Exists(Site.objects.open().within(latitude, longitude, distance_km).filter(organisation=OuterRef("organisation")))
        )

    def unplaced(self) -> EmployerQuerySet:
        """Employers without an open site of which one knows where on the earth it is."""
        return self.filter(~Exists(Site.objects.open().filter(latitude__isnull=False, organisation=OuterRef("organisation"))))

    def with_sites(self) -> Any:
        """Employers once for each of their sites, with its ``site``, ``latitude`` and ``longitude``, and if it ``is_placed``.

        So is one that is open, and of which one knows where on the earth it is. An employer without any site comes once too.
        """
        here = "organisation__sites"
        at = {name: F(f"{here}__{name}") for name in ("latitude", "longitude")}
        is_open = is_open_site(localdate(), at=f"{here}__")
        is_placed = ExpressionWrapper(is_open & Q(**{f"{here}__latitude__isnull": False}), models.BooleanField())
        return self.annotate(site=F(here), is_placed=is_placed, **at)

    def with_overdue_step(self, day: date) -> EmployerQuerySet:
        """Employers with an open next step that was due before a day."""
        return self.filter(Exists(_open_steps().filter(employer=OuterRef("pk"), due_on__lt=day)))

    def with_next_step(self) -> EmployerQuerySet:
        """Employers annotated with ``next_due_on``, the day of their most urgent open step, or None."""
        first = _open_steps().filter(employer=OuterRef("pk")).order_by("due_on", "pk")
        return self.annotate(next_due_on=Subquery(first.values("due_on")[:1]))

    def knowing_answers(self) -> EmployerQuerySet:
        """Employers that know their ``answered_interview``."""
        return self.annotate(answered_interview=_beside()["answered_interview"])

    def for_page(self) -> EmployerQuerySet:
        """Employers with what their page says of them, and what it need not ask for: see the class's annotations."""
        return self.select_related("organisation", "owner").annotate(**_beside())


@cache
def _beside() -> dict[str, RawSQL]:
    from guildhall.engagement.models.consortia import ConsortiumMember
    from guildhall.engagement.models.mailings import Letter
    from guildhall.engagement.models.merging import AlikeEmployers
    from guildhall.engagement.models.methodology import Methodology
    from guildhall.engagement.models.needs import Need, NeedsInterview
    from guildhall.engagement.models.plans import Plan

    pairs = AlikeEmployers.objects.open()
    is_alike = Exists(pairs.filter(first=OuterRef("pk"))) | Exists(pairs.filter(second=OuterRef("pk")))
    is_tagged = Exists(Employer.tags.through.objects.filter(employer=OuterRef("pk")))
    own = Exists(OwnActivity.objects.filter(school=OuterRef("school")))
    newest = Subquery(Methodology.objects.order_by("-loaded_at", "-pk").values("digest")[:1])
    unfinished = NeedsInterview.objects.unfinished().filter(employer=OuterRef("pk")).order_by("pk").values("pk")
    beside = {
        "is_tagged": is_tagged,
        "is_alike": is_alike,
        "in_consortium": Exists(ConsortiumMember.objects.current().filter(school=OuterRef("school"))),
        "is_written_to": Exists(Letter.objects.gone().filter(employer=OuterRef("pk"))),
        "has_plan": Exists(Plan.objects.running().filter(school=OuterRef("school"))),
        "has_needs": Exists(Need.objects.filter(employer=OuterRef("pk"), ended_on=None)),
        "answered_interview": Subquery(unfinished.filter(state=NeedsInterview.State.ANSWERED)[:1]),
        "begun_interview": Subquery(unfinished.filter(is_by_link=False)[:1]),
    }
    return in_sql(Employer, **beside, knows_own_activities=own, methodology=newest)


def _contacts() -> models.QuerySet:
    from guildhall.engagement.models.contacts import Contact

    return Contact.objects.all()


def _open_steps() -> models.QuerySet:
    from guildhall.engagement.models.contacts import NextStep

    return NextStep.objects.open()


class Employer(models.Model):
    """An organisation as one school sees it."""

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.PROTECT, related_name="book")
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="in_books"
    )
    sort_key = models.CharField(max_length=120, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("looked after by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="employers",
    )
    note = models.TextField(_("good to know"), blank=True, max_length=4000)
    # Kept beside the contacts because lists of ten thousand sort and filter by it; the actions on contacts keep it true.
    last_contact_at = models.DateTimeField(_("last contact"), null=True, blank=True, editable=False)
    # Where it stands (``standing``), for lists likewise; true until the day on which it changes by time alone.
    level = models.PositiveSmallIntegerField(_("level"), default=0, editable=False)
    panes = models.CharField(_("window"), max_length=6, default="000000", editable=False)
    falls_on = models.DateField(null=True, editable=False)
    falls_to = models.PositiveSmallIntegerField(null=True, editable=False)
    fell_on = models.DateField(null=True, editable=False)
    fell_from = models.PositiveSmallIntegerField(null=True, editable=False)
    standing_changes_on = models.DateField(null=True, editable=False)
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), blank=True, related_name="employers")
    resting_until = models.DateField(_("rests until"), null=True, blank=True)
    resting_why = models.CharField(_("why it rests"), max_length=250, blank=True)
    added_at = models.DateTimeField(_("in the book since"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("added by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = EmployerQuerySet.as_manager()

    # Known of those read ``for_page()``.
    is_tagged: bool
    is_alike: bool
    in_consortium: bool
    is_written_to: bool
    knows_own_activities: bool
    has_plan: bool
    #: The digest of the newest methodology, or None.
    methodology: str | None
    #: Where it stands today, of those whose contacts were just settled.
    standing: Any
    has_needs: bool
    #: The number of an interview by link that was sent and waits to be taken over, and of a talk that is not at its end, or None.
    answered_interview: int | None
    begun_interview: int | None

    class Meta:
        verbose_name = _("employer")
        verbose_name_plural = _("employers")
        constraints = [
            models.UniqueConstraint(
                fields=["school", "organisation"],
                name="employer_once_in_a_book",
                violation_error_message=_("This employer is already in the book."),
            ),
            models.CheckConstraint(
                name="employer_rests_with_a_reason_only_while_it_rests",
                condition=Q(resting_until__isnull=False) | Q(resting_why=""),
            ),
        ]
        indexes = [
            models.Index(fields=["school", "sort_key", "id"], name="employer_by_name"),
            models.Index(fields=["school", "owner", "sort_key", "id"], name="employer_by_owner"),
            models.Index(fields=["school", "-last_contact_at", "id"], name="employer_by_last_contact"),
            models.Index(fields=["school", "added_at", "id"], name="employer_by_age"),
            models.Index(fields=["school", "level", "panes"], name="employer_by_level"),
            models.Index(fields=["school", "falls_on"], name="employer_cooling", condition=Q(falls_on__isnull=False)),
            models.Index(fields=["school", "fell_on"], name="employer_cooled", condition=Q(fell_on__isnull=False)),
            models.Index(
                fields=["standing_changes_on"], name="employer_standing_due", condition=Q(standing_changes_on__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)

    def get_absolute_url(self) -> str:
        return address_of("engagement:employer", self.pk)


def said_about(purpose: Purpose, person: str) -> ConsentRecordQuerySet:
    """What people answered to a purpose and have not said otherwise since; ``person`` is the field of their number."""
    records = ConsentRecord.objects.filter(person_type=Person._meta.label_lower, person_id=OuterRef(person))
    return records.to(purpose.statement).standing()


@cache
def _answers() -> dict[str, RawSQL]:
    """What the person of a position answered to each purpose."""
    said = {
        f"said_{purpose.key}": Subquery(said_about(purpose, "person").order_by("agreed").values("agreed")[:1])
        for purpose in PURPOSES
    }
    return in_sql(Position, **said)


class PersonQuerySet(models.QuerySet["Person"]):
    def visible_to(self, user: User) -> PersonQuerySet:
        """People in the books of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def refusing(self, purpose: Purpose) -> PersonQuerySet:
        """People who said no to a purpose."""
        return self.filter(Exists(said_about(purpose, "pk").refused()))

    def allowing(self, purpose: Purpose) -> PersonQuerySet:
        """People who may be written to for a purpose, or shown to others who may; never who asked not to be written to."""
        said = said_about(purpose, "pk")
        willing = self.filter(~Exists(said.refused()), asked_not_to_be_written_at__isnull=True)
        return willing.filter(Exists(said.in_force())) if purpose.needs_yes else willing

    def to_be_written_to(self, purpose: Purpose) -> PersonQuerySet:
        """People to whom a mail for a purpose may go, and can."""
        return self.allowing(purpose).exclude(email="")

    def who_said_no(self) -> PersonQuerySet:
        """People who asked not to be written to, or said no to any purpose."""
        records = ConsentRecord.objects.filter(person_type=Person._meta.label_lower, person_id=OuterRef("pk"))
        return self.filter(Q(asked_not_to_be_written_at__isnull=False) | Exists(records.refused()))

    def forgettable(self, before: datetime) -> PersonQuerySet:
        """People noted before a moment with whom nobody has spoken since, and who did not leave since either."""
        return self.filter(
            ~Exists(_contacts().filter(people=OuterRef("pk"), held_at__gte=before)),
            ~Exists(Position.objects.filter(person=OuterRef("pk"), until__gte=before.date())),
            created_at__lt=before,
        )


class Person(models.Model):
    """Somebody who works at an employer, as one school knows them. They have no account here."""

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.PROTECT, related_name="+")
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=200)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("The one to write to them in."))
    asked_not_to_be_written_at = models.DateTimeField(_("asked not to be written to"), null=True, blank=True)
    # The address from which a letter came back, in lower case: another one is not marked, whoever notes it.
    bounced_address = models.CharField(_("address from which letters come back"), max_length=254, blank=True)
    bounced_at = models.DateTimeField(_("a letter came back"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person at an employer")
        verbose_name_plural = _("people at employers")
        constraints = [
            models.CheckConstraint(
                name="person_bounced_with_its_moment",
                condition=Q(bounced_address="", bounced_at__isnull=True) | ~Q(bounced_address="") & Q(bounced_at__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["school", "email"], name="person_by_email")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address_of("engagement:person", self.pk)

    @property
    def may_be_written_to(self) -> bool:
        return bool(self.email) and self.asked_not_to_be_written_at is None

    @property
    def has_bounced(self) -> bool:
        """Whether letters to the address that is noted now come back."""
        return bool(self.email) and self.email.lower() == self.bounced_address


class PositionQuerySet(models.QuerySet["Position"]):
    def for_list(self) -> PositionQuerySet:
        """Positions with their people and sites, by name."""
        return self.select_related("person", "site").order_by("person__name", "pk")

    def with_answers(self) -> PositionQuerySet:
        """Positions that know what their people answered to each purpose, for ``Position.answers``, in the same query."""
        return self.annotate(**_answers())

    def with_answer_to(self, purpose: Purpose) -> PositionQuerySet:
        """Positions that know as ``answer`` whether their people agreed to one purpose; None where they said nothing."""
        return self.annotate(answer=_answers()[f"said_{purpose.key}"])

    def current(self, on: date | None = None) -> PositionQuerySet:
        """Positions held on a day (today)."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=on or localdate()))


class Position(models.Model):
    """Where a person works and what they do there for a school. The trainer is rarely the one who signs."""

    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.CASCADE, related_name="positions")
    employer = models.ForeignKey(Employer, verbose_name=_("employer"), on_delete=models.PROTECT, related_name="positions")
    site = models.ForeignKey(
        Site, verbose_name=_("site"), null=True, blank=True, on_delete=models.SET_NULL, related_name="positions"
    )
    title = models.CharField(pgettext_lazy("job", "position"), max_length=150, blank=True)
    decides = models.BooleanField(_("decides"), default=False, help_text=_("Says yes or no to working with us."))
    signs = models.BooleanField(_("signs"), default=False, help_text=_("May sign agreements for the employer."))
    trains = models.BooleanField(_("trains"), default=False, help_text=_("Guides learners at the workplace."))
    handles_personnel = models.BooleanField(_("personnel"), default=False, help_text=_("Handles applications and papers."))
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    objects = PositionQuerySet.as_manager()

    #: What the person said to one purpose, of positions read ``with_answer_to`` it.
    answer: bool | None

    class Meta:
        verbose_name = pgettext_lazy("job", "position")
        verbose_name_plural = _("positions")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "employer"],
                name="position_held_once",
                condition=Q(until__isnull=True),
                violation_error_message=_("This person already works there."),
            ),
            models.CheckConstraint(
                name="position_ends_after_it_begins",
                condition=Q(until__isnull=True) | Q(since__isnull=True) | Q(until__gte=F("since")),
                violation_error_message=_("The last day cannot be before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.employer}"

    @property
    def answers(self) -> list[tuple[Purpose, bool]]:
        """What the person answered to each purpose; only of positions read ``with_answers()``."""
        said = [(purpose, getattr(self, f"said_{purpose.key}")) for purpose in PURPOSES]
        return [(purpose, agreed) for purpose, agreed in said if agreed is not None]

    @property
    def is_current(self) -> bool:
        return self.until is None or self.until >= localdate()
