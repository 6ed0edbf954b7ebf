from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Case, ExpressionWrapper, Prefetch, Q, When
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.models import Progress, StoredFile
from guildhall.library.models.resources import Resource, numbers_written_for
from guildhall.people.models import Organisation


class FilmQuerySet(models.QuerySet["Film"]):
    def visible_to(self, user: Any) -> FilmQuerySet:
        """Films of resources that are public now, and all those of the organisations in whose name this person may write."""
        public = Q(resource__state=Resource.State.PUBLISHED)
        if not user.is_authenticated:
            return self.filter(public)
        return self.filter(public | Q(resource__organisation__in=numbers_written_for(user)))

    def shown_with(self, resource: Resource) -> FilmQuerySet:
        """The film of a resource first, then that of the work it renders: a translation shows its original's."""
        own = Case(When(resource=resource.pk, then=0), default=1)
        return self.filter(resource__in=[resource.pk, resource.work_id]).order_by(own)

    def with_files(self) -> FilmQuerySet:
        """Films with renditions and tracks, as their pages and records show them; ``is_open`` says whether to everybody."""
        renditions = Prefetch("renditions", Rendition.objects.select_related("file").defer("pieces").order_by("pk"))
        tracks = Prefetch("tracks", Track.objects.order_by("language", "kind"))
        is_open = ExpressionWrapper(Q(resource__state=Resource.State.PUBLISHED), models.BooleanField())
        return self.prefetch_related(renditions, tracks).annotate(is_open=is_open)


