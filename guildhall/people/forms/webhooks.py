"""What managers say about the programs that are told what happens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from guildhall.core.errors import Refused
from guildhall.core.webhooks import check_address
from guildhall.people.models import Organisation
from guildhall.people.webhooks import events_of


class WebhookForm(forms.Form):
    """Where to, and of what."""

    address = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("The other program says what it is. It begins with https://."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    events = forms.MultipleChoiceField(label=_("Of what is it told?"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["events"].choices = [(event.name, event.sentence) for event in events_of(organisation)]

    def clean_address(self) -> str:
        try:
            return check_address(self.cleaned_data["address"])
        except Refused as no:
            raise ValidationError(str(no)) from no


class SecretForm(forms.Form):
    """A secret to be copied."""

    secret = forms.CharField(label=_("Secret"), widget=forms.TextInput(attrs={"readonly": True}))
