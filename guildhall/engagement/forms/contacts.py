from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext_lazy as _

from guildhall.core.meanwhile import MeanwhileMixin
from guildhall.engagement.catalogue import Catalogue
from guildhall.engagement.models import Contact, NextStep, Position
from guildhall.engagement.models.contacts import LONGEST_STEP
from guildhall.engagement.window import AREAS
from guildhall.people.models import User


def _day(**kwargs: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class ContactForm(MeanwhileMixin, forms.Form):
    """A contact, and in the same breath what comes next: made to be filled in under twenty seconds.

    ``positions`` are those of the employer, with their people: whom one can have spoken with; ``activities`` the kinds of what
    was done together that one can choose.
    """

    kind = forms.ChoiceField(label=_("What was it?"), choices=Contact.Kind, widget=forms.RadioSelect, initial=Contact.Kind.CALL)
    held_at = forms.DateTimeField(
        label=_("When?"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    activity = forms.ChoiceField(label=_("What did you do together?"), required=False)
    people = forms.TypedMultipleChoiceField(label=_("With whom?"), required=False, widget=forms.CheckboxSelectMultiple)
    said = forms.CharField(label=_("What was said?"), required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 3}))
    next_what = forms.CharField(label=_("What comes next?"), required=False, max_length=250)
    next_due_on = _day(label=_("Until when?"), required=False)

    def __init__(
        self, *args: Any, positions: Iterable[Position], activities: Catalogue, contact: Contact | None = None, **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {
            "held_at": localtime().replace(second=0, microsecond=0),
            "next_due_on": localdate() + timedelta(days=7),
        }
        if contact is not None:
            initial = {"kind": contact.kind, "held_at": localtime(contact.held_at), "said": contact.said}
            initial["activity"] = contact.activity
            initial["people"] = [person.pk for person in contact.people.all()]
        super().__init__(*args, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.positions, self.activities = list(positions), activities
        offered = activities.offered(also=contact.activity if contact else "")
        by_area = [(AREAS[area], [(kind.key, kind.name) for kind in kinds]) for area, kinds in offered]
        self.fields["activity"].choices = [("", _("Nothing more than that")), *by_area]
        if not by_area:
            del self.fields["activity"]
        if contact is not None:
            del self.fields["next_what"], self.fields["next_due_on"]
        people = {held.person_id: held.person for held in self.positions if held.is_current}
        people |= {person.pk: person for person in contact.people.all()} if contact else {}
        self.fields["people"].choices = [(pk, person.name) for pk, person in people.items()]
        self.fields["people"].coerce = lambda pk: people[int(pk)]
        if not people:
            del self.fields["people"]
        if contact is not None:
            self.carry_along(contact)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("next_what") and not cleaned.get("next_due_on") and "next_due_on" not in self.errors:
            self.add_error("next_due_on", _("Say until when the next step is due."))
        return cleaned


class StepForm(forms.Form):
    """A promise: what, until when, who."""

    what = forms.CharField(label=_("What comes next?"), max_length=LONGEST_STEP)
    due_on = _day(label=_("Until when?"))
    owner = forms.ModelChoiceField(label=_("Who?"), queryset=User.objects.none())

    def __init__(self, *args: Any, colleagues: list[User], me: User, what: str = "", **kwargs: Any) -> None:
        super().__init__(*args, initial={"what": what, "due_on": localdate() + timedelta(days=7), "owner": me.pk}, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(pk__in=[colleague.pk for colleague in colleagues]).order_by("name")


class MoveForm(forms.Form):
    """A promise put off, or given to a colleague."""

    due_on = _day(label=_("Until when?"))
    owner = forms.ModelChoiceField(label=_("Who?"), queryset=User.objects.none())
    word = forms.CharField(label=_("A word why"), required=False, max_length=250)

    def __init__(self, *args: Any, step: NextStep, colleagues: list[User], **kwargs: Any) -> None:
        later = max(step.due_on, localdate()) + timedelta(days=7)
        super().__init__(*args, initial={"due_on": later, "owner": step.owner_id}, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(
            pk__in=[*(colleague.pk for colleague in colleagues), step.owner_id]
        ).order_by("name")


class DropForm(forms.Form):
    """A promise given up, with a word why."""

    word = forms.CharField(label=_("A word why"), max_length=250, help_text=_("A colleague will wonder."))
