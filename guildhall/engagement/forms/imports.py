from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.engagement.importing import mapping
from guildhall.engagement.importing.choosing import ANSWERS, LEAVE, NEW, TAKE, Question
from guildhall.engagement.importing.memory import as_before
from guildhall.engagement.importing.reading import Unreadable
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import EmployerImport, ImportRow
from guildhall.people.models import Organisation
from guildhall.skills import taxonomy

LEFT_OUT = "-"
#: What is chosen of a row as long as nobody has decided.
LATER = "later"
#: Cells of a row that are shown where it is to be decided, and characters of each.
CELLS, CELL = 12, 60


class UploadForm(forms.Form):
    """A file of employers."""

    file = forms.FileField(
        label=gettext_lazy("Your list"),
        help_text=gettext_lazy(
            "An Excel, LibreOffice or CSV file: one row for each employer or site, with headings in the first row."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xlsm,.ods,.csv,.tsv,.txt,text/csv"}),
    )

    def __init__(self, *args: Any, school: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._school = school

    def clean_file(self) -> IO[bytes]:
        file = self.cleaned_data["file"]
        try:
            self.seen = as_before(look_over(file, country=self._school.country), self._school)
        except Unreadable as unreadable:
            raise ValidationError(unreadable.sentence) from None
        return self.seen.table


class ColumnsForm(forms.Form):
    """What is in which column of a file; the fields are ``column_0``, ``column_1`` … and ``country``."""

    def __init__(self, *args: Any, employer_import: EmployerImport, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._columns = employer_import.reading["columns"]
        held = {heading: name for name, heading in employer_import.mapping.items()}
        choices = [(LEFT_OUT, _("leave out")), *mapping.FIELDS.items()]
        for at, column in enumerate(self._columns):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=column["heading"],
                choices=choices,
                initial=held.get(column["heading"], LEFT_OUT),
                help_text=escape(" · ".join(column["samples"])) or _("nothing stands there"),
            )
        self.fields["country"] = forms.ChoiceField(
            label=_("Country of employers for which the file names none"),
            choices=taxonomy.choices("country"),
            initial=employer_import.country,
        )

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[f"column_{at}"] for at in range(len(self._columns))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.mapping: dict[str, str] = {}
        for at, column in enumerate(self._columns):
            name = cleaned.get(f"column_{at}")
            if name in (None, LEFT_OUT):
                continue
            if name in self.mapping:
                twice = _("“%(heading)s” is this already. Leave one of the two out.")
                self.add_error(f"column_{at}", twice % {"heading": self.mapping[name]})
            self.mapping[name] = column["heading"]
        if "name" not in self.mapping and not self.errors:
            raise ValidationError(_("Say which column holds the names of the employers."))
        return cleaned


class DecisionsForm(forms.Form):
    """Whom or what unclear rows mean; the fields are ``row_2``, ``row_3`` … ``answers`` is what is decided otherwise than before.

    ``remaining`` is the answer to all the rows that nobody has decided.
    """

    remaining = forms.ChoiceField(choices=[(answer, answer) for answer in (NEW, TAKE, LEAVE)], required=False)

    def __init__(self, *args: Any, rows: Sequence[ImportRow], headings: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows = rows
        for row in rows:
            self.fields[f"row_{row.number}"] = forms.ChoiceField(
                label=_("Row %(row)d: %(name)s") % {"row": row.number, "name": row.name},
                choices=[*possible(row), (LATER, _("Decide later"))],
                initial=row.chosen or LATER,
                widget=forms.RadioSelect,
                help_text=_as_in_file(row, headings),
            )

    @property
    def rows(self) -> list[forms.BoundField]:
        return [self[f"row_{row.number}"] for row in self._rows]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.answers: dict[int, str] = {}
        for row in self._rows:
            answer = cleaned.get(f"row_{row.number}", LATER)
            if answer != (row.chosen or LATER):
                self.answers[row.number] = "" if answer == LATER else answer
        return cleaned


def possible(row: ImportRow) -> list[tuple[str, str]]:
    """What can be answered about a row, each with its words; what may be meant, with where that is, first."""
    if not row.question:
        return []
    meant = [(one["is"][0], _meant(row.question, one)) for one in row.among]
    words = {
        NEW: _("A new employer") if row.question == Question.FIRM else _("A new site"),
        TAKE: _("Take what this row says"),
        LEAVE: _("Leave it out"),
    }
    return [*meant, *((answer, words[answer]) for answer in ANSWERS[Question(row.question)])]


def answered(row: ImportRow) -> str:
    """What was decided about a row, in words."""
    known = {name: _meant(row.question, one) for one in row.among for name in one["is"]}
    return {**known, **dict(possible(row))}.get(row.chosen, "")


def _meant(question: str, one: Mapping[str, Any]) -> str:
    if question == Question.SITE:
        return _("The site “%(name)s”, %(where)s") % one if one["name"] and one["where"] else one["name"] or one["where"]
    if not one["where"]:
        return _("It is “%(name)s”, of whom the book has no address") % one
    if one["sites"] > 1:
        return _("It is “%(name)s”, with %(sites)d sites: %(where)s") % one
    return _("It is “%(name)s”, %(where)s") % one


def _as_in_file(row: ImportRow, headings: Sequence[str]) -> str:
    """What a row says, cell by cell, and what is asked."""
    given = [row.given[heading] for heading in headings if heading in row.given][:CELLS]
    cells = " · ".join(value if len(value) <= CELL else f"{value[:CELL]}…" for value in given)
    return format_html("{}<br>{}", _("In your file: %(cells)s") % {"cells": cells}, row.reason) if cells else escape(row.reason)
