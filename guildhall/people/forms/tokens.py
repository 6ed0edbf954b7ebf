from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guildhall.people.hooks import token_scopes


class TokenForm(forms.Form):
    """A token to be made: what it is for, what it may do, for how long."""

    name = forms.CharField(
        label=_("What is it for?"), max_length=60, help_text=_("The program that will use it, so that you know it again.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("No more than it needs, and never more than you may."),
    )
    days = forms.TypedChoiceField(
        label=_("For how long?"),
        coerce=int,
        initial=90,
        choices=[(30, _("30 days")), (90, _("90 days")), (180, _("half a year")), (365, _("a year"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = [scope for answer in token_scopes.ask() for scope in answer]
        self.fields["scopes"].choices = [(scope.key, scope.label) for scope in scopes]

    @property
    def token(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"name": given["name"], "scopes": given["scopes"], "valid_for": timedelta(days=given["days"])}


class SecretForm(forms.Form):
    """A secret to be copied."""

    secret = forms.CharField(label=_("Token"), widget=forms.TextInput(attrs={"readonly": True, "autocomplete": "off"}))
