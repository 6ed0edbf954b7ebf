from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guildhall.engagement.models import OwnActivity, Words
from guildhall.engagement.window import AREAS


class OwnActivityForm(forms.ModelForm):
    """A kind of activity of a school's own; ``words`` tell what the rungs of the ladder are."""

    class Meta:
        model = OwnActivity
        fields = ["name", "area", "rung", "school_hours", "employer_hours"]
        labels = {
            "name": _("What is it called?"),
            "area": _("In which area?"),
            "rung": _("How closely does one work together?"),
            "school_hours": _("Hours it takes the school"),
            "employer_hours": _("Hours it takes the employer"),
        }
        help_texts = {
            "area": _("This pane of the employer's window lights."),
            "school_hours": _("Typically, preparation included."),
        }

    def __init__(self, *args: Any, words: Words, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ladder = words["ladder"]
        self.fields["area"].choices = [("", "—"), *((number, f"{number} {name}") for number, name in AREAS.items())]
        self.fields["rung"] = forms.TypedChoiceField(
            label=self.fields["rung"].label,
            choices=[(rung, f"{rung} · {ladder[str(rung)]['name']}") for rung in range(1, 6)],
            coerce=int,
            widget=forms.RadioSelect,
            initial=2,
        )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def _get_validation_exclusions(self) -> set[str]:
        # The school is not asked for, but belongs to what must be there once.
        return super()._get_validation_exclusions() - {"school"}

    @property
    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}
