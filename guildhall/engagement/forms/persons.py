from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.engagement.models import Employer


class MoveForm(forms.Form):
    """Where somebody works now, among the employers a search has found."""

    to = forms.TypedChoiceField(label=_("Where do they work now?"), widget=forms.RadioSelect)
    title = forms.CharField(label=pgettext_lazy("job", "Position"), required=False, max_length=150)
    stays = forms.BooleanField(label=_("They still work at the old one too"), required=False)

    def __init__(self, *args: Any, offered: list[Employer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(str(employer.pk), str(employer)) for employer in offered]
        self.fields["to"].coerce = {str(employer.pk): employer for employer in offered}.get
