from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.forms import Counted
from guildhall.library import kinds
from guildhall.library.counting import FILTERS
from guildhall.library.finding import LEVELS, Counts
from guildhall.skills import taxonomy

ANY = ("", _("all"))
LONGEST_NUMBER = 9


class FindingForm(forms.Form):
    """The search and the filters of the library; they live in the address. What cannot be understood narrows nothing."""

    q = forms.CharField(label=_("Search the library"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    area = forms.ChoiceField(label=_("Area"), required=False)
    audience = forms.ChoiceField(label=_("For whom"), required=False)
    subject = forms.ChoiceField(label=pgettext_lazy("field of education", "Subject"), required=False)
    sector = forms.ChoiceField(label=_("Sector"), required=False)
    level = forms.ChoiceField(label=_("Level (EQF)"), required=False)
    organisation = forms.ChoiceField(label=_("From whom"), required=False)
    open = forms.ChoiceField(label=_("Licence"), required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        asked = data.get("organisation", "")
        is_number = asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_NUMBER
        self.words: dict[str, dict[str, Any]] = {
            "kind": dict(kinds.KINDS),
            "language": dict(taxonomy.choices("language")),
            "area": dict(kinds.AREAS),
            "audience": dict(kinds.AUDIENCES),
            "subject": dict(taxonomy.choices("isced-f", level=1)),
            "sector": dict(taxonomy.choices("nace", level=1)),
            "level": {level: taxonomy.label("eqf", level) for level in LEVELS},
            "organisation": {str(int(asked)): asked} if is_number else {},
            "open": {"on": _("open: may be changed, and used for money")},
        }
        for name, words in self.words.items():
            self.fields[name].choices = [ANY, *words.items()]
        self.is_valid()

    @property
    def text(self) -> str:
        """What is searched for."""
        return str(self.cleaned_data.get("q", "")).strip()

    @property
    def wanted(self) -> dict[str, str]:
        """What was chosen of each filter."""
        return {name: self.cleaned_data[name] for name in FILTERS if self.cleaned_data.get(name)}

    def offer(self, counts: Counts) -> None:
        """Offer of each filter the choices that something answers to, with how much, and the one that is chosen."""
        self.words["organisation"] = dict(sorted(counts.organisations.items(), key=lambda named: named[1]))
        for name, words in self.words.items():
            found = counts.by_choice[name]
            offered = [choice for choice in words if found.get(choice) or choice == self.wanted.get(name)]
            self.fields[name].choices = [ANY, *[(choice, Counted(words[choice], found.get(choice, 0))) for choice in offered]]
            if not offered:
                del self.fields[name]
