from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from guildhall.library import kinds
from guildhall.library.cases import ASKED
from guildhall.library.forms.rows import Rows
from guildhall.library.forms.writing import DescribedForm
from guildhall.library.models import Resource

MOST_FIGURES = 6
LONGEST_PART = 6_000

_FIGURE = {
    "value": lambda: forms.CharField(
        label=pgettext_lazy("of a practice case", "Figure"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"placeholder": "38 → 9"}),
    ),
    "label": lambda: forms.CharField(label=gettext_lazy("What it counts"), required=False, max_length=150),
}


class CaseForm(DescribedForm):
    """A practice case: its seven parts, each with a question that leads to it, and its figures."""

    WHAT = ["title", "language", "area", "activity", "country", "summary"]
    FOUND = DescribedForm.FOUND._replace(names=["keywords", "isced", "nace"])

    def add_more(self, resource: Resource) -> None:
        for name, label in (("area", gettext("Choose an area")), ("activity", gettext("Choose an activity"))):
            self.fields[name].required = True
            _empty, *choices = self.fields[name].choices
            self.fields[name].choices = [("", label), *choices]
        for part, asked in ASKED.items():
            self.fields[part] = forms.CharField(
                label=kinds.CASE_PARTS[part],
                required=False,
                max_length=LONGEST_PART,
                widget=forms.Textarea(attrs={"rows": 4}),
                help_text=str(asked.question),
            )
            self.initial[part] = resource.account.get(part, "")
        self.figures = Rows(self, "figures", _FIGURE, held=resource.account.get("figures", []), most=MOST_FIGURES)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.figures.require("value", gettext("Give the figure as well."))
        self.figures.require("label", gettext("Say what the figure counts."))
        return cleaned

    @property
    def parts(self) -> list[forms.BoundField]:
        return [self[part] for part in ASKED]

    @property
    def account(self) -> dict[str, Any]:
        return {**{part: self.cleaned_data[part] for part in ASKED}, "figures": self.figures.values}

    @property
    def described(self) -> dict[str, Any]:
        return {**super().described, "account": self.account}
