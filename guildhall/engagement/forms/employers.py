from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guildhall.core.forms import Group, PlaceMixin
from guildhall.core.meanwhile import MeanwhileMixin
from guildhall.engagement.models import Employer, Person, Position
from guildhall.people.models import Organisation, Site, SizeBand, User
from guildhall.skills import taxonomy

UNKNOWN = [("", _("not known"))]


class EmployerForm(MeanwhileMixin, forms.ModelForm):
    """What the book says about an organisation; of an employer that is in it already when ``employer`` is given."""

    website = forms.URLField(label=_("Web site"), required=False, max_length=300, assume_scheme="https")
    note = forms.CharField(label=_("Good to know"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    class Meta:
        model = Organisation
        fields = ["name", "trade_name", "register_number", "nace", "size_band", "website", "country"]
        labels = {"nace": _("Sector")}

    WHO = Group(_("Who they are"), ["name", "trade_name"])
    MORE = Group(_("More about them"), ["country", "register_number", "nace", "size_band", "website", "note"], folded=True)
    groups = [WHO, MORE]

    def __init__(self, *args: Any, employer: Employer | None = None, **kwargs: Any) -> None:
        if employer is not None:
            kwargs |= {"instance": employer.organisation, "initial": {"note": employer.note}}
        super().__init__(*args, **kwargs)
        self.fields["nace"] = forms.ChoiceField(
            label=_("Sector"), required=False, choices=[*UNKNOWN, *_sectors(self.instance.nace)], help_text=_("As in NACE 2.1.")
        )
        self.fields["size_band"] = forms.ChoiceField(label=_("Size"), required=False, choices=[*UNKNOWN, *SizeBand.choices])
        self.fields["country"] = forms.ChoiceField(label=_("Country"), choices=taxonomy.choices("country"))
        if employer is not None:
            self.carry_along(employer, employer.organisation)

    def validate_constraints(self) -> None:
        """Left to the action: what is unique depends on the school that keeps it."""

    @property
    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in self.Meta.fields}


def _sectors(held: str) -> list[tuple[str, str]]:
    """The divisions, and the finer code an import may have brought."""
    divisions = taxonomy.choices("nace", level=2)
    if held and held not in dict(divisions):
        return [(held, taxonomy.label("nace", held)), *divisions]
    return divisions


class EmployerAddForm(EmployerForm):
    """An employer with its first site."""

    SITE = ["street", "postal_code", "town", "phone", "email"]
    groups = [EmployerForm.WHO, Group(_("First site"), SITE), EmployerForm.MORE]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= forms.fields_for_model(Site, self.SITE)

    @property
    def site(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.SITE}


class SiteForm(PlaceMixin, MeanwhileMixin, forms.ModelForm):
    """A place where an employer works."""

    class Meta:
        model = Site
        fields = ["name", "street", "postal_code", "town", "phone", "email", "latitude", "longitude", "closed_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            del self.fields["closed_on"]
        else:
            self.fields["closed_on"] = forms.DateField(
                label=_("Closed on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            )
            self.carry_along(self.instance)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.instance.pk and not any(cleaned.values()):
            raise forms.ValidationError(_("Give at least the town, the street or a name for the site."))
        return cleaned


class PersonForm(MeanwhileMixin, forms.ModelForm):
    """Somebody at an employer, and what they do there."""

    title = forms.CharField(label=_("Position"), required=False, max_length=150)
    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none(), required=False)
    decides = forms.BooleanField(label=_("decides: says yes or no to working with us"), required=False)
    signs = forms.BooleanField(label=_("signs: may sign agreements for the employer"), required=False)
    trains = forms.BooleanField(label=_("trains: guides learners at the workplace"), required=False)
    handles_personnel = forms.BooleanField(label=_("personnel: handles applications and papers"), required=False)

    class Meta:
        model = Person
        fields = ["name", "email", "phone", "language"]

    groups = [
        Group(_("Who"), ["name", "title", "site", "email", "phone", "language"]),
        Group(_("What they do for us"), ["decides", "signs", "trains", "handles_personnel"]),
    ]
    POSITION = ["title", "site", "decides", "signs", "trains", "handles_personnel"]

    def __init__(self, *args: Any, employer: Employer, held: Position | None = None, **kwargs: Any) -> None:
        if held is not None:
            kwargs["initial"] = {name: getattr(held, name) for name in self.POSITION}
            kwargs["instance"] = held.person
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = employer.organisation.sites.open().order_by("pk")
        self.fields["language"] = forms.ChoiceField(
            label=_("Language to write in"), required=False, choices=[*UNKNOWN, *taxonomy.choices("language")]
        )
        if held is not None:
            self.carry_along(held, held.person)

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if phone and not any(map(str.isdigit, phone)):
            raise forms.ValidationError(_("“%(value)s” is not a telephone number."), params={"value": phone})
        return phone

    @property
    def person(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    @property
    def position(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.POSITION}


class WorkForm(forms.Form):
    """Whose work goes to whom; ``givers`` are those whose work one may hand over."""

    of = forms.TypedChoiceField(label=_("Whose work?"))
    heir = forms.TypedChoiceField(label=_("To whom?"))

    def __init__(self, *args: Any, givers: list[User], heirs: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, people in (("of", givers), ("heir", heirs)):
            self.fields[name].choices = [("", "—"), *((str(person.pk), str(person)) for person in people)]
            self.fields[name].coerce = {str(person.pk): person for person in people}.get

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "of" in cleaned and cleaned["of"] == cleaned.get("heir"):
            self.add_error("heir", _("Choose somebody else: this is the same person."))
        return cleaned


class HandOverForm(forms.Form):
    """Who looks after an employer from now on."""

    owner = forms.ModelChoiceField(
        label=_("Looked after by"), queryset=User.objects.none(), required=False, empty_label=_("nobody yet")
    )

    def __init__(self, *args: Any, colleagues: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(pk__in=[colleague.pk for colleague in colleagues]).order_by("name")
