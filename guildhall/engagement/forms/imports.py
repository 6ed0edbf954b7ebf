from __future__ import annotations

from typing import IO, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.engagement.importing import mapping
from guildhall.engagement.importing.memory import as_before
from guildhall.engagement.importing.reading import Unreadable
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import EmployerImport
from guildhall.people.models import Organisation
from guildhall.skills import taxonomy

LEFT_OUT = "-"


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
