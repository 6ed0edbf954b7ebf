from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guildhall.engagement.models import Consortium
from guildhall.people.models import Organisation

#: Letters of a name by which a school can be found; with fewer one would leaf through all there are.
FEWEST_LETTERS = 3


class ConsortiumForm(forms.ModelForm):
    """A consortium by its name."""

    class Meta:
        model = Consortium
        fields = ["name"]
        help_texts = {"name": _("Such as “Care around Elvas”. All members see it.")}

    def __init__(self, *args: Any, host: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.host = host

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if Consortium.objects.open().filter(host=self.host, name__iexact=name).exists():
            raise forms.ValidationError(_("You already host a consortium of this name."))
        return name


class SchoolSearch(forms.Form):
    """The school one would like to invite."""

    q = forms.CharField(
        label=_("Name of the school"),
        min_length=FEWEST_LETTERS,
        max_length=100,
        help_text=_("Part of it will do. Only schools that use this Guildhall are found."),
    )
