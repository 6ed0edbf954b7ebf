from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.core.forms import Group
from guildhall.engagement.models import Employer, Person
from guildhall.people.models import Organisation, SizeBand, User
from guildhall.skills import taxonomy

FACTS = ["name", "trade_name", "country", "register_number", "nace", "size_band", "website"]
BOTH = "both"


class DuplicateFilter(forms.Form):
    """Which pairs to look at; it lives in the address."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=200)
    of = forms.ChoiceField(
        label=gettext_lazy("Who"),
        required=False,
        choices=[("", gettext_lazy("employers")), ("people", gettext_lazy("people"))],
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("to be looked at")),
            ("different", gettext_lazy("two different ones")),
            ("merged", gettext_lazy("merged")),
        ],
    )


class MergeForm(forms.Form):
    """What is said of two entries once they are one. Only what they say differently is asked; what one does not say is filled in.

    Each choice is the value itself: what somebody has changed in the meantime is no longer among the choices, and is asked again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settled: dict[str, Any] = {}

    def ask(self, name: str, label: str, first: Any, second: Any, said: Callable[[Any], str] = str) -> None:
        """Ask which of two values holds, unless they are the same or one of them is empty."""
        if not first or not second or first == second:
            self.settled[name] = first or second
            return
        self.fields[name] = forms.ChoiceField(
            label=label,
            choices=[(str(value), said(value)) for value in (first, second)],
            initial=str(first),
            widget=forms.RadioSelect,
        )

    def decided(self, name: str) -> Any:
        """What holds from now on: as it was chosen, or as it went without saying."""
        return self.cleaned_data[name] if name in self.fields else self.settled[name]


class MergeEmployersForm(MergeForm):
    """What is said of two employers once they are one."""

    def __init__(self, *args: Any, first: Employer, second: Employer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._notes = [first.note, second.note]
        self._owners = {str(owner.pk): owner for owner in (first.owner, second.owner) if owner}
        one, other = first.organisation, second.organisation
        for name in FACTS:
            field: Any = Organisation._meta.get_field(name)
            self.ask(name, field.verbose_name, getattr(one, name), getattr(other, name), WORDS.get(name, str))
        self.ask("owner", _("Looked after by"), first.owner_id, second.owner_id, lambda pk: str(self._owners[str(pk)]))
        self.ask("note", _("Good to know"), first.note, second.note)
        if "note" in self.fields:
            self.fields["note"].choices = [(BOTH, _("both, one below the other")), *self.fields["note"].choices]
            self.fields["note"].initial = BOTH
        self.groups = [Group("", list(self.fields))]

    @property
    def facts(self) -> dict[str, Any]:
        return {name: self.decided(name) or "" for name in FACTS}

    @property
    def note(self) -> str:
        return "\n\n".join(self._notes)[:4000] if self.decided("note") == BOTH else self.decided("note")

    @property
    def owner(self) -> User | None:
        return self._owners.get(str(self.decided("owner")))


class MergePeopleForm(MergeForm):
    """What is said of two people once they are one."""

    def __init__(self, *args: Any, first: Person, second: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "email", "phone", "language"):
            field: Any = Person._meta.get_field(name)
            self.ask(name, field.verbose_name, getattr(first, name), getattr(second, name), WORDS.get(name, str))
        self.groups = [Group("", list(self.fields))]

    @property
    def person(self) -> dict[str, Any]:
        return {name: self.decided(name) or "" for name in ("name", "email", "phone", "language")}


#: What a code is called.
WORDS: Mapping[str, Callable[[Any], str]] = {
    "nace": lambda code: taxonomy.label("nace", code),
    "country": lambda code: taxonomy.label("country", code),
    "language": lambda code: taxonomy.label("language", code),
    "size_band": lambda band: str(SizeBand(band).label),
}
