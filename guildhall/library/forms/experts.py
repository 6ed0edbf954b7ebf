from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from guildhall.library.forms import fields
from guildhall.library.models import ExpertGroup


class ExpertGroupForm(forms.ModelForm):
    """What a group of experts is called, and what it is expert in."""

    language = fields.language_field(help_text=_("The language of these words."))

    class Meta:
        model = ExpertGroup
        fields = ["name", "expertise", "language"]
        help_texts = {
            "name": _("Such as “Care at home”. It stands beside each of its reviews."),
            "expertise": _("In a sentence: what these people know, so that readers can tell what their word is worth."),
        }
        widgets = {"expertise": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["language"]
        else:
            self.fields["language"].choices = fields.languages()
            self.initial.setdefault("language", get_language())


class InviteExpertForm(forms.Form):
    """The address of somebody who is to be in the group."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Whoever signs in with it finds the invitation. Nobody learns here whether there is an account."),
    )


class ExpertNameForm(forms.Form):
    """Under which name somebody is in a group."""

    name = forms.CharField(
        label=_("Your name, as everybody sees it"),
        max_length=200,
        help_text=_("What you review for the group keeps this name, even when you leave it."),
    )
