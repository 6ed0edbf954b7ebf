from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _


class SearchForm(forms.Form):
    """What somebody looks for, over all rooms."""

    q = forms.CharField(
        label=_("Search"),
        max_length=400,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        if not data.get("q"):
            self.fields["q"].widget.attrs["autofocus"] = True
