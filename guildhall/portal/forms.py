from django import forms
from django.utils.translation import gettext_lazy as _


class SearchForm(forms.Form):
    """What somebody looks for, over all rooms."""

    q = forms.CharField(label=_("Search"), max_length=400, required=False)