class Film(models.Model):
    """The film of a resource of the kind "video". Its translations show it too, with tracks and questions in their language.

    What was handed in is the ``source``, which nobody sees; what is shown are its ``renditions``, made by a worker. A published
    resource keeps its film, so that a version stays what it was: another film is another resource. Tracks and questions may get
    better at any time.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("a film", "waiting")
        MAKING = "making", pgettext_lazy("a film", "being made")
        READY = "ready", pgettext_lazy("a film", "ready")
        FAILED = "failed", pgettext_lazy("a film", "cannot be shown")

    resource = models.OneToOneField(Resource, on_delete=models.CASCADE, related_name="film")
    source = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    poster = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    failed_why = models.CharField(max_length=300, blank=True)
    duration_seconds = models.FloatField(_("length"), default=0)
    width = models.PositiveIntegerField(default=0, help_text="pixels, upright")
    height = models.PositiveIntegerField(default=0, help_text="pixels, upright")
    progress = models.ForeignKey(Progress, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    brought_at = models.DateTimeField()
    brought_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = FilmQuerySet.as_manager()

    class Meta:
        verbose_name = _("film")
        verbose_name_plural = _("films")

    def __str__(self) -> str:
        return self.resource.shown.title

    def get_absolute_url(self) -> str:
        return reverse("library:film", args=[self.resource_id])

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.MAKING)

    @property
    def has_stopped(self) -> bool:
        """Whether it was to be made, but nobody is at it any more."""
        return self.is_under_way and (self.progress is None or self.progress.finished)


class Rendition(models.Model):
    """A film as browsers play it: H.264 and AAC in MP4 of a height that suits the line, or its sound alone.

    The picture of a long film can be read piece by piece as well (``films.streaming``).
    """

    class Kind(models.TextChoices):
        SMALL = "360p", "360p"
        LARGE = "720p", "720p"
        AUDIO = "audio", _("sound only")

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="renditions")
    kind = models.CharField(max_length=10, choices=Kind)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    width = models.PositiveIntegerField(default=0, help_text="pixels, 0 for sound")
    height = models.PositiveIntegerField(default=0, help_text="pixels, 0 for sound")
    bits_per_second = models.PositiveIntegerField(default=0)
    #: Of its head, then of each fragment: first byte, bytes, seconds. Empty where it is in one piece.
    pieces = models.JSONField(default=list, blank=True)
    codecs = models.CharField(max_length=60, blank=True, help_text="RFC 6381; where it is in pieces")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["film", "kind"], name="rendition_once")]

    def __str__(self) -> str:
        return f"{self.film_id} {self.kind}"

    @property
    def is_picture(self) -> bool:
        return self.kind != self.Kind.AUDIO

    @property
    def is_in_pieces(self) -> bool:
        return bool(self.codecs)


class Track(models.Model):
    """What is read, or read out, along with a film, in one language: WebVTT as ``films.tracks`` writes it.

    Subtitles say what is spoken; captions also what is heard, for people who do not hear it, so both may stand side by side.
    Descriptions say what is seen. The names of chapters are a track too.
    """

    class Kind(models.TextChoices):
        CAPTIONS = "captions", _("captions for deaf people")
        SUBTITLES = "subtitles", _("subtitles")
        DESCRIPTIONS = "descriptions", _("descriptions for blind people")
        CHAPTERS = "chapters", _("chapters")

    class Source(models.TextChoices):
        HUMAN = "human", _("made by people")
        MACHINE = "machine", _("made by a machine")

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="tracks")
    language = models.CharField(_("language"), max_length=10)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    label = models.CharField(_("name in the player’s menu"), max_length=80, blank=True)
    source = models.CharField(_("made by"), max_length=10, choices=Source, default=Source.HUMAN)
    is_reviewed = models.BooleanField(_("somebody has looked through it"), default=False)
    vtt = models.TextField()
    #: Beside each change, so that two people who write at the same time do not undo each other's.
    revision = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        constraints = [
            models.UniqueConstraint(
                fields=["film", "language", "kind"],
                name="track_once",
                violation_error_message=_("There is such a track in this language already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.language})"

    @property
    def is_spoken(self) -> bool:
        """Whether it says what is spoken, so that a transcript can be made of it."""
        return self.kind in SPOKEN

    @property
    def is_rough(self) -> bool:
        """Whether a machine made it and nobody has looked through it: readers are told."""
        return self.source == self.Source.MACHINE and not self.is_reviewed


#: Of what a transcript is made, the better one first: captions say more.
SPOKEN: list[str] = [Track.Kind.CAPTIONS, Track.Kind.SUBTITLES]


class Prompt(models.Model):
    """A question at a moment of a film. It never stops anybody: ``is_pause`` says where those pause who wish to."""

    class Kind(models.TextChoices):
        THINK = "think", _("to think about")
        WRITE = "write", _("to write something")
        CHOOSE = "choose", _("to choose one")
        SCALE = "scale", _("from 1 to 5")
        COMPARE = "compare", _("to compare with one’s own plan")

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="prompts")
    at_seconds = models.PositiveIntegerField(_("moment"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.WRITE)
    is_pause = models.BooleanField(_("a good place to pause"), default=True)

    class Meta:
        verbose_name = _("question at a moment")
        verbose_name_plural = _("questions at a moment")

    def __str__(self) -> str:
        return f"{self.film_id} {self.at_seconds} s"

    @property
    def is_answered(self) -> bool:
        """Whether there is anything to write down: about some questions one only thinks."""
        return self.kind != self.Kind.THINK

    @property
    def is_counted(self) -> bool:
        """Whether its answers can be counted."""
        return self.kind in (self.Kind.CHOOSE, self.Kind.SCALE)


class PromptText(models.Model):
    """A question in one language. ``choices`` are as many, in the same order, in every language."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=10)
    question = models.CharField(_("question"), max_length=500)
    choices = models.JSONField(_("what can be chosen"), default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prompt", "language"], name="prompt_text_once")]

    def __str__(self) -> str:
        return self.question


class AnswerQuerySet(models.QuerySet["Answer"]):
    def shared_with(self, organisation: Organisation, *, facilitating: bool) -> AnswerQuerySet:
        """Answers that people of an organisation share: with all of it, and with those who facilitate there."""
        open_to = [Answer.Visibility.GROUP, *([Answer.Visibility.FACILITATOR] if facilitating else [])]
        return self.filter(organisation=organisation, visibility__in=open_to)


class Answer(models.Model):
    """What somebody thought at a question. One's group are the members of the organisation in which one answered it."""

    class Visibility(models.TextChoices):
        PRIVATE = "private", _("only I see it")
        GROUP = "group", _("my organisation sees it")
        FACILITATOR = "facilitator", _("those who lead my group see it")

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="answers")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    visibility = models.CharField(_("who sees it"), max_length=15, choices=Visibility, default=Visibility.PRIVATE)
    #: Of a choice its place from 0, on a scale from 1 to 5.
    value = models.PositiveSmallIntegerField(null=True, blank=True)
    text = models.TextField(_("your answer"), max_length=4000, blank=True)
    changed_at = models.DateTimeField()

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint(fields=["prompt", "by"], name="answer_once"),
            models.CheckConstraint(
                name="answer_shared_in_an_organisation", condition=Q(visibility="private") | Q(organisation__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["organisation", "prompt"], name="answer_by_group")]

    def __str__(self) -> str:
        return f"{self.by_id}: {self.prompt_id}"


class UploadQuerySet(models.QuerySet["Upload"]):
    def of(self, user: Any) -> UploadQuerySet:
        """Uploads this person has begun and not finished."""
        return self.filter(by=user, received_at__isnull=True)


class Upload(models.Model):
    """A film on its way here, in pieces. How far it is says the file itself: its bytes are kept as soon as they arrive."""

    KEPT_FOR = timedelta(days=7)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    length = models.PositiveBigIntegerField(help_text="bytes")
    #: What else tells the same file from another one of the same name and length: when it was changed, as the browser says.
    mark = models.CharField(max_length=40, blank=True)
    began_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("film on its way")
        verbose_name_plural = _("films on their way")
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "by", "name", "length", "mark"], condition=Q(received_at__isnull=True), name="upload_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        """Where its bytes are."""
        return Path(settings.UPLOADS) / self.id.hex

    @cached_property
    def offset(self) -> int:
        """How many bytes have arrived."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def percent(self) -> int:
        return int(100 * self.offset / self.length)

    def is_over(self, at: datetime) -> bool:
        """Whether nobody has sent anything for so long that it is given up."""
        try:
            last = datetime.fromtimestamp(self.path.stat().st_mtime, tz=at.tzinfo)
        except FileNotFoundError:
            last = self.began_at
        return max(last, self.began_at) < at - self.KEPT_FOR
