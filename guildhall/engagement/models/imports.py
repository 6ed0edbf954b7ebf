from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.people.models import Organisation, User


class EmployerImportQuerySet(models.QuerySet["EmployerImport"]):
    def visible_to(self, user: User) -> EmployerImportQuerySet:
        """Imports into the books of the schools this person works for."""
        return self.filter(school__in=Organisation.objects.run_by(user).values("pk"))

    def with_details_from_before(self, moment: datetime) -> EmployerImportQuerySet:
        """Imports brought before a moment that still hold rows or samples of their file."""
        return self.filter(uploaded_at__lt=moment).exclude(reading__has_key="forgotten")


class EmployerImport(models.Model):
    """A file of employers on its way into a school's book: read, its columns matched, checked against the book, let in.

    ``reading`` is how the file was understood: encoding, delimiter, the row of the headings, number of rows, and for each column
    its heading, samples and what its codes are; ``told_apart`` says which column holds names that do not tell employers apart
    and which one does. Of a workbook ``sheet`` is the sheet that was read, and ``sheets`` how many there are. ``as_in`` names the
    earlier file after which the columns were matched at first. ``mapping`` names for each of our fields the heading of the column
    it comes from. The counts are of rows; until the import runs they are what would happen.
    """

    class State(models.TextChoices):
        MAPPING = "mapping", _("columns being matched")
        CHECKING = "checking", _("being checked")
        READY = "ready", _("ready to be imported")
        RUNNING = "running", pgettext_lazy("import", "running")
        DONE = "done", pgettext_lazy("import", "done")

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.PROTECT, related_name="+")
    # Gone as soon as what it says is in the book: nobody needs a second copy of people's data.
    file = models.OneToOneField("core.StoredFile", verbose_name=_("file"), null=True, on_delete=models.SET_NULL, related_name="+")
    file_name = models.CharField(_("file name"), max_length=255)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.MAPPING)
    reading = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    country = models.CharField(_("country of the employers"), max_length=2, blank=True)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    unclear = models.PositiveIntegerField(_("unclear"), default=0)
    wrong = models.PositiveIntegerField(_("wrong"), default=0)
    new_employers = models.PositiveIntegerField(_("new employers"), default=0)
    new_sites = models.PositiveIntegerField(_("new sites"), default=0)
    uploaded_at = models.DateTimeField(_("uploaded"))
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    progress = models.ForeignKey("core.Progress", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = EmployerImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(
                name="import_done_with_its_moment",
                condition=models.Q(state="done", finished_at__isnull=False)
                | ~models.Q(state="done") & models.Q(finished_at__isnull=True),
            )
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
    def rows_in_file(self) -> int:
        return int(self.reading.get("rows", 0))

    @property
    def headings(self) -> list[str]:
        return [column["heading"] for column in self.reading["columns"]]


class ImportRow(models.Model):
    """A row worth looking at, with the reason: unclear, wrong, replacing what the book says, or only partly let in.

    The reason is in the language of the person who imports. For rows that could not go in ``given`` is what the row says.
    """

    class Outcome(models.TextChoices):
        CHANGED = "changed", _("changed")
        NEW = "new", _("new, with a remark")
        UNCLEAR = "unclear", _("unclear")
        WRONG = "wrong", _("wrong")

    employer_import = models.ForeignKey(EmployerImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"), help_text=_("As a spreadsheet counts: the headings are row 1."))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    name = models.CharField(_("name of the employer"), max_length=250, blank=True)
    reason = models.CharField(_("reason"), max_length=1000)
    given = models.JSONField(_("what the row says"), default=dict)

    class Meta:
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        constraints = [models.UniqueConstraint(fields=["employer_import", "number"], name="import_row_once")]
        indexes = [models.Index(fields=["employer_import", "outcome", "number"], name="import_row_by_outcome")]

    def __str__(self) -> str:
        return f"{self.number}: {self.reason}"
