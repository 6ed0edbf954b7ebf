"""What the house itself keeps: the audit, one line for each action, and what each changed; files, search, tasks."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guildhall.core.tokens import TokensField


class AuditLine(models.Model):
    """Who did what, on which thing, when. Written by ``@action``, never changed.

    Actor and thing are kept as names and numbers rather than foreign keys: the line outlives both, and says nothing about
    either that erasure would have to remove.
    """

    at = models.DateTimeField(db_index=True)
    action = models.CharField(max_length=100)
    actor_type = models.CharField(max_length=50, blank=True)
    actor_id = models.BigIntegerField(null=True)
    thing_type = models.CharField(max_length=50, blank=True)
    thing_id = models.CharField(max_length=40, blank=True)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["thing_type", "thing_id"], name="audit_by_thing"),
            models.Index(fields=["actor_type", "actor_id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.thing_type} {self.thing_id}"


class ChangeQuerySet(models.QuerySet["Change"]):
    def of(self, *things: models.Model) -> "ChangeQuerySet":
        """What was changed of any of these things."""
        by_model: dict[type[models.Model], list[int]] = {}
        for thing in things:
            by_model.setdefault(type(thing), []).append(thing.pk)
        return self.of_numbers(by_model)

    def of_numbers(self, numbers: Mapping[Any, Iterable[Any]]) -> "ChangeQuerySet":
        """What was changed of things named by model and number; instead of numbers a queryset of the things will do."""
        chosen = models.Q(pk__in=[])
        for model, of_model in numbers.items():
            if isinstance(of_model, models.QuerySet):
                among: Any = of_model.annotate(number=Cast("pk", models.CharField())).values("number")
            else:
                among = [str(number) for number in of_model]
            chosen |= models.Q(thing_type=model._meta.label_lower, thing_id__in=among)
        return self.filter(chosen)


class Change(models.Model):
    """What an action changed of one thing: a field, as it was before and as it was after. Written by ``core.history``.

    Values are as Django serialises them, None for none; of what many can be chosen nothing is kept here.
    """

    line = models.ForeignKey(AuditLine, on_delete=models.CASCADE, related_name="changes")
    thing_type = models.CharField(max_length=50)
    thing_id = models.CharField(max_length=40)
    field = models.CharField(max_length=60)
    before = models.TextField(null=True)
    after = models.TextField(null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["thing_type", "thing_id", "-id"], name="change_by_thing")]

    def __str__(self) -> str:
        return f"{self.thing_type} {self.thing_id} {self.field}"


class SearchDocument(models.Model):
    """What search knows of one thing: what it is ranked by, and the tokens by which those who may will find it.

    Written by ``guildhall.core.search`` only. ``kind`` and ``key`` name the thing; the room it belongs to may remake this row
    at any time, and says what a hit shows.
    """

    kind = models.CharField(max_length=60)
    key = models.BigIntegerField()
    title = models.CharField(max_length=300)
    language = models.CharField(max_length=10, blank=True)
    boost = models.SmallIntegerField(default=0)
    #: Whether everybody may find it: said beside the tokens of its scopes, for nearly all of a large library would have this one.
    is_public = models.BooleanField(default=False)
    tokens = TokensField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="searchdocument_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.title}"


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def of(self, thing: models.Model) -> "StoredFileQuerySet":
        """Files kept for this thing."""
        return self.filter(kept_for_type=thing._meta.label_lower, kept_for_id=str(thing.pk))

    def handed_in_by(self, person: models.Model) -> "StoredFileQuerySet":
        """Files this person (a user, or a pass) handed in."""
        return self.filter(uploaded_by_type=person._meta.label_lower, uploaded_by_id=str(person.pk))


class StoredFile(models.Model):
    """A file somebody handed in: what it is, whose it is, and where its bytes lie. Made by ``guildhall.core.files`` only.

    ``name`` is the one it was given, cleaned; ``content_type`` was found out from the content. It is private: rooms say who may
    see what is kept for their things (``core.questions.file_visible``).
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.FileField(max_length=100, unique=True)
    kept_for_type = models.CharField(max_length=50)
    kept_for_id = models.CharField(max_length=40)
    uploaded_by_type = models.CharField(max_length=50, blank=True)
    uploaded_by_id = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    delete_after = models.DateTimeField(null=True, db_index=True)

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["kept_for_type", "kept_for_id"], name="storedfile_by_thing"),
            models.Index(fields=["uploaded_by_type", "uploaded_by_id"], name="storedfile_by_person"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("core:file", args=[self.pk])


class Worker(models.Model):
    """A process that runs tasks. Its heartbeat says that it lives; whose heart stands still loses its tasks to others."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Schedule(models.Model):
    """When a task that recurs is due next. One row for each ``@schedule``, moved on by whichever worker comes first."""

    task = models.CharField(primary_key=True, max_length=100)
    timing = models.CharField(max_length=100)
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.task} {self.timing}"


class ProgressQuerySet(models.QuerySet["Progress"]):
    def of(self, person: models.Model) -> "ProgressQuerySet":
        """What this person (a user, or a pass) has started."""
        return self.filter(owner_type=person._meta.label_lower, owner_id=person.pk)


class Progress(models.Model):
    """How far a long task is, for the person who started it. ``done`` is also where the task goes on after an interruption."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    task_id = models.UUIDField(null=True, unique=True)
    owner_type = models.CharField(max_length=50)
    owner_id = models.BigIntegerField()
    language = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    doing = models.CharField(max_length=300)
    doing_with = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    then = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = ProgressQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="progress_ends_with_its_moment",
                condition=models.Q(state__in=["done", "failed"], finished_at__isnull=False)
                | models.Q(state__in=["waiting", "running"], finished_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.doing} {self.done}/{self.total}"

    @property
    def sentence(self) -> str:
        """What is being done now, in the reader's language."""
        return gettext(self.doing) % self.doing_with if self.doing_with else gettext(self.doing)

    @property
    def finished(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)

    def say(self, doing: str, /, **doing_with: str | int) -> None:
        """Say what is being done now: a sentence marked with ``gettext_noop``, and what its placeholders stand for."""
        self.doing, self.doing_with = doing, doing_with
        self.save(update_fields=["doing", "doing_with"])

    def advance(self, count: int = 1) -> None:
        """Note that ``count`` more things are done."""
        self.done += count
        self.save(update_fields=["done"])


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def of(self, owner: models.Model) -> "KeptAnswerQuerySet":
        """What was answered to the bearer of this token."""
        return self.filter(owner_type=owner._meta.label_lower, owner_id=owner.pk)

    def made_before(self, moment: datetime) -> "KeptAnswerQuerySet":
        """Answers given before a moment."""
        return self.filter(made_at__lt=moment)


class KeptAnswer(models.Model):
    """What a request under a key was answered, for whoever sends it again. Written by ``core.api.repeating`` only.

    The owner is the token that asked, ``standing`` what it might do; ``status`` is 0 until the answer is known.
    """

    owner_type = models.CharField(max_length=50)
    owner_id = models.BigIntegerField()
    standing = models.CharField(max_length=64)
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True, help_text="sealed")
    made_at = models.DateTimeField(db_index=True)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_type", "owner_id", "standing", "key"], name="kept_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
