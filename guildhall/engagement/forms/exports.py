from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from guildhall.engagement.models import Calendar, Export


class ExportForm(forms.Form):
    """As what employers are taken along."""

    file_format = forms.ChoiceField(
        label=_("As what?"),
        initial=Export.Format.XLSX,
        choices=[
            (Export.Format.XLSX, _("Excel: for people. Dates are dates, and text stays text.")),
            (Export.Format.CSV, _("CSV: for other programs, and to be imported again.")),
            (Export.Format.JSON, _("JSON: for programs of your own.")),
        ],
        widget=forms.RadioSelect,
    )


class AddressForm(forms.Form):
    """An address to be copied."""

    address = forms.CharField(label=_("The address of your calendar"), widget=forms.TextInput(attrs={"readonly": True}))


class CalendarForm(forms.ModelForm):
    """What stands in the entries of a calendar."""

    class Meta:
        model = Calendar
        fields = ["has_telephones"]
