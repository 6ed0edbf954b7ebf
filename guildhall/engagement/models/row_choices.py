from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guildhall.engagement.models.imports import EmployerImport


class RowChoice(models.Model):
    """What somebody decided about a row, kept while the file is looked at again: ``answers`` by what was asked.

    ``said`` is what the row was when it was decided (``importing.choosing.identity_of``): a row that is understood otherwise
    since is asked about again.
    """

    employer_import = models.ForeignKey(EmployerImport, on_delete=models.CASCADE, related_name="choices")
    number = models.PositiveIntegerField(_("row"))
    said = models.CharField(max_length=64)
    answers = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("decision about a row")
        verbose_name_plural = _("decisions about rows")
        constraints = [models.UniqueConstraint(fields=["employer_import", "number"], name="row_choice_once")]

    def __str__(self) -> str:
        return f"{self.number}: {', '.join(self.answers)}"
