from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.validators import MinLengthValidator, URLValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Prefetch, Q, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.addresses import address_of
from guildhall.core.fixed_sql import in_sql
from guildhall.core.models import StoredFile
from guildhall.library import kinds, licences
from guildhall.people.models import Organisation, Role, User

#: Whoever holds one of these writes and reads drafts. Learners do not: their names would stand in public.
WRITERS: list[Role] = [role for role in Role if role != Role.LEARNER]


def numbers_written_for(user: User) -> Any:
    """The numbers of the organisations in whose name this person may write today, to be asked for with ``__in``."""
    if user.memberships_today is not None:
        return [held.organisation_id for held in user.memberships_today if held.role in WRITERS]
    return user.memberships.current().filter(role__in=WRITERS).values("organisation")


def _epoch() -> str:
    return uuid4().hex


class OfAKind:
    """What a resource's kind and licence say of it, whether it is read whole or as plain values."""

    kind: Any
    licence: Any

    @property
    def kind_in_words(self) -> str:
        """As ``get_kind_display``, which translates the words of all kinds to find one of them."""
        return str(kinds.KINDS.get(self.kind, self.kind))

    @property
    def is_case(self) -> bool:
        return self.kind == kinds.CASE

    @property
    def under(self) -> licences.Licence:
        """The licence it is under."""
        return licences.KNOWN[self.licence]


