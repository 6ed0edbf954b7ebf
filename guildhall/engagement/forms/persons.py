from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.timezone import localdate, make_aware, now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.engagement.models import Employer
from guildhall.people.models import ConsentRecord


class MoveForm(forms.Form):
    """Where somebody works now, among the employers a search has found."""

    to = forms.TypedChoiceField(label=_("Where do they work now?"), widget=forms.RadioSelect)
    title = forms.CharField(label=pgettext_lazy("job", "Position"), required=False, max_length=150)
    stays = forms.BooleanField(label=_("They still work at the old one too"), required=False)

    def __init__(self, *args: Any, offered: list[Employer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(str(employer.pk), str(employer)) for employer in offered]
        self.fields["to"].coerce = {str(employer.pk): employer for employer in offered}.get


class AnswerForm(forms.Form):
    """What somebody said to being written to, called or shown to others, and how they said it."""

    agreed = forms.TypedChoiceField(
        label=_("What do they say?"),
        choices=[("yes", _("yes")), ("no", _("no")), ("unknown", _("they were not asked"))],
        coerce={"yes": True, "no": False}.get,
        empty_value=None,
        widget=forms.RadioSelect,
    )
    said_on = forms.DateField(
        label=_("When did they say so?"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), initial=localdate
    )
    how = forms.ChoiceField(label=_("How did they say it?"), choices=ConsentRecord.How, initial=ConsentRecord.How.PHONE)
    note = forms.CharField(
        label=_("In their words"), required=False, max_length=250, help_text=_("If it helps to understand it later.")
    )

    def clean_said_on(self) -> date:
        if self.cleaned_data["said_on"] > localdate():
            raise forms.ValidationError(_("That day is still to come."))
        return self.cleaned_data["said_on"]

    @property
    def given_at(self) -> datetime:
        """The moment they said so: now, if it was today; else that day at noon."""
        day = self.cleaned_data["said_on"]
        return now() if day == localdate() else make_aware(datetime.combine(day, time(12)))
