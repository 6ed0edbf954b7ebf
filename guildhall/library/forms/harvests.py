"""What is said of a place elsewhere whose resources are to be listed here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from guildhall.core.errors import Refused
from guildhall.core.forms import Group
from guildhall.library import licences
from guildhall.library.harvesting.fetching import check_address
from guildhall.library.models import Harvest


def _words_of(licence: licences.Licence) -> str:
    return _gettext("%(licence)s: %(means)s") % {"licence": licence.label, "means": licence.means}


class HarvestForm(forms.Form):
    """Where, in which form, and under which licences."""

    name = forms.CharField(
        label=_("Name of the place"),
        max_length=150,
        help_text=_("Readers see it beside each link: the name by which the place is known."),
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("That of the list, the sitemap or the interface, not of the home page. The place says what it is."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    form = forms.ChoiceField(
        label=_("How it is offered there"),
        choices=[
            (Harvest.Form.AMB, _("A list of AMB records: one file, such as amb.json")),
            (Harvest.Form.OAI, _("OAI-PMH: what repositories of universities and libraries speak")),
            (Harvest.Form.SITEMAP, _("A sitemap: its pages carry an AMB record each")),
        ],
        widget=forms.RadioSelect,
    )
    licences = forms.MultipleChoiceField(
        label=_("Only under these licences"),
        choices=[(key, lazy(_words_of, str)(licence)) for key, licence in licences.KNOWN.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The first three let everybody use, change and share. What is under another one is not listed."),
    )
    groups = [Group("", ["name", "address", "form", "licences"])]

    def clean_address(self) -> str:
        try:
            return check_address(self.cleaned_data["address"])
        except Refused as no:
            raise ValidationError(str(no)) from no

    @classmethod
    def said_of(cls, harvest: Harvest | None) -> dict[str, Any]:
        """What stands in the form at first: of a place that is known, what is known of it."""
        if harvest is None:
            return {"licences": [key for key, licence in licences.LICENCES.items() if licence.is_open]}
        return {"name": harvest.name, "address": harvest.address, "form": harvest.form, "licences": harvest.licences}