class Described(OfAKind, models.Model):
    """What a resource says and what is said about it, in one language: the working copy and each version have the same.

    ``authors`` are {"name": …, "orcid": …, "affiliation": …}, ``account`` holds the parts of a practice case
    (``kinds.CASE_PARTS``) and its ``figures``, a list of {"value": …, "label": …}. ``text`` is Markdown.
    """

    kind = models.CharField(_("kind"), max_length=30, choices=kinds.KINDS, default="text")
    language = models.CharField(_("language"), max_length=10, help_text="ISO 639")
    title = models.CharField(_("title"), max_length=250, validators=[MinLengthValidator(3)])
    summary = models.TextField(_("in a few sentences"), max_length=1500, blank=True)
    text = models.TextField(pgettext_lazy("of a resource", "text"), max_length=200_000, blank=True)
    link = models.URLField(
        _("address elsewhere"), max_length=500, blank=True, validators=[URLValidator(schemes=["http", "https"])]
    )
    licence = models.CharField(_("licence"), max_length=20, choices=licences.CHOICES, default=licences.PRESET)
    authors = models.JSONField(_("authors"), default=list, blank=True)
    project = models.CharField(_("project"), max_length=200, blank=True)
    project_code = models.CharField(_("number of the project"), max_length=60, blank=True)
    is_erasmus = models.BooleanField(_("paid for by Erasmus+"), default=False)
    doi = models.CharField(_("DOI"), max_length=120, blank=True)
    keywords = models.JSONField(_("keywords"), default=list, blank=True)
    skills = models.JSONField(_("what you will learn"), default=list, blank=True)
    audience = models.JSONField(_("for whom"), default=list, blank=True)
    eqf = models.JSONField(_("level (EQF)"), default=list, blank=True)
    isced = models.CharField(_("subject (ISCED-F)"), max_length=4, blank=True)
    nace = models.CharField(_("sector (NACE)"), max_length=7, blank=True)
    area = models.CharField(_("area of the methodology"), max_length=3, choices=kinds.AREAS, blank=True)
    activity = models.CharField(_("activity"), max_length=30, choices=kinds.ACTIVITIES, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, help_text="ISO 3166-1 alpha-2")
    accessibility = models.JSONField(_("accessibility"), default=list, blank=True)
    account = models.JSONField(_("account"), default=dict, blank=True)
    is_illustration = models.BooleanField(
        _("an illustration"), default=False, help_text=_("Made up, to show what such a thing looks like.")
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


#: The names of what is described: what a version takes over from the working copy.
DESCRIBED = [field.name for field in Described._meta.fields]


class ResourceQuerySet(models.QuerySet["Resource"]):
    def visible_to(self, user: Any) -> ResourceQuerySet:
        """Resources that are or were public, and all those of the organisations in whose name this person may write."""
        public = Q(current__isnull=False)
        return (
            self.filter(public | Q(organisation__in=numbers_written_for(user))) if user.is_authenticated else self.filter(public)
        )

    def public(self) -> ResourceQuerySet:
        """Resources anybody may read."""
        return self.filter(current__isnull=False, state=Resource.State.PUBLISHED)

    def our_own(self) -> ResourceQuerySet:
        """Resources that were published here, be they withdrawn by now; not the links to what others publish."""
        return self.filter(current__isnull=False, harvested__isnull=True)

    def for_records(self) -> ResourceQuerySet:
        """Resources with all that their records say (``amb``)."""
        parts = Part.objects.select_related("file").order_by("position", "pk")
        return (
            self.select_related("current", "organisation", "harvested")
            .prefetch_related(Prefetch("current__parts", parts), Prefetch("sources", Source.objects.for_page()))
            .annotate(**_first_published())
        )

    def for_many_records(self) -> ResourceQuerySet:
        """Resources with what their records say, and without what these leave out: the working copy, and what is long."""
        return self.for_records().defer(*DESCRIBED, "current__text", "current__file_text", "current__account")

    def written_for(self, user: User) -> ResourceQuerySet:
        """Resources, drafts and all, of the organisations in whose name this person may write."""
        return self.filter(organisation__in=numbers_written_for(user))

    def waiting_for_review(self) -> ResourceQuerySet:
        """Resources somebody has handed in to be published."""
        return self.filter(submitted_at__isnull=False)

    def public_since(self, start: datetime | None, end: datetime | None = None) -> ResourceQuerySet:
        """Resources whose public record changed or was withdrawn from ``start`` to ``end``, both included."""
        changed = self.filter(public_at__isnull=False)
        changed = changed.filter(public_at__gte=start) if start else changed
        return changed.filter(public_at__lte=end) if end else changed

    def best_of_each_work(self, languages: Sequence[str]) -> ResourceQuerySet:
        """Those of these that are public, of each work the one whose language comes first; among other languages the oldest."""
        rank = _rank("current__language", languages)
        theirs = self.public().order_by().filter(work=OuterRef("work")).annotate(rank=rank)
        better = theirs.filter(Q(rank__lt=OuterRef("rank")) | Q(rank=OuterRef("rank"), pk__lt=OuterRef("pk")))
        return self.public().annotate(rank=rank).filter(~Exists(better))


@cache
def _first_published() -> dict[str, RawSQL]:
    first = Version.objects.filter(resource=OuterRef("pk"), number=1).values("published_at")
    return in_sql(Resource, first_published_at=Subquery(first))


def _rank(field: str, languages: Sequence[str]) -> Case:
    """The place of a language among those preferred; all others share the last."""
    whens = [When(**{field: language}, then=Value(place)) for place, language in enumerate(languages)]
    return Case(*whens, default=Value(len(languages)), output_field=models.SmallIntegerField())


class Resource(Described):
    """Something to learn or to work with, in one language, as its authors work on it; what the public sees is a ``Version``.

    A translation is a resource of its own: all that are translations of each other are one ``work``, named by its original.
    ``translated_from`` is the version of the original that it renders; when that is not the current one any more, the original
    has changed since. ``public_at`` is when the public record last changed: published, withdrawn, or published again.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("a resource", "draft")
        PUBLISHED = "published", pgettext_lazy("a resource", "published")
        WITHDRAWN = "withdrawn", pgettext_lazy("a resource", "withdrawn")

    class Translated(models.TextChoices):
        HUMAN = "human", _("translated by people")
        MACHINE = "machine", _("translated by a machine, not looked through")
        REVIEWED = "reviewed", _("translation looked through")

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="resources"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("looked after by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="resources",
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    current = models.ForeignKey("Version", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: Whether the working copy says anything else than the version that is public.
    has_changes = models.BooleanField(default=True)
    #: Beside each change, so that two people who write at the same time do not undo each other's.
    revision = models.PositiveIntegerField(default=0)
    public_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(_("begun"))
    changed_at = models.DateTimeField(pgettext_lazy("a resource", "changed"))
    submitted_at = models.DateTimeField(_("handed in"), null=True, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_at = models.DateTimeField(pgettext_lazy("a resource", "withdrawn"), null=True, blank=True)
    withdrawn_why = models.CharField(_("why it was withdrawn"), max_length=300, blank=True)
    work = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="renderings")
    translated_from = models.ForeignKey("Version", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    translated = models.CharField(_("how it was translated"), max_length=10, choices=Translated, blank=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints = [
            models.UniqueConstraint(
                fields=["work", "language"],
                name="rendering_once_in_a_language",
                condition=Q(translated_from__isnull=False),
                violation_error_message=_("There is a translation into this language already."),
            ),
            models.CheckConstraint(
                name="resource_public_with_its_version",
                condition=Q(state="draft", current__isnull=True)
                | Q(state__in=["published", "withdrawn"], current__isnull=False, public_at__isnull=False),
            ),
            models.CheckConstraint(
                name="resource_withdrawn_with_its_moment",
                condition=Q(state="withdrawn", withdrawn_at__isnull=False)
                | (~Q(state="withdrawn") & Q(withdrawn_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="translation_knows_its_original",
                condition=Q(translated_from__isnull=True, translated="") | (Q(translated_from__isnull=False) & ~Q(translated="")),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-changed_at"], name="resource_by_change"),
            models.Index(fields=["public_at", "id"], name="resource_by_public_change"),
            models.Index(fields=["work"], name="resource_by_work", condition=Q(state="published")),
        ]

    def get_absolute_url(self) -> str:
        return address_of("oer:resource", self.pk)

    @property
    def is_public(self) -> bool:
        return self.state == self.State.PUBLISHED

    @property
    def is_translation(self) -> bool:
        return self.translated_from_id is not None

    def sources_named(self) -> list[Source]:
        """What it was made from, with what that names; as it was read before, if it was."""
        known = getattr(self, "_prefetched_objects_cache", {})
        return list(self.sources.all() if "sources" in known else self.sources.for_page())

    @cached_property
    def shown(self) -> Version | Resource:
        """What the public sees; of a draft the working copy."""
        return self.current or self


class Version(Described):
    """A resource as it was published: numbered from 1, never changed, reachable as long as the resource is."""

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    what_changed = models.CharField(_("what has changed"), max_length=500, blank=True)
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    #: Of the text and of all files, as far as they are text: what a search looks at besides what is described.
    file_text = models.TextField(blank=True)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [models.UniqueConstraint(fields=["resource", "number"], name="version_once")]
        indexes = [
            models.Index(fields=["kind", "language"], name="version_by_kind"),
            models.Index(fields=["area"], name="version_by_area", condition=~Q(area="")),
            models.Index(Lower("title"), name="version_by_title"),
        ]

    def get_absolute_url(self) -> str:
        return address_of("oer:version", self.resource_id, self.number)


class PublicState(models.Model):
    """The one row that says how often what is public has changed; ``epoch`` tells the histories of two databases apart.

    Whoever keeps in memory what is public (``counting``) sees in one short query whether that still holds.
    """

    epoch = models.CharField(max_length=32, default=_epoch)
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.epoch} {self.number}"


class PublicChange(models.Model):
    """The number of the last change to what is public of a work: a resource of it was published or withdrawn."""

    work = models.OneToOneField(Resource, primary_key=True, on_delete=models.CASCADE, related_name="+")
    number = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.work_id} {self.number}"


class PartQuerySet(models.QuerySet["Part"]):
    def visible_to(self, user: Any) -> PartQuerySet:
        """Files of the versions of what is public, and all those of the organisations in whose name this person may write."""
        seen = Q(Exists(Version.objects.filter(parts=OuterRef("pk"))), resource__state=Resource.State.PUBLISHED)
        if user.is_authenticated:
            seen |= Q(resource__organisation__in=numbers_written_for(user))
        return self.filter(seen)

    def of_working_copy(self) -> PartQuerySet:
        """Files that the next version will have."""
        return self.filter(removed_at__isnull=True).order_by("position", "pk")

    def of_version(self, version: Version) -> PartQuerySet:
        """Files that a version has."""
        return self.filter(versions=version).order_by("position", "pk")


class Part(models.Model):
    """A file of a resource. What a version has stays with it; ``removed_at`` says that the working copy has it no more."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="parts")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    #: Its words as far as it is text, so that it can be found.
    text = models.TextField(blank=True)
    versions = models.ManyToManyField(Version, related_name="parts", blank=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return self.title or self.file.name


class SourceQuerySet(models.QuerySet["Source"]):
    def for_page(self) -> SourceQuerySet:
        """Sources with what they name."""
        return self.select_related("of__current", "of__organisation", "of__harvested").order_by("pk")


class Source(models.Model):
    """What a resource was made from: something here (``of``), or elsewhere, named by title, author, address and licence."""

    class Relation(models.TextChoices):
        BASED_ON = "based_on", _("based on")
        REMIX = "remix", _("mixed from")
        TRANSLATION = "translation", _("translation of")
        NEW_VERSION = "new_version", _("new version of")

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="sources")
    relation = models.CharField(_("relation"), max_length=20, choices=Relation)
    of = models.ForeignKey(Resource, null=True, blank=True, on_delete=models.PROTECT, related_name="made_from_this")
    title = models.CharField(_("title"), max_length=250, blank=True)
    author = models.CharField(_("author"), max_length=250, blank=True)
    address = models.URLField(_("address"), max_length=500, blank=True)
    licence = models.CharField(_("licence"), max_length=20, choices=licences.CHOICES, blank=True)
    what_changed = models.CharField(_("what has changed"), max_length=500, blank=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [
            models.CheckConstraint(
                name="source_is_here_or_elsewhere",
                condition=Q(of__isnull=False, title="", address="", licence="") | (Q(of__isnull=True) & ~Q(title="")),
                violation_error_message=_("Name what it was made from."),
            ),
            models.CheckConstraint(name="source_is_another", condition=Q(of__isnull=True) | ~Q(of=F("resource"))),
            models.UniqueConstraint(
                fields=["resource", "of"],
                name="source_once",
                condition=Q(of__isnull=False),
                violation_error_message=_("This is among its sources already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_relation_display()} {self.name}"

    @property
    def name(self) -> str:
        return self.of.shown.title if self.of else self.title

    @property
    def under(self) -> licences.Licence | None:
        """The licence of the source, where it is known."""
        key = self.of.shown.licence if self.of else self.licence
        return licences.KNOWN.get(key)
