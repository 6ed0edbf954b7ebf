"""What people say about organisations, their sites and their members."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from guildhall.core.forms import PlaceMixin
from guildhall.people.leaving import Parting
from guildhall.people.models import Invitation, Organisation, Role, Site, User
from guildhall.skills import taxonomy

MOST_LANGUAGES = 3


class OrganisationBeginForm(forms.ModelForm):
    """What is asked at the start; the rest can follow."""

    country = forms.ChoiceField(label=_("Country"))

    class Meta:
        model = Organisation
        fields = ["kind", "name", "country"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", "—"), *taxonomy.choices("country")]


class OrganisationForm(OrganisationBeginForm):
    """All that is known of an organisation."""

    nuts = forms.ChoiceField(
        label=_("Region"), required=False, help_text=_("Save the country first: the regions offered are its own.")
    )
    nace = forms.ChoiceField(label=_("Sector"), required=False)
    language_1 = forms.ChoiceField(label=_("Best written to in"), required=False)
    language_2 = forms.ChoiceField(label=_("Also in"), required=False)
    language_3 = forms.ChoiceField(label=_("And in"), required=False)

    class Meta:
        model = Organisation
        fields = ["kind", "name", "trade_name", "country", "nuts", "nace", "size_band", "register_number", "website"]
        field_classes = {"website": partial(forms.URLField, assume_scheme="https")}

    groups = [
        (_("What it is"), ["kind", "name", "trade_name", "register_number"]),
        (_("Where and how big"), ["country", "nuts", "nace", "size_band"]),
        (_("How it is reached"), ["language_1", "language_2", "language_3", "website"]),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nuts"].choices = _with_current(taxonomy.nuts_for(self.instance.country), "nuts", self.instance.nuts)
        self.fields["nace"].choices = _with_current(taxonomy.choices("nace", level=2), "nace", self.instance.nace)
        for number in range(MOST_LANGUAGES):
            field = self.fields[f"language_{number + 1}"]
            field.choices = [("", "—"), *taxonomy.choices("language")]
            field.initial = dict(enumerate(self.instance.languages)).get(number, "")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("country") != self.initial["country"]:
            data["nuts"] = ""  # the organisation moved: its old region is not in the new country
        return data

    @property
    def values(self) -> dict[str, Any]:
        """What was said, as the fields of an organisation."""
        said = dict(self.cleaned_data)
        languages = [said.pop(f"language_{number + 1}") for number in range(MOST_LANGUAGES)]
        return {**said, "languages": list(dict.fromkeys(filter(None, languages)))}


class SiteForm(PlaceMixin, forms.ModelForm):
    """A place where an organisation works."""

    country = forms.ChoiceField(label=_("Country"), required=False)

    class Meta:
        model = Site
        fields = ["name", "street", "postal_code", "town", "country", "phone", "register_number", "latitude", "longitude"]

    groups = [
        (_("Where it is"), ["name", "street", "postal_code", "town", "country", "phone"]),
        (_("For maps and registers"), ["register_number", "latitude", "longitude"]),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", "—"), *taxonomy.choices("country")]
        if self.instance.pk is None and self.instance.organisation_id:
            self.fields["country"].initial = self.instance.organisation.country


class MemberFilterForm(forms.Form):
    """Whom to show of many members."""

    q = forms.CharField(
        label=_("Search the members"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name or address")}),
    )
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("all")), *Role.choices])


class RolesForm(forms.Form):
    """Which roles a member has."""

    roles = forms.MultipleChoiceField(label=_("Roles"), choices=Role, widget=forms.CheckboxSelectMultiple)
    heir = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Who takes over"),
        required=False,
        help_text=_("Needed only if they no longer work for the organisation and look after something."),
    )

    def __init__(self, *args: Any, parting: Parting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_heirs(self, parting)


class LeaveForm(forms.Form):
    """Who takes over from somebody who leaves."""

    heir = forms.ModelChoiceField(User.objects.none(), label=_("Who takes over"))

    def __init__(self, *args: Any, parting: Parting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_heirs(self, parting)


class InviteForm(forms.ModelForm):
    """Whom one invites, and for what."""

    roles = forms.MultipleChoiceField(label=_("Roles"), choices=Role, widget=forms.CheckboxSelectMultiple)
    language = forms.ChoiceField(label=_("Language of the letter"), choices=settings.LANGUAGES)
    sentence = forms.CharField(
        label=_("A word to them"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stands in the letter, in your name."),
    )

    class Meta:
        model = Invitation
        fields = ["email", "name", "roles", "language", "sentence"]

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()


def _offer_heirs(form: forms.Form, parting: Parting) -> None:
    """Offer those who could take over; where there is nothing to take over, do not ask."""
    if parting.needs_heir:
        form.fields["heir"].queryset = User.objects.filter(pk__in=[heir.pk for heir in parting.heirs]).order_by("name", "email")
    else:
        del form.fields["heir"]


def _with_current(choices: list[tuple[str, str]], scheme: str, current: str) -> list[tuple[str, str]]:
    """The choices, an empty one first, and what is set now even if it is finer than what is offered."""
    offered = [("", "—"), *choices]
    if current and current not in dict(offered):
        offered.append((current, taxonomy.label(scheme, current)))
    return offered
