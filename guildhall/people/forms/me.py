"""What people say about themselves."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guildhall.people.leaving import Parting
from guildhall.people.models import StatementText, User

_REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific"),
}


class ProfileForm(forms.ModelForm):
    """How somebody is called, and in which language and time zone Guildhall speaks to them."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("As colleagues know you. It stands under the letters you send."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), help_text=_("Of these pages and of the letters you get."))
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = User
        fields = ["name", "language", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = settings.LANGUAGES
        self.fields["time_zone"].choices = time_zone_choices()


class NameForm(forms.Form):
    """How somebody new is called, and that they were told what happens to their data."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        help_text=_("As colleagues know you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    informed = forms.BooleanField(label=_("I have read what happens to my data."))

    def __init__(self, *args: Any, statements: list[StatementText], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.statements = statements
        if not statements:
            del self.fields["informed"]


class ErasureForm(forms.Form):
    """The last word before a person is erased: who takes over, and the address typed once more."""

    confirmation = forms.CharField(
        label=_("Type your e-mail address"),
        help_text=_("So that this does not happen by mistake."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )

    def __init__(self, *args: Any, user: User, partings: list[Parting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.partings = [parting for parting in partings if parting.needs_heir]
        heirs = {
            f"heir_{parting.organisation.pk}": forms.ModelChoiceField(
                User.objects.filter(pk__in=[heir.pk for heir in parting.heirs]).order_by("name", "email"),
                label=gettext("Who takes over at %(organisation)s") % {"organisation": parting.organisation},
            )
            for parting in self.partings
        }
        self.fields = {**heirs, **self.fields}

    def clean_confirmation(self) -> str:
        typed = self.cleaned_data["confirmation"].strip()
        if typed.lower() != self.user.email.lower():
            raise forms.ValidationError(
                _("This is not your address as it is kept here: %(email)s"), params={"email": self.user.email}
            )
        return typed

    @property
    def heirs(self) -> dict[int, User]:
        """Who takes over, by the number of the organisation."""
        return {parting.organisation.pk: self.cleaned_data[f"heir_{parting.organisation.pk}"] for parting in self.partings}


def time_zone_choices() -> list[tuple[Any, Any]]:
    """All inhabited time zones by continent, and first that of the installation."""
    zones = sorted(name for name in available_timezones() if name.partition("/")[0] in _REGIONS)
    grouped = groupby(zones, key=lambda name: name.partition("/")[0])
    default = gettext("As usual here (%(zone)s)") % {"zone": settings.TIME_ZONE}
    return [
        ("", default),
        *(
            (_REGIONS[region], [(name, name.partition("/")[2].replace("_", " ").replace("/", " · ")) for name in names])
            for region, names in grouped
        ),
    ]
