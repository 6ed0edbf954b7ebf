from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from guildhall.engagement.models import Consortium, SavedView, Tag
from guildhall.engagement.window import AREAS
from guildhall.people.models import Organisation, Site, User
from guildhall.skills import taxonomy

ANY = [("", _("all"))]
DISTANCES_KM = [5, 10, 25, 50, 100]
#: How far around a place one looks who does not say how far.
USUAL_DISTANCE_KM = 25


class EmployerFilter(forms.Form):
    """The filters of the employer list; they live in the address."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    owner = forms.ChoiceField(label=_("Looked after by"), required=False)
    sector = forms.ChoiceField(label=_("Sector"), required=False)
    place = forms.CharField(label=_("Town or postal code"), required=False, max_length=60)
    near = forms.ChoiceField(label=_("Near"), required=False)
    km = forms.ChoiceField(label=_("How near"), required=False)
    silent = forms.ChoiceField(
        label=_("Last contact"),
        required=False,
        choices=[
            *ANY,
            ("never", _("never")),
            ("30", _("more than a month ago")),
            ("120", _("more than four months ago")),
            ("365", _("more than a year ago")),
        ],
    )
    step = forms.ChoiceField(
        label=_("Next step"),
        required=False,
        choices=[*ANY, ("overdue", _("overdue")), ("open", _("planned")), ("none", _("none planned"))],
    )
    level = forms.ChoiceField(
        label=_("Level"),
        required=False,
        choices=[*ANY, ("0", _("none yet")), *((str(level), str(level)) for level in range(1, 6))],
    )
    lit = forms.ChoiceField(label=_("Works on"), required=False, choices=[*ANY, *AREAS.items()])
    cooling = forms.ChoiceField(label=_("Cooling down"), required=False, choices=[*ANY, ("yes", _("cooling down"))])
    tag = forms.ChoiceField(label=_("Tag"), required=False)
    rest = forms.ChoiceField(
        label=_("Rest"), required=False, choices=[*ANY, ("awake", _("not resting")), ("resting", _("resting"))]
    )
    placed = forms.ChoiceField(label=_("On the map"), required=False, choices=[*ANY, ("no", _("not on the map"))])

    def __init__(self, *args: Any, school: Organisation, colleagues: list[User], is_shown: bool = True, **kwargs: Any) -> None:
        """``is_shown`` is False where only what is asked for is to be understood: what is not asked for is not read then."""
        super().__init__(*args, **kwargs)
        tags, places = Tag.objects.in_book_of(school), Site.objects.open().filter(organisation=school.pk, latitude__isnull=False)
        self.tags = {tag.pk: tag.name for tag in tags} if is_shown or self.data.get("tag") else {}
        self.places = {site.pk: site for site in places} if is_shown or self.data.get("near") else {}
        self.fields["owner"].choices = [
            *ANY,
            ("nobody", _("nobody yet")),
            *((str(colleague.pk), str(colleague)) for colleague in colleagues),
        ]
        self.fields["sector"].choices = [*ANY, *taxonomy.choices("nace", level=1)]
        self.fields["near"].choices = [("", _("anywhere")), *((str(pk), str(site)) for pk, site in self.places.items())]
        self.fields["km"].choices = [
            ("" if km == USUAL_DISTANCE_KM else str(km), _("within %(km)d km") % {"km": km}) for km in DISTANCES_KM
        ]
        self.fields["tag"].choices = [*ANY, *((str(pk), name) for pk, name in self.tags.items())]
        if not self.places:
            del self.fields["near"], self.fields["km"]
        if not self.tags:
            del self.fields["tag"]
        if not self.data.get("placed"):
            del self.fields["placed"]  # the map asks for it, nobody else

    @property
    def around(self) -> tuple[float, float, int] | None:
        """Latitude and longitude around which is looked, and how far in km; None where everywhere will do."""
        place = self.places.get(int(self.cleaned_data.get("near") or 0))
        if place is None or place.latitude is None or place.longitude is None:
            return None
        return place.latitude, place.longitude, int(self.cleaned_data.get("km") or USUAL_DISTANCE_KM)


#: What of an address makes a view of the list: everything but the page one is on.
VIEW = [*EmployerFilter.base_fields, "sort", "column", "rows"]


def view_of(asked: QueryDict) -> str:
    """Return the part of an address that says how the list is looked at, in an order of our own."""
    kept = QueryDict(mutable=True)
    for name in VIEW:
        if values := [value for value in asked.getlist(name) if value]:
            kept.setlist(name, values)
    return kept.urlencode()


class ViewForm(forms.ModelForm):
    """A way of looking at the list, under a name."""

    class Meta:
        model = SavedView
        fields = ["name", "is_shared"]


class DeedForm(forms.Form):
    """What is to be done with the employers that were chosen; each deed needs only its own fields."""

    owner = forms.TypedChoiceField(label=_("Who looks after them?"), required=False)
    tag = forms.CharField(label=_("Tag"), required=False, max_length=40, help_text=_("One you have, or a new word."))
    untag = forms.TypedChoiceField(label=_("Tag to take off"), required=False)
    what = forms.CharField(label=_("What comes next?"), required=False, max_length=250)
    due_on = forms.DateField(label=_("Until when?"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    whose = forms.TypedChoiceField(label=_("Who?"), required=False)
    until = forms.DateField(label=_("Leave in peace until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    why = forms.CharField(label=_("Why"), required=False, max_length=250)
    consortium = forms.TypedChoiceField(label=_("Consortium"), required=False)

    #: The fields a deed cannot do without.
    NEEDS = {
        "hand_over": ["owner"],
        "tag": ["tag"],
        "untag": ["untag"],
        "plan": ["what", "due_on"],
        "rest": ["until"],
        "wake": [],
        "share": ["consortium"],
        "unshare": ["consortium"],
    }

    def __init__(
        self,
        *args: Any,
        deed: str = "",
        colleagues: list[User],
        tags: list[Tag],
        consortia: Sequence[Consortium] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(colleague.pk), str(colleague)) for colleague in colleagues]
        known = {str(colleague.pk): colleague for colleague in colleagues}
        self.fields["owner"].choices, self.fields["owner"].coerce = [("", "—"), *people], known.get
        self.fields["whose"].choices = [("", _("who looks after each")), *people]
        self.fields["whose"].coerce = known.get
        self.fields["untag"].choices = [("", "—"), *((str(tag.pk), tag.name) for tag in tags)]
        self.fields["untag"].coerce = {str(tag.pk): tag for tag in tags}.get
        self.fields["consortium"].choices = [(str(consortium.pk), consortium.name) for consortium in consortia]
        self.fields["consortium"].coerce = {str(consortium.pk): consortium for consortium in consortia}.get
        self.fields["tag"].widget.attrs["list"] = "tags"
        for name in self.NEEDS.get(deed, []):
            self.fields[name].required = True
