from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.people.models import Organisation, User, numbers_run_by

#: What came of a file's rows is known for so long; until then the import can be taken back.
KNOWN_FOR = timedelta(days=90)


class EmployerImportQuerySet(models.QuerySet["EmployerImport"]):
    def visible_to(self, user: User) -> EmployerImportQuerySet:
        """Imports into the books of the schools this person works for."""
        return self.filter(school__in=numbers_run_by(user))

    def with_details_from_before(self, moment: datetime) -> EmployerImportQuerySet:
        """Imports brought before a moment that still hold rows or samples of their file, and of which no task has need."""
        return self.filter(~self._under_way(), uploaded_at__lt=moment).exclude(reading__has_key="forgotten")

    def coming_in(self) -> EmployerImportQuerySet:
        """Imports of which rows are on their way into the book: all of them, or those that were decided afterwards."""
        return self.filter(models.Q(state="running") | self._under_way() & models.Q(state="done"))

    @staticmethod
    def _under_way() -> models.Q:
        return models.Q(progress__isnull=False, progress__finished_at__isnull=True)


class EmployerImport(models.Model):
    """A file of employers on its way into a school's book: read, its columns matched, checked against the book, let in.

    ``reading`` is how the file was understood: encoding, delimiter, the row of the headings, number of rows, and for each column
    its heading, samples and what its codes are; ``told_apart`` says which column holds names that do not tell employers apart
    and which one does. Of a workbook ``sheet`` is the sheet that was read, and ``sheets`` how many there are. ``as_in`` names the
    earlier file after which the columns were matched at first, ``taken_back_to`` the last thing that taking it back has dealt
    with so far. ``mapping`` names for each of our fields the heading of the column it comes from. The counts are of rows;
    until the import runs they are what would happen.
    """

    class State(models.TextChoices):
        MAPPING = "mapping", _("columns being matched")
        CHECKING = "checking", _("being checked")
        READY = "ready", _("ready to be imported")
        RUNNING = "running", pgettext_lazy("import", "running")
        DONE = "done", pgettext_lazy("import", "done")
        TAKING_BACK = "taking_back", _("being taken back")
        TAKEN_BACK = "taken_back", pgettext_lazy("import", "taken back")

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.PROTECT, related_name="+")
    # Gone as soon as what it says is in the book: nobody needs a second copy of people's data.
    file = models.OneToOneField("core.StoredFile", verbose_name=_("file"), null=True, on_delete=models.SET_NULL, related_name="+")
    file_name = models.CharField(_("file name"), max_length=255)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.MAPPING)
    reading = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    country = models.CharField(_("country of the employers"), max_length=2, blank=True)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    unclear = models.PositiveIntegerField(_("unclear"), default=0)
    wrong = models.PositiveIntegerField(_("wrong"), default=0)
    left_out = models.PositiveIntegerField(_("left out"), default=0)
    new_employers = models.PositiveIntegerField(_("new employers"), default=0)
    new_sites = models.PositiveIntegerField(_("new sites"), default=0)
    new_people = models.PositiveIntegerField(_("new people"), default=0)
    new_contacts = models.PositiveIntegerField(_("new contacts"), default=0)
    uploaded_at = models.DateTimeField(_("uploaded"))
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    taken_back_at = models.DateTimeField(pgettext_lazy("import", "taken back"), null=True, blank=True)
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: How many fields got back what they said before.
    given_back = models.PositiveIntegerField(default=0)
    progress = models.ForeignKey("core.Progress", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = EmployerImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(
                name="import_done_with_its_moment",
                condition=models.Q(state__in=["done", "taking_back", "taken_back"], finished_at__isnull=False)
                | ~models.Q(state__in=["done", "taking_back", "taken_back"]) & models.Q(finished_at__isnull=True),
            ),
            models.CheckConstraint(
                name="import_taken_back_who_and_when",
                condition=models.Q(
                    state__in=["taking_back", "taken_back"], taken_back_at__isnull=False, taken_back_by__isnull=False
                )
                | ~models.Q(state__in=["taking_back", "taken_back"])
                & models.Q(taken_back_at__isnull=True, taken_back_by__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["school", "-uploaded_at"], name="import_newest")]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("engagement:import", args=[self.pk])

    @property
    def is_without_news(self) -> bool:
        """Whether there is nothing to let in: the book says it all already, or the rows must stay out."""
        return self.state == self.State.READY and not self.new and not self.changed

    @property
    def is_forgotten(self) -> bool:
        """Whether it is no longer known what it made, so that it cannot be taken back."""
        return "forgotten" in self.reading

    @property
    def known_until(self) -> datetime:
        return self.uploaded_at + KNOWN_FOR

    @property
    def rows_in_file(self) -> int:
        return int(self.reading.get("rows", 0))

    @property
    def headings(self) -> list[str]:
        return [column["heading"] for column in self.reading["columns"]]


class ImportRow(models.Model):
    """A row worth looking at, with the reason: unclear, wrong, decided by somebody, replacing what is there, or partly let in.

    The reason is in the language of the person who imports. For rows that could not go in, and for those that somebody decided,
    ``given`` is what the row says. Of what only a person can say ``question`` is what is asked (``importing.choosing``),
    ``among`` what may be meant, and ``chosen`` the answer, once there is one.
    """

    class Outcome(models.TextChoices):
        CHANGED = "changed", _("changed")
        NEW = "new", _("new, with a remark")
        UNCLEAR = "unclear", _("unclear")
        WRONG = "wrong", _("wrong")
        UNCHANGED = "unchanged", _("unchanged, with a remark")
        DECIDED = "decided", _("decided")

    employer_import = models.ForeignKey(EmployerImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"), help_text=_("As a spreadsheet counts: the headings are row 1."))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    name = models.CharField(_("name of the employer"), max_length=250, blank=True)
    reason = models.CharField(_("reason"), max_length=1000, blank=True)
    given = models.JSONField(_("what the row says"), default=dict)
    question = models.CharField(_("what is asked"), max_length=10, blank=True)
    among = models.JSONField(_("what may be meant"), default=list)
    chosen = models.CharField(_("the answer"), max_length=40, blank=True)
    said = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        constraints = [models.UniqueConstraint(fields=["employer_import", "number"], name="import_row_once")]
        indexes = [models.Index(fields=["employer_import", "outcome", "number"], name="import_row_by_outcome")]

    def __str__(self) -> str:
        return f"{self.number}: {self.reason}"


class ImportedThing(models.Model):
    """Something that an import brought into the book, or a field it changed and that could not be given back.

    A row for each, rather than a list for each portion: what is asked about them, which of all these somebody has worked on
    since, is answered by joins. What the import changed of things that were there before is in the history already, on the line
    that each portion leaves in the audit (``core.models.Change``). Kept as long as the rows of the file.

    ``employer`` is the number in the book of whose entry it is a part. ``field`` is empty but for what could not be given back.
    ``outcome`` is empty until somebody takes the import back: then it says that the thing is gone, or why it stays.
    """

    class Kind(models.TextChoices):
        EMPLOYER = "employer", _("employer")
        ORGANISATION = "organisation", _("organisation")
        SITE = "site", _("site")
        PERSON = "person", _("person at an employer")
        POSITION = "position", pgettext_lazy("job", "position")
        CONTACT = "contact", _("contact")
        STEP = "step", _("next step")

    class Outcome(models.TextChoices):
        """What became of it when the import was taken back. Of several reasons why it stays the first one is told."""

        GONE = "gone", pgettext_lazy("something imported", "gone")
        ALONG = "along", _("It belongs to an employer who stays.")
        MERGED = "merged", _("It was merged with another one.")
        ITS_OWN = "its_own", _("The employer keeps its own record now.")
        SHARED = "shared", _("Another school has it in its book.")
        CONTACT = "contact", _("Somebody wrote down a contact.")
        STEP = "step", _("Somebody promised a next step.")
        TAG = "tag", _("Somebody put a tag on it.")
        SAID_NO = "said_no", _("Somebody said what may be sent to them.")
        PEOPLE = "people", _("Somebody works there who stays in the book.")
        SITES = "sites", _("It has a site that came into the book otherwise.")
        WORKS = "works", _("They work for another employer, too.")
        FILE = "file", _("A file belongs to it.")
        CHANGED = "changed", _("It was changed since.")
        TOLD = "told", _("Other schools are told that you talk to it.")
        NEEDED = "needed", _("Something else in Guildhall needs it.")
        TAKEN = "taken", _("What it said before is said of something else by now.")

    employer_import = models.ForeignKey(EmployerImport, on_delete=models.CASCADE, related_name="things")
    kind = models.CharField(max_length=12, choices=Kind)
    number = models.BigIntegerField()
    employer = models.BigIntegerField()
    field = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        verbose_name = _("imported thing")
        verbose_name_plural = _("imported things")
        constraints = [
            models.UniqueConstraint(fields=["employer_import", "kind", "number", "field"], name="imported_thing_once"),
        ]
        indexes = [models.Index(fields=["employer_import", "employer"], name="imported_thing_by_employer")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} {self.field}".strip()
